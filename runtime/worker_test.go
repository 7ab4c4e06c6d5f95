package runtime

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime/engine"
)

// answers is a detector that returns the same for every frame.
type answers struct {
	readings []detectors.Reading
	calls    int
}

func (a *answers) Detect(context.Context, *capture.Frame) ([]detectors.Reading, error) {
	a.calls++
	return a.readings, nil
}

func (a *answers) Close() error { return errors.New("scripted failure to close") }

// spec returns the spec of a detector that runs in a worker.
func spec(name string, fps float64) detectors.Spec {
	return detectors.Spec{
		Name: name, Kind: "scripted", MaxFPS: fps, Cost: detectors.CostLow, Provides: []string{name},
		TTL: time.Second, Timeout: time.Second, Execution: detectors.Worker, Retry: detectors.RetryBackoff, Enabled: true,
	}
}

// bench is one worker with a frame, without its goroutine.
func bench(t *testing.T, det *answers, provides ...string) *worker {
	t.Helper()
	pool := capture.NewPool(4, nil)
	frame, err := pool.Get("door", 1, 4, 3, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p := &pipeline{name: "door", epoch: time.Now(), slots: NewSlots(1, "deadline"), wake: make(chan struct{}, 1)}
	p.seen.put(framed{frame: frame, ref: engine.FrameRef{ID: 1}})
	sp := spec("a", 10)
	sp.Provides = provides
	w := newWorker(7, sp, p, func() (detectors.Detector, error) { return det, nil })
	t.Cleanup(func() {
		w.stop()
		<-w.finished
		p.seen.close()
		if out := pool.Stats().Out; out != 0 {
			t.Errorf("%d frames are still held at the end", out)
		}
		if v := p.slots.View(); v.Busy != 0 || v.Waiting != 0 {
			t.Errorf("slots are %+v at the end", v)
		}
		pool.Close()
	})
	return w
}

// reports returns the reports of a worker when it has nothing left to do.
func reports(w *worker) (all []engine.Report) {
	synctest.Wait()
	for len(w.out) > 0 {
		all = append(all, <-w.out)
	}
	return all
}

func TestWorkerTellsEveryStage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		det := &answers{readings: []detectors.Reading{{Signal: "b", Value: 2, TTL: time.Minute}}}
		w := bench(t, det, "a", "b")
		go w.run()
		w.load()
		if r := reports(w); len(r) != 1 || r[0].Kind != engine.Opened || r[0].Err != nil || r[0].Task != 7 {
			t.Fatalf("opening: %+v", r)
		}
		w.start(0)
		r := reports(w)
		if len(r) != 2 || r[0].Kind != engine.Started || r[1].Kind != engine.Done || r[1].Err != nil || r[1].Frame.ID != 1 {
			t.Fatalf("a run: %+v", r)
		}
		if a := r[1].Answer; a.Values[0] != 0 || a.Values[1] != 2 || a.TTLs[0] != 0 || a.TTLs[1] != time.Minute {
			t.Errorf("result %+v: want omitted signals to be 0", a)
		}
		w.start(0)
		if r := reports(w); len(r) != 2 || r[1].Answer.Values[0] != 0 || det.calls != 2 {
			t.Errorf("the second run: %+v", r)
		}
	})
}

func TestWorkerRefusesASignalOfSomebodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bench(t, &answers{readings: []detectors.Reading{{Signal: "a", Value: 1}, {Signal: "ev\x1bil", Value: 1}}}, "a")
		go w.run()
		w.load()
		w.start(0)
		r := reports(w)
		if len(r) != 3 || r[2].Reason != ReasonSignal || r[2].Err == nil {
			t.Fatalf("reports %+v", r)
		}
		if want := `it returned the signal "evil", which it is not configured to provide`; r[2].Err.Error() != want {
			t.Errorf("error %q, want %q", r[2].Err, want)
		}
	})
}

func TestWorkerThatIsNotLoadedFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bench(t, nil, "a")
		w.make = func() (detectors.Detector, error) { return nil, errors.New("no model") }
		go w.run()
		w.load()
		w.start(0)
		r := reports(w)
		if len(r) != 3 || r[0].Reason != ReasonOpen || r[0].Err.Error() != `open detector "a": no model` || r[2].Err == nil {
			t.Fatalf("reports %+v", r)
		}
	})
}

