package outbox

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/clips"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

func TestDeliversInOrder(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone, hook := newReceiver("phone", nil), newReceiver("hook", nil)
		o := start(newOutbox(file, nil, phone, hook))
		for i := range 500 {
			if !o.Offer(event(i)) {
				t.Fatalf("event %d dropped", i)
			}
			if i%7 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		for _, r := range []*receiver{phone, hook} {
			if got := r.ids(); !slices.Equal(got, idsFrom(0, 500)) {
				t.Errorf("%s got %d messages: %v", r.out.Name, len(got), got)
			}
		}
		v := o.Outputs()
		if v.State != runtime.SinkOK || v.Stored != 500 || v.NotDurable != 0 || v.Records != 0 || v.Bytes != 0 {
			t.Errorf("view %+v", v)
		}
		if v := output(o.Outbox, "phone"); v.Backlog != 0 || v.Delivered != 500 || !v.Oldest.IsZero() || v.Latency.Count() != 500 {
			t.Errorf("output %+v", v)
		}
		must(t, o.end())
		if o.Offer(event(0)) {
			t.Error("took an event after its end")
		}
	})
}

func TestRetriesLaterAndLater(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone := newReceiver("phone", nil)
		phone.answer(&Error{Reason: "no answer", Remedy: "look after it"})
		o := start(newOutbox(file, nil, phone))
		o.Offer(event(0))
		o.Offer(event(1))
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		n := phone.attempts()
		if n < 10 || n > 30 {
			t.Errorf("%d attempts in 10 min, want some 15: a second, two, … a minute", n)
		}
		for i := 2; i < n; i++ {
			wait := phone.tries[i] - phone.tries[i-1]
			if wait < 700*time.Millisecond || wait > 78*time.Second {
				t.Errorf("waited %v before attempt %d", wait, i)
			}
		}
		v := output(o.Outbox, "phone")
		if v.State != runtime.SinkDegraded || v.Reason != "no answer" || v.Remedy != "look after it" || v.Backlog != 2 || v.Oldest.IsZero() || v.NextTry.IsZero() {
			t.Errorf("output %+v", v)
		}
		phone.answer(&Error{Reason: "busy", After: 20 * time.Minute})
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		n = phone.attempts()
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		if got := phone.attempts(); got != n {
			t.Errorf("%d attempts while the receiver wanted to be left alone", got-n)
		}
		phone.answer(nil)
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := phone.ids(); !slices.Equal(got, idsFrom(0, 2)) {
			t.Errorf("delivered %v", got)
		}
		if v := output(o.Outbox, "phone"); v.State != runtime.SinkOK || v.Reason != "" || v.Backlog != 0 || !v.NextTry.IsZero() {
			t.Errorf("output %+v", v)
		}
		must(t, o.end())
	})
}

// A failing output does not delay others, and its undelivered messages are there after a restart.
func TestRestartsWhereItEnded(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone, hook := newReceiver("phone", nil), newReceiver("hook", nil)
		phone.answer(errors.New("down"))
		o := start(newOutbox(file, nil, phone, hook))
		for i := range 100 {
			o.Offer(event(i))
		}
		time.Sleep(time.Second)
		must(t, o.end())
		if got := len(hook.ids()); got != 100 {
			t.Errorf("the other output got %d", got)
		}
		phone, hook = newReceiver("phone", nil), newReceiver("hook", nil)
		late := newReceiver("late", nil)
		o = start(newOutbox(file, nil, phone, hook, late))
		o.Offer(event(100))
		time.Sleep(time.Second)
		synctest.Wait()
		if got := phone.ids(); !slices.Equal(got, idsFrom(0, 101)) {
			t.Errorf("delivered %v", got)
		}
		for _, r := range []*receiver{hook, late} {
			if got := r.ids(); !slices.Equal(got, idsFrom(100, 1)) {
				t.Errorf("%s got %v, want the new one alone", r.out.Name, got)
			}
		}
		must(t, o.end())
	})
}

