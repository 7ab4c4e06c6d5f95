package runtime

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime/engine"
)

// Verb is what a Command asks for.
type Verb string

// The verbs.
const (
	Attach       Verb = "attach"        // Attached, to Camera
	Detach       Verb = "detach"        // Detector, from Camera
	Enable       Verb = "enable"        // Detector
	Disable      Verb = "disable"       // Detector
	SetRate      Verb = "set_rate"      // Detector, to FPS
	AddCamera    Verb = "add_camera"    // Added, with the detectors and rules that are meant for all cameras
	RemoveCamera Verb = "remove_camera" // Camera
	Pause        Verb = "pause"         // Camera: its source is closed
	Resume       Verb = "resume"        // Camera
	RuleOn       Verb = "rule_on"       // Rule
	RuleOff      Verb = "rule_off"      // Rule
	SaveClip     Verb = "clip"          // Camera: what it sees now, as evidence
	Reload       Verb = "reload"        // Setup, in place of what was configured
)

// Verbs returns all verbs.
func Verbs() []Verb {
	return []Verb{Attach, Detach, Enable, Disable, SetRate, AddCamera, RemoveCamera, Pause, Resume, RuleOn, RuleOff, SaveClip, Reload}
}

// Command asks a running Runtime for a change. Camera may be empty where a
// detector, a rule or a camera is meant on all cameras that have it.
type Command struct {
	Do       Verb
	Camera   string
	Detector string
	Rule     string
	FPS      float64           // of SetRate, a second
	Attached *detectors.Config // of Attach; its Cameras must be empty or the Command's
	Added    *capture.Config   // of AddCamera
	Setup    *Setup            // of Reload
}

// commandBacklog is how many commands may wait.
const commandBacklog = 16

var errBusy = errors.New("too many commands are waiting; try again")

type request struct {
	ctx   context.Context
	cmd   Command
	reply chan error
}

// Do carries a command out and returns when it is done, or says what to do when
// it cannot be. Commands are carried out one after the other, and so are those
// that make cameras come or go: AddCamera, RemoveCamera and Reload, which wait for
// cameras that wind down, while others pass them. It fails at once when too many
// wait, or the Runtime does not run. A command whose turn has not come when the
// context ends is not carried out.
func (r *Runtime) Do(ctx context.Context, cmd Command) error {
	req := request{ctx, cmd, make(chan error, 1)}
	select {
	case <-r.stopped:
		return errStopped
	default:
	}
	queue := r.requests
	switch cmd.Do {
	case AddCamera, RemoveCamera, Reload:
		queue = r.changes
	}
	select {
	case queue <- req:
	default:
		return fmt.Errorf("%s: %w", cmd.Do, errBusy)
	}
	select {
	case err := <-req.reply:
		if err != nil {
			return fmt.Errorf("%s: %w", cmd.Do, err)
		}
		return nil
	case <-r.stopped:
		return errStopped
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", cmd.Do, ctx.Err())
	}
}

var errStopped = errors.New("the runtime has stopped")

// perform carries out a command that leaves the cameras as they are. It runs in
// the Runtime's own goroutine.
func (r *Runtime) perform(req request) error {
	ctx, cmd := req.ctx, req.cmd
	if err := ctx.Err(); err != nil {
		return err // nobody waits for it any more
	}
	if cmd.Do == Attach {
		if cmd.Attached == nil {
			return errors.New("no detector was given")
		}
		return r.attach(ctx, cmd)
	}
	return r.each(cmd, func(p *pipeline) error {
		switch cmd.Do {
		case Pause:
			p.camera.Pause()
			return nil
		case Resume:
			p.camera.Resume()
			return nil
		}
		return p.do(ctx, func(e *engine.Engine, now time.Duration) error {
			switch cmd.Do {
			case Detach:
				return p.detach(cmd.Detector)
			case Enable, Disable:
				return e.Enable(cmd.Detector, cmd.Do == Enable)
			case SetRate:
				if !(cmd.FPS > 0 && cmd.FPS <= detectors.MaxRate) || math.IsNaN(cmd.FPS) {
					return fmt.Errorf("rate %g: must be above 0 and at most %d a second", cmd.FPS, detectors.MaxRate)
				}
				return e.SetRate(cmd.Detector, cmd.FPS)
			case SaveClip:
				return r.saveClip(p)
			case RuleOn, RuleOff:
				return e.SetRule(now, cmd.Rule, cmd.Do == RuleOn)
			}
			return fmt.Errorf("unknown command %q: use one of %v", cmd.Do, Verbs())
		})
	})
}

