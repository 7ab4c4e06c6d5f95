package clips

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
)

// clip is one unfinished clip: its events and its time.
type clip struct {
	ring       *Ring
	jobs       []Job // without frames; the first one names the clip
	start, end time.Duration
	confirm    []uint64  // IDs of the frames that confirmed the jobs
	due        time.Time // when it is made from what is there, complete or not

	zero   time.Duration // start of its movie, once something was cut
	cursor uint64        // position in the ring: the last sample cut; 0: none
	grown  time.Time     // when samples were last cut
}

// dispatcher decides what the builder does next. It runs at normal priority and never
// touches the disk, so that jobs and the frames they hold are accepted at once.
type dispatcher struct {
	r       *Recorder
	tasks   chan task // one task at a time; both channels have room for it
	results chan result

	pending []*clip
	drains  []chan struct{}
	busy    bool
	doing   *clip     // clip of the current task; nil: none
	since   time.Time // when that task started
	sweep   time.Time // when to check the directory next
	closing bool
	show    progress
	lost    int       // events that lost their clip since evidence became degraded
	until   time.Time // when show.lost is cleared
}

func newDispatcher(r *Recorder) *dispatcher {
	return &dispatcher{r: r, tasks: make(chan task, 1), results: make(chan result, 1), show: *r.shown.Load()}
}

// run works until the context ends and every clip is finished, dropped or left for the
// next start. cancel ends the builder's context after the grace period.
func (d *dispatcher) run(ctx context.Context, cancel context.CancelFunc) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var over, gone <-chan time.Time
	stop := ctx.Done()
	for {
		now := time.Now()
		d.next(now)
		d.publish()
		if d.closing && !d.busy && len(d.pending) == 0 {
			return nil
		}
		timer.Reset(max(0, d.deadline(now).Sub(now)))
		select {
		case a := <-d.r.jobs:
			d.accept(a)
		case <-d.r.wake:
		case l := <-d.r.lost:
			d.r.tell(l)
			d.miss(l.reason, 1)
		case res := <-d.results:
			d.finish(res)
		case done := <-d.r.drains:
			d.drains = append(d.drains, done)
		case <-timer.C:
		case <-stop:
			stop = nil
			d.closing = true
			d.r.shut()
			for len(d.r.jobs) > 0 {
				d.accept(<-d.r.jobs)
			}
			over = time.After(d.r.grace)
		case <-over:
			cancel()
			d.abandon()
			gone = time.After(abandonTime)
		case <-gone:
			if d.doing != nil {
				d.giveUp(d.doing)
			}
			return errHang
		}
	}
}

// next gives an idle builder the most urgent task: the first check of the directory,
// then clips in the order in which they are ready, then later checks.
func (d *dispatcher) next(now time.Time) {
	if len(d.pending) == 0 && !d.busy && d.r.waiting.Load() == 0 {
		d.release()
	}
	if d.show.lost != "" && !now.Before(d.until) {
		d.recover(&d.show.lost)
	}
	if d.busy {
		if now.Sub(d.since) >= d.r.stuck {
			d.stick()
		}
		if now.Sub(d.since) >= drainLimit {
			d.release()
		}
		return
	}
	if d.sweep.IsZero() {
		d.begin(task{}, now)
		return
	}
	for i := 0; i < len(d.pending); i++ {
		c := d.pending[i]
		if !c.ring.covers(c.end) && now.Before(c.due) {
			continue
		}
		d.pending = slices.Delete(d.pending, i, i+1)
		got := c.ring.finish(c)
		c.ring.unpin(c)
		if c.cursor == 0 {
			d.drop(c, DropFrames, nil)
			i--
			continue
		}
		d.begin(task{c, *c, got, true}, now)
		return
	}
	for _, c := range d.pending {
		if now.Sub(c.grown) < growEvery {
			continue
		}
		c.grown = now
		if got := c.ring.grow(c); len(got.samples) > 0 {
			d.begin(task{c, *c, got, false}, now)
			return
		}
	}
	if !now.Before(d.sweep) && !d.closing {
		d.begin(task{}, now)
	}
}

// release ends all calls of Drain.
func (d *dispatcher) release() {
	for _, done := range d.drains {
		close(done)
	}
	d.drains = nil
}

