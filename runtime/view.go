package runtime

import (
	"slices"
	"time"

	"rvo-tui/capture"
	"rvo-tui/runtime/engine"
	"rvo-tui/runtime/live"
)

// publish makes the pipeline's state visible to other goroutines.
func (p *pipeline) publish(now time.Duration) {
	p.published = now
	v := p.engine.View(now, p.epoch)
	for i := range v.Rules {
		r := &v.Rules[i]
		r.Clip = r.Clip && p.ring.Load() != nil
		if r.ClipAfter == 0 {
			r.ClipAfter = p.roll.After
		}
	}
	for i := range v.Detectors {
		d := &v.Detectors[i]
		if k := slices.IndexFunc(p.workers, func(w *worker) bool { return w.spec.Name == d.Name }); k >= 0 {
			d.Restarts += p.workers[k].restarts()
		}
	}
	p.view.Store(&CameraView{
		View: *v, at: now,
		Superseded: p.superseded.Load(), Seen: p.seenN, Ticks: p.ticks.Load(), Tick: p.tick,
	})
}

// state returns the last published view together with the camera's current state and
// the depths of its queues.
func (p *pipeline) state() CameraView {
	v := *p.view.Load()
	v.Advance(p.clock() - v.at)
	v.Status = p.camera.Status()
	v.Recording = p.recording.view()
	v.Superseded, v.Ticks = p.superseded.Load(), p.ticks.Load()
	newest := 0
	p.newest.mu.Lock()
	if p.newest.frame != nil {
		newest = 1
	}
	p.newest.mu.Unlock()
	pool := v.Pool
	v.Queues = []QueueView{
		{Name: "frame", Depth: newest, Capacity: 1, Drops: []engine.Count{{Reason: "superseded", N: v.Superseded}}},
		{Name: "pool", Depth: pool.Out, Capacity: pool.Size, Drops: []engine.Count{
			{Reason: capture.DropPool, N: v.DropPool}, {Reason: "retired", N: pool.RetiredTotal},
		}},
		{Name: "capture", Capacity: 1, Drops: []engine.Count{
			{Reason: capture.DropLag, N: v.DropLag}, {Reason: capture.DropRate, N: v.DropRate}, {Reason: capture.DropCorrupt, N: v.DropBroken},
		}},
		{Name: "mailbox", Depth: v.Waiting(), Capacity: len(v.Detectors), Drops: []engine.Count{{Reason: engine.GateSlot.String(), N: v.Skipped(engine.GateSlot)}}},
		{Name: "live", Depth: p.live.Depth(), Capacity: live.Limit, Drops: []engine.Count{{Reason: "slow", N: p.live.Lost()}}},
		{Name: "commands", Depth: len(p.commands), Capacity: cap(p.commands)},
	}
	if out, all := v.remotes(); all > 0 {
		v.Queues = append(v.Queues, QueueView{Name: "remote", Depth: out, Capacity: all})
	}
	return v
}

// redact hides secrets in sources and errors of a snapshot. The snapshot must own its
// cameras and detectors.
func (s *Snapshot) redact(hide func(string) string) {
	tidy := func(text *string) {
		if *text != "" {
			*text = hide(*text)
		}
	}
	for i := range s.Cameras {
		c := &s.Cameras[i]
		tidy(&c.Source)
		tidy(&c.Reason)
		if c.Recording != nil {
			tidy(&c.Recording.Source)
			tidy(&c.Recording.Reason)
		}
		for j := range c.Detectors {
			tidy(&c.Detectors[j].Reason)
			tidy(&c.Detectors[j].Error)
		}
	}
	for i := range s.Sinks {
		tidy(&s.Sinks[i].Reason)
	}
	if s.Outbox != nil {
		tidy(&s.Outbox.Reason)
		for i := range s.Outbox.Outputs {
			tidy(&s.Outbox.Outputs[i].Reason)
			for j := range s.Outbox.Outputs[i].Aside {
				tidy(&s.Outbox.Outputs[i].Aside[j].Reason)
			}
		}
	}
	tidy(&s.Reload.Reason)
	for i := range s.Reload.Quarantined {
		tidy(&s.Reload.Quarantined[i].What)
		tidy(&s.Reload.Quarantined[i].Why)
	}
	if s.Clips != nil {
		tidy(&s.Clips.Reason)
	}
}

// remotes returns how many model services have a request in flight, and how many there
// are. Each has at most one.
func (v *CameraView) remotes() (out, all int) {
	for i := range v.Detectors {
		if d := &v.Detectors[i]; d.Remote {
			all++
			if d.State == engine.DetectorRunning || d.State == engine.DetectorStuck {
				out++
			}
		}
	}
	return out, all
}

// Aged returns a copy of a snapshot aged by a duration, for when no newer one arrives:
// ages grow, signals past their TTL become unknown, rates fall.
func (s *Snapshot) Aged(by time.Duration) *Snapshot {
	old := *s
	old.At = s.At.Add(by)
	old.Cameras = slices.Clone(s.Cameras)
	for i := range old.Cameras {
		c := &old.Cameras[i]
		c.Advance(by)
		if c.FPS > 0 && by.Seconds() > 2/c.FPS {
			c.FPS = 1 / by.Seconds()
		}
	}
	return &old
}

// wallStep is the deviation from which the wall clock counts as set. Gradual
// corrections are ignored.
const wallStep = time.Second

// onWall converts a time to the current wall clock. A time taken before the clock was
// set has the old wall-clock time.
func onWall(now, t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	told := now.Add(t.Sub(now)) // based on the monotonic clock
	if off := told.Round(0).Sub(t.Round(0)); off.Abs() < wallStep {
		return t
	}
	return told
}

// followWall converts the times of a snapshot to the wall clock of now, so that readers
// can compare them with it. Started is kept, because it identifies this instance.
func (s *Snapshot) followWall() {
	follow := func(times ...*time.Time) {
		for _, t := range times {
			*t = onWall(s.At, *t)
		}
	}
	for i := range s.Cameras {
		c := &s.Cameras[i]
		follow(&c.Since, &c.LastFrame)
		if c.Recording != nil {
			follow(&c.Recording.Since)
		}
		for k := range c.Detectors {
			follow(&c.Detectors[k].LastRun)
		}
	}
	if s.Outbox != nil {
		for i := range s.Outbox.Outputs {
			out := &s.Outbox.Outputs[i]
			follow(&out.NextTry, &out.LastOK)
		}
	}
	if s.Clips != nil {
		follow(&s.Clips.Since)
	}
	follow(&s.Reload.OK)
}
