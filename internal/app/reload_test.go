package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture/libav"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// The current file is the one that is reloaded, and if it is missing nothing changes.
func TestReloadKeepsToItsFile(t *testing.T) {
	loader := testLoader()
	t.Chdir(t.TempDir())
	const text = "[[camera]]\nname = \"door\"\nsource = \"synthetic:street\"\n"
	if err := os.WriteFile("rvo.toml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := loader.Load(cli.Flags{})
	if err != nil || cfg.File != "rvo.toml" || cfg.Sum != sha256.Sum256([]byte(text)) {
		t.Fatalf("read %q with sum %x, %v", cfg.File, cfg.Sum, err)
	}
	if err := os.Remove("rvo.toml"); err != nil {
		t.Fatal(err)
	}
	counts := runtime.NewReloads(time.Now())
	again := &reloader{loader: loader, counts: counts, log: slog.New(slog.DiscardHandler), cfg: cfg}
	var bad *config.Error
	if err := again.reload(t.Context()); !errors.As(err, &bad) {
		t.Errorf("a file that has gone: %v, want a *config.Error", err)
	}
	v := counts.View()
	if v.Last != runtime.ReloadInvalid || !strings.Contains(v.Reason, "no such file") || v.Results[2] != (engine.Count{Reason: runtime.ReloadInvalid, N: 1}) {
		t.Errorf("counted %+v", v)
	}
}

// A pipe is read once: it never shows as changed, and neither watching nor a command reloads or
// compares what is left of it, which is nothing.
func TestPipeIsReadOnce(t *testing.T) {
	loader := testLoader()
	loader.CameraMenu = true // an empty configuration would be valid
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString(twoScenes); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	pipe := fmt.Sprintf("/dev/fd/%d", r.Fd())
	cfg, err := loader.Load(cli.Flags{Config: pipe})
	if err != nil || len(cfg.Camera) != 2 {
		t.Fatalf("%d cameras, %v", len(cfg.Camera), err)
	}
	synctest.Test(t, func(t *testing.T) {
		var lines bytes.Buffer
		log := slog.New(slog.NewTextHandler(&lines, nil))
		counts := runtime.NewReloads(time.Now())
		again := &reloader{loader: loader, rt: runtimeOf(cfg, loader, log), counts: counts, log: log, flags: cli.Flags{Config: pipe}, cfg: cfg}
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
		defer stop()
		again.watch(ctx, true)
		if n := strings.Count(lines.String(), "\n"); n != 1 || !strings.Contains(lines.String(), "cannot be read again") {
			t.Errorf("it logs %d lines:\n%s", n, &lines)
		}
		if err := again.reload(ctx); !errors.Is(err, errOnce) {
			t.Errorf("reload: %v", err)
		}
		if _, err := (file{again}).Edit(ctx, nil, false); !errors.Is(err, errOnce) {
			t.Errorf("edit: %v", err)
		}
		if v := counts.View(); v.Changed || v.Last != "" {
			t.Errorf("counted %+v", v)
		}
	})
}

// A file that is edited by hand shows as changed until it is read again, with and without watch.
func TestChangedFileShows(t *testing.T) {
	loader := testLoader()
	t.Chdir(t.TempDir())
	const text = "[[camera]]\nname = \"door\"\nsource = \"synthetic:street\"\n"
	put := func(text string) {
		if err := os.WriteFile("rvo.toml", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(text)
	cfg, err := loader.Load(cli.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		counts := runtime.NewReloads(time.Now())
		again := &reloader{loader: loader, counts: counts, log: slog.New(slog.DiscardHandler), cfg: cfg}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			again.watch(ctx, false)
		}()
		for _, step := range []struct {
			text string
			want bool
		}{{text, false}, {text + "# by hand\n", true}, {text, false}} {
			put(step.text)
			time.Sleep(3 * time.Second)
			if got := counts.View().Changed; got != step.want {
				t.Errorf("%q: changed %v, want %v", step.text, got, step.want)
			}
		}
		stop()
		<-done
	})
}

// runtimeOf returns the runtime of a configuration, for the caller to run.
func runtimeOf(cfg config.Config, loader config.Loader, log *slog.Logger) *runtime.Runtime {
	return runtime.New(runtime.Options{
		Config: cfg.Runtime, Cameras: cfg.Camera, Detectors: cfg.Detector, Rules: cfg.Rule,
		Drivers: newDrivers(libav.New(libav.Options{Log: log}), false, log), Kinds: loader.Kinds,
	}, time.Now())
}

// A file that is put back as it was after a mistake is read again, which ends the alert.
func TestWatchedFileIsPutBack(t *testing.T) {
	t.Chdir(t.TempDir())
	loader := testLoader()
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile("rvo.toml", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(twoScenes)
	cfg, err := loader.Load(cli.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	rt := runtimeOf(cfg, loader, log)
	counts := runtime.NewReloads(time.Now())
	again := &reloader{loader: loader, rt: rt, counts: counts, told: newService(log), log: log, cfg: cfg}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	wg.Go(func() { _ = rt.Run(ctx) })
	wg.Go(func() { again.watch(ctx, true) })
	for _, step := range []struct{ text, want string }{{"[[camera]]\n", runtime.ReloadInvalid}, {twoScenes, runtime.ReloadOK}} {
		put(step.text)
		late := time.After(30 * time.Second)
		for counts.View().Last != step.want {
			select {
			case <-late:
				t.Fatalf("the last reload is %q, want %q", counts.View().Last, step.want)
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
}
