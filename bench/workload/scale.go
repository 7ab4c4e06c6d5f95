package workload

import (
	"fmt"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/rules"
)

// scaleScenarios measure the age of frames and signals with more detectors and more cameras.
func scaleScenarios() []Scenario {
	var list []Scenario
	for _, n := range []int{1, 4, 16, 64} {
		list = append(list, Scenario{
			Name: fmt.Sprintf("detectors_%d", n), FPS: 30, Sleep: time.Millisecond,
			Doc: some(n, "detector") + " of 1 ms on one camera, 10 times a second",
			Build: func(Setup) (Load, error) {
				l := Load{Cameras: oneCamera(30)}
				for i := range n {
					l.Detectors = append(l.Detectors, sleeping(fmt.Sprintf("d%d", i), time.Millisecond, detectors.CostLow, 10))
				}
				l.Rules = []rules.Config{rule("first_event", "d0 >= 1")}
				return l, nil
			},
		})
	}
	for _, n := range []int{1, 4, 16, 32} {
		list = append(list, Scenario{
			Name: fmt.Sprintf("cameras_%d", n), FPS: 30, Modes: []Mode{Worker},
			Doc: some(n, "camera") + " of 30 frames a second, with a detector and a rule",
			Build: func(Setup) (Load, error) {
				l := Load{Detectors: []detectors.Config{dummy()}, Rules: []rules.Config{rule("dummy_event", "dummy >= 1")}}
				for i := range n {
					l.Cameras = append(l.Cameras, Camera{Name: fmt.Sprintf("camera%d", i), FPS: 30})
				}
				return l, nil
			},
		})
	}
	return list
}

// some formats a number of things.
func some(n int, thing string) string {
	if n == 1 {
		return "one " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
