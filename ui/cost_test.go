package ui

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
	"rvo-tui/detectors"
	"rvo-tui/internal/logging"
	"rvo-tui/rules"
	"rvo-tui/runtime"
)

// sending returns the bytes per second that a dashboard sends to a terminal of w x h cells after
// some keys, once it has settled. Call it in a bubble, whose time makes the number of redraws
// independent of the machine.
func sending(t *testing.T, backend Backend, cfg Config, w, h int, span time.Duration, keys ...string) float64 {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	ctx, cancel := context.WithCancel(t.Context())
	out, done := &meter{File: null}, make(chan error, 1)
	var p *tea.Program
	started := make(chan struct{})
	go func() { // waited for below
		done <- run(ctx, backend, Options{Config: cfg, Kinds: testKinds()}, out, nil, func(of *tea.Program) { p = of; close(started) },
			tea.WithInput(nil), tea.WithOutput(out), tea.WithWindowSize(w, h),
			tea.WithColorProfile(colorprofile.TrueColor), tea.WithEnvironment([]string{"TERM=xterm-256color"}))
	}()
	<-started
	time.Sleep(2 * time.Second)
	for _, k := range keys {
		p.Send(pressed(k))
	}
	time.Sleep(3 * time.Second)
	before := out.sent()
	time.Sleep(span)
	sent := float64(out.sent()-before) / span.Seconds()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return sent
}

// noisy is a site whose cameras send frames in which every pixel changes.
type noisy struct {
	*fake
	random *rand.Rand // used by the feed alone
	asked  map[string]int
}

func (n *noisy) Preview(list []runtime.PreviewSpec, i int) (runtime.Preview, bool) {
	n.asked[list[i].Camera]++
	p := gradient(list[i].Width, list[i].Height)
	for i := range p.Pixels {
		p.Pixels[i] = byte(n.random.Uint32())
	}
	return p, true
}

// site has a number of cameras, and publishes a snapshot ten times a second.
func site(ctx context.Context, cameras int) *noisy {
	n := &noisy{newFake(), rand.New(rand.NewPCG(1, 2)), map[string]int{}}
	for i := len(n.snap.Cameras); i < cameras; i++ {
		c := n.snap.Cameras[0]
		c.Name = fmt.Sprintf("yard-%d", i+1)
		n.snap.Cameras = append(n.snap.Cameras, c)
	}
	go func() {
		tick := time.NewTicker(100 * ms)
		defer tick.Stop()
		for i := 1; ; i++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			s := *n.snap
			s.At = s.At.Add(time.Duration(i) * 100 * ms)
			select {
			case n.snapshots <- &s:
			case <-ctx.Done():
				return
			}
		}
	}()
	return n
}

// Whatever cameras send, frames take no more than their share of the bandwidth, on the wall and
// in the preview, at every size. All tiles are updated in turn.
func TestFramesKeepTheirBudget(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		for _, tt := range []struct {
			name    string
			cameras int
			keys    []string
		}{{"preview", 2, []string{"P"}}, {"wall", 32, []string{"w"}}} {
			t.Run(fmt.Sprintf("%s at %dx%d", tt.name, size[0], size[1]), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cfg := DefaultConfig()
					cfg.Theme = "dark"
					n := site(t.Context(), tt.cameras)
					const span = 20 * time.Second
					got := sending(t, n, cfg, size[0], size[1], span, tt.keys...)
					t.Logf("%.0f B/s", got)
					// A whole screen may be in progress at either end.
					if most := 16_000 + 40*float64(size[0]*size[1])/span.Seconds(); got > most || got < 4000 {
						t.Errorf("%.0f bytes a second, at most %.0f are wanted", got, most)
					}
					shown := 0
					for _, asked := range n.asked {
						if asked >= 2 {
							shown++
						}
					}
					if shown < min(tt.cameras, size[0]*size[1]/1000) && tt.name != "preview" {
						t.Errorf("frames were fetched %v times", n.asked)
					}
				})
			})
		}
	}
}

// unsteady is a detector that takes some milliseconds per frame.
type unsteady struct {
	detectors.Detector
	random *rand.Rand
}

func (u unsteady) Detect(ctx context.Context, f *capture.Frame) ([]detectors.Reading, error) {
	time.Sleep(time.Duration(2_000+u.random.IntN(8_000)) * time.Microsecond)
	return u.Detector.Detect(ctx, f) //nolint:wrapcheck // its own
}

// drawnSite is a runtime with synthetic cameras and motion detection.
func drawnSite(cameras []capture.Config) (Local, func(ctx context.Context) error) {
	kinds := detectors.Builtin()
	motion := kinds["motion"]
	make := motion.New
	motion.New = func(cfg detectors.Config) (detectors.Detector, error) {
		d, err := make(cfg)
		return unsteady{d, rand.New(rand.NewPCG(3, 4))}, err
	}
	kinds["motion"] = motion
	detector := detectors.DefaultConfig()
	detector.Name, detector.Kind = "motion", "motion"
	rule := rules.DefaultConfig()
	rule.Event, rule.When, rule.Clip = "moved", "motion > 0.01", false
	cfg := runtime.DefaultConfig()
	cfg.Nice = 0
	ring, recent := logging.NewRing(slog.DiscardHandler), runtime.NewRecent()
	rt := runtime.New(runtime.Options{
		Config: cfg, Cameras: cameras, Detectors: []detectors.Config{detector.Fill(motion)}, Rules: []rules.Config{rule}, Kinds: kinds,
		Drivers: capture.Drivers{capture.KindSynthetic: capture.Opens(synthetic.Open)}, Sinks: []runtime.Sink{recent}, LogRing: ring,
	}, time.Now())
	return Local{Runtime: rt, Ring: ring, Recent: recent}, func(ctx context.Context) error {
		var wg sync.WaitGroup
		wg.Go(func() { _ = ring.Run(ctx) })
		defer wg.Wait()
		return rt.Run(ctx)
	}
}

// The cost of the synthetic street at ten redraws per second.
func TestStreetKeepsItsBudget(t *testing.T) {
	street := capture.DefaultConfig()
	street.Name, street.Source, street.Width, street.Height = "street", "synthetic:street", 640, 360
	many := func(n int) (list []capture.Config) {
		for i := range n {
			c := street
			c.Name, c.Width, c.Height, c.FPS = fmt.Sprintf("cam%02d", i), 160, 90, 5
			list = append(list, c)
		}
		return list
	}
	for _, tt := range []struct {
		name    string
		cameras []capture.Config
		preview bool
		w, h    int
		keys    []string
		most    float64
	}{
		{"without preview", []capture.Config{street}, false, 120, 40, nil, 3_000},
		{"with preview", []capture.Config{street}, true, 120, 40, nil, 20_000},
		{"wall of 4", many(4), true, 120, 40, []string{"w"}, 20_000},
		{"wall of 12", many(12), true, 200, 60, []string{"w"}, 20_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				site, runs := drawnSite(tt.cameras)
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- runs(ctx) }()
				cfg := DefaultConfig()
				cfg.Preview, cfg.Theme = tt.preview, "dark"
				got := sending(t, site, cfg, tt.w, tt.h, 20*time.Second, tt.keys...)
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
				t.Logf("%.0f B/s", got)
				if got > tt.most || got < 200 {
					t.Errorf("%.0f bytes a second, at most %.0f are wanted", got, tt.most)
				}
			})
		})
	}
}
