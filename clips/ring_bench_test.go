package clips

import (
	"fmt"
	"testing"
	"time"

	"rvo-tui/capture"
)

// full is a ring that holds n frames as JPEG, one per step.
func full(n int) *Ring {
	cfg := DefaultConfig()
	ring := New(Options{Config: cfg, Epoch: time.Now()}).Ring("door", time.Hour)
	ring.keep.Store(int64(time.Duration(n-1) * cfg.step()))
	for i := range n {
		ring.keepJPEG(queued{}, uint64(i+1), ring.epoch.Add(time.Duration(i)*cfg.step()), make([]byte, 1), 64, 48)
	}
	return ring
}

// On the live path, a ring neither allocates nor waits, even if the encoder is behind and the
// frame is not taken.
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

// BenchmarkRingInsert inserts a frame into a full ring, which drops the oldest one.
func BenchmarkRingInsert(b *testing.B) {
	for _, n := range []int{300, 3000} {
		b.Run(fmt.Sprintf("frames=%d", n), func(b *testing.B) {
			ring := full(n)
			defer ring.Close()
			jpeg := make([]byte, 1)
			b.ReportAllocs()
			for i := n; b.Loop(); i++ {
				ring.keepJPEG(queued{}, uint64(i+1), ring.epoch.Add(time.Duration(i)*ring.cfg.step()), jpeg, 64, 48)
			}
			if got := len(ring.samples); got != n {
				b.Errorf("%d frames are remembered, want %d", got, n)
			}
		})
	}
}

// BenchmarkOfferPacket offers a packet of video at 30 per second, with a key frame every second.
func BenchmarkOfferPacket(b *testing.B) {
	ring := New(Options{Config: DefaultConfig(), Epoch: time.Now()}).Ring("door", 3*time.Second)
	defer ring.Close()
	track := &capture.Track{Video: true, Codec: capture.H264}
	packets := make([]capture.Packet, 3000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p := &packets[i%len(packets)]
		at := time.Duration(i) * time.Second / 30
		*p = capture.Packet{Track: track, Data: make([]byte, 1), PTS: at, DTS: at, Captured: ring.epoch.Add(at), Key: i%30 == 0}
		ring.OfferPacket(p)
	}
}

// BenchmarkRingCut cuts a clip of ten seconds out of a ring of 300 frames: it copies the list,
// not the frames.
func BenchmarkRingCut(b *testing.B) {
	ring := full(300)
	defer ring.Close()
	end := 299 * ring.cfg.step()
	b.ReportAllocs()
	var got cut
	for b.Loop() {
		got = ring.finish(&clip{start: end - 10*time.Second, end: end, confirm: []uint64{290}})
	}
	if want := min(300, int(10*time.Second/ring.cfg.step())+1); len(got.samples) != want {
		b.Errorf("the clip has %d frames, want %d", len(got.samples), want)
	}
}
