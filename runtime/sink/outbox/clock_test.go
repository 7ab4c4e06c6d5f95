package outbox

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/clips"
)

// The clock of a box without a battery is behind after a restart, and the clock of any box may be set
// back. Clips are waited for as usual.
func TestClipsDoNotDependOnTheClock(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		phone := newReceiver("phone", func(o *Output) { o.Attach, o.Clips, o.Wants = AttachThumb, true, func(*Record) bool { return true } })
		phone.answer(errors.New("down"))
		o := start(newOutbox(file, func(o *Options) { o.ClipsDir = dir }, phone))
		ahead := event(0)
		ahead.Clip, ahead.Time = true, time.Now().Add(10*time.Hour)
		o.Offer(ahead)
		time.Sleep(time.Second)
		must(t, o.end())

		phone.answer(nil)
		started := time.Now()
		o = start(newOutbox(file, func(o *Options) { o.ClipsDir = dir }, phone))
		time.Sleep(2 * findWait)
		synctest.Wait()
		if got := phone.ids(); !slices.Equal(got, []string{"0000", "0000-clip"}) || phone.got[0].Clip.Lost == "" {
			t.Errorf("after a restart with the clock behind: %v", got)
		}
		behind := event(1)
		behind.Clip, behind.Time = true, started.Add(-time.Second)
		o.Offer(behind)
		time.Sleep(5 * time.Second)
		o.ClipDone(behind, &clips.Entry{Path: "a", Movie: "clip.mp4"}, "")
		time.Sleep(time.Second)
		synctest.Wait()
		if got := phone.ids(); len(got) != 4 || phone.got[2].Clip.Lost != "" {
			t.Errorf("after the clock was set back: %v, %+v", got, phone.got)
		}
		never := event(2)
		never.Clip, never.Time = true, time.Now().Add(10*time.Hour)
		o.Offer(never)
		time.Sleep(clipWait + time.Minute)
		synctest.Wait()
		if got := phone.ids(); len(got) != 5 {
			t.Errorf("a clip that never comes: %v", got)
		}
		must(t, o.end())
	})
}

// The oldest waiting event is that which waits, not the last one delivered.
func TestOldestOfARateLimit(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		_, o := limited(t, file, nil, nil)
		time.Sleep(10 * time.Minute)
		e := event(1)
		o.Offer(e)
		time.Sleep(time.Second)
		synctest.Wait()
		if v := output(o.Outbox, "phone"); !v.Oldest.Equal(e.Time) {
			t.Errorf("oldest %v, want %v", v.Oldest, e.Time)
		}
		must(t, o.end())
	})
}
