package clips

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rvo-tui/capture"
)

// task is what the dispatcher hands to the builder: a clip, or a look at the
// directory where clip is nil.
type task struct {
	clip     *clip
	pictures []picture
	notes    []Note
}

// result is what came of a task, with what the directory then held.
type result struct {
	clip    *clip
	entry   Entry
	err     error // of the task
	reason  string
	tidy    error // of the bounds, after a clip that was saved
	took    time.Duration
	clips   int
	bytes   int64
	removed [3]uint64
	encoder string
}

// build does the disk's work, one task at a time, on a thread of low priority.
func (r *Recorder) build(ctx context.Context, tasks <-chan task, results chan<- result) {
	capture.LowPriority(r.nice)
	for t := range tasks {
		results <- r.do(ctx, t)
	}
}

func (r *Recorder) do(ctx context.Context, t task) result {
	s := r.store
	began := time.Now()
	res := result{clip: t.clip}
	if t.clip == nil {
		res.err = guard(func() error { return s.refresh(began) })
	} else {
		ctx, cancel := context.WithTimeout(ctx, clipTimeout)
		res.err = guard(func() (err error) {
			res.entry, err = s.save(ctx, t.clip, t.pictures, t.notes)
			return err
		})
		res.reason = reasonOf(ctx, res.err)
		cancel()
		if res.err == nil {
			res.tidy = s.tidy(time.Now())
		}
	}
	res.took = time.Since(began)
	res.clips, res.bytes, res.removed = len(s.entries), s.total(), s.removed
	res.encoder = s.encoder.Ext()
	if s.fellTo != "" {
		res.encoder = AVI{}.Ext()
	}
	return res
}

// guard makes an error of a panic, so that what no one foresaw costs one clip.
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
	case errors.Is(context.Cause(ctx), context.Canceled):
		return DropDeadline
	}
	return DropEncode
}
