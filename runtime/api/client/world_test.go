package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
	"rvo-tui/internal/logging"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds the wait for something that must happen.
const patience = 2 * time.Minute

// world is a running program with a server.
type world struct {
	rt     *runtime.Runtime
	server *api.Server
	opts   api.Options
	log    *journal
}

// journal is a log that can be read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// serverCodec and clientCodec use Go's own JSON of configurations, which is as good for tests as
// the keys of a file.
func serverCodec(kinds detectors.Kinds) api.Codec {
	return api.Codec{Detector: readDetector(kinds), Camera: readCamera}
}

func clientCodec() Codec {
	return Codec{
		Detector: func(c detectors.Config) ([]byte, error) { return json.Marshal(c) },
		Camera:   func(c capture.Config) ([]byte, error) { return json.Marshal(c) },
	}
}

func readCamera(text []byte) (capture.Config, error) {
	read := capture.DefaultConfig()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	err := dec.Decode(&read)
	return read, err
}

// readDetector reads the kind first, which determines the type of the options.
func readDetector(kinds detectors.Kinds) func([]byte) (detectors.Config, error) {
	return func(text []byte) (detectors.Config, error) {
		cfg := detectors.DefaultConfig()
		if err := json.Unmarshal(text, &cfg); err != nil {
			return cfg, err
		}
		own := kinds[cfg.Kind].NewOptions()
		cfg.Options = own
		err := json.Unmarshal(text, &cfg)
		cfg.SetOptions(own)
		return cfg, err
	}
}

// start runs a program with one camera and serves it at its own socket.
func start(tb testing.TB, change func(*api.Options)) *world {
	tb.Helper()
	w := &world{log: new(journal)}
	ring := logging.NewRing(slog.NewTextHandler(w.log, nil))
	log := slog.New(ring)
	recent := runtime.NewRecent()
	epoch := time.Now()
	kinds := detectors.Builtin()
	kinds["remote"] = detectors.Kind{Name: "remote", Defaults: detectors.Config{Options: remote.Options{}}, Remote: true, New: func(detectors.Config) (detectors.Detector, error) {
		return nil, errors.New("nobody there")
	}}
	dir := tb.TempDir()
	evidence := clips.DefaultConfig()
	evidence.Dir = filepath.Join(dir, "clips")
	cfg := runtime.DefaultConfig()
	camera := capture.DefaultConfig()
	camera.Name, camera.Source, camera.Width, camera.Height, camera.FPS = "door", "synthetic:street", 160, 90, 30
	recorder := clips.New(clips.Options{Config: evidence, Epoch: epoch, Log: log})
	w.rt = runtime.New(runtime.Options{
		Config: cfg, Cameras: []capture.Config{camera}, Kinds: kinds,
		Detectors: []detectors.Config{{Name: "motion", Kind: "motion", Enabled: true}},
		Rules:     []rules.Config{rule("seen", "motion >= 0")},
		Drivers:   capture.Drivers{capture.KindSynthetic: capture.Opens(synthetic.Open)},
		Sinks:     []runtime.Sink{recent}, Clips: recorder, Roll: runtime.Roll{Before: 200 * time.Millisecond, After: 200 * time.Millisecond},
		LogRing: ring, Log: log,
	}, epoch)
	w.opts = api.Options{
		Config: api.Config{Socket: filepath.Join(dir, "control.sock")}, Runtime: w.rt, Ring: ring, Recent: recent, ClipsDir: evidence.Dir,
		Kinds: kinds, Codec: serverCodec(kinds), Version: "1.2.3", ConfigFile: "rvo.toml", Log: log,
	}
	if change != nil {
		change(&w.opts)
	}
	w.server = api.NewServer(w.opts)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = ring.Run(ctx) })
	wg.Go(func() {
		if err := w.rt.Run(ctx); err != nil {
			tb.Error(err)
		}
	})
	tb.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	<-w.rt.Started() // before that it has no cameras
	w.serve(tb, w.server)
	return w
}

func rule(event, when string) rules.Config {
	cfg := rules.DefaultConfig()
	cfg.Event, cfg.When, cfg.Clip = event, when, true
	return cfg
}

// serve runs a server until the test ends or end is called.
func (w *world) serve(tb testing.TB, s *api.Server) (end func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Run(ctx); err != nil {
			tb.Error(err)
		}
	})
	end = func() {
		cancel()
		wg.Wait()
	}
	tb.Cleanup(end)
	eventually(tb, "it is served", func() bool {
		return (w.opts.Config.Socket == "" || s.Socket() != "") && (w.opts.Config.Listen == "" || s.Addr() != "")
	})
	return end
}

// client returns a client of the world's socket.
func (w *world) client(tb testing.TB) *Client { return dial(tb, w.server.Socket(), DialOptions{}) }

func dial(tb testing.TB, addr string, opts DialOptions) *Client {
	tb.Helper()
	opts.Codec = clientCodec()
	c, err := Dial(addr, opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	return c
}

// within returns a context for something that must be fast.
func within(tb testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	tb.Cleanup(cancel)
	return ctx
}

func eventually(tb testing.TB, what string, so func() bool) {
	tb.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !so() {
		select {
		case <-tick.C:
		case <-late:
			tb.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// until waits for a matching snapshot, and returns it.
func until(tb testing.TB, c *Client, what string, so func(*runtime.Snapshot) bool) *runtime.Snapshot {
	tb.Helper()
	ctx, cancel := context.WithCancel(within(tb))
	defer cancel()
	var found *runtime.Snapshot
	err := c.Follow(ctx, Stream{State: func(s *runtime.Snapshot) {
		if found == nil && so(s) {
			found = s
			cancel()
		}
	}})
	if found == nil {
		tb.Fatalf("%s: %v", what, err)
	}
	return found
}
