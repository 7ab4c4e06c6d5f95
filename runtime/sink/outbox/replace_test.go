package outbox

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/runtime"
)

// Outputs are changed while events wait: an unchanged one is not disturbed, a changed one
// continues, a new one begins with the next event, and a removed one is deleted, which is logged.
// A restart finds the same.
func TestReplacesOutputs(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var closed []string // guarded by mu
		named := func(name string) *receiver {
			return newReceiver(name, func(o *Output) {
				o.Settings = []string{name}
				o.Close = func() {
					mu.Lock()
					defer mu.Unlock()
					closed = append(closed, name)
				}
			})
		}
		keep, wrong, gone := named("keep"), named("change"), named("gone")
		wrong.answer(errors.New("wrong address"))
		gone.answer(errors.New("nobody there"))
		var said bytes.Buffer
		box := newOutbox(file, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&said, nil)) }, keep, wrong, gone)
		o := start(box)
		for i := range 3 {
			o.Offer(event(i))
		}
		time.Sleep(time.Minute)
		synctest.Wait()

		right, late := newReceiver("change", func(o *Output) { o.Settings = []string{"right"} }), named("late")
		must(t, o.Replace(t.Context(), []Output{late.out, right.out, named("keep").out}))
		time.Sleep(time.Second)
		o.Offer(event(3))
		time.Sleep(time.Second)
		synctest.Wait()
		for _, c := range []struct {
			to   *receiver
			want []string
		}{{keep, idsFrom(0, 4)}, {wrong, nil}, {right, idsFrom(0, 4)}, {late, idsFrom(3, 1)}, {gone, nil}} {
			if got := c.to.ids(); !slices.Equal(got, c.want) {
				t.Errorf("%s got %v, want %v", c.to.out.Name, got, c.want)
			}
		}
		if slices.Sort(closed); !slices.Equal(closed, []string{"change", "gone"}) {
			t.Errorf("closed %q", closed)
		}
		var names []string
		for _, v := range o.Outputs().Outputs {
			names = append(names, v.Name)
			if v.Backlog != 0 || v.State != runtime.SinkOK {
				t.Errorf("output %+v", v)
			}
		}
		if !slices.Equal(names, []string{"late", "change", "keep"}) {
			t.Errorf("outputs %q", names)
		}
		if v := output(o.Outbox, "change"); v.Delivered != 4 || v.Retries == 0 {
			t.Errorf("a changed output does not keep its counters: %+v", v)
		}
		if !strings.Contains(said.String(), `output=gone to=test://here waiting=3`) {
			t.Errorf("said %s", &said)
		}
		if v := o.Outputs(); v.Records != 0 {
			t.Errorf("%d records are kept for no output", v.Records)
		}
		late.answer(errors.New("away"))
		o.Offer(event(4))
		time.Sleep(time.Second)
		must(t, o.end())
		if err := o.Replace(t.Context(), nil); !errors.Is(err, errEnded) {
			t.Errorf("replaced after the end: %v", err)
		}

		late, gone = named("late"), named("gone")
		o = start(newOutbox(file, nil, late, gone))
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := late.ids(); !slices.Equal(got, idsFrom(4, 1)) {
			t.Errorf("after a restart late got %v", got)
		}
		if got := gone.ids(); got != nil {
			t.Errorf("after a restart a removed output got %v", got)
		}
		must(t, o.end())
	})
}

// An output that comes back starts over, even if nothing can be stored; testing a removed one
// gives an error with the existing ones.
func TestReplacesOutputsWhileNothingIsStored(t *testing.T) {
	file := t.TempDir() // no file
	synctest.Test(t, func(t *testing.T) {
		phone := newReceiver("phone", nil)
		phone.answer(errors.New("away"))
		o := start(newOutbox(file, nil, phone))
		o.Offer(event(0))
		time.Sleep(time.Second)
		must(t, o.Replace(t.Context(), nil))
		if err := o.Do(t.Context(), runtime.Command{Do: runtime.Notify, Output: "phone"}); !errors.Is(err, runtime.ErrNoOutput) {
			t.Errorf("tested an output that has gone: %v", err)
		}
		o.Offer(event(1))
		time.Sleep(time.Second)
		phone.answer(nil)
		must(t, o.Replace(t.Context(), []Output{phone.out}))
		o.Offer(event(2))
		time.Sleep(time.Second)
		synctest.Wait()
		if got := phone.ids(); !slices.Equal(got, idsFrom(2, 1)) {
			t.Errorf("got %v", got)
		}
		must(t, o.end())
	})
}

// Waiting messages are kept while an invalid output is held, and sent when it is valid again; a
// restart changes nothing about that.
func TestHeldOutputKeepsWhatWaits(t *testing.T) {
	file := storeFile(t)
	held := []Output{Held("phone", errors.New("rvo.toml:3:1: to: wrong"))}
	synctest.Test(t, func(t *testing.T) {
		phone := newReceiver("phone", nil)
		phone.answer(errors.New("away"))
		o := start(newOutbox(file, nil, phone))
		o.Offer(event(0))
		time.Sleep(time.Second)
		must(t, o.Replace(t.Context(), held))
		o.Offer(event(1))
		time.Sleep(time.Second)
		synctest.Wait()
		if v := output(o.Outbox, "phone"); v.Backlog != 2 || v.State != runtime.SinkDegraded || !strings.Contains(v.Reason, "rvo.toml:3:1") {
			t.Errorf("held: %+v", v)
		}
		must(t, o.end())
		o = start(newOutbox(file, func(o *Options) { o.Outputs = held }))
		o.Offer(event(2))
		time.Sleep(time.Second)
		right := newReceiver("phone", nil)
		must(t, o.Replace(t.Context(), []Output{right.out}))
		time.Sleep(time.Second)
		synctest.Wait()
		if got := right.ids(); !slices.Equal(got, idsFrom(0, 3)) {
			t.Errorf("it got %v", got)
		}
		must(t, o.end())
	})
}

// An attempt that never ends by itself does not delay a change, and a change that comes too early
// gives up with its context.
func TestReplacesAnOutputThatHangs(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		hangs := newReceiver("phone", func(o *Output) {
			o.Settings = "hangs"
			o.Send = func(ctx context.Context, _ Delivery) error { <-ctx.Done(); return ctx.Err() }
		})
		box := newOutbox(file, nil, hangs)
		early, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := box.Replace(early, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("replaced before Run: %v", err)
		}
		o := start(box)
		o.Offer(event(0))
		time.Sleep(time.Second)
		phone := newReceiver("phone", nil)
		began := time.Now()
		must(t, o.Replace(t.Context(), []Output{phone.out}))
		if d := time.Since(began); d > Group {
			t.Errorf("took %v", d)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := phone.ids(); !slices.Equal(got, idsFrom(0, 1)) {
			t.Errorf("got %v", got)
		}
		must(t, o.end())
	})
}