func TestRefusedMessagesAreSetAside(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone := newReceiver("phone", nil)
		refuse := &Error{Reason: "400 Bad Request", Refused: true}
		phone.answer(refuse)
		o := start(newOutbox(file, nil, phone))
		for i := range 3 {
			o.Offer(event(i))
		}
		time.Sleep(5 * time.Minute)
		phone.answer(nil)
		o.Offer(event(3))
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := phone.attempts(); got != 3*3+1 {
			t.Errorf("%d attempts, want three of each refused one", got)
		}
		must(t, o.end())

		o = start(newOutbox(file, nil, phone))
		synctest.Wait()
		v := output(o.Outbox, "phone")
		if v.AsideCount != 3 || v.Aside[0].ID != "0002" || v.Aside[0].Reason != "400 Bad Request" || v.Aside[0].Tries != 3 || v.Backlog != 0 {
			t.Errorf("set aside: %+v", v)
		}
		must(t, o.Do(t.Context(), runtime.Command{Do: runtime.Resend, Output: "phone", Message: "0001"}))
		must(t, o.Do(t.Context(), runtime.Command{Do: runtime.Discard, Output: "phone", Message: "0000"}))
		if err := o.Do(t.Context(), runtime.Command{Do: runtime.Resend, Output: "phone", Message: "0000"}); !errors.Is(err, runtime.ErrNoMessage) {
			t.Error("sent what was discarded")
		}
		must(t, o.Do(t.Context(), runtime.Command{Do: runtime.Resend, Output: "phone"}))
		if err := o.Do(t.Context(), runtime.Command{Do: runtime.Resend, Output: "phine"}); !errors.Is(err, runtime.ErrNoOutput) {
			t.Errorf("unknown output: %v", err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := phone.ids(); !slices.Equal(got, []string{"0003", "0001", "0002"}) {
			t.Errorf("delivered %v", got)
		}
		if v := output(o.Outbox, "phone"); v.AsideCount != 0 || v.Backlog != 0 {
			t.Errorf("afterwards: %+v", v)
		}
		must(t, o.end())
	})
}

func TestTestMessagePassesWhatWaits(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone := newReceiver("phone", nil)
		phone.answer(&Error{Reason: "401 Unauthorized", Remedy: "correct the token", After: time.Hour})
		o := start(newOutbox(file, nil, phone))
		o.Offer(event(0))
		time.Sleep(time.Minute)
		test := runtime.Command{Do: runtime.Notify, Output: "phone"}
		if err := o.Do(t.Context(), test); err == nil || !strings.Contains(err.Error(), "401 Unauthorized; correct the token") {
			t.Errorf("test: %v", err)
		}
		phone.answer(nil)
		must(t, o.Do(t.Context(), test))
		time.Sleep(time.Second)
		synctest.Wait()
		if got := phone.ids(); len(got) != 2 || got[1] != "0000" {
			t.Errorf("delivered %v: after a good test what waits is tried at once", got)
		}
		must(t, o.end())
	})
}

func TestDamagedStoreIsMovedAside(t *testing.T) {
	damages := []struct {
		name   string
		damage func(t *testing.T, file string)
	}{
		{"another file", func(t *testing.T, file string) {
			must(t, os.WriteFile(file, []byte(strings.Repeat("hello", 5000)), 0o600))
		}},
		{"cut", func(t *testing.T, file string) { must(t, os.Truncate(file, 9000)) }},
		{"cut to nothing much", func(t *testing.T, file string) { must(t, os.Truncate(file, 100)) }},
		{"overwritten", func(t *testing.T, file string) {
			f, err := os.OpenFile(file, os.O_RDWR, 0)
			must(t, err)
			defer f.Close()
			_, err = f.WriteAt([]byte(strings.Repeat("\xff", 16384)), 8192)
			must(t, err)
		}},
	}
	for _, tt := range damages {
		t.Run(tt.name, func(t *testing.T) {
			file := storeFile(t)
			synctest.Test(t, func(t *testing.T) {
				phone := newReceiver("phone", nil)
				phone.answer(errors.New("down"))
				o := start(newOutbox(file, nil, phone))
				for i := range 50 {
					o.Offer(event(i))
				}
				time.Sleep(time.Second)
				must(t, o.end())
				tt.damage(t, file)
				phone.answer(nil)
				o = start(newOutbox(file, nil, phone))
				o.Offer(event(50))
				time.Sleep(time.Second)
				synctest.Wait()
				v := o.Outputs()
				if v.State != runtime.SinkOK || !strings.HasPrefix(v.Moved, file+".damaged-") {
					t.Errorf("view %+v", v)
				}
				if _, err := os.Stat(v.Moved); err != nil {
					t.Error(err)
				}
				if got := phone.ids(); !slices.Equal(got, idsFrom(50, 1)) {
					t.Errorf("delivered %v", got)
				}
				must(t, o.end())
			})
		})
	}
}

