package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime/engine"
)

// Verb is the kind of a Command.
type Verb string

// The verbs.
const (
	Attach       Verb = "attach"        // Attached, to Camera
	Detach       Verb = "detach"        // Detector, from Camera
	Enable       Verb = "enable"        // Detector
	Disable      Verb = "disable"       // Detector
	SetRate      Verb = "set_rate"      // Detector, to FPS
	AddCamera    Verb = "add_camera"    // Added, with the detectors and rules that apply to all cameras
	RemoveCamera Verb = "remove_camera" // Camera
	Pause        Verb = "pause"         // Camera: closes its source
	Resume       Verb = "resume"        // Camera
	RuleOn       Verb = "rule_on"       // Rule
	RuleOff      Verb = "rule_off"      // Rule
	Arm          Verb = "arm"           // Rule, until its hours next start or end; empty: all rules with hours
	Disarm       Verb = "disarm"        // like Arm
	SaveClip     Verb = "clip"          // Camera: a clip of what it sees now
	Reload       Verb = "reload"        // Setup, which replaces the current one
	Acknowledge  Verb = "acknowledge"   // Alert, while it lasts; toggles
	Notify       Verb = "notify"        // Output: a test message
	Resend       Verb = "resend"        // Output: Message, or all messages that were set aside
	Discard      Verb = "discard"       // like Resend
)

// Verbs returns all verbs.
func Verbs() []Verb {
	return []Verb{Attach, Detach, Enable, Disable, SetRate, AddCamera, RemoveCamera, Pause, Resume, RuleOn, RuleOff, Arm, Disarm, SaveClip, Reload, Acknowledge, Notify, Resend, Discard}
}

// Command is a change of a running Runtime. Without a Camera it applies to all cameras
// that have the detector or rule.
type Command struct {
	Do       Verb
	Camera   string
	Detector string
	Rule     string
	Output   string
	Message  string            // for Resend and Discard: ID of a delivery; empty: all
	FPS      float64           // for SetRate, per second
	Attached *detectors.Config // for Attach; its Cameras must be empty or the Command's
	Added    *capture.Config   // for AddCamera
	Setup    *Setup            // for Reload
	Alert    string            // for Acknowledge: its ID
}

// commandBacklog is the maximum number of queued commands.
const commandBacklog = 16

var errBusy = errors.New("too many commands are queued; try again")

type request struct {
	ctx   context.Context
	cmd   Command
	reply chan error
}

// Do carries out a command and returns when it is done. Errors say what to do. Commands
// are carried out one after the other. AddCamera, RemoveCamera and Reload have their
// own queue, because they wait for cameras to end. Do fails at once if too many
// commands are queued or the Runtime is not running. A command that has not started
// when the context ends is dropped.
func (r *Runtime) Do(ctx context.Context, cmd Command) error {
	req := request{ctx, cmd, make(chan error, 1)}
	select {
	case <-r.stopped:
		return errStopped
	default:
	}
	queue := r.requests
	switch cmd.Do {
	case Notify, Resend, Discard:
		if r.opts.Outbox == nil {
			return fmt.Errorf("%s: %w %q; add a [[notify]] or [mqtt] section to the configuration and restart", cmd.Do, ErrNoOutput, cmd.Output)
		}
		if err := r.opts.Outbox.Do(ctx, cmd); err != nil {
			return fmt.Errorf("%s: %w", cmd.Do, err)
		}
		return nil
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

// ErrRate is the error of SetRate for a rate that no detector can have.
var ErrRate = fmt.Errorf("must be above 0 and at most %d a second", detectors.MaxRate)

// perform carries out a command that does not add or remove cameras. It runs in the
// goroutine of Run.
func (r *Runtime) perform(req request) error {
	ctx, cmd := req.ctx, req.cmd
	if err := ctx.Err(); err != nil {
		return err // the caller no longer waits
	}
	switch cmd.Do {
	case Acknowledge:
		return r.acknowledge(cmd.Alert)
	case Attach:
		if cmd.Attached == nil {
			return errors.New("no detector was given")
		}
		return r.attach(ctx, cmd)
	}
	return r.each(cmd, func(p *pipeline) error {
		switch cmd.Do {
		case Pause:
			p.camera.Pause()
			p.recording.pause(true)
			return nil
		case Resume:
			p.camera.Resume()
			p.recording.pause(false)
			return nil
		}
		return p.do(ctx, func(e *engine.Engine, now time.Duration) error {
			switch cmd.Do {
			case Detach:
				return p.detach(cmd.Detector)
			case Enable, Disable:
				return e.Enable(cmd.Detector, cmd.Do == Enable)
			case SetRate:
				if !(cmd.FPS > 0 && cmd.FPS <= detectors.MaxRate) {
					return fmt.Errorf("rate %g: %w", cmd.FPS, ErrRate)
				}
				return e.SetRate(cmd.Detector, cmd.FPS)
			case SaveClip:
				return r.saveClip(p)
			case RuleOn, RuleOff:
				return e.SetRule(now, cmd.Rule, cmd.Do == RuleOn)
			case Arm, Disarm:
				return e.SetArmed(now, cmd.Rule, cmd.Do == Arm)
			}
			return fmt.Errorf("unknown command %q: use one of %v", cmd.Do, Verbs())
		})
	})
}

// each calls do for the camera named by a command, or for all cameras. In the latter
// case, cameras that lack the object of the command are skipped, unless all do.
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
			var all, here *engine.NotFoundError
			if first == nil {
				first = err
			} else if errors.As(first, &all) && errors.As(err, &here) {
				all.Existing = append(all.Existing, here.Existing...)
			}
		default:
			return fmt.Errorf("camera %q: %w", p.name, err)
		}
	}
	if done {
		return nil
	}
	if first == nil {
		first = errors.New("there are no cameras")
	}
	return first
}

