package workload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"rvo-tui/bench/wait"
	"rvo-tui/detectors"
	"rvo-tui/internal/listen"
	"rvo-tui/internal/logging"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/api"
	"rvo-tui/runtime/api/client"
	"rvo-tui/runtime/metrics"
	"rvo-tui/ui"
)

// The size of the dashboard's terminal.
const (
	dashboardColumns = 160
	dashboardRows    = 48
)

// observerScenarios measure the cost of dashboards, API clients and metrics scrapes.
func observerScenarios() []Scenario {
	return []Scenario{
		{
			Name: "dashboard_on", FPS: 30, Modes: []Mode{Worker}, Base: "inproc_low",
			Doc:   fmt.Sprintf("the terminal dashboard with its preview, %dx%d cells ten times a second", dashboardColumns, dashboardRows),
			Build: buildDashboard,
		},
		{
			Name: "watchers_8", FPS: 30, Modes: []Mode{Worker}, Base: "motion_1",
			Doc:   "eight API clients that receive ten snapshots a second each",
			Build: func(s Setup) (Load, error) { return buildObserved(s, watch), nil },
		},
		{
			Name: "scraped", FPS: 30, Modes: []Mode{Worker}, Base: "motion_1",
			Doc:   "a scrape of the metrics every 100 ms",
			Build: func(s Setup) (Load, error) { return buildObserved(s, scrape), nil },
		},
	}
}

// buildObserved returns the load of motion_1 with observers in the same process.
func buildObserved(s Setup, observe func(context.Context, *runtime.Runtime, Setup) (seen int64, err error)) Load {
	l := buildMotion(1, motion())
	l.Beside = func(ctx context.Context, rt *runtime.Runtime) error {
		seen, err := observe(ctx, rt, s)
		if err == nil && seen == 0 {
			err = errors.New("observe the runtime: nothing was read")
		}
		return err
	}
	return l
}

// watch runs eight API clients. It returns how many snapshots they received.
func watch(ctx context.Context, rt *runtime.Runtime, s Setup) (n int64, err error) {
	const clients, rate = 8, 10
	dir, err := os.MkdirTemp("", "rvo-bench-") // a short path, as sockets need
	if err != nil {
		return 0, fmt.Errorf("make a directory for the control socket: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cfg := api.DefaultConfig()
	cfg.Socket = filepath.Join(dir, "s")
	server := api.NewServer(api.Options{Config: cfg, Runtime: rt})
	var seen atomic.Int64
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { _ = server.Run(ctx) }) // it returns nil
	for range clients {
		there, err := client.Dial(cfg.Socket, client.DialOptions{})
		if err != nil {
			return 0, err
		}
		wg.Go(func() {
			defer there.Close()
			for ctx.Err() == nil { // the server may not be up yet
				_ = there.Follow(ctx, client.Stream{Rate: rate, State: func(*runtime.Snapshot) { seen.Add(1) }})
				_ = wait.For(ctx, 10*time.Millisecond)
			}
		})
	}
	<-ctx.Done()
	return seen.Load(), nil
}

// scrape reads the metrics every 100 ms. It returns how many times it succeeded.
func scrape(ctx context.Context, rt *runtime.Runtime, _ Setup) (pages int64, err error) {
	server := metrics.NewServer("127.0.0.1:0", listen.NewHosts(), rt.Snapshot, slog.New(slog.DiscardHandler))
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { _ = server.Run(ctx) }) // it returns nil
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for wait.For(ctx, 100*time.Millisecond) == nil {
		if server.Addr() == "" {
			continue
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+server.Addr()+"/metrics", http.NoBody)
		if err != nil {
			return pages, fmt.Errorf("read metrics: %w", err)
		}
		answer, err := client.Do(req)
		if err != nil {
			continue // the run has ended
		}
		if _, err := io.Copy(io.Discard, answer.Body); err == nil {
			pages++
		}
		answer.Body.Close()
	}
	return pages, nil
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
			sent, err := ui.RunHeadless(ctx, ui.Local{Runtime: rt, Ring: ring, Recent: recent},
				ui.Options{Config: ui.DefaultConfig(), Kinds: s.Kinds}, dashboardColumns, dashboardRows)
			if err == nil && sent == 0 {
				err = fmt.Errorf("run dashboard: it drew nothing")
			}
			return err
		},
	}, nil
}