func (d *dispatcher) begin(t task, now time.Time) {
	if t.clip == nil {
		d.sweep = now.Add(sweepEvery)
	}
	d.busy, d.doing, d.since = true, t.clip, now
	d.tasks <- t // never blocks
}

// deadline returns when to wake up if nothing else happens.
func (d *dispatcher) deadline(now time.Time) time.Time {
	at := d.sweep
	switch {
	case d.busy && now.Sub(d.since) < d.r.stuck:
		at = d.since.Add(d.r.stuck)
	case d.busy && len(d.drains) > 0:
		at = d.since.Add(drainLimit)
	case d.busy, d.closing:
		at = now.Add(time.Hour)
	}
	if d.show.lost != "" && d.until.Before(at) {
		at = d.until
	}
	if d.busy {
		return at
	}
	for _, c := range d.pending {
		for _, next := range []time.Time{c.due, c.grown.Add(growEvery)} {
			if next.Before(at) {
				at = next
			}
		}
	}
	return at
}

// accept turns a job into a clip, or merges it into one, and has its confirming frame
// added to the ring.
func (d *dispatcher) accept(a asked) {
	job, ring, frame := a.job, a.ring, a.job.Confirming
	job.Confirming = nil
	if frame != nil {
		defer frame.Release()
	}
	job.Before, job.After = roll(job.Before), roll(job.After)
	c := &clip{ring: ring, jobs: []Job{job}, start: job.At - job.Before, end: job.At + job.After}
	if frame != nil {
		c.start = min(c.start, frame.Captured.Sub(d.r.epoch))
	}
	ring.pin(c, c.start) // before the frame arrives, which may be older than what the ring keeps
	if frame != nil && d.hold(ring, frame) {
		c.confirm = []uint64{frame.ID}
	}
	now := time.Now()
	c.grown = now // the first part fixes the tracks, so wait for sound that has just begun
	end := d.r.epoch.Add(c.end)
	if end.Before(now) {
		end = now
	}
	c.due = end.Add(clipSlack)
	if d.merge(c) {
		ring.unpin(c)
		return
	}
	d.pending = append(d.pending, c)
}

// hold queues a confirming frame for encoding, unless it was queued already.
func (d *dispatcher) hold(ring *Ring, frame *capture.Frame) bool {
	if ring.asked == frame.ID || ring.has(frame.ID) {
		return true
	}
	if ring.hold(frame, true) {
		ring.asked = frame.ID
		return true
	}
	d.r.unheld.Add(1)
	return false
}

// merge adds a clip to a waiting one that it overlaps, if the configuration and the
// limits of one clip allow it.
func (d *dispatcher) merge(c *clip) bool {
	if !d.r.cfg.Merge {
		return false
	}
	for _, into := range d.pending {
		start, end := min(into.start, c.start), max(into.end, c.end)
		if into.cursor != 0 {
			start = into.start // its movie has begun
		}
		if into.ring != c.ring || c.start > into.end || c.end < into.start || end-start > MaxRoll || len(into.jobs) >= mergeLimit {
			continue
		}
		into.start, into.end = start, end
		into.jobs = append(into.jobs, c.jobs...)
		into.confirm = append(into.confirm, c.confirm...)
		if c.due.After(into.due) {
			into.due = c.due
		}
		if into.cursor == 0 {
			into.ring.pin(into, start)
		}
		d.r.waiting.Add(-1)
		d.r.merged.Add(1)
		return true
	}
	return false
}

// finish handles the result of a task.
func (d *dispatcher) finish(res result) {
	d.busy, d.doing = false, nil
	s := &d.show
	d.recover(&s.stuck)
	s.clips, s.bytes, s.removed, s.encoder = res.clips, res.bytes, res.removed, res.encoder
	if res.clip == nil {
		d.judge(res.err)
		return
	}
	if !res.last {
		return
	}
	d.pending = slices.DeleteFunc(d.pending, func(c *clip) bool { return c == res.clip }) // it failed while growing
	res.clip.ring.unpin(res.clip)
	switch res.reason {
	case "":
		d.r.waiting.Add(-1)
		s.saved++
		s.last, s.took = &res.entry, res.took
		for i := range res.clip.jobs {
			d.r.told(res.clip.jobs[i].Event, &res.entry, "")
		}
		d.recover(&s.encode)
		d.judge(res.tidy)
	case DropDisk:
		d.drop(res.clip, res.reason, nil) // judge logs the error, once for all events
		d.judge(res.err)
	case DropDeadline:
		if errors.Is(res.err, context.Canceled) {
			res.err = errGrace
		}
		d.drop(res.clip, res.reason, res.err)
	case DropFrames, DropBytes:
		d.drop(res.clip, res.reason, res.err)
	default:
		d.drop(res.clip, res.reason, nil) // degrade logs the error, once for all events
		d.degrade(&s.encode, res.err.Error())
	}
}

