package rtsp

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
)

// Two streams of one camera report the same capture time for the same moment, though one encoder
// is slower.
func TestTwoStreamsShareAClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera := new(capture.Clock)
		start := time.Now()
		open := func(late time.Duration) *source {
			f := newFake(t)
			f.play = func(c *fakeConn) {
				for i := 0; c.wait(time.Until(start.Add(time.Duration(i)*40*ms + late))); i++ {
					at := time.Duration(i) * 40 * ms
					if i%50 == 0 {
						c.report(1, 50*time.Hour+at, uint32(i*3600))
					}
					c.rtp(uint16(i), uint32(i*3600), true, nal(i%25 == 0, byte(i)))
				}
			}
			cfg, addr := config("rtsp://cam/")
			cfg.Clock = camera
			s, err := f.openWith(t.Context(), cfg, addr, Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return s
		}
		streams := []*source{open(0), open(120 * ms)}
		packets := make([][]*capture.Packet, 2)
		var both sync.WaitGroup
		for i, s := range streams {
			both.Go(func() { packets[i] = read(t, s, 100) })
		}
		both.Wait()
		for i, a := range packets[0] {
			b := packets[1][i]
			if apart := b.Captured.Sub(a.Captured); i > 0 && (apart.Abs() > 2*ms || b.Lag > 2*ms) {
				t.Fatalf("frame %d: captured %v apart, lag %v", i, apart, b.Lag)
			}
		}
	})
}
