package sink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/internal/fileio"
	"rvo-tui/rules"
	"rvo-tui/runtime"
)

// flaky is an output with scripted faults.
type flaky struct {
	fail  int           // attempts to write that are still to fail
	takes int           // how much of a line a failing attempt takes
	shut  atomic.Bool   // cannot be opened
	gate  chan struct{} // a write waits for it; nil: does not wait

	got          bytes.Buffer
	tries, syncs []time.Duration
	start        time.Time
}

func newFlaky() *flaky { return &flaky{start: time.Now()} }

func (f *flaky) open() error {
	if f.shut.Load() {
		return errors.New("no such directory")
	}
	return nil
}

func (f *flaky) sync() error {
	f.syncs = append(f.syncs, time.Since(f.start))
	return nil
}

func (f *flaky) close() error { return nil }

func (f *flaky) write(ctx context.Context, line []byte) (int, error) {
	f.tries = append(f.tries, time.Since(f.start))
	if f.gate != nil {
		select {
		case <-f.gate:
		case <-ctx.Done():
			return 0, fileio.ErrStalled
		}
	}
	if f.fail > 0 {
		f.fail--
		n, _ := f.got.Write(line[:min(f.takes, len(line)-1)])
		return n, errors.New("no room")
	}
	return f.got.Write(line)
}

func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

func testEvent(n int) rules.Event {
	return rules.Event{ID: fmt.Sprintf("%04d", n), Type: "person", Camera: "door", Phase: "confirmed", Confidence: 1}
}

// eventIDs returns the IDs of the lines of text, and fails on anything else.
func eventIDs(t *testing.T, text string) []string {
	t.Helper()
	if text == "" {
		return nil
	}
	if !strings.HasSuffix(text, "\n") {
		t.Fatalf("the last line has no end: %q", text)
	}
	var ids []string
	for line := range strings.Lines(text) {
		id, ok := strings.CutPrefix(line, `{"event_id":"`)
		if !ok || !strings.HasSuffix(line, "}\n") {
			t.Fatalf("not an event: %q", line)
		}
		ids = append(ids, id[:4])
	}
	return ids
}

func idsFrom(first, n int) (ids []string) {
	for i := range n {
		ids = append(ids, testEvent(first+i).ID)
	}
	return ids
}

// runSink runs a sink in a bubble and returns a function that ends it.
func runSink(s runtime.Sink) (end func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return func() error { cancel(); return <-done }
}

func TestSinkDeliversInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := NewWriter("stdout", &out, quietLog())
		end := runSink(s)
		for i := range 200 {
			if !s.Offer(testEvent(i)) {
				t.Fatalf("event %d dropped", i)
			}
			synctest.Wait()
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if got := eventIDs(t, out.String()); !slices.Equal(got, idsFrom(0, 200)) {
			t.Errorf("delivered %v", got)
		}
		want := runtime.SinkView{Name: "stdout", State: runtime.SinkOK, Written: 200, Capacity: Capacity}
		if got := s.View(); got != want {
			t.Errorf("view %+v, want %+v", got, want)
		}
	})
}

func TestSinkIsBoundedAndNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := newFlaky()
		out.gate = make(chan struct{})
		p := newQueue("slow", out, quietLog())
		end := runSink(p)
		taken := 0
		for i := range 100 {
			if p.Offer(testEvent(i)) {
				taken++
			}
		}
		synctest.Wait()
		v := p.View()
		if taken != Capacity || v.Depth != Capacity || v.Dropped != 100-Capacity {
			t.Errorf("took %d, view %+v; want %d taken and the rest dropped", taken, v, Capacity)
		}
		close(out.gate)
		synctest.Wait()
		if v := p.View(); v.Depth != 0 || v.Written != Capacity {
			t.Errorf("after the writer went on: %+v", v)
		}
		if err := end(); err != nil {
			t.Error(err)
		}
		if got := eventIDs(t, out.got.String()); !slices.Equal(got, idsFrom(0, Capacity)) {
			t.Errorf("delivered %v, want the oldest", got)
		}
	})
}

func TestSinkDegradesAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := newFlaky()
		out.fail, out.takes = 6, 7
		var log bytes.Buffer
		p := newQueue("disk", out, slog.New(slog.NewTextHandler(&log, nil)))
		end := runSink(p)
		p.Offer(testEvent(0))
		p.Offer(testEvent(1))
		synctest.Wait()
		if v := p.View(); v.State != runtime.SinkDegraded || v.Reason != "no room" || v.Depth != 2 || v.Failures != 1 {
			t.Errorf("after the first failure: %+v", v)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if v := p.View(); v.State != runtime.SinkOK || v.Reason != "" || v.Written != 2 || v.Failures != 6 || v.Depth != 0 {
			t.Errorf("after it was repaired: %+v", v)
		}
		want := []time.Duration{0, 500, 1500, 3500, 7500, 12500, 17500, 17500}
		for i := range want {
			want[i] *= time.Millisecond
		}
		if !slices.Equal(out.tries, want) {
			t.Errorf("tried at %v, want %v", out.tries, want)
		}
		if got := eventIDs(t, out.got.String()); !slices.Equal(got, idsFrom(0, 2)) {
			t.Errorf("delivered %v: a line written in parts must be complete at the end", got)
		}
		if got := strings.Count(log.String(), "\n"); got != 2 {
			t.Errorf("%d log lines, want one of the failure and one of the recovery:\n%s", got, &log)
		}
		if err := end(); err != nil {
			t.Error(err)
		}
	})
}

func TestSinkOpensWithoutEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := newFlaky()
		out.shut.Store(true)
		p := newQueue("disk", out, quietLog())
		end := runSink(p)
		synctest.Wait()
		if v := p.View(); v.State != runtime.SinkDegraded || v.Reason != "no such directory" {
			t.Errorf("before any event: %+v", v)
		}
		out.shut.Store(false)
		time.Sleep(retryLast)
		synctest.Wait()
		if v := p.View(); v.State != runtime.SinkOK {
			t.Errorf("once it can be opened: %+v", v)
		}
		if err := end(); err != nil {
			t.Error(err)
		}
	})
}

func TestSinkEnd(t *testing.T) {
	tests := []struct {
		name string
		fail int
		took time.Duration
		err  string
		left int
	}{
		{"delivers what it holds", 0, 0, "", 0},
		{"tries again in the time that is left", 1, 500 * time.Millisecond, "", 0},
		{"gives up in time", math.MaxInt, Flush, `end sink "disk": 3 events not delivered: no room`, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out := newFlaky()
				out.fail = tt.fail
				p := newQueue("disk", out, quietLog())
				for i := range 3 {
					p.Offer(testEvent(i))
				}
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				start := time.Now()
				err := p.Run(ctx)
				if got := time.Since(start); got != tt.took {
					t.Errorf("took %v, want %v", got, tt.took)
				}
				if got := fmt.Sprint(err); got != tt.err && (err != nil || tt.err != "") {
					t.Errorf("error %q, want %q", got, tt.err)
				}
				if p.Offer(testEvent(3)) {
					t.Error("took an event after its end")
				}
				if v := p.View(); v.Dropped != uint64(tt.left+1) || v.Written != uint64(3-tt.left) || v.Depth != 0 {
					t.Errorf("view %+v", v)
				}
			})
		})
	}
}

func TestSinkSyncsOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := newFlaky()
		p := newQueue("disk", out, quietLog())
		end := runSink(p)
		for i := range 25 {
			p.Offer(testEvent(i))
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := len(out.syncs); n < 3 || n > 4 {
			t.Errorf("synced at %v, want once a second while lines came", out.syncs)
		}
		if last := out.syncs[len(out.syncs)-1]; last < 2400*time.Millisecond || last > 3400*time.Millisecond {
			t.Errorf("last synced at %v, want within a second of the last line", last)
		}
		if err := end(); err != nil {
			t.Error(err)
		}
	})
}

func TestSinkSkipsWhatIsNoJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := NewWriter("stdout", &out, quietLog())
		bad := testEvent(0)
		bad.Confidence = math.NaN()
		s.Offer(bad)
		s.Offer(testEvent(1))
		if err := runSink(s)(); err != nil {
			t.Fatal(err)
		}
		if got := eventIDs(t, out.String()); !slices.Equal(got, idsFrom(1, 1)) {
			t.Errorf("delivered %v", got)
		}
		if v := s.View(); v.Failures != 1 || v.Dropped != 1 || v.Written != 1 || v.Depth != 0 {
			t.Errorf("view %+v", v)
		}
	})
}

func TestOfferAllocatesNothing(t *testing.T) {
	p := newQueue("x", newFlaky(), quietLog())
	e := testEvent(1)
	if n := testing.AllocsPerRun(200, func() { p.Offer(e) }); n != 0 {
		t.Errorf("an offer allocates %v times", n)
	}
}

// A disk that hangs is reported after a while, and the sink recovers with the write.
func TestSinkTellsOfADiskThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := newFlaky()
		out.gate = make(chan struct{})
		var log bytes.Buffer
		p := newQueue("file", out, slog.New(slog.NewTextHandler(&log, nil)))
		end := runSink(p)
		p.Offer(testEvent(0))
		time.Sleep(fileio.HangAfter - time.Millisecond)
		if v := p.View(); v.State != runtime.SinkOK {
			t.Errorf("early: %+v", v)
		}
		time.Sleep(time.Hour)
		if v := p.View(); v.State != runtime.SinkDegraded || v.Reason != fileio.ErrHangs.Error() || v.Depth != 1 {
			t.Errorf("while it hangs: %+v", v)
		}
		close(out.gate)
		synctest.Wait()
		if v := p.View(); v.State != runtime.SinkOK || v.Written != 1 {
			t.Errorf("afterwards: %+v", v)
		}
		if got := strings.Count(log.String(), "\n"); got != 2 {
			t.Errorf("%d log lines:\n%s", got, &log)
		}
		if err := end(); err != nil {
			t.Error(err)
		}
	})
}
