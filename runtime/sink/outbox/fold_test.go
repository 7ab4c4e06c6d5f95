package outbox

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/clips"
	"rvo-tui/runtime"
)

// limited returns a receiver of two messages an hour, and an outbox whose first event it has got.
func limited(t *testing.T, file string, options func(o *Options), change func(o *Output)) (*receiver, fixture) {
	phone := newReceiver("phone", func(o *Output) {
		o.PerHour = 2
		if change != nil {
			change(o)
		}
	})
	o := start(newOutbox(file, options, phone))
	o.Offer(event(0))
	time.Sleep(time.Second)
	synctest.Wait()
	return phone, o
}

// A message that is resent is not part of a summary, and is not lost in one.
func TestResentMessageIsNotSummarized(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone, o := limited(t, file, nil, nil)
		time.Sleep(time.Hour)
		phone.answer(&Error{Reason: "400 Bad Request", Refused: true})
		o.Offer(event(1))
		time.Sleep(time.Minute)
		phone.answer(nil)
		for i := range 3 {
			o.Offer(event(2 + i))
			time.Sleep(time.Second)
		}
		must(t, o.Do(t.Context(), runtime.Command{Do: runtime.Resend, Output: "phone"}))
		time.Sleep(time.Second)
		o.Offer(event(5))
		o.Offer(event(6))
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if got, want := phone.ids(), []string{"0000", "0002", "0003-folded", "0001", "0005-folded"}; !slices.Equal(got, want) {
			t.Errorf("delivered %v, want %v", got, want)
		}
		if v := output(o.Outbox, "phone"); v.Backlog != 0 || v.AsideCount != 0 {
			t.Errorf("output %+v", v)
		}
		must(t, o.end())
	})
}

// Nothing waits any more after a summary, not even the clips of its events.
func TestSummaryLeavesNoBacklog(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone, o := limited(t, file, nil, func(o *Output) { o.Clips, o.Wants = true, func(*Record) bool { return true } })
		for i := range 3 {
			e := event(1 + i)
			e.Clip = true
			o.Offer(e)
			o.ClipDone(e, &clips.Entry{Path: "door/2026/a", Movie: "clip.mp4"}, "")
		}
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if got, want := phone.ids(), []string{"0000", "0001-folded"}; !slices.Equal(got, want) {
			t.Errorf("delivered %v, want %v", got, want)
		}
		if v := output(o.Outbox, "phone"); v.Backlog != 0 || v.Folded != 3 {
			t.Errorf("output %+v", v)
		}
		must(t, o.end())
	})
}

// An output that wants clips alone has a summary of them, too.
func TestClipsAreSummarized(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone, o := limited(t, file, nil, func(o *Output) { o.Clips, o.Wants = true, func(r *Record) bool { return r.Kind() == KindClip } })
		for i := range 4 {
			o.ClipDone(event(1+i), &clips.Entry{Path: "door/2026/a", Movie: "clip.mp4"}, "")
			time.Sleep(time.Second)
		}
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if got, want := phone.ids(), []string{"0001-clip", "0002-clip-folded"}; !slices.Equal(got, want) || phone.got[1].Fold.Count != 3 {
			t.Errorf("delivered %v, want %v", got, want)
		}
		must(t, o.end())
	})
}

// A summary whose events are dropped while its delivery fails does not hold up later events.
func TestSummaryOfDroppedEvents(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone, o := limited(t, file, func(o *Options) { o.Config.MaxAge = 7_200_000_000_000 }, nil)
		phone.answer(errors.New("down"))
		o.Offer(event(1))
		o.Offer(event(2))
		time.Sleep(3 * time.Hour)
		phone.answer(nil)
		o.Offer(event(3))
		time.Sleep(time.Hour)
		synctest.Wait()
		if got, want := phone.ids(), []string{"0000", "0003"}; !slices.Equal(got, want) {
			t.Errorf("delivered %v, want %v", got, want)
		}
		if v := output(o.Outbox, "phone"); v.Backlog != 0 || v.Drops[0].N != 2 {
			t.Errorf("output %+v", v)
		}
		must(t, o.end())
	})
}

// An event is sent as soon as its clip is there, also after an event that was dropped while its
// delivery failed.
func TestClipAfterADroppedEvent(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone := newReceiver("phone", func(o *Output) { o.Attach = AttachThumb })
		phone.answer(errors.New("down"))
		o := start(newOutbox(file, func(o *Options) { o.Config.MaxAge = 3_600_000_000_000 }, phone))
		o.Offer(event(0))
		time.Sleep(2 * time.Hour)
		phone.answer(nil)
		e := event(1)
		e.Clip = true
		o.Offer(e)
		time.Sleep(5 * time.Second)
		o.ClipDone(e, &clips.Entry{Path: "door/2026/a", Movie: "clip.mp4"}, "")
		time.Sleep(time.Second)
		synctest.Wait()
		if got := phone.ids(); !slices.Equal(got, idsFrom(1, 1)) {
			t.Errorf("delivered %v", got)
		}
		must(t, o.end())
	})
}