func TestGoesOnFromMemory(t *testing.T) {
	dir := t.TempDir() + "/later"
	synctest.Test(t, func(t *testing.T) {
		phone, slow := newReceiver("phone", nil), newReceiver("slow", nil)
		slow.answer(errors.New("down"))
		o := start(newOutbox(dir+"/outbox.db", nil, phone, slow))
		for i := range 100 {
			o.Offer(event(i))
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		v := o.Outputs()
		if v.State != runtime.SinkDegraded || !strings.Contains(v.Reason, "make its directory") || v.NotDurable != 100 || v.Stored != 0 {
			t.Errorf("view %+v", v)
		}
		if got := phone.ids(); !slices.Equal(got, idsFrom(0, 100)) {
			t.Errorf("delivered from memory: %v", got)
		}
		must(t, os.Mkdir(dir, 0o755))
		time.Sleep(10 * time.Second)
		o.Offer(event(100))
		slow.answer(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if v := o.Outputs(); v.State != runtime.SinkOK || v.Reason != "" || v.Records != 0 {
			t.Errorf("once it can be stored: %+v", v)
		}
		if got := slow.ids(); !slices.Equal(got, idsFrom(0, 101)) {
			t.Errorf("the other output got %v", got)
		}
		must(t, o.end())
	})
}

func TestMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		phone := newReceiver("phone", nil)
		phone.answer(errors.New("down"))
		o := start(newOutbox("/nonexistent/outbox.db", nil, phone))
		for i := range 3000 {
			o.Offer(event(i))
			if i%50 == 0 {
				time.Sleep(100 * time.Millisecond)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		v := output(o.Outbox, "phone")
		if v.Backlog != tailMax {
			t.Errorf("backlog %d, want %d", v.Backlog, tailMax)
		}
		if i := slices.IndexFunc(v.Drops, func(c engine.Count) bool { return c.Reason == "memory" }); v.Drops[i].N != 3000-tailMax {
			t.Errorf("drops %+v", v.Drops)
		}
		err := o.end()
		if err == nil || !strings.Contains(err.Error(), "1024 events neither stored nor delivered") {
			t.Errorf("end: %v", err)
		}
	})
}

func TestStoreIsBounded(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone := newReceiver("phone", nil)
		phone.answer(errors.New("down"))
		o := start(newOutbox(file, func(o *Options) { o.Config.MaxBytes, o.Config.MaxAge = 20_000, 0 }, phone))
		for i := range 200 {
			o.Offer(event(i))
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		v := o.Outputs()
		if v.Bytes > 20_000 || v.Bytes < 15_000 || v.Records == 200 {
			t.Errorf("view %+v", v)
		}
		if got := v.Outputs[0]; got.Backlog != v.Records || got.Drops[2].N != uint64(200-v.Records) {
			t.Errorf("output %+v", got)
		}
		phone.answer(nil)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if got := phone.ids(); !slices.Equal(got, idsFrom(200-v.Records, v.Records)) && len(got) != v.Records+1 {
			t.Errorf("delivered %v", got)
		}
		must(t, o.end())
	})
}

func TestOldEventsAreDropped(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone := newReceiver("phone", nil)
		phone.answer(errors.New("down"))
		o := start(newOutbox(file, func(o *Options) { o.Config.MaxAge = 3_600_000_000_000 }, phone))
		o.Offer(event(0))
		time.Sleep(40 * time.Minute)
		o.Offer(event(1))
		time.Sleep(40 * time.Minute)
		phone.answer(nil)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if got := phone.ids(); !slices.Equal(got, idsFrom(1, 1)) {
			t.Errorf("delivered %v", got)
		}
		if v := output(o.Outbox, "phone"); v.Drops[0].N != 1 || v.Backlog != 0 {
			t.Errorf("output %+v", v)
		}
		must(t, o.end())
	})
}

func TestStormsAreFolded(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone := newReceiver("phone", func(o *Output) { o.PerHour = 20 })
		o := start(newOutbox(file, nil, phone))
		for i := range 5000 {
			o.Offer(event(i))
			time.Sleep(2 * time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := phone.ids(); !slices.Equal(got, idsFrom(0, 10)) {
			t.Errorf("at once: %v, want half of what an hour may have", got)
		}
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		phone.mu.Lock()
		last := phone.got[len(phone.got)-1]
		phone.mu.Unlock()
		if last.Fold == nil || last.Fold.Count != 4990 || last.ID != "0010-folded" || len(last.Fold.By) != 1 || last.Fold.By[0].Count != 4990 {
			t.Errorf("the summary: %+v", last)
		}
		if v := output(o.Outbox, "phone"); v.Backlog != 0 || v.Folded != 4990 || v.Delivered != 11 {
			t.Errorf("output %+v", v)
		}
		time.Sleep(time.Hour)
		o.Offer(event(5000))
		time.Sleep(time.Second)
		synctest.Wait()
		if got := phone.ids(); len(got) != 12 || got[11] != "5000" {
			t.Errorf("an hour later: %v", got)
		}
		must(t, o.end())
	})
}

