package runtime

import (
	"slices"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/rules"
)

// publish makes the pipeline's state visible to everybody else.
func (p *pipeline) publish(now time.Duration) {
	p.published = now
	v := p.engine.view(now, p.epoch)
	v.Superseded = p.superseded.Load()
	v.Seen = p.seenN
	v.Ticks = p.ticks.Load()
	v.Tick = p.tick
	v.at = now
	p.view.Store(v)
}

// state returns the newest published view with the camera's own state, as it is
// now, and the depths of its queues.
func (p *pipeline) state() CameraView {
	v := *p.view.Load()
	v.age(p.clock() - v.at)
	v.Status = p.camera.Status()
	v.Superseded, v.Ticks = p.superseded.Load(), p.ticks.Load()
	newest := 0
	p.newest.mu.Lock()
	if p.newest.frame != nil {
		newest = 1
	}
	p.newest.mu.Unlock()
	pool := v.Pool
	v.Queues = []QueueView{
		{Name: "frame", Depth: newest, Capacity: 1, Drops: []Count{{"superseded", v.Superseded}}},
		{Name: "pool", Depth: pool.Out, Capacity: pool.Size, Drops: []Count{
			{capture.DropPool, v.DropPool}, {"retired", pool.RetiredTotal},
		}},
		{Name: "capture", Capacity: 1, Drops: []Count{
			{capture.DropLag, v.DropLag}, {capture.DropRate, v.DropRate}, {capture.DropCorrupt, v.DropBroken},
		}},
		{Name: "mailbox", Depth: v.waiting(), Capacity: len(v.Detectors), Drops: []Count{{GateSlot.String(), v.skipped(GateSlot)}}},
		{Name: "commands", Depth: len(p.edits), Capacity: cap(p.edits)},
	}
	if out, all := v.remotes(); all > 0 {
		v.Queues = append(v.Queues, QueueView{Name: "remote", Depth: out, Capacity: all})
	}
	return v
}

// age brings a view up to date that was published a while ago: a pipeline that
// has nothing to do publishes nothing, while everything in it grows older.
func (v *CameraView) age(by time.Duration) {
	if v.FrameID != 0 {
		v.FrameAge += by
	}
	v.Signals = slices.Clone(v.Signals)
	for i := range v.Signals {
		s := &v.Signals[i]
		if s.Frame == 0 {
			continue
		}
		s.Age += by
		if s.Unknown == detectors.Known && s.Age >= s.TTL {
			s.Unknown, s.Why = detectors.Stale, detectors.Stale.String()
		}
	}
	v.Detectors = slices.Clone(v.Detectors)
	for i := range v.Detectors {
		d := &v.Detectors[i]
		d.Until = max(0, d.Until-by)
		if d.Age > 0 {
			d.Age += by
		}
		if d.FPS > 0 && by.Seconds() > 2/d.FPS {
			d.FPS = 1 / by.Seconds()
		}
	}
	v.Rules = slices.Clone(v.Rules)
	for i := range v.Rules {
		r := &v.Rules[i]
		r.Status.Remaining = max(0, r.Status.Remaining-by)
		r.Clause = slices.Clone(r.Clause)
		for k := range r.Clause {
			if r.Clause[k].Age != rules.Never {
				r.Clause[k].Age += by
			}
		}
	}
}

// redact hides secrets in what a snapshot says of sources and of errors. Its
// cameras and detectors must be its own.
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
		for j := range c.Detectors {
			tidy(&c.Detectors[j].Reason)
			tidy(&c.Detectors[j].Error)
		}
	}
	for i := range s.Sinks {
		tidy(&s.Sinks[i].Reason)
	}
	tidy(&s.Reload.Reason)
	if s.Clips != nil {
		tidy(&s.Clips.Reason)
	}
}

// remotes returns how many model services have a request under way, and how many
// there are: each has one at most.
func (v *CameraView) remotes() (out, all int) {
	for i := range v.Detectors {
		if d := &v.Detectors[i]; d.Remote {
			all++
			if d.State == DetectorRunning || d.State == DetectorStuck {
				out++
			}
		}
	}
	return out, all
}

func (v *CameraView) waiting() (n int) {
	for i := range v.Detectors {
		if v.Detectors[i].State == DetectorWaiting && v.Detectors[i].Reason == GateSlot.String() {
			n++
		}
	}
	return n
}

func (v *CameraView) skipped(g Gate) (n uint64) {
	for i := range v.Detectors {
		n += v.Detectors[i].Skips[g]
	}
	return n
}

// view returns a picture of the engine, which shares nothing with it but
// histograms, that are read in place, and immutable values.
func (e *Engine) view(now time.Duration, epoch time.Time) *CameraView {
	e.ledger.settle()
	v := &CameraView{
		FrameID: e.frame.ID, Interval: e.spacing, Age: e.age, Stages: e.stages,
		Detectors: make([]DetectorView, len(e.tasks)),
		Signals:   make([]SignalView, e.table.Len()),
		Rules:     make([]RuleView, len(e.rules)),
	}
	if e.frame.ID != 0 {
		v.FrameAge = now - e.frame.Captured
	}
	for i := range v.Signals {
		s := e.table.Signal(detectors.ID(i))
		sv := &v.Signals[i]
		sv.Name, sv.Value, sv.TTL, sv.Frame, sv.Detections = e.table.Name(detectors.ID(i)), s.Value, s.TTL, s.Trace.Frame, s.Detections
		sv.Unknown = s.At(now)
		if sv.Unknown != 0 {
			sv.Why = sv.Unknown.String()
		}
		if s.Trace.Frame != 0 {
			sv.Age = now - s.Trace.Captured
		}
	}
	for i, t := range e.tasks {
		t.view(now, epoch, &v.Detectors[i])
		for _, id := range t.provides {
			v.Signals[id].Detector = t.spec.Name
		}
	}
	v.Signals = slices.DeleteFunc(v.Signals, func(s SignalView) bool { return s.Name == "" }) // free IDs
	n := 0
	for _, r := range e.rules {
		n += r.Condition().Len()
	}
	clauses := make([]rules.Clause, 0, n)
	for i, r := range e.rules {
		from := len(clauses)
		clauses = r.Condition().AppendExplain(clauses, now)
		v.Rules[i] = RuleView{
			Event: r.event, When: r.when, Status: r.Status(now),
			For: r.lasts, Clause: clauses[from:len(clauses):len(clauses)],
		}
	}
	return v
}

func (t *task) view(now time.Duration, epoch time.Time, v *DetectorView) {
	v.Spec = t.spec
	v.State, v.Reason, v.Until = t.state(now)
	v.FPS = t.rate(now)
	v.Runs, v.Skips, v.Errors = t.runs, t.skips, t.failures
	if t.provisional > 1 {
		v.Skips[GateSlot] += t.provisional - 1
	}
	v.Backoffs, v.Timeouts, v.Late, v.Expired, v.Restarts = t.backoffs, t.timeouts, t.late, t.expired, t.restarts
	if t.runs > 0 {
		v.LastRun = epoch.Add(t.lastRun)
	}
	if t.answered.ID != 0 {
		v.Age = now - t.answered.Captured
	}
	v.Model = t.model
	v.Error, v.Exec, v.AgeHist = t.lastErr, t.exec, t.age
}
