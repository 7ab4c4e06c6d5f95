package clips

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rvo-tui/capture"
)

// task is the dispatcher's order to the builder: a piece of a clip, or a check of the
// directory where clip is nil.
type task struct {
	clip *clip // names it; its fields are the dispatcher's
	view clip  // what it is now
	cut  cut
	last bool // no more will come: finish the clip
}

// result is the outcome of a task, with the contents of the directory after it.
type result struct {
	clip    *clip
	last    bool // the clip is done with: saved, or given up for err
	entry   Entry
	err     error // of the task
	reason  string
	tidy    error // of the bounds, after a clip that was saved
	took    time.Duration
	clips   int
	bytes   int64
	removed [len(removeReasons)]uint64
	encoder string
}

// build does all work on the disk, one task at a time, on a thread of low priority.
// Unfinished clips stay on disk for the next start.
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

// errSlow is why a clip was given up that held all others.
var errSlow = fmt.Errorf("save clip: one step of it took over %s; check that the disk and the processor keep up", clipTimeout)

// guard turns a panic into an error, so that a bug costs one clip.
func guard(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("save clip: panic: %v", p)
		}
	}()
	return do()
}

// reasonOf returns the reason for which a clip with this error counts as dropped.
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
