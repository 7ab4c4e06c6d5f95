package workload

import (
	"fmt"
	"time"

	"rvo-tui/detectors"
)

// The scenarios of RealTime-Video-Orchestrator (rvo), with its names and workloads.
//
// The blocking detectors have a limit of 10,000 runs a second, so they run on every frame, and are
// never parked (cost low). In load_shed a run takes 50 ms, above the budget of 2/60 s, and the cost
// high parks the detector for 500 ms.
func rvoScenarios() []Scenario {
	list := []Scenario{
		plain("baseline", "no detector: the cost of the engine itself", 30, 0),
		plain("inproc_low", "a detector that takes no time", 30, 0, dummy()),
	}
	for _, d := range []int{1, 3, 10, 50} {
		sleep := time.Duration(d) * time.Millisecond
		s := plain(fmt.Sprintf("blocking_%dms", d), fmt.Sprintf("the effect of a detector of %d ms on every frame on the engine", d), 30, sleep,
			sleeping("dummy", sleep, detectors.CostLow, 10_000))
		s.Expect, s.Base = expectBlocking, "inproc_low"
		list = append(list, s)
	}
	shed := plain("load_shed", "a detector that exceeds its budget is parked, the other one keeps running", 30, 50*time.Millisecond,
		dummy(), sleeping("slow", 50*time.Millisecond, detectors.CostHigh, 60))
	shed.Expect = expectShedding
	list = append(list, shed)
	for _, o := range []struct {
		name string
		fps  float64
	}{{"threshold", 120}, {"moderate", 300}, {"severe", 600}} {
		s := plain("overload_"+o.name, fmt.Sprintf("a detector of 5 ms on as many frames as possible, at %g frames a second", o.fps), o.fps, 5*time.Millisecond,
			sleeping("dummy", 5*time.Millisecond, detectors.CostLow, 1000))
		s.Expect = expectOverload
		list = append(list, s)
	}
	for _, fps := range []float64{1000, 2000, 5000} {
		s := plain(fmt.Sprintf("fps_%g", fps), fmt.Sprintf("how many of %g frames a second the engine sees", fps), fps, 0, dummy())
		list = append(list, s)
	}
	return list
}

// plain returns a scenario as in rvo: one camera, some detectors and one rule.
func plain(name, doc string, fps float64, sleep time.Duration, dets ...detectors.Config) Scenario {
	return Scenario{
		Name: name, Doc: doc, RVO: true, FPS: fps, Sleep: sleep,
		Build: func(Setup) (Load, error) {
			l := Load{Cameras: oneCamera(fps), Detectors: dets}
			l.Rules = append(l.Rules, rule("dummy_event", "dummy >= 1"))
			return l, nil
		},
	}
}

// expectBlocking expects the detector's latency in the ticks in mode inline, and not in mode worker.
func expectBlocking(o *Outcome) string {
	tick, sleep := o.TickP50, o.Scenario.Sleep
	switch {
	case o.Mode == Inline && (tick < sleep/2 || tick > sleep*5/2):
		return fmt.Sprintf("tick p50 is %v although the detector takes %v: it does not run in every tick", tick, sleep)
	case o.Mode == Worker && o.Superseded+o.PoolDropped > 0:
		return fmt.Sprintf("%d frames were lost beside a detector that should cost the engine nothing; the camera itself was held up for %d", o.Lost(), o.Overdue)
	}
	return ""
}

func expectShedding(o *Outcome) string {
	if o.Backoffs == 0 {
		return "the slow detector was never parked"
	}
	return ""
}

// expectOverload expects lost frames in mode inline if the camera is faster than the detector's 5 ms,
// and at most 1 % in mode worker.
func expectOverload(o *Outcome) string {
	lost := o.Superseded + o.PoolDropped
	switch {
	case o.Mode == Inline && o.Scenario.FPS > 200 && lost == 0:
		return "no frame was lost: the detector does not run in every tick"
	case o.Mode == Worker && lost*100 > o.Sent:
		return fmt.Sprintf("%d of %d frames were lost, more than 1 %%; the camera itself was held up for %d", lost, o.Sent, o.Overdue)
	}
	return ""
}
