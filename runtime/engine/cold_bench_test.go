package engine

import (
	"slices"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
)

// coldBytes is more than a processor's caches hold.
const coldBytes = 32 << 20

// BenchmarkCold is BenchmarkRun under real conditions: between two steps, a frame or the rest of
// the machine has emptied the caches. It reports the medians of the steps that accept a frame,
// start a run, and take its result, which a rule evaluates.
func BenchmarkCold(b *testing.B) {
	e := New(Options{MaxErrors: 5})
	if err := e.Attach(1, spec("a", 1000)); err != nil {
		b.Fatal(err)
	}
	cfg := rules.DefaultConfig()
	cfg.Event, cfg.When, cfg.Cooldown, cfg.Rearm = "seen", "a >= 1", text.Duration(10*time.Second), rules.RearmCooldown
	if err := e.AddRule(cfg); err != nil {
		b.Fatal(err)
	}
	e.Step(0, &Inputs{Reports: []Report{{Task: 1, Kind: Opened}}})
	answer := Answer{Values: []float64{1}, Detections: make([][]detectors.Detection, 1), TTLs: make([]time.Duration, 1)}
	rest := make([]byte, coldBytes)
	in := Inputs{Reports: make([]Report, 0, 1)}
	var took [3][]time.Duration
	step := func(kind int, now time.Duration) {
		for i := 0; i < len(rest); i += 64 {
			rest[i]++
		}
		begun := time.Now()
		e.Step(now, &in)
		took[kind] = append(took[kind], time.Since(begun))
	}
	now := time.Duration(0)
	for i := 0; b.Loop(); i++ {
		now += 33 * ms
		ref := FrameRef{ID: uint64(i + 1), Captured: now - ms, Arrived: now, Seen: now}
		in.Reports, in.Frame = in.Reports[:0], ref
		step(0, now)
		in.Frame = FrameRef{}
		in.Reports = append(in.Reports[:0], Report{Task: 1, Kind: Started, Frame: ref, Started: now, At: now})
		step(1, now)
		in.Reports = append(in.Reports[:0], Report{Task: 1, Kind: Done, Frame: ref, Started: now, At: now + ms, Answer: answer})
		step(2, now+ms)
	}
	b.ReportMetric(0, "ns/op") // most of it is emptying the caches
	for i, name := range []string{"ns/frame", "ns/start", "ns/answer"} {
		slices.Sort(took[i])
		b.ReportMetric(float64(took[i][len(took[i])/2]), name)
	}
}
