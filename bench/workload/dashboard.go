package workload

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"rvo-tui/detectors"
	"rvo-tui/internal/logging"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/ui"
)

// The size of the terminal that nobody sees.
const (
	dashboardColumns = 160
	dashboardRows    = 48
)

// dashboardScenarios show what somebody who watches costs.
func dashboardScenarios() []Scenario {
	return []Scenario{{
		Name: "dashboard_on", FPS: 30, Modes: []Mode{Worker},
		Doc:   fmt.Sprintf("the terminal dashboard with its preview, %dx%d cells ten times a second", dashboardColumns, dashboardRows),
		Build: buildDashboard,
	}}
}

func buildDashboard(s Setup) (Load, error) {
	recent, ring := runtime.NewRecent(), logging.NewRing(slog.DiscardHandler)
	return Load{
		Cameras:   oneCamera(30),
		Detectors: []detectors.Config{dummy()},
		Rules:     []rules.Config{rule("dummy_event", "dummy >= 1")},
		Sinks:     []runtime.Sink{recent},
		LogRing:   ring,
		Beside: func(ctx context.Context, rt *runtime.Runtime) error {
			var wg sync.WaitGroup
			defer wg.Wait()
			wg.Go(func() { _ = ring.Run(ctx) }) // it ends with the context
			sent, err := ui.RunUnseen(ctx, ui.Local{Runtime: rt, Ring: ring, Recent: recent},
				ui.Options{Config: ui.DefaultConfig(), Kinds: s.Kinds}, dashboardColumns, dashboardRows)
			if err == nil && sent == 0 {
				err = fmt.Errorf("run dashboard: it drew nothing")
			}
			return err
		},
	}, nil
}
