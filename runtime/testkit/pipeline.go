package testkit

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// Setup configures a Pipeline.
type Setup struct {
	Config     runtime.Config // zero: the default, with one slot and normal priority
	Cameras    []*Camera      // running from the start
	Addable    []*Camera      // known to the drivers, for add_camera
	Detectors  []*Detector    // attached from the start
	Attachable []*Detector    // known as kinds, for attach
	Kinds      detectors.Kinds
	Rules      []rules.Config
	Clips      *clips.Recorder
	Roll       runtime.Roll
	// ExitWhenEnded makes the pipeline end when its cameras have ended.
	ExitWhenEnded bool
	// Epoch is time 0. Zero: the start of the pipeline.
	Epoch time.Time
}

// Pipeline is a running runtime.Runtime with scripted parts. It must be ended with Stop
// or Wait.
type Pipeline struct {
	*runtime.Runtime
	Epoch time.Time
	Sink  *Sink

	log    logBuffer
	cancel context.CancelFunc
	ended  chan struct{} // closed after err is set
	err    error
}

// Start builds a pipeline and runs it until Stop or, with ExitWhenEnded, until its
// cameras end.
func Start(s Setup) *Pipeline {
	if s.Config == (runtime.Config{}) {
		s.Config = runtime.DefaultConfig()
		s.Config.Slots, s.Config.Nice = 1, 0
	}
	if s.Epoch.IsZero() {
		s.Epoch = time.Now()
	}
	kinds := Kinds(append(s.Detectors[:len(s.Detectors):len(s.Detectors)], s.Attachable...)...)
	for name, kind := range s.Kinds {
		kinds[name] = kind
	}
	p := &Pipeline{Epoch: s.Epoch, Sink: new(Sink), ended: make(chan struct{})}
	opts := runtime.Options{
		Config: s.Config, Rules: s.Rules, Kinds: kinds, Clips: s.Clips, Roll: s.Roll,
		Drivers: Drivers(append(s.Cameras[:len(s.Cameras):len(s.Cameras)], s.Addable...)...),
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
	go func() { // Wait and Stop wait for it
		defer close(p.ended)
		p.err = p.Run(ctx)
	}()
	return p
}

// Now returns the time since the epoch.
func (p *Pipeline) Now() time.Duration { return time.Since(p.Epoch) }

// Until sleeps until a time since the epoch.
func (p *Pipeline) Until(at time.Duration) { time.Sleep(at - p.Now()) }

// Wait waits for the end of Run and returns its error.
func (p *Pipeline) Wait() error {
	<-p.ended
	p.cancel()
	return p.err
}

// Stop ends the pipeline, waits for it and returns the error of Run. Further calls
// return the same error. Afterwards snapshots show the exact final state.
func (p *Pipeline) Stop() error {
	p.cancel()
	return p.Wait()
}

// Log returns the log so far, as text lines.
func (p *Pipeline) Log() string { return p.log.text() }

// Camera returns the last published state of a camera. The test fails if there is none.
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

// Detector returns the state of a detector, like Camera.
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

// Signal returns the state of a signal, like Camera.
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

// Rule returns a rule that confirms as soon as its condition holds, with a cooldown of
// one hour and without a clip.
func Rule(event, when string) rules.Config {
	cfg := rules.DefaultConfig()
	cfg.Event, cfg.When, cfg.Clip = event, when, false
	cfg.Cooldown = text.Duration(time.Hour)
	return cfg
}

// logBuffer collects log lines.
type logBuffer struct {
	mu    sync.Mutex // guards lines
	lines strings.Builder
}

func (j *logBuffer) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.Write(line)
}

func (j *logBuffer) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.String()
}
