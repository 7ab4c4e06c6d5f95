package client

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
	"rvo-tui/internal/logging"
	"rvo-tui/runtime"
	"rvo-tui/runtime/api"
	"rvo-tui/runtime/engine"
)

func TestAboutTellsWhoAnswers(t *testing.T) {
	w := start(t, nil)
	c := w.client(t)
	a, err := c.About(within(t))
	if err != nil {
		t.Fatal(err)
	}
	if a.Version != "1.2.3" || a.Config != "rvo.toml" || a.PID != os.Getpid() || a.ReadOnly || len(a.Instance) != 16 {
		t.Errorf("%+v", a)
	}
	if len(a.Cameras) != 1 || a.Cameras[0] != (api.Camera{Name: "door", Source: "synthetic:street"}) {
		t.Errorf("cameras %v", a.Cameras)
	}
	var names []string
	for _, k := range a.Kinds {
		names = append(names, k.Name)
		for _, o := range k.Options {
			if o.Name == "tls_ca" {
				t.Error("a forbidden key is offered")
			}
		}
		i := slices.IndexFunc(k.Common, func(o api.KindOption) bool { return o.Name == "max_fps" })
		if i < 0 || k.Common[i].Type != "number" || k.Common[i].Default == "" || k.Common[i].Help == "" {
			t.Errorf("%s: keys of every kind: %+v", k.Name, k.Common)
		}
	}
	want := []string{"dummy", "motion", "quality", "remote"} // load and jitter only make work
	if !slices.Equal(names, want) {
		t.Errorf("kinds %q, want %q", names, want)
	}
}

// A source is tried by the program that will read it.
func TestSourcesAreTriedThere(t *testing.T) {
	w := start(t, func(o *api.Options) {
		o.Open = capture.Drivers{capture.KindSynthetic: capture.Opens(synthetic.Open)}.Open
		o.Sources = synthetic.Choices
	})
	c := w.client(t)
	list, err := c.Sources(within(t))
	if err != nil || !slices.Equal(list, synthetic.Choices()) {
		t.Errorf("sources %v, %v", list, err)
	}
	cfg := capture.DefaultConfig()
	cfg.Name, cfg.Source = "yard", list[0].Source
	if err := c.Try(within(t), cfg); err != nil {
		t.Error(err)
	}
	cfg.Source = "synthetic:nowhere"
	if err := c.Try(within(t), cfg); err == nil || !strings.Contains(err.Error(), "unknown scene") {
		t.Errorf("a scene that there is not: %v", err)
	}
}

func TestFollowAtARate(t *testing.T) {
	w := start(t, nil)
	for _, rate := range []float64{-1, 0.01, 61} {
		if err := w.client(t).Follow(within(t), Stream{Rate: rate, State: func(*runtime.Snapshot) {}}); err == nil || !strings.Contains(err.Error(), "0.1 to 60") {
			t.Errorf("rate %v: %v", rate, err)
		}
	}
}

