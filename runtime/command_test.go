package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
	"rvo-tui/runtime/testkit"
)

func TestCommandErrorsSayWhatToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := testkit.NewDetector("a", testkit.Always(1)), testkit.NewDetector("b", testkit.Always(1))
		onlyYard := testkit.NewDetector("only_yard", testkit.Always(1))
		onlyYard.Config.Cameras = []string{"yard"}
		clash := b.Config
		clash.Signal = "a"
		bad := b.Config
		bad.MaxFPS, bad.Kind = -1, "bb"
		nowhere := b.Config
		nowhere.Cameras = []string{"nowhere"}
		needs := b.Config
		needs.Needs = []string{"a >"}
		taken := (&testkit.Camera{Name: "door"}).Config()
		broken := taken
		broken.Name = "bad name"
		p := start(t, testkit.Setup{
			Cameras:   []*testkit.Camera{{Name: "door"}, {Name: "yard"}},
			Detectors: []*testkit.Detector{a, onlyYard}, Attachable: []*testkit.Detector{b},
			Rules: []rules.Config{testkit.Rule("person", "a >= 1")},
		})
		p.Until(505 * ms)
		for _, c := range []struct {
			cmd  runtime.Command
			want string
		}{
			{runtime.Command{Do: "dance"}, `unknown command "dance": use one of [attach`},
			{runtime.Command{}, "unknown command"},
			{runtime.Command{Do: runtime.Pause, Camera: "attic"}, `no such camera "attic"; existing cameras: door, yard`},
			{runtime.Command{Do: runtime.RemoveCamera, Camera: "attic"}, `no such camera "attic"`},
			{runtime.Command{Do: runtime.RemoveCamera}, `no such camera ""`},
			{runtime.Command{Do: runtime.Enable, Detector: "z"}, `no such detector "z"; existing: a, only_yard`},
			{runtime.Command{Do: runtime.Disable, Detector: "only_yard", Camera: "door"}, `no such detector "only_yard"; existing: a`},
			{runtime.Command{Do: runtime.Detach, Detector: "z"}, "no such detector"},
			{runtime.Command{Do: runtime.SetRate, Detector: "z", FPS: 1}, "no such detector"},
			{runtime.Command{Do: runtime.SetRate, Detector: "a"}, "rate 0: must be above 0"},
			{runtime.Command{Do: runtime.SetRate, Detector: "a", FPS: -1}, "must be above 0"},
			{runtime.Command{Do: runtime.SetRate, Detector: "a", FPS: 10_001}, "at most 10000"},
			{runtime.Command{Do: runtime.SetRate, Detector: "a", FPS: math.NaN()}, "must be above 0"},
			{runtime.Command{Do: runtime.SetRate, Detector: "a", FPS: math.Inf(1)}, "at most 10000"},
			{runtime.Command{Do: runtime.RuleOn, Rule: "z"}, `no such rule "z"; existing: person`},
			{runtime.Command{Do: runtime.RuleOff, Rule: "z", Camera: "door"}, "no such rule"},
			{runtime.Command{Do: runtime.SaveClip, Camera: "door"}, "clip"},
			{runtime.Command{Do: runtime.Attach}, "no detector was given"},
			{runtime.Command{Do: runtime.Attach, Attached: &a.Config}, `detector "a": the name is in use`},
			{runtime.Command{Do: runtime.Attach, Attached: &clash}, `already provides the signal "a"`},
			{runtime.Command{Do: runtime.Attach, Attached: &bad}, "max_fps: -1 is out of range"},
			{runtime.Command{Do: runtime.Attach, Attached: &bad}, `did you mean "b"?`},
			{runtime.Command{Do: runtime.Attach, Attached: &nowhere}, `no such camera "nowhere"`},
			{runtime.Command{Do: runtime.Attach, Attached: &needs}, "needs"},
			{runtime.Command{Do: runtime.Attach, Attached: &b.Config, Camera: "attic"}, `no such camera "attic"`},
			{runtime.Command{Do: runtime.AddCamera}, "no camera was given"},
			{runtime.Command{Do: runtime.AddCamera, Added: &taken}, "the name is in use"},
			{runtime.Command{Do: runtime.AddCamera, Added: &broken}, `name: "bad name"`},
		} {
			err := p.Do(t.Context(), c.cmd)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), string(c.cmd.Do)+": ") {
				t.Errorf("%+v:\n  got  %v\n  want %q", c.cmd, err, c.want)
			}
		}
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		for _, camera := range p.Snapshot().Cameras {
			for _, d := range camera.Detectors {
				if d.Name == "b" {
					t.Errorf("camera %q has a detector that could not be attached", camera.Name)
				}
			}
		}
		if n := b.Opened(); n != 0 {
			t.Errorf("it was opened %d times", n)
		}
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.Pause}); err == nil || !strings.Contains(err.Error(), "stopped") {
			t.Errorf("a command after the end: %v", err)
		}
	})
}

func TestCommandsOnDetectorsAndRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cam := &testkit.Camera{Name: "door"}
		a, b := testkit.NewDetector("a", testkit.Always(1)), testkit.NewDetector("b", testkit.Always(1))
		p := start(t, testkit.Setup{
			Cameras: []*testkit.Camera{cam}, Detectors: []*testkit.Detector{a}, Attachable: []*testkit.Detector{b},
			Rules: []rules.Config{
				with(testkit.Rule("a_seen", "a >= 1"), func(r *rules.Config) { r.Phases = true }),
				with(testkit.Rule("b_seen", "b >= 1"), func(r *rules.Config) { r.Phases = true }),
			},
		})
		// Frames of a second: 10 at 10 ms, 110 ms and so on.
		ran := func(d *testkit.Detector, want int) {
			t.Helper()
			synctest.Wait() // one that was switched on looks at the newest frame at once
			n := len(d.Calls())
			p.Until(p.Now() + time.Second)
			if got := len(d.Calls()) - n; got != want {
				t.Errorf("until %v detector %q ran %d times, want %d", p.Now(), d.Config.Name, got, want)
			}
		}
		do := func(cmd runtime.Command) {
			t.Helper()
			if err := p.Do(t.Context(), cmd); err != nil {
				t.Fatal(err)
			}
		}
		p.Until(55 * ms)
		ran(a, 10)
		do(runtime.Command{Do: runtime.Disable, Detector: "a"})
		ran(a, 0)
		if d := p.Detector(t, "door", "a"); d.State != engine.DetectorDisabled {
			t.Errorf("state %s", d.State)
		}
		do(runtime.Command{Do: runtime.Enable, Detector: "a"})
		ran(a, 10)
		do(runtime.Command{Do: runtime.SetRate, Detector: "a", FPS: 5})
		ran(a, 6) // the first is still due at the old rate
		do(runtime.Command{Do: runtime.SetRate, Detector: "a", FPS: 1000})
		ran(a, 10)
		do(runtime.Command{Do: runtime.Attach, Attached: &b.Config})
		ran(b, 10)
		do(runtime.Command{Do: runtime.RuleOff, Rule: "b_seen"})
		do(runtime.Command{Do: runtime.RuleOff, Rule: "b_seen"})
		ran(b, 10)
		do(runtime.Command{Do: runtime.RuleOn, Rule: "b_seen"})
		ran(b, 10)
		do(runtime.Command{Do: runtime.Detach, Detector: "b"})
		ran(b, 0)
		if b.Closed() != 1 {
			t.Errorf("detached, it was closed %d times", b.Closed())
		}
		if s := p.Signal(t, "door", "b"); s.Why != "detector not attached" || s.Detector != "" {
			t.Errorf("its signal is %q, provided by %q", s.Why, s.Detector)
		}
		p.Sink.Expect(t,
			"10ms door/a_seen confirmed", "1.055s door/a_seen ended",
			"5.11s door/b_seen confirmed", "6.055s door/b_seen ended",
			"7.055s door/b_seen confirmed", "8.055s door/b_seen ended",
		)
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		accounted(t, p, cam)
	})
}

func TestPauseAndResume(t *testing.T) {
	for _, file := range []bool{false, true} {
		t.Run(fmt.Sprintf("file=%v", file), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cam := &testkit.Camera{Name: "door", File: file}
				p := start(t, testkit.Setup{
					Cameras: []*testkit.Camera{cam}, Detectors: []*testkit.Detector{testkit.NewDetector("a", testkit.Always(1))},
				})
				p.Until(1055 * ms)
				if err := p.Do(t.Context(), runtime.Command{Do: runtime.Pause}); err != nil {
					t.Fatal(err)
				}
				p.Until(5055 * ms)
				v := p.Camera(t, "door")
				if v.State != capture.Paused || v.Frames > 12 || v.Frames < 11 {
					t.Errorf("paused: %s after %d frames", v.State, v.Frames)
				}
				if err := p.Do(t.Context(), runtime.Command{Do: runtime.Resume, Camera: "door"}); err != nil {
					t.Fatal(err)
				}
				before := v.Frames
				p.Until(6060 * ms)
				v = p.Camera(t, "door")
				if n := v.Frames - before; v.State != capture.Live || n < 9 || n > 11 {
					t.Errorf("resumed: %s, and %d frames in a second", v.State, n)
				}
			})
		})
	}
}

