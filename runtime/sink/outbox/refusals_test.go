package outbox

import (
	"bytes"
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

// logged collects the lines of a log.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// take returns the lines since the last call, without their times.
func (l *logged) take() (lines []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.buf.String()) {
		_, line, _ = strings.Cut(line, " ")
		lines = append(lines, strings.TrimSpace(line))
	}
	l.buf.Reset()
	return lines
}

// A receiver that refuses everything is one line at the beginning, one an hour and one at the end.
func TestRefusalsDoNotFloodTheLog(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone, log := newReceiver("phone", nil), new(logged)
		phone.answer(&Error{Reason: "400 Bad Request", Refused: true})
		o := start(newOutbox(file, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(log, nil)) }, phone))
		offer := func(n int) {
			for range n {
				o.Offer(event(0))
				time.Sleep(70 * time.Second)
			}
			synctest.Wait()
		}
		expect := func(when string, want ...string) {
			t.Helper()
			lines := log.take()
			for i, line := range lines {
				if i >= len(want) || !strings.Contains(line, want[i]) {
					t.Errorf("%s: got %q, want %q", when, lines, want)
					return
				}
			}
			if len(lines) != len(want) {
				t.Errorf("%s: got %q, want %q", when, lines, want)
			}
		}
		const refuses, accepts = `level=ERROR msg="the receiver refuses messages; they are set aside, see ctl outbox" output=phone refused=`, `level=INFO msg="the receiver accepts messages again" output=phone refused=`
		offer(50)
		expect("at the beginning", refuses+"1 ")
		offer(30)
		expect("after an hour", refuses+"52 ")
		phone.answer(nil)
		offer(2)
		expect("at the end", accepts+"27")
		for range 20 { // one camera's messages are refused
			phone.answer(&Error{Reason: "400 Bad Request", Refused: true})
			offer(1)
			phone.answer(nil)
			offer(1)
		}
		expect("refused and accepted", refuses+"12 ")
		if v := output(o.Outbox, "phone"); v.AsideCount != 100 {
			t.Errorf("%d set aside", v.AsideCount)
		}
		must(t, o.end())
	})
}

// A receiver that refuses messages responds: each is tried as quickly as the first.
func TestRefusedMessagesDoNotSlowTheNext(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		phone := newReceiver("phone", func(o *Output) { o.MaxTries, o.RetryMax = 5, 5*time.Minute })
		phone.answer(&Error{Reason: "400 Bad Request", Refused: true})
		o := start(newOutbox(file, nil, phone))
		for i := range 10 {
			o.Offer(event(i))
		}
		time.Sleep(10 * 20 * time.Second) // 1 + 2 + 4 + 8 s each, with jitter
		synctest.Wait()
		if v := output(o.Outbox, "phone"); v.AsideCount != 10 {
			t.Errorf("%d of 10 set aside", v.AsideCount)
		}
		must(t, o.end())
	})
}

// A message that is resent is stored twice or once, but never not at all: a crash does not lose it.
func TestResentMessagesAreNeverUnstored(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		const n = 200
		phone := newReceiver("phone", func(o *Output) { o.MaxTries = 1 })
		phone.answer(&Error{Reason: "400 Bad Request", Refused: true})
		o := start(newOutbox(file, nil, phone))
		for i := range n {
			o.Offer(event(i))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		phone.answer(errors.New("down"))
		resend := runtime.Command{Do: runtime.Resend, Output: "phone"}
		must(t, o.Do(t.Context(), resend))
		must(t, o.Do(t.Context(), resend)) // at once again: each is sent once
		for range 100 {
			o.mu.Lock()
			if kept := len(o.aside) + o.state.Records; kept < n {
				t.Errorf("%d of %d messages would survive a crash", kept, n)
			}
			o.mu.Unlock()
			time.Sleep(10 * time.Millisecond)
		}
		phone.answer(nil)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if got := phone.ids(); !slices.Equal(got, idsFrom(0, n)) {
			t.Errorf("delivered %d: %v", len(got), got)
		}
		must(t, o.end())
	})
}
