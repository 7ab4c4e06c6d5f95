package bench

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"rvo-tui/capture"
)

func testFrames(t *testing.T) *prerendered {
	t.Helper()
	a, err := newPrerendered(64, 48, 1)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestBuffersAreFilledOnce(t *testing.T) {
	a := testFrames(t)
	if bytes.Equal(a.frames[0], a.frames[1]) {
		t.Error("the frames are all the same")
	}
	dst := make([]byte, 64*48*3)
	if !a.show(dst, 1) {
		t.Error("a fresh buffer was not filled")
	}
	if !bytes.Equal(dst[numberAt+8:], a.frames[1][numberAt+8:]) {
		t.Error("the buffer does not hold a frame")
	}
	if a.show(dst, 2) {
		t.Error("a filled buffer was filled again")
	}
	if n := binary.LittleEndian.Uint64(dst[numberAt:]); n != 2 {
		t.Errorf("the buffer says that it is frame %d", n)
	}
}

func TestTheSameSeedDrawsTheSameFrames(t *testing.T) {
	a, b := testFrames(t), testFrames(t)
	for i := range a.frames {
		if !bytes.Equal(a.frames[i], b.frames[i]) {
			t.Fatalf("frame %d differs", i)
		}
	}
}

// All frames are overdue: a late camera sends at once, and counts how late it was.
func TestCameraSendsItsSchedule(t *testing.T) {
	s := schedule{begin: time.Millisecond, fps: 1000, first: 5 * time.Millisecond, end: 20 * time.Millisecond}
	s.end = 24 * time.Hour // the clock of the run is real; the schedule is cut below by its frames
	f := newStream(s, time.Now().Add(-time.Hour), testFrames(t))
	open := drivers(map[string]*stream{"camera": f})[capture.KindSynthetic]
	ctx, cancel := context.WithCancel(t.Context())
	conn, err := open(ctx, capture.Config{Name: "camera"}, capture.Address{})
	if err != nil {
		t.Fatal(err)
	}
	src := conn.(capture.Source)
	dst := make([]byte, 64*48*3)
	for i := range 10 {
		if _, err := src.Grab(); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 { // the others found no buffer
			if err := src.Retrieve(dst); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := src.Retrieve(dst[:3]); !errors.Is(err, capture.ErrSizeChanged) {
		t.Errorf("a buffer of another size: %v", err)
	}
	// Frames 5 to 10 are measured; 5, 7 and 9 of them were drawn.
	if f.sent.Load() != 10 || f.decoded != 5 || f.offered != 6 || f.given != 3 || f.filled != 1 || f.overdue != 6 {
		t.Errorf("sent %d, decoded %d, offered %d, given %d, filled %d, overdue %d", f.sent.Load(), f.decoded, f.offered, f.given, f.filled, f.overdue)
	}
	if n := f.late.TotalCount(); n != 6 {
		t.Errorf("%d lates", n)
	}
	f.schedule.end = 0
	cancel()
	if _, err := src.Grab(); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	select {
	case <-f.over:
	default:
		t.Error("the camera did not say that its schedule is over")
	}
	if err := src.Close(); err != nil {
		t.Error(err)
	}
}

func TestUnknownCameraIsRefused(t *testing.T) {
	if _, err := drivers(nil)[capture.KindSynthetic](t.Context(), capture.Config{Name: "x"}, capture.Address{}); err == nil {
		t.Error("a camera that the workload has not was opened")
	}
}

// Sending must not disturb the measurement.
func TestSendingAllocatesNothing(t *testing.T) {
	f := newStream(schedule{fps: 1000, end: 24 * time.Hour}, time.Now().Add(-time.Hour), testFrames(t))
	src := &source{stream: f, ctx: t.Context()}
	dst := make([]byte, 64*48*3)
	if n := testing.AllocsPerRun(100, func() {
		_, _ = src.Grab()
		_ = src.Retrieve(dst)
	}); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
	if err := src.Close(); err != nil {
		t.Error(err)
	}
}
