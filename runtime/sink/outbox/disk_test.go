package outbox

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/internal/fileio"
	"rvo-tui/rules"
	"rvo-tui/runtime"
)

// A file size limit makes a write fail, as a full disk does.
func TestFullDisk(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	full := func(size uint64) {
		must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: min(size, limit.Max), Max: limit.Max}))
	}
	defer full(limit.Cur)
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone, down := newReceiver("phone", nil), newReceiver("down", nil)
		down.answer(errors.New("down"))
		o := start(newOutbox(file, nil, phone, down))
		offer := func(from, n int) {
			for i := range n {
				o.Offer(event(from + i))
				time.Sleep(time.Millisecond)
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
		offer(0, 100)
		full(64 << 10) // the file has more already: nothing is appended to it
		offer(100, 400)
		v := o.Outputs()
		if v.State != runtime.SinkDegraded || !strings.Contains(v.Reason, "file too large") || v.NotDurable == 0 {
			t.Errorf("on the full disk: %+v", v)
		}
		if got := phone.ids(); !slices.Equal(got, idsFrom(0, 500)) {
			t.Errorf("on the full disk %d were delivered", len(got))
		}
		full(limit.Cur)
		time.Sleep(10 * time.Second)
		offer(500, 10)
		if v := o.Outputs(); v.State != runtime.SinkOK || v.Records != 510 {
			t.Errorf("with free space again: %+v", v)
		}
		down.answer(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for _, r := range []*receiver{phone, down} {
			if got := r.ids(); !slices.Equal(got, idsFrom(0, 510)) {
				t.Errorf("%s got %d", r.out.Name, len(got))
			}
		}
		must(t, o.end())
	})
}

// slowSink is a sink behind the outbox.
type slowSink struct {
	runtime.Sink

	got chan rules.Event
}

func (s *slowSink) Offer(e rules.Event) bool {
	select {
	case s.got <- e:
		return true
	default:
		return false
	}
}

func (s *slowSink) View() runtime.SinkView {
	return runtime.SinkView{State: runtime.SinkOK, Depth: len(s.got), Capacity: cap(s.got)}
}

// A sink behind the outbox gets every event once it is stored, even if it is a little slower, and
// outlives the outbox.
func TestSinksBehind(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone := newReceiver("phone", nil)
		o := newOutbox(file, nil, phone)
		s := &slowSink{got: make(chan rules.Event, 64)}
		behind := o.Behind(s)
		if !behind.Offer(event(99)) {
			t.Error("it refuses what comes again from the outbox")
		}
		f := start(o)
		var got []string
		for i := range 600 {
			o.Offer(event(i))
			if i%3 == 0 {
				time.Sleep(time.Millisecond)
				for range min(len(s.got), 10) {
					got = append(got, (<-s.got).ID)
				}
			}
		}
		time.Sleep(100 * time.Millisecond)
		for len(s.got) > 0 {
			got = append(got, (<-s.got).ID)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		for len(s.got) > 0 {
			got = append(got, (<-s.got).ID)
		}
		must(t, f.end())
		if !slices.Equal(got, idsFrom(0, 600)) {
			t.Errorf("it got %d events", len(got))
		}
	})
}

// A file that is damaged while it is open is moved aside, too, and nothing crashes.
func TestDamagedWhileOpen(t *testing.T) {
	for name, damage := range map[string]func(f *os.File) error{
		"overwritten": func(f *os.File) error {
			_, err := f.WriteAt([]byte(strings.Repeat("\xff", 48<<10)), 8<<10)
			return err
		},
		"cut": func(f *os.File) error { return f.Truncate(8 << 10) },
	} {
		t.Run(name, func(t *testing.T) {
			file := storeFile(t)
			synctest.Test(t, func(t *testing.T) {
				phone := newReceiver("phone", nil)
				phone.answer(errors.New("down"))
				o := start(newOutbox(file, nil, phone))
				for i := range 300 {
					o.Offer(event(i))
				}
				time.Sleep(5 * time.Second)
				f, err := os.OpenFile(file, os.O_RDWR, 0)
				must(t, err)
				must(t, damage(f))
				must(t, f.Close())
				phone.answer(nil)
				time.Sleep(2 * time.Minute)
				o.Offer(event(300))
				time.Sleep(time.Minute)
				synctest.Wait()
				v := o.Outputs()
				if v.State != runtime.SinkOK || v.Moved == "" {
					t.Errorf("view %+v", v)
				}
				if got := phone.ids(); len(got) == 0 || got[len(got)-1] != "0300" {
					t.Errorf("delivered %v", got)
				}
				must(t, o.end())
			})
		})
	}
}