// No hour has more messages than the limit, whatever comes.
func TestLimitHoldsForEveryHour(t *testing.T) {
	for _, limit := range []int{1, 2, 5, 60} {
		file := storeFile(t)
		synctest.Test(t, func(t *testing.T) {
			phone := newReceiver("phone", func(o *Output) { o.PerHour = limit })
			o := start(newOutbox(file, nil, phone))
			for i := range 720 {
				o.Offer(event(i))
				time.Sleep(20 * time.Second)
			}
			must(t, o.end())
			sum := 0
			for i, d := range phone.got {
				if sum++; d.Fold != nil {
					sum += d.Fold.Count - 1
				}
				if j := i + limit; j < len(phone.tries) && phone.tries[j]-phone.tries[i] < time.Hour {
					t.Errorf("limit %d: %d messages in %v", limit, limit+1, phone.tries[j]-phone.tries[i])
				}
			}
			if left := output(o.Outbox, "phone").Backlog; sum+left != 720 {
				t.Errorf("limit %d: %d events reported and %d left, of 720", limit, sum, left)
			}
		})
	}
}

func TestClipsFollowTheirEvents(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		all := newReceiver("all", func(o *Output) { o.Clips, o.Wants = true, func(*Record) bool { return true } })
		thumb := newReceiver("thumb", func(o *Output) { o.Attach = AttachThumb })
		o := start(newOutbox(file, func(o *Options) { o.ClipsDir = "/evidence" }, all, thumb))
		saves := func(n int) rules.Event {
			e := event(n)
			e.Clip = true
			return e
		}
		first := saves(0)
		o.Offer(first)
		o.Offer(event(1)) // of a rule without clips
		lost := saves(2)
		o.Offer(lost)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got := thumb.ids(); got != nil {
			t.Errorf("delivered %v before the clip is there", got)
		}
		o.ClipDone(first, &clips.Entry{Path: "door/2026/a", Movie: "clip.mp4", DurationMS: 5000}, "")
		o.ClipDone(lost, nil, "disk")
		time.Sleep(time.Second)
		synctest.Wait()
		if got := all.ids(); !slices.Equal(got, []string{"0000", "0001", "0002", "0000-clip", "0002-clip"}) {
			t.Errorf("delivered %v", got)
		}
		if got := thumb.ids(); !slices.Equal(got, idsFrom(0, 3)) {
			t.Fatalf("delivered %v", got)
		}
		if c := thumb.got[0].Clip; c == nil || c.Dir != "/evidence/door/2026/a" || c.Lost != "" {
			t.Errorf("clip %+v", c)
		}
		for i, want := range []string{"", "its rule saves no clips", "disk"} {
			if c := thumb.got[i].Clip; c == nil || c.Lost != want {
				t.Errorf("clip %d: %+v, want it lost for %q", i, c, want)
			}
		}
		// The program ends while a clip is being saved.
		o.Offer(saves(3))
		time.Sleep(time.Second)
		must(t, o.end())
		o = start(newOutbox(file, func(o *Options) { o.ClipsDir = t.TempDir() }, all, thumb))
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := all.ids(); !slices.Equal(got[5:], []string{"0003", "0003-clip"}) || all.got[6].Clip != nil || !strings.Contains(all.got[6].Record.Clip.Lost, "ended before") {
			t.Errorf("after a restart: %v, %+v", got, all.got[6].Record.Clip)
		}
		if got := thumb.ids(); !slices.Equal(got, idsFrom(0, 4)) {
			t.Errorf("after a restart: %v", got)
		}
		must(t, o.end())
	})
}

func TestOfferAllocatesNothing(t *testing.T) {
	o := newOutbox("x", nil, newReceiver("phone", nil))
	e := event(1)
	if n := testing.AllocsPerRun(200, func() { o.Offer(e) }); n != 0 {
		t.Errorf("an offer allocates %v times", n)
	}
}
