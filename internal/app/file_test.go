package app

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"rvo-tui/internal/cli"
	"rvo-tui/runtime"
)

const twoScenes = `[[camera]]
name = "door"
source = "synthetic:empty"
fps = 5

[[camera]]
name = "yard" # behind the house
source = "synthetic:empty"
fps = 5

[[detector]]
name = "motion"
kind = "motion"

[[rule]]
event = "moved"
when = "motion > 0.5"

[control]
socket = ""
`

// Changes by command are written to the file, and then count as configured.
func TestWriteWhatRuns(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("rvo.toml", []byte(twoScenes), 0o640); err != nil {
		t.Fatal(err)
	}
	loader := testLoader()
	cfg, err := loader.Load(cli.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	rt := runtimeOf(cfg, loader, log)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- rt.Run(ctx) }()
	defer func() {
		stop()
		<-ended
	}()
	do := func(c runtime.Command) {
		t.Helper()
		<-rt.Started()
		if err := rt.Do(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	again := &reloader{loader: loader, rt: rt, counts: runtime.NewReloads(time.Now()), told: newService(log), log: log, cfg: cfg}
	f := file{again}
	diff := func() runtime.FileDiff {
		t.Helper()
		d, err := f.Diff(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	holds := func(want string) {
		t.Helper()
		if got, err := os.ReadFile("rvo.toml"); err != nil || string(got) != want {
			t.Fatalf("%v; the file is\n%s\nwant\n%s", err, got, want)
		}
	}

	if d := diff(); len(d.Changes)+len(d.Unwritable) > 0 {
		t.Errorf("it differs at the start: %+v", d)
	}
	if err := f.Write(ctx, diff().ID); err == nil || !strings.Contains(err.Error(), "already describes") {
		t.Errorf("nothing was written: %v", err)
	}
	do(runtime.Command{Do: runtime.RuleOff, Rule: "moved", Camera: "yard"})
	shown := diff()
	if len(shown.Changes) != 1 || shown.Changes[0].New != "disabled_on = [\"yard\"]\n" || shown.Refused != "" {
		t.Fatalf("the difference is %+v", shown)
	}
	do(runtime.Command{Do: runtime.RuleOff, Rule: "moved", Camera: "door"})
	if err := f.Write(ctx, shown.ID); err == nil || !strings.Contains(err.Error(), "look at it again") {
		t.Errorf("what was not shown was written: %v", err)
	}
	do(runtime.Command{Do: runtime.RuleOn, Rule: "moved", Camera: "door"})
	if err := f.Write(ctx, shown.ID); err != nil {
		t.Fatal(err)
	}
	written := strings.Replace(twoScenes, "0.5\"\n", "0.5\"\ndisabled_on = [\"yard\"]\n", 1)
	holds(written)
	if info, err := os.Stat("rvo.toml"); err != nil || info.Mode() != 0o640 {
		t.Errorf("its mode is %v: %v", info.Mode(), err)
	}
	if n := rt.Snapshot().Modified; n != 0 || !f.known() {
		t.Errorf("%d are modified, known %v", n, f.known())
	}

	byHand := "\ufeff" + written + "# by hand\n" // with the mark of some editors, which stays
	if err := os.WriteFile("rvo.toml", []byte(byHand), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Diff(ctx); err == nil || !strings.Contains(err.Error(), "reload it first") {
		t.Errorf("a file that has changed: %v", err)
	}
	if err := f.Write(ctx, shown.ID); err == nil || f.known() {
		t.Errorf("a file that has changed was written: %v", err)
	}
	if err := again.reload(ctx); err != nil {
		t.Fatal(err)
	}

	edits := []runtime.FileEdit{{Table: "zone", Name: "gate", Camera: "door", Set: map[string]any{"rect": []any{0.0, 0.25, 0.5, 0.5}}}}
	d, err := f.Edit(ctx, edits, false)
	if err != nil || len(d.Changes) != 1 {
		t.Fatalf("%+v, %v", d, err)
	}
	holds(byHand)
	added, err := f.Edit(ctx, edits, true)
	if err != nil {
		t.Fatal(err)
	}
	edited := byHand + "\n[[zone]]\nname = \"gate\"\ncameras = [\"door\"]\nrect = [0, 0.25, 0.5, 0.5]\n"
	holds(edited)
	if len(again.cfg.Zone) != 1 {
		t.Errorf("zones in place: %v", again.cfg.Zone)
	}
	edits[0].Set = map[string]any{"rect": []any{0, 0, 2, 2}}
	if _, err := f.Edit(ctx, edits, true); err == nil || !strings.Contains(err.Error(), "would not be valid") {
		t.Errorf("an invalid zone was written: %v", err)
	}
	if _, err := f.Edit(ctx, []runtime.FileEdit{{Table: "camera", Name: "door", Remove: true}}, true); err == nil {
		t.Error("a camera was edited")
	}
	removed, err := f.Edit(ctx, []runtime.FileEdit{{Table: "zone", Name: "gate", Remove: true}}, true)
	if err != nil {
		t.Error(err)
	}
	holds(byHand)

	// Each is undone, whatever has been written elsewhere since.
	if err := f.Revert(ctx, removed.ID); err != nil || len(again.cfg.Zone) != 1 {
		t.Errorf("zones in place: %v, %v", again.cfg.Zone, err)
	}
	holds(edited)
	do(runtime.Command{Do: runtime.RuleOn, Rule: "moved", Camera: "yard"})
	if err := f.Write(ctx, diff().ID); err != nil {
		t.Fatal(err)
	}
	if err := f.Revert(ctx, added.ID); err != nil || len(again.cfg.Zone) != 0 {
		t.Errorf("zones in place: %v, %v", again.cfg.Zone, err)
	}
	holds(strings.Replace(byHand, "disabled_on = [\"yard\"]\n", "", 1))
	if err := f.Revert(ctx, added.ID); err == nil || !strings.Contains(err.Error(), "by hand") {
		t.Errorf("it was taken back twice: %v", err)
	}
}

// With --find there is no file to compare with or to write.
func TestFindHasNoFile(t *testing.T) {
	flags := cli.Flags{Find: "motion", CameraURI: "synthetic:street"}
	loader := testLoader()
	cfg, err := loader.Load(flags)
	if err != nil {
		t.Fatal(err)
	}
	again := &reloader{loader: loader, flags: flags, cfg: cfg}
	if _, err := (file{again}).Edit(t.Context(), nil, false); err == nil || !strings.Contains(err.Error(), "write one with rvo-tui init") {
		t.Errorf("got %v", err)
	}
}
