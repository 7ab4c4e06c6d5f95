package testkit

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// Setup is what a Pipeline is built of.
type Setup struct {
	Config    runtime.Config // zero: the default one, with a single slot and the usual priority
	Cameras   []*Camera      // at work from the start
	Later     []*Camera      // known to the drivers, for add_camera
	Detectors []*Detector    // attached from the start
	Loose     []*Detector    // known as kinds, for attach
	Kinds     detectors.Kinds
	Rules     []rules.Config
	Clips     *clips.Recorder
	Roll      runtime.Roll
	// ExitWhenEnded makes the pipeline end by itself with its cameras.
	ExitWhenEnded bool
	// Epoch is the zero of all times. Zero: the start.
	Epoch time.Time
}

// Pipeline is a running runtime.Runtime made of scripted parts. Who starts one
// must Stop it, or Wait for its end.
type Pipeline struct {
	*runtime.Runtime
	Epoch time.Time
	Sink  *Sink

	log    journal
	cancel context.CancelFunc
	ended  chan struct{} // closed after err is set
	err    error
}

// Start builds a pipeline and runs it until Stop, or until its cameras end where
// that was asked for.
func Start(s Setup) *Pipeline {
	if s.Config == (runtime.Config{}) {
		s.Config = runtime.DefaultConfig()
		s.Config.Slots, s.Config.Nice = 1, 0
	}
	if s.Epoch.IsZero() {
		s.Epoch = time.Now()
	}
	kinds := Kinds(append(s.Detectors[:len(s.Detectors):len(s.Detectors)], s.Loose...)...)
	for name, kind := range s.Kinds {
		kinds[name] = kind
	}
	p := &Pipeline{Epoch: s.Epoch, Sink: new(Sink), ended: make(chan struct{})}
	opts := runtime.Options{
		Config: s.Config, Rules: s.Rules, Kinds: kinds, Clips: s.Clips, Roll: s.Roll,
		Drivers: Drivers(append(s.Cameras[:len(s.Cameras):len(s.Cameras)], s.Later...)...),
		Sinks:   []runtime.Sink{p.Sink}, Log: slog.New(slog.NewTextHandler(&p.log, nil)),
		ExitWhenEnded: s.ExitWhenEnded,
	}
	for _, c := range s.Cameras {
		opts.Cameras = append(opts.Cameras, c.Config())
	}
	for _, d := range s.Detectors {
		opts.Detectors = append(opts.Detectors, d.Config)
	}
	p.Runtime = runtime.New(opts, s.Epoch)
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	go func() { // Wait and Stop see it off
		defer close(p.ended)
		p.err = p.Run(ctx)
	}()
	return p
}

// Now returns the time since the epoch.
func (p *Pipeline) Now() time.Duration { return time.Since(p.Epoch) }

// Until sleeps until a time since the epoch.
func (p *Pipeline) Until(at time.Duration) { time.Sleep(at - p.Now()) }

// Wait returns what Run returns, once it does.
func (p *Pipeline) Wait() error {
	<-p.ended
	p.cancel()
	return p.err
}

// Stop ends the pipeline, waits for it and returns what Run returned. Further
// calls only return that. Afterwards the views are those of the end, exactly.
func (p *Pipeline) Stop() error {
	p.cancel()
	return p.Wait()
}

// Log returns what was logged so far, as text lines.
func (p *Pipeline) Log() string { return p.log.text() }

// Camera returns how a camera stands, as last published. It is fatal when there
// is none.
func (p *Pipeline) Camera(t TB, name string) runtime.CameraView {
	t.Helper()
	for _, c := range p.Snapshot().Cameras {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no camera %q", name)
	return runtime.CameraView{}
}

// Detector returns how a detector of a camera stands: see Camera.
func (p *Pipeline) Detector(t TB, camera, name string) engine.DetectorView {
	t.Helper()
	for _, d := range p.Camera(t, camera).Detectors {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("camera %q has no detector %q", camera, name)
	return engine.DetectorView{}
}

// Signal returns how a signal of a camera stands: see Camera.
func (p *Pipeline) Signal(t TB, camera, name string) engine.SignalView {
	t.Helper()
	for _, s := range p.Camera(t, camera).Signals {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("camera %q has no signal %q", camera, name)
	return engine.SignalView{}
}

// Rule returns a rule that confirms an event at once when a condition holds, again
// after an hour, and saves no clip.
func Rule(event, when string) rules.Config {
	cfg := rules.DefaultConfig()
	cfg.Event, cfg.When, cfg.Clip = event, when, false
	cfg.Cooldown = capture.Duration(time.Hour)
	return cfg
}

// journal collects log lines.
type journal struct {
	mu    sync.Mutex // guards lines
	lines strings.Builder
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.Write(line)
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.String()
}