// attach adds a detector to all cameras that it applies to, or to none.
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
		if !appliesTo(cfg.Cameras, p.name) {
			continue
		}
		if err := r.knows(p.name, cfg); err != nil {
			return err
		}
		own, spec, open := r.prepare(cfg, p.name)
		if err := p.do(ctx, func(*engine.Engine, time.Duration) error { return p.attach(own, spec, open) }); err != nil {
			// Undo even if ctx ended.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonAfter)
			defer cancel()
			for _, undo := range added {
				// An error means that it is already gone.
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

// knows returns an error if a camera lacks a zone that a detector names.
func (r *Runtime) knows(camera string, cfg detectors.Config) error {
	zones := detectors.ZonesOf(r.opts.Zones, camera)
	for _, name := range slices.Concat(cfg.Mask, cfg.Zones) {
		if len(detectors.Areas(zones, []string{name})) == 0 {
			return fmt.Errorf("camera %q: there is no zone %q; add a [[zone]] to the configuration first", camera, name)
		}
	}
	return nil
}

// appliesTo reports whether a list of cameras includes name; an empty list includes
// all.
func appliesTo(cameras []string, name string) bool {
	return len(cameras) == 0 || slices.Contains(cameras, name)
}

// saveClip requests a clip of what a camera sees now. A camera without an evidence ring
// gets one until the next reload. It runs in the pipeline's goroutine.
func (r *Runtime) saveClip(p *pipeline) error {
	if r.opts.Clips == nil {
		return clips.ErrCamera
	}
	if p.ring.Load() == nil {
		p.ring.Store(r.opts.Clips.Ring(p.name, r.opts.Roll.Before))
		p.recording.adjust()
		p.log.Info("no rule saves clips of this camera: this clip has no pre-roll; frames are kept for clips from now on")
	}
	frame, _ := p.seen.share()
	now := time.Now()
	return r.opts.Clips.Save(clips.Job{
		Event:  rules.Event{ID: eventID(), Type: clips.Manual, Camera: p.name, At: now.Sub(r.epoch), Time: now.UTC()},
		Before: r.opts.Roll.Before, After: r.opts.Roll.After, Confirming: frame, Private: p.private.Load().zones(),
	})
}

// Busy reports whether a command was refused because too many are queued. Retrying may
// help.
func Busy(err error) bool { return errors.Is(err, errBusy) }

// Stopped reports whether a command was refused because the Runtime has ended.
func Stopped(err error) bool { return errors.Is(err, errStopped) }
