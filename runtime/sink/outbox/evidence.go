package outbox

import (
	"context"
	"errors"
	"slices"
	"time"

	"rvo-tui/clips"
	"rvo-tui/internal/fileio"
)

// awaitClip returns the result of an event's clip, or how long to wait for it. waited is
// for how long it was waited for already: the clock may have been set since the event.
func (w *worker) awaitClip(ctx context.Context, r *Record, waited time.Duration) (*Clip, time.Duration) {
	o := w.o
	if !r.Saves {
		return &Clip{Lost: "its rule saves no clips"}, 0
	}
	o.mu.Lock()
	c, ok := o.clipOf[r.Event.ID]
	old := r.Seq <= o.earlier || r.For != ""
	o.mu.Unlock()
	waited = max(waited, time.Since(r.Event.Time))
	switch {
	case ok:
		return &c, 0
	case old:
		find := func() (clips.Entry, error) { return clips.FindEntry(o.clips, r.Event.ID) }
		found, err := fileio.Within(ctx, &w.disk, find)
		if err == nil {
			return o.clip(&found, ""), 0
		}
		if errors.Is(err, fileio.ErrHangs) {
			return &Clip{Lost: err.Error()}, 0
		}
		if time.Since(o.started) < findWait {
			return nil, findEvery
		}
	case waited < clipWait:
		return nil, clipWait - waited
	}
	return &Clip{Lost: "it was not saved"}, 0
}

// findOldClips looks for the clips that an earlier run was saving when it ended. It tries again
// while their directory cannot be read.
func (o *Outbox) findOldClips(ctx context.Context) {
	var disk fileio.Disk
	for told := false; ; told = true {
		timer := time.NewTimer(findWait) // the recorder finishes them first
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		old := o.oldClips()
		if len(old) == 0 {
			return
		}
		entries, err := fileio.Within(ctx, &disk, func() ([]clips.Entry, error) { return clips.List(o.clips) })
		if err == nil {
			o.tellOldClips(old, entries)
			return
		}
		if !told && ctx.Err() == nil {
			o.log.Warn("cannot look for clips of an earlier run; retrying", "error", err)
		}
	}
}

// oldClips returns the events whose clip an earlier run was saving, oldest first.
func (o *Outbox) oldClips() (old []Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, id := range o.unfinished {
		if r, ok := o.expected[id]; ok {
			old = append(old, r)
		}
	}
	slices.SortFunc(old, func(a, b Record) int { return a.Event.Time.Compare(b.Event.Time) })
	return old
}

// tellOldClips reports which of these clips exist.
func (o *Outbox) tellOldClips(old []Record, entries []clips.Entry) {
	for _, r := range old {
		lost := &Clip{Lost: "the program ended before it was saved"}
		for i := range entries {
			if entries[i].Shows(r.Event.ID) {
				lost = o.clip(&entries[i], "")
			}
		}
		o.in.put(item{event: r.Event, clip: lost})
	}
}
