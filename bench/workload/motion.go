package workload

import (
	"fmt"

	"rvo-tui/detectors"
	"rvo-tui/rules"
)

// motionScenarios measure resource usage with a detector that reads pixels, and when idle.
func motionScenarios() []Scenario {
	list := []Scenario{{
		Name: "idle", FPS: 0.01, Modes: []Mode{Worker}, Doc: "a camera without frames: the cost of an idle program",
		Build: func(Setup) (Load, error) {
			return Load{Cameras: oneCamera(0.01), Detectors: []detectors.Config{dummy()}, Rules: []rules.Config{rule("dummy_event", "dummy >= 1")}}, nil
		},
	}}
	for _, n := range []int{1, 4} {
		list = append(list, Scenario{
			Name: fmt.Sprintf("motion_%d", n), FPS: 30, Modes: []Mode{Worker}, Base: "inproc_low",
			Doc:   some(n, "camera") + " of 30 frames a second with motion detection",
			Build: func(Setup) (Load, error) { return buildMotion(n, motion()), nil },
		})
	}
	return append(list, Scenario{
		Name: "motion_child", FPS: 30, Modes: []Mode{Worker}, Base: "motion_1",
		Doc: "motion detection in a process of its own",
		Build: func(s Setup) (Load, error) {
			kind, err := s.programKind("motion")
			if err != nil {
				return Load{}, err
			}
			cfg := motion()
			cfg.Isolation = detectors.ProcessIsolation
			l := buildMotion(1, cfg)
			l.Kinds = detectors.Kinds{"motion": kind}
			return l, nil
		},
	})
}

func buildMotion(cameras int, cfg detectors.Config) Load {
	l := Load{Detectors: []detectors.Config{cfg}, Rules: []rules.Config{rule("motion_event", "motion > 0.005")}}
	for i := range cameras {
		l.Cameras = append(l.Cameras, Camera{Name: fmt.Sprintf("camera%d", i), FPS: 30})
	}
	return l
}

// motion returns a motion detector that runs on every frame of 30 a second.
func motion() detectors.Config {
	cfg := detectors.DefaultConfig()
	cfg.Name, cfg.Kind, cfg.MaxFPS = "motion", "motion", 30
	return cfg
}
