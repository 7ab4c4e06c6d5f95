package clips

import (
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/rules"
)

func BenchmarkOffer(b *testing.B) {
	pool := capture.NewPool(16, nil)
	defer pool.Close()
	epoch := time.Now()
	ring := New(Options{Config: DefaultConfig(), Epoch: epoch}).Ring("door", time.Second)
	f := takeFrame(b, pool, 1, 64, 48, epoch)
	defer f.Release()
	for b.Loop() {
		f.Captured = f.Captured.Add(time.Second / 30)
		ring.Offer(f)
	}
	b.StopTimer()
	ring.Close()
}

func BenchmarkSave(b *testing.B) {
	rec := New(Options{Config: DefaultConfig(), Epoch: time.Now()})
	defer rec.Ring("door", time.Second).Close()
	for b.Loop() {
		_ = rec.Save(Job{Event: rules.Event{Camera: "door"}}) // full after 16: that is the path of a storm
	}
}
