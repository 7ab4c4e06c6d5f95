package clips

import (
	"fmt"
	"testing"
	"time"

	"rvo-tui/capture"
)

// full is a ring that remembers n pictures, one each step.
func full(n int) *Ring {
	cfg := DefaultConfig()
	ring := New(Options{Config: cfg, Epoch: time.Now()}).Ring("door", time.Hour)
	ring.keep.Store(int64(time.Duration(n-1) * ring.step))
	for i := range n {
		ring.insert(picture{id: uint64(i + 1), ts: time.Duration(i) * ring.step, jpeg: make([]byte, 1)})
	}
	return ring
}

// What a ring does on the live path neither allocates nor waits, and that also
// when the encoder is behind and it takes no frame.
func TestOfferAllocatesNothing(t *testing.T) {
	pool := capture.NewPool(16, nil)
	defer pool.Close()
	epoch := time.Now()
	ring := New(Options{Config: DefaultConfig(), Epoch: epoch}).Ring("door", time.Second)
	f := takeFrame(t, pool, 1, 64, 48, epoch)
	defer f.Release()
	if n := testing.AllocsPerRun(1000, func() {
		f.Captured = f.Captured.Add(time.Second / 30)
		ring.Offer(f)
	}); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
	if ring.skipped.Load() == 0 {
		t.Error("the ring took every frame: this measured only one of the two ways")
	}
	ring.Close()
	for q := range ring.queue {
		q.frame.Release()
	}
}

// BenchmarkRingInsert is a picture into a ring that is full, so that the oldest
// one goes.
func BenchmarkRingInsert(b *testing.B) {
	for _, n := range []int{300, 3000} {
		b.Run(fmt.Sprintf("pictures=%d", n), func(b *testing.B) {
			ring := full(n)
			defer ring.Close()
			jpeg := make([]byte, 1)
			b.ReportAllocs()
			for i := n; b.Loop(); i++ {
				ring.insert(picture{id: uint64(i + 1), ts: time.Duration(i) * ring.step, jpeg: jpeg})
			}
			if got := len(ring.pictures); got != n {
				b.Errorf("%d pictures are remembered, want %d", got, n)
			}
		})
	}
}

// BenchmarkRingCut is what a clip of ten seconds takes out of a ring of 300
// pictures: not the pictures, but the list of them.
func BenchmarkRingCut(b *testing.B) {
	ring := full(300)
	defer ring.Close()
	end := 299 * ring.step
	b.ReportAllocs()
	var got []picture
	for b.Loop() {
		got, _ = ring.cut(end-10*time.Second, end, []uint64{290})
	}
	if want := min(300, int(10*time.Second/ring.step)+1); len(got) != want {
		b.Errorf("the clip has %d pictures, want %d", len(got), want)
	}
}
