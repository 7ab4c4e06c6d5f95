package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime"
	"rvo-tui/runtime/control"
	"rvo-tui/runtime/metrics"
)

// watchRate is how often a second a dashboard asks for a snapshot.
const watchRate = 10

// watch serves the control API at a socket and lets clients look at everything,
// all of them in this process: what they cost the machine is part of the run. It
// counts the snapshots that arrive.
func watch(b *testing.B, clients int, seen *atomic.Int64) func(context.Context, *runtime.Runtime) {
	return func(ctx context.Context, rt *runtime.Runtime) {
		<-rt.Started()
		path := filepath.Join(b.TempDir(), "s")
		cfg := control.DefaultConfig()
		cfg.Socket = path
		server := control.NewServer(control.ServerOptions{Config: cfg, Runtime: rt})
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() { _ = server.Run(ctx) }) // it has no error
		for range clients {
			wg.Go(func() {
				client, err := control.Dial(path, control.DialOptions{})
				if err != nil {
					b.Error(err)
					return
				}
				defer client.Close()
				for ctx.Err() == nil { // the server may not be there yet
					_ = client.Watch(ctx, watchRate, func(*runtime.Snapshot) { seen.Add(1) })
					select {
					case <-ctx.Done():
					case <-time.After(10 * time.Millisecond):
					}
				}
			})
		}
	}
}

// BenchmarkLiveWatchers shows what eight clients that look ten times a second
// cost the age of frames.
func BenchmarkLiveWatchers(b *testing.B) {
	camera := []capture.Config{scene("a", 640, 360)}
	motion := []detectors.Config{detector("motion", "motion", nil), detector("quality", "quality", nil)}
	var seen atomic.Int64
	what := map[string]func(figures) float64{"cores": func(f figures) float64 { return f.cpu }}
	for name, of := range liveAges {
		what[name] = of
	}
	pairs(b,
		live{cameras: camera, detectors: motion},
		live{cameras: camera, detectors: motion, beside: watch(b, 8, &seen), enough: func() bool { return seen.Load() > 0 }}, what)
	if seen.Load() == 0 {
		b.Fatal("no client was shown anything")
	}
	b.ReportMetric(float64(seen.Load())/float64(b.N)/8/liveTime.Seconds(), "seen-per-client-s")
}

// BenchmarkLiveScrape shows what a page of metrics every 100 ms, a hundred and
// fifty times as often as usual, costs the age of frames.
func BenchmarkLiveScrape(b *testing.B) {
	camera := []capture.Config{scene("a", 640, 360)}
	motion := []detectors.Config{detector("motion", "motion", nil), detector("quality", "quality", nil)}
	var pages, size atomic.Int64
	scrape := func(ctx context.Context, rt *runtime.Runtime) {
		server := metrics.NewServer("127.0.0.1:0", rt.Snapshot, slog.New(slog.DiscardHandler))
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() { _ = server.Run(ctx) }) // it has no error
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if server.Addr() == "" {
				continue
			}
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+server.Addr()+"/metrics", nil)
			if err != nil {
				b.Error(err)
				return
			}
			answer, err := http.DefaultClient.Do(req)
			if err != nil {
				continue // at the end
			}
			n, err := io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
			if err == nil {
				pages.Add(1)
				size.Store(n)
			}
		}
	}
	what := map[string]func(figures) float64{"cores": func(f figures) float64 { return f.cpu }}
	for name, of := range liveAges {
		what[name] = of
	}
	pairs(b, live{cameras: camera, detectors: motion},
		live{cameras: camera, detectors: motion, beside: scrape, enough: func() bool { return pages.Load() > 0 }}, what)
	if pages.Load() == 0 {
		b.Fatal("no page was read")
	}
	b.ReportMetric(float64(size.Load()), "page-bytes")
}