// Between the grant of a slot and the run, a thread of low priority may wait for long on a busy
// machine.
func TestWorkerWithdrawsBetweenItsSlotAndTheRun(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(w *worker)
		want bool // runs
	}{
		{"nothing happens", func(*worker) {}, true},
		{"withdrawn", (*worker).withdraw, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := bench(t, &answers{}, "a")
			defer func() { go w.run() }() // for the end of the test, which stops it
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			l := w.slots.claim(Waiter{})
			defer l.end()
			if !w.enter(l, cancel) || !l.wait(ctx) {
				t.Fatal("no slot: nothing to test")
			}
			frame, _ := w.frames.share()
			defer w.leave(frame)
			c.do(w)
			if got := w.hold(frame); got != c.want {
				t.Errorf("it runs: %v, want %v", got, c.want)
			}
			if stopped := ctx.Err() != nil; stopped == c.want {
				t.Errorf("its context has ended: %v", stopped)
			}
		})
	}
}

func TestWorkerWithdraws(t *testing.T) {
	for _, c := range []struct {
		name string
		busy bool            // another worker has the slot
		do   func(w *worker) // before the goroutine runs
		then func(w *worker) // while it waits
		want []engine.ReportKind
		runs int // of the detector
	}{
		{"before it waits", false, func(w *worker) { w.start(0); w.withdraw() }, nil, []engine.ReportKind{engine.Withdrawn}, 0},
		{"while it waits", true, func(w *worker) { w.start(0) }, (*worker).withdraw, []engine.ReportKind{engine.Withdrawn}, 0},
		{"when it is asked anew", false, func(w *worker) { w.withdraw(); w.start(0) }, nil, []engine.ReportKind{engine.Started, engine.Done}, 1},
		{"for want of a frame", false, func(w *worker) { w.frames.take().frame.Release(); w.start(0) }, nil, []engine.ReportKind{engine.Withdrawn}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				det := &answers{readings: []detectors.Reading{{Signal: "a", Value: 1}}}
				w := bench(t, det, "a")
				if err := w.open(); err != nil {
					t.Fatal(err)
				}
				if c.busy {
					defer w.slots.claim(Waiter{}).end()
				}
				c.do(w)
				go w.run()
				if c.then != nil {
					synctest.Wait()
					c.then(w)
				}
				var got []engine.ReportKind
				for _, r := range reports(w) {
					got = append(got, r.Kind)
				}
				if len(got) != len(c.want) || got[0] != c.want[0] || det.calls != c.runs {
					t.Errorf("reports %v and %d runs, want %v and %d", got, det.calls, c.want, c.runs)
				}
			})
		})
	}
}

// restarting is a detector whose process was restarted a number of times.
type restarting struct {
	answers
	times uint64
}

func (r *restarting) Restarts() uint64 { return r.times }

// The count never falls: restarts from before the detector was reopened stay in it.
func TestRestartsAddUp(t *testing.T) {
	var w worker
	first, second := &restarting{times: 2}, &restarting{}
	for _, c := range []struct {
		open detectors.Detector
		want uint64
	}{{first, 2}, {second, 2}, {&answers{}, 2}} {
		w.follow(c.open)
		if got := w.restarts(); got != c.want {
			t.Errorf("%d restarts, want %d", got, c.want)
		}
	}
	w.follow(second)
	second.times = 3
	if got := w.restarts(); got != 5 {
		t.Errorf("%d restarts, want 5", got)
	}
}

// A box that fails does not keep its detector from the others.
func TestBoxesTakeTurns(t *testing.T) {
	box := func(name string, looked time.Duration, why detectors.Why) detectors.Detection {
		return detectors.Detection{Label: name, Attributes: []detectors.Attribute{{Name: "a", Unknown: why, Expires: looked}}}
	}
	w := &worker{spec: spec("a", 10)}
	w.spec.MaxCrops = 4
	var names []string
	for _, b := range w.choose([]detectors.Detection{
		box("fails", 2*time.Second, detectors.Errored), box("last", 3*time.Second, detectors.Known), box("good", 2*time.Second, detectors.Known),
		box("first", time.Second, detectors.Known),
		{Label: "new"},
	}) {
		names = append(names, b.Label)
	}
	if got, want := strings.Join(names, " "), "new first fails good"; got != want {
		t.Errorf("looked at %s, want %s", got, want)
	}
}

// The last box must not take longer than the time left: a process that is late is killed.
func TestTimeForAnotherBoxHasAMargin(t *testing.T) {
	for _, tt := range []struct {
		left, longest time.Duration
		enough        bool
	}{
		{time.Minute, 0, true},
		{time.Minute, 30 * time.Second, true},
		{time.Minute, 50 * time.Second, false},
		{time.Minute, 70 * time.Second, false},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), tt.left)
		if err := enough(ctx, tt.longest); (err == nil) != tt.enough {
			t.Errorf("%v left after a box that took %v: %v", tt.left, tt.longest, err)
		}
		cancel()
	}
}
