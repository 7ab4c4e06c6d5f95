package runtime_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The second detector runs only on the last frame, when the first one has seen something there,
// and answers long after the camera has ended.
func TestEndsWhenTheLastFrameHasBeenJudged(t *testing.T) {
	for _, gap := range []time.Duration{100 * ms, 40 * ms, 33 * ms, 7 * ms} {
		t.Run(gap.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n = 11
				atLast := testkit.ByFrame(append(make([]float64, n-1), 1)...)
				p := start(t, testkit.Setup{
					Cameras: []*testkit.Camera{{Name: "film", File: true, Gap: gap, Count: n}},
					Detectors: []*testkit.Detector{
						testkit.NewDetector("quick", atLast),
						testkit.Chained("slow", "quick >= 1", testkit.Latency(251*ms, testkit.Always(1))),
					},
					Rules:         []rules.Config{testkit.Rule("seen", "slow >= 1")},
					ExitWhenEnded: true,
				})
				if err := p.Wait(); err != nil {
					t.Fatal(err)
				}
				answer := 10*ms + (n-1)*gap + 251*ms
				p.Sink.Expect(t, answer.String()+" film/seen confirmed")
				if p.Now() > answer+250*ms {
					t.Errorf("the last answer came at %v and it ended only at %v", answer, p.Now())
				}
			})
		})
	}
}

func TestEndsWithoutADetectorThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := testkit.NewHang()
		defer hang.Release()
		p := start(t, testkit.Setup{
			Cameras:       []*testkit.Camera{{Name: "film", File: true, Count: 3}},
			Detectors:     []*testkit.Detector{testkit.NewDetector("hung", hang.On(1, testkit.Always(1)))},
			ExitWhenEnded: true,
		})
		if err := p.Wait(); err != nil {
			t.Fatal(err)
		}
		// Its timeout of 2 s is over at 2.01 s; then the end waits for another 2 s.
		if p.Now() > 4500*ms {
			t.Errorf("ended at %v", p.Now())
		}
		hang.Release()
		synctest.Wait()
	})
}

func TestIdleStepsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, testkit.Setup{
			Cameras:   []*testkit.Camera{{Name: "door", Count: 1}},
			Detectors: []*testkit.Detector{testkit.NewDetector("a", testkit.Always(1))},
			Rules:     []rules.Config{testkit.Rule("person", "a >= 1")},
		})
		p.Until(10 * time.Second)
		before := p.Camera(t, "door").Ticks
		p.Until(time.Minute)
		if after := p.Camera(t, "door").Ticks; after != before {
			t.Errorf("%d steps while nothing happened", after-before)
		}
	})
}

func TestCommandsWithoutACamera(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testkit.Start(testkit.Setup{Cameras: []*testkit.Camera{{Name: "door"}}})
		p.Until(50 * ms)
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.RemoveCamera, Camera: "door"}); err != nil {
			t.Fatal(err)
		}
		for verb, want := range map[runtime.Verb]string{
			runtime.RemoveCamera: `remove_camera: no such camera "door"; there are no cameras, add one first`,
			runtime.Pause:        `pause: no such camera "door"; there are no cameras, add one first`,
		} {
			if err := p.Do(t.Context(), runtime.Command{Do: verb, Camera: "door"}); err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		}
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestRunFailsForACameraThatCannotBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		twice := testkit.NewDetector("a", testkit.Always(1))
		p := testkit.Start(testkit.Setup{
			Cameras:   []*testkit.Camera{{Name: "door"}, {Name: "yard"}},
			Detectors: []*testkit.Detector{twice, twice},
		})
		err := p.Wait()
		if err == nil || err.Error() == "" {
			t.Fatalf("Run of two detectors of one name: %v", err)
		}
		if err := p.Do(context.Background(), runtime.Command{Do: runtime.Pause}); err == nil {
			t.Error("a stopped runtime takes commands")
		}
	})
}

// frozen is a sink on a disk that hangs.
type frozen struct {
	testkit.Sink

	thaw chan struct{}
}

func (*frozen) Name() string { return "frozen" }

func (f *frozen) Run(context.Context) error {
	<-f.thaw
	return nil
}

// A sink whose disk hangs does not hold up the end of the program, nor that of other sinks.
func TestSinkThatHangsIsAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hung, well := &frozen{thaw: make(chan struct{})}, new(testkit.Sink)
		defer close(hung.thaw)
		var log bytes.Buffer
		r := runtime.New(runtime.Options{
			Config: runtime.DefaultConfig(), Sinks: []runtime.Sink{hung, well}, Log: slog.New(slog.NewTextHandler(&log, nil)),
		}, time.Now())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		synctest.Wait()
		begun := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took != 7500*time.Millisecond {
			t.Errorf("it ended after %v", took)
		}
		if !well.Ended() || !strings.Contains(log.String(), "sink=frozen") || strings.Contains(log.String(), "sink=testkit") {
			t.Errorf("the other sink has ended: %v; the log:\n%s", well.Ended(), log.String())
		}
	})
}