func TestCommandsAreRefusedWhenTooManyWait(t *testing.T) {
	for queue, cmd := range map[string]runtime.Command{
		"commands": {Do: runtime.Enable, Camera: "door", Detector: "blocks"},
		"changes":  {Do: runtime.RemoveCamera, Camera: "nowhere"},
	} {
		t.Run(queue, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				blocks := testkit.NewDetector("blocks", testkit.IgnoreContext(time.Second, testkit.Always(1)))
				blocks.Config.Execution = detectors.Inline
				p := start(t, testkit.Setup{Cameras: []*testkit.Camera{{Name: "door", Count: 1}}, Detectors: []*testkit.Detector{blocks}})
				p.Until(50 * ms)
				answers := make(chan error, 17)
				ask := func(cmd runtime.Command) {
					go func() { answers <- p.Do(context.Background(), cmd) }()
					synctest.Wait()
				}
				ask(runtime.Command{Do: runtime.Enable, Camera: "door", Detector: "blocks"}) // waits for the second to be over
				for range 16 {
					ask(cmd)
				}
				if err := p.Do(t.Context(), cmd); err == nil || !strings.Contains(err.Error(), "too many commands") {
					t.Errorf("the 17th: %v", err)
				}
				queues := p.Snapshot().Queues
				q := queues[slices.IndexFunc(queues, func(q runtime.QueueView) bool { return q.Name == queue })]
				if q.Depth != 16 || q.Capacity != 16 {
					t.Errorf("queue %+v", q)
				}
				for range 17 {
					if err := <-answers; err != nil && !strings.Contains(err.Error(), "no such camera") {
						t.Error(err)
					}
				}
			})
		})
	}
}

func TestCommandEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blocks := testkit.NewDetector("blocks", testkit.IgnoreContext(time.Second, testkit.Always(1)))
		blocks.Config.Execution = detectors.Inline
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{{Name: "door", Count: 1}}, Detectors: []*testkit.Detector{blocks}})
		p.Until(50 * ms)
		ctx, cancel := context.WithTimeout(t.Context(), 100*ms)
		defer cancel()
		err := p.Do(ctx, runtime.Command{Do: runtime.Disable, Detector: "blocks"})
		if !errors.Is(err, context.DeadlineExceeded) || p.Now() != 150*ms {
			t.Errorf("at %v: %v", p.Now(), err)
		}
	})
}

// A command that was reported as not done must not be done later.
func TestCommandThatCameTooLateIsNotCarriedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blocks := testkit.NewDetector("blocks", testkit.IgnoreContext(time.Second, testkit.Always(1)))
		blocks.Config.Execution = detectors.Inline
		b := testkit.NewDetector("b", testkit.Always(1))
		p := start(t, testkit.Setup{
			Cameras:   []*testkit.Camera{{Name: "door", Count: 1}, {Name: "yard", Count: 1}},
			Detectors: []*testkit.Detector{blocks}, Attachable: []*testkit.Detector{b},
			Rules: []rules.Config{testkit.Rule("person", "blocks >= 1")},
		})
		p.Until(50 * ms)
		ctx, cancel := context.WithTimeout(t.Context(), 100*ms)
		defer cancel()
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { first <- p.Do(ctx, runtime.Command{Do: runtime.Attach, Attached: &b.Config}) }()
		synctest.Wait()
		go func() { second <- p.Do(ctx, runtime.Command{Do: runtime.Pause, Camera: "door"}) }()
		for _, c := range []chan error{first, second} {
			if err := <-c; !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("%v: nothing to test", err)
			}
		}
		p.Until(3 * time.Second)
		for _, c := range p.Snapshot().Cameras {
			if len(c.Detectors) != 1 {
				t.Errorf("camera %q has %d detectors", c.Name, len(c.Detectors))
			}
			if c.State == capture.Paused {
				t.Errorf("camera %q is paused", c.Name)
			}
		}
	})
}

func TestAttachAndDetachUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cam := &testkit.Camera{Name: "door", Gap: 33 * ms}
		steady := testkit.NewDetector("steady", testkit.Always(1))
		busy := testkit.NewDetector("busy", testkit.Latency(70*ms, testkit.Always(1)))
		guest := testkit.NewDetector("guest", testkit.Latency(41*ms, testkit.Always(1)))
		cfg := runtime.DefaultConfig()
		cfg.Slots, cfg.Nice = 2, 0
		p := start(t, testkit.Setup{
			Config: cfg, Cameras: []*testkit.Camera{cam},
			Detectors: []*testkit.Detector{steady, busy}, Attachable: []*testkit.Detector{guest},
		})
		for i := range 50 {
			p.Until(time.Duration(i+1)*157*ms + 3*ms)
			if err := p.Do(t.Context(), runtime.Command{Do: runtime.Attach, Attached: &guest.Config}); err != nil {
				t.Fatal(err)
			}
			p.Until(time.Duration(i+1)*157*ms + time.Duration(i*3%151)*ms + 4*ms) // at every stage of a run
			if err := p.Do(t.Context(), runtime.Command{Do: runtime.Detach, Detector: "guest"}); err != nil {
				t.Fatal(err)
			}
		}
		p.Until(10 * time.Second)
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		if guest.Opened() != guest.Closed() || guest.Opened() > 50 || guest.Opened() < 49 {
			t.Errorf("the guest was opened %d times and closed %d", guest.Opened(), guest.Closed())
		}
		if n := len(guest.Calls()); n < 40 {
			t.Errorf("the guest ran %d times: nothing was tested", n)
		}
		v := p.Camera(t, "door")
		if v.DropPool != 0 || v.Superseded != 0 || v.Age.Max() != 0 || v.Pool.Out != 0 || v.Pool.RetiredTotal != 0 {
			t.Errorf("%d dropped, %d superseded, frames seen up to %v old, pool %+v", v.DropPool, v.Superseded, v.Age.Max(), v.Pool)
		}
		if s := p.Snapshot().Slots; s.Busy != 0 || s.Waiting != 0 || s.Revoked != 0 {
			t.Errorf("slots %+v", s)
		}
		accounted(t, p, cam)
	})
}

func TestCamerasComeAndGoUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		door := &testkit.Camera{Name: "door", Gap: 33 * ms}
		guest := &testkit.Camera{Name: "guest", Gap: 17 * ms}
		a := testkit.NewDetector("a", testkit.Latency(20*ms, testkit.Always(1)))
		p := start(t, testkit.Setup{
			Cameras: []*testkit.Camera{door}, Addable: []*testkit.Camera{guest}, Detectors: []*testkit.Detector{a},
			Rules: []rules.Config{testkit.Rule("seen", "a >= 1")},
		})
		added := guest.Config()
		var want int
		for i := range 20 {
			p.Until(time.Duration(i+1)*211*ms + 3*ms)
			if err := p.Do(t.Context(), runtime.Command{Do: runtime.AddCamera, Added: &added}); err != nil {
				t.Fatal(err)
			}
			if len(p.Snapshot().Cameras) != 2 {
				t.Error("the snapshot does not show it")
			}
			p.Until(time.Duration(i+1)*211*ms + time.Duration(100+i)*ms)
			if err := p.Do(t.Context(), runtime.Command{Do: runtime.RemoveCamera, Camera: "guest"}); err != nil {
				t.Fatal(err)
			}
			if len(p.Snapshot().Cameras) != 1 {
				t.Error("the snapshot still shows it")
			}
			want++
		}
		p.Until(6 * time.Second)
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		var events int
		for _, c := range p.Sink.Received() {
			if c.Event.Camera == "guest" {
				events++
			}
		}
		if events != want {
			t.Errorf("%d events of %d cameras", events, want)
		}
		if a.Opened() != 21 || a.Closed() != 21 {
			t.Errorf("opened %d, closed %d, want 21", a.Opened(), a.Closed())
		}
		accounted(t, p, door)
		if v := p.Camera(t, "door"); v.Superseded != 0 || v.Age.Max() != 0 || v.Pool.Out != 0 {
			t.Errorf("%d superseded, frames seen up to %v old, pool %+v", v.Superseded, v.Age.Max(), v.Pool)
		}
	})
}

// Whether a TTL is configured or a default is known from the configuration of the detector.
func TestSetRateAndTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := testkit.NewDetector("a", testkit.Always(1)), testkit.NewDetector("b", testkit.Always(1))
		b.Config.TTL = text.Duration(2 * time.Second)
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{{Name: "door"}}, Detectors: []*testkit.Detector{a, b}})
		p.Until(55 * ms)
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.SetRate, Detector: "a", FPS: 0.2}); err != nil {
			t.Error(err)
		}
		err := p.Do(t.Context(), runtime.Command{Do: runtime.SetRate, Detector: "b", FPS: 0.2})
		if err == nil || !strings.Contains(err.Error(), `the ttl of detector "b" is 2s`) {
			t.Errorf("got the error %v, want a refusal", err)
		}
		p.Until(p.Now() + time.Second)
		for name, want := range map[string]time.Duration{"a": 15 * time.Second, "b": 2 * time.Second} {
			if d := p.Detector(t, "door", name); d.TTL != want {
				t.Errorf("detector %q has a TTL of %v, want %v", name, d.TTL, want)
			}
		}
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
	})
}
