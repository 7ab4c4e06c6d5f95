package runtime

import (
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime/engine"
)

// handed is a frame slot with a frame to put into it.
func handed(tb testing.TB) (*frameSlot, *capture.Frame) {
	tb.Helper()
	pool := capture.NewPool(1, nil)
	f, err := pool.Get("door", 1, 64, 36, time.Now())
	if err != nil {
		tb.Fatal(err)
	}
	s := new(frameSlot)
	tb.Cleanup(func() {
		s.close()
		f.Release()
		if out := pool.Stats().Out; out != 0 {
			tb.Errorf("%d frames are still held at the end", out)
		}
		pool.Close()
	})
	return s, f
}

// handOver hands over one frame: the camera puts it, a worker shares it.
func handOver(tb testing.TB, s *frameSlot, f *capture.Frame) {
	if !f.TryRetain() {
		tb.Fatal("the frame is gone")
	}
	s.put(framed{frame: f, ref: engine.FrameRef{ID: f.ID}})
	got, _ := s.share()
	if got != f {
		tb.Fatal("the slot holds another frame")
	}
	got.Release()
}

func TestHandOverAllocatesNothing(t *testing.T) {
	s, f := handed(t)
	if n := testing.AllocsPerRun(1000, func() { handOver(t, s, f) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

// BenchmarkFrameSlot is the cost of handing over a frame: from the camera into the slot,
// replacing the one before, and out again.
func BenchmarkFrameSlot(b *testing.B) {
	s, f := handed(b)
	b.ReportAllocs()
	for b.Loop() {
		handOver(b, s, f)
	}
}

// BenchmarkMailbox is the cost of a run besides the detector's own time: the request, a slot, the
// frame, and two reports, from one goroutine to another and back.
func BenchmarkMailbox(b *testing.B) {
	seen, f := handed(b)
	if !f.TryRetain() {
		b.Fatal("the frame is gone")
	}
	seen.put(framed{frame: f, ref: engine.FrameRef{ID: f.ID}})
	p := &pipeline{name: "door", epoch: time.Now(), slots: NewSlots(1, "deadline"), wake: make(chan struct{}, 1)}
	det := &answers{readings: []detectors.Reading{{Signal: "a", Value: 1}}}
	sp := spec("a", 10)
	sp.Provides = []string{"a"}
	w := newWorker(1, sp, p, func() (detectors.Detector, error) { return det, nil })
	w.frames = seen
	go w.run()
	defer func() {
		w.stop()
		<-w.finished
	}()
	w.load()
	if r := <-w.out; r.Err != nil {
		b.Fatal(r.Err)
	}
	b.ReportAllocs()
	for b.Loop() {
		w.start(0)
		for r := (engine.Report{}); r.Kind != engine.Done; {
			if r = <-w.out; r.Err != nil || r.Kind == engine.Withdrawn {
				b.Fatalf("the run came to %+v", r)
			}
		}
	}
	if det.calls == 0 {
		b.Error("the detector never ran")
	}
}

// BenchmarkSlots is the cost of claiming and releasing a slot for a worker, with others in line.
func BenchmarkSlots(b *testing.B) {
	for _, tt := range []struct {
		name string
		line int
	}{{"line=0", 0}, {"line=8", 8}, {"line=64", 64}} {
		b.Run(tt.name, func(b *testing.B) {
			s := NewSlots(1, "deadline")
			var ends []*lease
			for i := range tt.line {
				ends = append(ends, s.claim(Waiter{Camera: "door", Detector: "a", Due: time.Duration(i)}))
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				l := s.claim(Waiter{Camera: "door", Detector: "b", Due: time.Duration(tt.line + i)})
				if tt.line > 0 {
					ends = append(ends, l)
					l, ends = ends[0], ends[1:]
				}
				l.end()
			}
			for _, l := range ends {
				l.end()
			}
			if v := s.View(); v.Busy != 0 || v.Waiting != 0 {
				b.Errorf("slots are %+v at the end", v)
			}
		})
	}
}
