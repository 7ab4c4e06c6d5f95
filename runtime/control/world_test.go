package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
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
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 2 * time.Minute

// world is a running program that is served.
type world struct {
	rt     *runtime.Runtime
	server *Server
	opts   ServerOptions
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

// jsonCodec writes what travels as JSON, which serves tests as well as TOML.
func jsonCodec(kinds detectors.Kinds) Codec {
	return Codec{
		Detector:     readDetector(kinds),
		Camera:       readJSON(capture.DefaultConfig()),
		DetectorText: writeJSON[detectors.Config],
		CameraText:   writeJSON[capture.Config],
	}
}

func readJSON[T any](v T) func(string) (T, error) {
	return func(text string) (T, error) {
		dec := json.NewDecoder(strings.NewReader(text))
		dec.DisallowUnknownFields()
		read := v
		err := dec.Decode(&read)
		return read, err
	}
}

// readDetector reads the kind first, which decides on the options' type.
func readDetector(kinds detectors.Kinds) func(string) (detectors.Config, error) {
	return func(text string) (detectors.Config, error) {
		cfg := detectors.DefaultConfig()
		if err := json.Unmarshal([]byte(text), &cfg); err != nil {
			return cfg, err
		}
		own := kinds[cfg.Kind].NewOptions()
		cfg.Options = own
		err := json.Unmarshal([]byte(text), &cfg)
		cfg.SetOptions(own)
		return cfg, err
	}
}

func writeJSON[T any](v T) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}

// start runs a program with one camera and serves it at a socket of its own.
func start(tb testing.TB, change func(*ServerOptions)) *world {
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
	w.opts = ServerOptions{
		Config: Config{Socket: filepath.Join(dir, "control.sock")}, Runtime: w.rt, Ring: ring, Recent: recent, ClipsDir: evidence.Dir,
		Kinds: kinds, Codec: jsonCodec(kinds), Version: "1.2.3", ConfigFile: "rvo.toml", Log: log,
	}
	if change != nil {
		change(&w.opts)
	}
	w.server = NewServer(w.opts)
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
func (w *world) serve(tb testing.TB, s *Server) (end func()) {
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
		return (s.opts.Config.Socket == "" || s.Socket() != "") && (s.opts.Config.Listen == "" || s.Addr() != "")
	})
	return end
}

// client returns one of the world's socket.
func (w *world) client(tb testing.TB) *Client { return dial(tb, w.server.Socket(), DialOptions{}) }

func dial(tb testing.TB, addr string, opts DialOptions) *Client {
	tb.Helper()
	opts.Codec = jsonCodec(nil)
	c, err := Dial(addr, opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	return c
}

// within returns a context for what must not take long.
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

// until watches until a snapshot is as wanted, and returns it.
func until(tb testing.TB, c *Client, what string, so func(*runtime.Snapshot) bool) *runtime.Snapshot {
	tb.Helper()
	ctx, cancel := context.WithCancel(within(tb))
	defer cancel()
	var found *runtime.Snapshot
	err := c.Watch(ctx, 0, func(s *runtime.Snapshot) {
		if found == nil && so(s) {
			found = s
			cancel()
		}
	})
	if found == nil {
		tb.Fatalf("%s: %v", what, err)
	}
	return found
}
