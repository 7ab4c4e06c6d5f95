package engine

import (
	"fmt"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
)

// gatedEngine returns an engine with n detectors that are loaded and never run, because they need
// a signal that stays 0.
func gatedEngine(tb testing.TB, n int) *Engine {
	e := New(Options{MaxErrors: 5})
	gate, err := e.table.Intern("gate")
	if err != nil {
		tb.Fatal(err)
	}
	for i := range n {
		sp := spec(fmt.Sprintf("d%d", i), 30)
		sp.Needs = []string{"gate > 0"}
		if err := e.Attach(TaskID(i+1), sp); err != nil {
			tb.Fatal(err)
		}
		e.Step(0, &Inputs{Reports: []Report{{Task: TaskID(i + 1), Kind: Opened}}})
	}
	e.table.Set(gate, 0, nil, &detectors.Trace{}, Never)
	return e
}

// BenchmarkStep is the cost of a new frame for the engine, with detectors that a gate holds: the
// costliest gate, a condition for each, and the most common, their rate.
func BenchmarkStep(b *testing.B) {
	for _, n := range []int{0, 1, 4, 8, 64} {
		b.Run(fmt.Sprintf("gated=%d", n), func(b *testing.B) { benchmarkStep(b, gatedEngine(b, n)) })
	}
	b.Run("rate=64", func(b *testing.B) {
		e := gatedEngine(b, 64)
		for _, t := range e.tasks {
			t.needs, t.due = nil, Never/2
		}
		benchmarkStep(b, e)
	})
}

func benchmarkStep(b *testing.B, e *Engine) {
	b.ReportAllocs()
	now := time.Duration(0)
	in := Inputs{}
	for i := 0; b.Loop(); i++ {
		now += 33 * ms
		in.Frame = FrameRef{ID: uint64(i + 1), Captured: now - ms, Arrived: now}
		e.Step(now, &in)
	}
	for _, t := range e.tasks {
		if t.runs > 0 || t.phase != idle {
			b.Fatal("a gated detector ran")
		}
	}
}

// BenchmarkRun is the cost of a frame that one detector processes, from the frame to the rules
// that evaluate its result.
func BenchmarkRun(b *testing.B) {
	e := New(Options{MaxErrors: 5})
	if err := e.Attach(1, spec("a", 1000)); err != nil {
		b.Fatal(err)
	}
	cfg := rules.DefaultConfig()
	cfg.Event, cfg.When, cfg.For = "never", "a > 5", text.Duration(time.Second)
	if err := e.AddRule(cfg); err != nil {
		b.Fatal(err)
	}
	e.Step(0, &Inputs{Reports: []Report{{Task: 1, Kind: Opened}}})
	answer := Answer{Values: []float64{1}, Detections: make([][]detectors.Detection, 1), TTLs: make([]time.Duration, 1)}
	in := Inputs{Reports: make([]Report, 0, 2)}
	b.ReportAllocs()
	now := time.Duration(0)
	for i := 0; b.Loop(); i++ {
		now += 33 * ms
		ref := FrameRef{ID: uint64(i + 1), Captured: now - ms, Arrived: now, Seen: now}
		in.Reports, in.Frame = in.Reports[:0], ref
		e.Step(now, &in)
		in.Frame = FrameRef{}
		in.Reports = append(in.Reports,
			Report{Task: 1, Kind: Started, Frame: ref, Started: now, At: now},
			Report{Task: 1, Kind: Done, Frame: ref, Started: now, At: now + ms, Answer: answer})
		e.Step(now+ms, &in)
	}
}

// BenchmarkSnapshot is the cost of publishing the state for the engine's goroutine.
func BenchmarkSnapshot(b *testing.B) {
	e := gatedEngine(b, 8)
	for i := range 4 {
		cfg := rules.DefaultConfig()
		cfg.Event, cfg.When, cfg.Cooldown = fmt.Sprintf("r%d", i), "gate > 1 && d0 > 1", text.Duration(time.Second)
		if err := e.AddRule(cfg); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		e.View(time.Second, time.Time{})
	}
}

func BenchmarkHistogram(b *testing.B) {
	h := new(Histogram)
	for i := 0; b.Loop(); i++ {
		h.Record(time.Duration(i))
	}
}