func TestCommands(t *testing.T) {
	reloads := 0
	w := start(t, func(o *api.Options) {
		o.Reload = func(context.Context) error {
			reloads++
			return errors.New("rvo.toml:3: unknown key \"x\"\nrvo.toml:4: another")
		}
	})
	c := w.client(t)
	for _, tt := range []struct {
		cmd  runtime.Command
		want string // in the error; empty: it works
		log  string
	}{
		{runtime.Command{Do: runtime.Disable, Detector: "motion"}, "", "verb=disable by=\"uid="},
		{runtime.Command{Do: runtime.SetRate, Detector: "motion", FPS: 3}, "", "fps=3"},
		{runtime.Command{Do: runtime.SetRate, Detector: "motion", FPS: -3}, "must be above 0", "result=refused"},
		{runtime.Command{Do: runtime.Disable, Detector: "nose"}, "no such detector", "detector=nose"},
		{runtime.Command{Do: runtime.Pause, Camera: "yard"}, "no such camera \"yard\"; existing cameras: door", "camera=yard"},
		{runtime.Command{Do: "explode"}, "use one of [attach detach", ""},
		{runtime.Command{Do: runtime.Attach}, "no detector was given", "verb=attach"},
		{runtime.Command{Do: runtime.Reload}, "unknown key \"x\"\nrvo.toml:4: another", "verb=reload"},
		{runtime.Command{Do: runtime.Attach, Attached: &detectors.Config{Name: "more", Kind: "motion", Enabled: true}}, "", "attached=more"},
		{runtime.Command{Do: runtime.Attach, Attached: &detectors.Config{Name: "far", Kind: "remote", Options: remote.Options{Connection: remote.Connection{Endpoint: "10.0.0.9:50051", Token: "very-secret"}}}}, "allow it with control.endpoints", "endpoint=10.0.0.9:50051"},
		{runtime.Command{Do: runtime.AddCamera, Added: camera("yard", "synthetic:street")}, "", "source=synthetic:street"},
		{runtime.Command{Do: runtime.AddCamera, Added: camera("pw", "rtsp://user:${PW}@10.0.0.7/a")}, "is not expanded", "verb=add_camera"},
		{runtime.Command{Do: runtime.RemoveCamera, Camera: "yard"}, "", "verb=remove_camera"},
		{runtime.Command{Do: runtime.Pause, Camera: strings.Repeat("x", 300)}, "names have at most", ""},
	} {
		err := c.Do(within(t), tt.cmd)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.cmd.Do, err, tt.want)
		}
		eventually(t, "the log has "+tt.log, func() bool { return strings.Contains(w.log.String(), tt.log) })
	}
	if reloads != 1 {
		t.Errorf("%d reloads", reloads)
	}
	if log := w.log.String(); strings.Contains(log, "very-secret") {
		t.Errorf("a token is in the log:\n%s", log)
	}
	s := until(t, c, "the state follows", func(s *runtime.Snapshot) bool {
		return len(s.Cameras) == 1 && len(s.Cameras[0].Detectors) == 2 && s.Cameras[0].Detectors[0].State == engine.DetectorDisabled
	})
	if d := s.Cameras[0].Detectors[0]; d.MaxFPS != 3 {
		t.Errorf("rate %v", d.MaxFPS)
	}
}

func camera(name, source string) *capture.Config {
	cfg := capture.DefaultConfig()
	cfg.Name, cfg.Source = name, source
	return &cfg
}

func TestEventsAndLog(t *testing.T) {
	w := start(t, nil)
	c := w.client(t)
	ctx, cancel := context.WithCancel(within(t))
	var got runtime.RecentEvent
	err := c.Follow(ctx, Stream{Event: func(e runtime.RecentEvent) {
		if got.Seq == 0 { // another one may be on its way
			got = e
		}
		cancel()
	}})
	if got.Seq != 1 || got.Event.Type != "seen" || got.Event.Camera != "door" || len(got.Event.Clauses) != 1 || got.Event.Age.Total() <= 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	kept := w.opts.Recent.Events(0)[0].Event
	if kept.ID != got.Event.ID || kept.Age != got.Event.Age || !kept.Time.Equal(got.Event.Time) || kept.Clauses[0] != got.Event.Clauses[0] {
		t.Errorf("sent %+v\ngot %+v", kept, got.Event)
	}
	if list, err := c.Events(within(t), 1_000_000); err != nil || len(list) == 0 {
		t.Errorf("after a number of an earlier run there come %d events, %v", len(list), err)
	}

	w.opts.Log.Warn("a pigeon", "on", "the wall")
	var lines []logging.Line
	ctx, cancel = context.WithCancel(within(t))
	err = c.Follow(ctx, Stream{Line: func(l logging.Line) {
		if n := len(lines); n > 0 && lines[n-1].Text == "another" {
			return // the program continues
		}
		lines = append(lines, l)
		if l.Text == "a pigeon on=\"the wall\"" {
			w.opts.Log.Info("another")
		}
		if l.Text == "another" {
			cancel()
		}
	}})
	if n := len(lines); n < 2 || lines[n-1].Text != "another" {
		t.Fatalf("%+v, %v", lines, err)
	}
	for i, l := range lines {
		if l.Seq != lines[0].Seq+uint64(i) {
			t.Fatalf("line %d of %d has number %d after %d", i, len(lines), l.Seq, lines[0].Seq)
		}
	}
	if again, err := c.Log(within(t), lines[0].Seq); err != nil || len(again) < len(lines)-1 {
		t.Errorf("%d lines after the first of %d: %v", len(again), len(lines), err)
	}
}
