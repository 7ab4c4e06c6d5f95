package capture

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestFrameCounts(t *testing.T) {
	p := NewPool(1, nil)
	f, err := p.Get("door", 1, 4, 2, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(f.Pixels()); n != 24 || cap(f.Pixels()) != 24 {
		t.Errorf("%d bytes of %d, want 24", n, cap(f.Pixels()))
	}
	if g, err := p.Get("door", 2, 4, 2, time.Now()); g != nil || err != nil {
		t.Errorf("an empty pool gives %v, %v", g, err)
	}
	if !f.TryRetain() {
		t.Fatal("retain of a held frame")
	}
	f.Release()
	f.Release()
	if f.TryRetain() {
		t.Error("retained a released frame")
	}
	f.Retire()
	if st := p.Stats(); st != (PoolStats{Size: 1}) {
		t.Errorf("%+v after all is given back", st)
	}
	defer func() {
		if recover() == nil {
			t.Error("one Release too many goes unnoticed")
		}
		p.Close()
	}()
	f.Release()
}

func TestPoolRetires(t *testing.T) {
	p := NewPool(2, nil)
	get := func(want bool) *Frame {
		t.Helper()
		f, err := p.Get("door", 1, 4, 2, time.Now())
		if err != nil || (f != nil) != want {
			t.Fatalf("frame %v, %v; want one: %v", f, err, want)
		}
		return f
	}
	var stuck []*Frame
	for range 3 { // as many as are replaced, and one more
		f := get(true)
		f.Retire()
		f.Retire()
		stuck = append(stuck, f)
	}
	if st := p.Stats(); st.Retired != 3 || st.RetiredTotal != 3 || st.Out != 0 {
		t.Errorf("%+v, want 3 retired", st)
	}
	last := get(true)
	get(false) // twice the size is out
	for _, f := range stuck {
		f.Pixels()[0] = 1 // still mapped
		f.Release()
	}
	last.Release()
	if st := p.Stats(); st != (PoolStats{Size: 2, RetiredTotal: 3}) {
		t.Errorf("%+v after all came back", st)
	}
	p.Close()
}

func TestPoolSizes(t *testing.T) {
	p := NewPool(2, nil)
	for _, side := range [][2]int{{0, 1}, {1, -1}, {maxSide + 1, 1}} {
		if f, err := p.Get("door", 1, side[0], side[1], time.Now()); f != nil || err == nil {
			t.Errorf("frame of %v: %v, %v", side, f, err)
		}
	}
	big, _ := p.Get("door", 1, 1000, 1000, time.Now())
	big.Release()
	small, _ := p.Get("door", 2, 10, 10, time.Now())
	if n := len(small.buf.data); n > 10000 {
		t.Errorf("a frame of 300 bytes keeps a buffer of %d", n)
	}
	p.Resize(1)
	if f, _ := p.Get("door", 3, 10, 10, time.Now()); f != nil {
		t.Error("a pool made smaller gives another frame")
	}
	p.Close()
	small.Pixels()[0] = 1 // held frames outlive the pool
	small.Release()
	if f, _ := p.Get("door", 4, 10, 10, time.Now()); f != nil {
		t.Error("a closed pool gives a frame")
	}
}

// Holders come and go in other goroutines. While one holds a frame, its pixels must not change.
func TestFrameContentUnderRace(t *testing.T) {
	p := NewPool(4, nil)
	defer p.Close()
	var latest atomic.Pointer[Frame]
	var wrong, reads atomic.Int64
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for i := range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				f := latest.Load()
				if f == nil || !f.TryRetain() {
					continue
				}
				want := byte(f.ID)
				if i == 0 && f.ID%97 == 0 {
					f.Retire()
				}
				for _, b := range f.Pixels() {
					if b != want {
						wrong.Add(1)
					}
				}
				reads.Add(1)
				f.Release()
			}
		})
	}
	for id := uint64(1); id <= 20000; id++ {
		f, err := p.Get("door", id, 16, 4, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if f == nil {
			continue
		}
		for i := range f.Pixels() {
			f.Pixels()[i] = byte(id)
		}
		if old := latest.Swap(f); old != nil {
			old.Release()
		}
	}
	close(stop)
	readers.Wait()
	latest.Load().Release()
	if wrong.Load() != 0 {
		t.Errorf("%d wrong bytes in %d reads", wrong.Load(), reads.Load())
	}
	if st := p.Stats(); st.Out != 0 || st.Retired != 0 {
		t.Errorf("%+v after all is given back", st)
	}
}

func TestFrameJPEG(t *testing.T) {
	var calls atomic.Int32
	p := NewPool(1, func(pix []byte, w, h, ow, oh int) ([]byte, error) {
		calls.Add(1)
		if ow == 1 {
			return nil, errors.New("too small")
		}
		return EncodeJPEG(pix, w, h, ow, oh)
	})
	defer p.Close()
	f, _ := p.Get("door", 7, 64, 32, time.Now())
	for i := 0; i < len(f.Pixels()); i += 3 {
		copy(f.Pixels()[i:], []byte{255, 0, 0}) // blue
	}
	var all sync.WaitGroup
	files := make([][]byte, 8)
	for i := range files {
		all.Go(func() { files[i], _ = f.JPEG(32) })
	}
	all.Wait()
	if n := calls.Load(); n != 1 {
		t.Errorf("encoded %d times for one width", n)
	}
	for _, data := range files {
		if len(data) == 0 || &data[0] != &files[0][0] {
			t.Fatal("callers of one width do not share the file")
		}
	}
	if _, err := f.JPEG(1); err == nil {
		t.Error("an encoder's error is lost")
	}
	full, err := f.JPEG(0)
	f.Release()
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[*[]byte][2]int{&files[0]: {32, 16}, &full: {64, 32}} {
		img, err := jpeg.Decode(bytes.NewReader(*file))
		if err != nil {
			t.Fatal(err)
		}
		r, g, b, _ := img.At(3, 3).RGBA()
		if img.Bounds().Dx() != want[0] || img.Bounds().Dy() != want[1] || r>>8 > 5 || g>>8 > 5 || b>>8 < 250 {
			t.Errorf("%v with a pixel %d %d %d, want %v of blue", img.Bounds(), r>>8, g>>8, b>>8, want)
		}
	}
}

// flat is a source whose frames cost nothing.
type flat struct{ n int }

func (s *flat) Grab() (Stamp, error)      { s.n++; return Stamp{Arrived: time.Now()}, nil }
func (s *flat) Retrieve(dst []byte) error { dst[0] = byte(s.n); return nil }
func (s *flat) Size() (int, int)          { return 64, 36 }
func (s *flat) Live() bool                { return true }
func (s *flat) Close() error              { return nil }

// steadyCamera returns a camera and a function that takes one frame through it, as its reader
// does.
func steadyCamera(tb testing.TB) func() {
	cfg := live()
	cfg.Name = "door"
	p := NewPool(2, nil)
	tb.Cleanup(p.Close)
	c := NewCamera(cfg, nil, p, (*Frame).Release, slog.New(slog.DiscardHandler))
	n, s := newConnection(), &session{src: &flat{}, live: true}
	ctx := context.Background()
	step := func() {
		if err := c.next(ctx, n, s); err != nil {
			tb.Fatal(err)
		}
	}
	step()
	return step
}

func TestPublishAllocatesTheFrameAlone(t *testing.T) {
	if n := testing.AllocsPerRun(1000, steadyCamera(t)); n != 1 {
		t.Errorf("%v allocations a frame, want 1", n)
	}
}

func BenchmarkPublish(b *testing.B) {
	step := steadyCamera(b)
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
}