// A store that hangs is degraded until a write has ended.
func TestStoreThatHangsIsTold(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone := newReceiver("phone", nil)
		o := start(newOutbox(file, nil, phone))
		synctest.Wait()
		stop := fileio.Watch(o.hangs) // as around a write
		time.Sleep(fileio.HangAfter + time.Millisecond)
		if v := o.Outputs(); v.State != runtime.SinkDegraded || v.Reason != fileio.ErrHangs.Error() || o.View().State != runtime.SinkDegraded {
			t.Errorf("while it hangs: %+v", v)
		}
		stop()
		o.Offer(event(0))
		time.Sleep(time.Second)
		if v := o.Outputs(); v.State != runtime.SinkOK || v.Stored != 1 {
			t.Errorf("afterwards: %+v", v)
		}
		must(t, o.end())
	})
}

// All events are dropped if all are too old, however many there are.
func TestOnlyOldEvents(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone := newReceiver("phone", nil)
		phone.answer(errors.New("down"))
		o := start(newOutbox(file, func(o *Options) { o.Config.MaxAge = 3_600_000_000_000 }, phone))
		for i := range 200 {
			o.Offer(event(i))
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if v := output(o.Outbox, "phone"); v.Drops[0].N != 200 || v.Backlog != 0 || o.Outputs().Records != 0 {
			t.Errorf("%d stored, output %+v", o.Outputs().Records, v)
		}
		must(t, o.end())
	})
}

// A message that is set aside before the store can be opened is kept beside those in the store.
func TestSetAsideBeforeTheStoreOpens(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(dir+"/disk", 0o755))
	file := dir + "/disk/outbox.db"
	synctest.Test(t, func(t *testing.T) {
		phone := newReceiver("phone", nil)
		phone.answer(&Error{Reason: "400 Bad Request", Refused: true})
		o := start(newOutbox(file, nil, phone))
		o.Offer(event(0))
		time.Sleep(time.Minute)
		must(t, o.end())
		must(t, os.Rename(dir+"/disk", dir+"/away"))
		o = start(newOutbox(file, nil, phone))
		o.Offer(event(1))
		time.Sleep(time.Minute)
		must(t, os.Rename(dir+"/away", dir+"/disk"))
		time.Sleep(time.Minute)
		synctest.Wait()
		if v := output(o.Outbox, "phone"); v.AsideCount != 2 {
			t.Errorf("%d messages are set aside, want 2", v.AsideCount)
		}
		must(t, o.end())
		o = start(newOutbox(file, nil, phone))
		time.Sleep(time.Second)
		synctest.Wait()
		if v := output(o.Outbox, "phone"); v.AsideCount != 2 {
			t.Errorf("%d messages are set aside after a restart, want 2", v.AsideCount)
		}
		must(t, o.end())
	})
}

// An output that hangs, as in reading a clip from a disk that hangs, holds up neither the end nor
// the sinks behind the outbox, and its event is delivered at the next start.
func TestOutputThatHangsIsAbandoned(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone := newReceiver("phone", nil)
		thaw := make(chan struct{})
		stuck := newReceiver("stuck", func(o *Output) {
			o.Send = func(context.Context, Delivery) error { <-thaw; return nil }
		})
		var log bytes.Buffer
		o := newOutbox(file, func(opts *Options) { opts.Log = slog.New(slog.NewTextHandler(&log, nil)) }, phone, stuck)
		f := start(o)
		f.Offer(event(0))
		time.Sleep(time.Second)
		begun := time.Now()
		must(t, f.end())
		if took := time.Since(begun); took != Flush+abandonTime {
			t.Errorf("it ended after %v", took)
		}
		select {
		case <-o.written:
		default:
			t.Error("the sinks behind it still wait")
		}
		if !strings.Contains(log.String(), "outputs=[stuck]") {
			t.Errorf("the log does not name the output that hangs:\n%s", log.String())
		}
		close(thaw)
		synctest.Wait()
		again := newReceiver("stuck", nil)
		f = start(newOutbox(file, nil, phone, again))
		time.Sleep(time.Second)
		must(t, f.end())
		if got := again.ids(); !slices.Equal(got, idsFrom(0, 1)) || len(phone.ids()) != 1 {
			t.Errorf("after the next start %v were delivered", got)
		}
	})
}

// A clip that an earlier run was saving is not lost because its directory cannot be read.
func TestOldClipsWaitForTheirDisk(t *testing.T) {
	file, dir := storeFile(t), t.TempDir()+"/evidence"
	must(t, os.WriteFile(dir, nil, 0o600))
	synctest.Test(t, func(t *testing.T) {
		all := newReceiver("all", func(o *Output) { o.Clips, o.Wants = true, func(*Record) bool { return true } })
		at := func(o *Options) { o.ClipsDir = dir }
		o := start(newOutbox(file, at, all))
		e := event(0)
		e.Clip = true
		o.Offer(e)
		time.Sleep(time.Second)
		must(t, o.end())
		o = start(newOutbox(file, at, all))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if got := all.ids(); !slices.Equal(got, idsFrom(0, 1)) {
			t.Errorf("without the disk %v were delivered", got)
		}
		must(t, os.Remove(dir))
		must(t, os.Mkdir(dir, 0o700))
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := all.ids(); !slices.Equal(got, []string{"0000", "0000-clip"}) {
			t.Errorf("with the disk %v were delivered", got)
		}
		must(t, o.end())
	})
}
