package clips

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rvo-tui/capture"
)

// task is one step of work for the builder: a part of a clip, or a check of the
// directory if clip is nil.
type task struct {
	clip *clip // identifies the clip; its fields belong to the dispatcher
	view clip  // copy of the clip at the time of the task
	cut  cut
	last bool // finish the clip after this part
}

// result is the outcome of a task, with the contents of the directory afterwards.
type result struct {
	clip    *clip
	last    bool // the clip is finished: saved, or given up because of err
	entry   Entry
	err     error // of the task
	reason  string
	tidy    error // of enforcing the limits, after a clip was saved
	took    time.Duration
	clips   int
	bytes   int64
	removed [len(removeReasons)]uint64
	encoder string
}

// build does all disk work, one task at a time, on a low-priority thread. Unfinished
// clips stay on disk for the next start.
func (r *Recorder) build(ctx context.Context, tasks <-chan task, results chan<- result) {
	capture.LowPriority(r.nice)
	for t := range tasks {
		results <- r.do(ctx, t)
	}
	for c := range r.store.films {
		r.store.leave(c)
	}
}

func (r *Recorder) do(ctx context.Context, t task) result {
	s := r.store
	began := time.Now()
	res := result{clip: t.clip, last: t.last}
	if t.clip == nil {
		res.err = guard(func() error { return s.refresh(began) })
	} else {
		ctx, cancel := context.WithTimeout(ctx, clipTimeout)
		res.entry, res.err = s.work(ctx, t)
		res.reason = reasonOf(ctx, res.err)
		if errors.Is(res.err, context.DeadlineExceeded) {
			res.err = errSlow
		}
		cancel()
		res.last = res.last || res.err != nil
		if res.last && res.err == nil {
			res.tidy = s.tidy(time.Now())
		}
	}
	res.took = time.Since(began)
	res.clips, res.bytes, res.removed = len(s.entries), s.total(), s.removed
	res.encoder = s.muxer.Ext()
	if s.fellTo != "" {
		res.encoder = AVI{}.Ext()
	}
	return res
}

// errSlow ends a clip whose task took so long that it blocked all others.
var errSlow = fmt.Errorf("save clip: a step took longer than %s; check that the disk and the processor keep up", clipTimeout)

// guard turns a panic into an error, so that a bug costs one clip.
func guard(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("save clip: panic: %v", p)
		}
	}()
	return do()
}

// reasonOf returns the drop reason for an error.
func reasonOf(ctx context.Context, err error) string {
	var onDisk *diskError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &onDisk):
		return DropDisk
	case errors.Is(err, errTooLarge):
		return DropBytes
	case errors.Is(err, errNoFrames):
		return DropFrames
	case errors.Is(context.Cause(ctx), context.Canceled):
		return DropDeadline
	}
	return DropEncode
}