// each does something on the camera that a command names, or on all of them;
// then those that do not have what it is about are passed over, unless none has.
func (r *Runtime) each(cmd Command, do func(*pipeline) error) error {
	if cmd.Camera != "" {
		p := r.camera(cmd.Camera)
		if p == nil {
			return r.noCamera(cmd.Camera)
		}
		return do(p.pipeline)
	}
	var first error
	done := false
	for _, p := range r.list() {
		switch err := do(p.pipeline); {
		case err == nil:
			done = true
		case errors.Is(err, engine.ErrNoDetector) || errors.Is(err, engine.ErrNoRule) || errors.Is(err, clips.ErrCamera):
			if first == nil {
				first = err
			}
		default:
			return fmt.Errorf("camera %q: %w", p.name, err)
		}
	}
	if done {
		return nil
	}
	if first == nil {
		first = errors.New("there is no camera")
	}
	return first
}

// attach adds a detector to the cameras meant, or to none of them.
func (r *Runtime) attach(ctx context.Context, cmd Command) error {
	cfg := *cmd.Attached
	if cmd.Camera != "" {
		cfg.Cameras = []string{cmd.Camera}
	}
	var problems []string
	cfg.Validate(r.opts.Kinds, func(key, problem string) { problems = append(problems, key+": "+problem) })
	if len(problems) > 0 {
		return fmt.Errorf("detector %q: %s", cfg.Name, strings.Join(problems, "; "))
	}
	for _, name := range cfg.Cameras {
		if r.camera(name) == nil {
			return r.noCamera(name)
		}
	}
	var added []*active
	for _, p := range r.list() {
		if !meant(cfg.Cameras, p.name) {
			continue
		}
		spec, open := r.prepare(cfg)
		if err := p.do(ctx, func(*engine.Engine, time.Duration) error { return p.attach(spec, open) }); err != nil {
			// It may be the end of ctx that asks for this.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonAfter)
			defer cancel()
			for _, undo := range added {
				// It was there a moment ago; if it is not now, that is as wanted.
				_ = undo.do(ctx, func(*engine.Engine, time.Duration) error { return undo.detach(cfg.Name) })
			}
			return fmt.Errorf("camera %q: %w", p.name, err)
		}
		added = append(added, p)
	}
	if len(added) == 0 {
		return errors.New("there is no camera to attach it to")
	}
	return nil
}

// meant reports whether a list of cameras, all of them when empty, has a name.
func meant(cameras []string, name string) bool {
	return len(cameras) == 0 || slices.Contains(cameras, name)
}

// saveClip asks for a clip of what a camera sees now. One that no rule saves clips
// of keeps evidence from then on, until the next reload. It runs in the
// pipeline's goroutine.
func (r *Runtime) saveClip(p *pipeline) error {
	if r.opts.Clips == nil {
		return clips.ErrCamera
	}
	if p.ring.Load() == nil {
		p.ring.Store(r.opts.Clips.Ring(p.name, r.opts.Roll.Before))
		p.log.Info("the clip begins now, for no rule saves clips of this camera; from now on it keeps what a next one needs")
	}
	frame, _ := p.seen.share()
	now := time.Now()
	return r.opts.Clips.Save(clips.Job{
		Event:  rules.Event{ID: eventID(), Type: clips.Manual, Camera: p.name, At: now.Sub(r.epoch), Time: now.UTC()},
		Before: r.opts.Roll.Before, After: r.opts.Roll.After, Confirming: frame,
	})
}

// Busy reports whether a command was refused because too many wait: it may be
// tried again.
func Busy(err error) bool { return errors.Is(err, errBusy) }

// Stopped reports whether a command was refused because the Runtime has ended.
func Stopped(err error) bool { return errors.Is(err, errStopped) }