// judge handles the result of a check of the directory.
func (d *dispatcher) judge(err error) {
	if err == nil {
		d.recover(&d.show.disk)
		return
	}
	d.degrade(&d.show.disk, err.Error())
	if at := time.Now().Add(retryEvery); at.Before(d.sweep) {
		d.sweep = at
	}
}

// stick degrades evidence while a task takes too long. A frozen disk blocks the builder
// for as long as it is frozen.
func (d *dispatcher) stick() {
	what := "the clips directory"
	if d.doing != nil {
		what = "the clip of event " + d.doing.jobs[0].ID
	}
	d.degrade(&d.show.stuck, fmt.Sprintf("work on %s has taken longer than %s: the disk of %q does not respond, or the encoder hangs; check the disk, and restart the program if this does not end", what, d.r.stuck, d.r.cfg.Dir))
}

// losses explains each drop reason that has no other explanation, and what to do.
var losses = map[string]string{
	DropQueue:  "too many clips were waiting; set clips.merge = true, or make rules fire less often",
	DropCamera: "the camera kept no evidence; give it a rule with clip = true",
	DropFrames: "no frames of that time were kept; raise clips.memory, or have the camera send key frames more often",
	DropBytes:  "a single clip exceeded the limit for all clips; raise clips.max_bytes, or shorten before and after",
}

// miss degrades evidence for a while after clips were lost, and counts them.
func (d *dispatcher) miss(reason string, events int) {
	d.lost += events
	why, known := losses[reason]
	if !known {
		return
	}
	d.until = time.Now().Add(lostHold)
	why = "events have no clip: " + why
	if d.show.lost != "" {
		d.show.lost = why // each event is logged separately
		return
	}
	d.degrade(&d.show.lost, why)
}

// degrade records a problem. It logs the problem unless only numbers in its text have
// changed.
func (d *dispatcher) degrade(what *string, reason string) {
	was := *what
	if d.show.reason() == "" {
		d.show.since = time.Now()
	}
	*what = reason
	if text.Gist(was) != text.Gist(reason) {
		d.r.log.Warn("evidence is degraded; clips are lost until this is resolved", "reason", reason)
	}
}

func (d *dispatcher) recover(what *string) {
	if *what == "" {
		return
	}
	*what = ""
	if d.show.reason() == "" {
		d.r.log.Info("evidence works again", "after", time.Since(d.show.since).Round(time.Second), "events_without_clip", d.lost)
		d.show.since, d.lost = time.Now(), 0
	}
}

// drop counts and logs the events of a clip that will not be made.
func (d *dispatcher) drop(c *clip, reason string, err error) {
	d.r.waiting.Add(-1)
	d.r.dropped[reason].Add(uint64(len(c.jobs)))
	d.miss(reason, len(c.jobs))
	for _, j := range c.jobs {
		if !errors.Is(err, errGrace) { // otherwise the next start finishes it
			d.r.told(j.Event, nil, reason)
		}
		d.r.noClip(j.ID, j.Camera, reason, err)
	}
}

// abandon drops all waiting clips when time is up. The clip being built still has until
// abandonTime.
func (d *dispatcher) abandon() {
	for _, c := range d.pending {
		if c != d.doing {
			d.giveUp(c)
		}
	}
	d.pending = slices.DeleteFunc(d.pending, func(c *clip) bool { return c != d.doing })
}

// giveUp leaves a clip for the next start.
func (d *dispatcher) giveUp(c *clip) {
	c.ring.unpin(c)
	d.drop(c, DropDeadline, errGrace)
}

func (d *dispatcher) publish() {
	s := d.show
	s.building = d.busy
	d.r.shown.Store(&s)
}

// roll limits the length of a pre-roll or post-roll.
func roll(d time.Duration) time.Duration { return min(max(d, 0), MaxRoll) }
