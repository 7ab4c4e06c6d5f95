package runtime_test

import (
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/runtime/testkit"
)

func TestSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, testkit.Setup{
			Cameras:   []*testkit.Camera{{Name: "door"}},
			Detectors: []*testkit.Detector{testkit.NewDetector("a", testkit.Always(1))},
		})
		slow, cancelSlow := p.Subscribe()
		fast, cancelFast := p.Subscribe()
		gone, cancelGone := p.Subscribe()
		defer cancelFast()
		fastN := 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range fast {
				fastN++
			}
		}()
		p.Until(550 * ms)
		cancelGone()
		cancelGone()
		<-gone // it may hold one from before
		p.Until(5050 * ms)
		select {
		case s := <-gone:
			t.Errorf("a snapshot came after the subscription was cancelled: %v", s.Uptime)
		default:
		}
		s := <-slow
		// The view in it was published at most one period before.
		if id := s.Cameras[0].FrameID; s.Uptime != 5*time.Second || id < 49 || id > 50 {
			t.Errorf("the slow reader got the snapshot of %v with frame %d, want that of 5s with frame 49 or 50", s.Uptime, id)
		}
		select {
		case s := <-slow:
			t.Errorf("a second snapshot waits, of %v", s.Uptime)
		default:
		}
		p.Until(6055 * ms)
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		<-done
		// One every 100 ms, and the one at the end.
		if fastN != 61 {
			t.Errorf("the fast reader got %d snapshots in 6 s, want 61", fastN)
		}
		last, open := <-slow
		if !open || last.Uptime != 6055*ms || last.Cameras[0].Seen != 61 {
			t.Errorf("the last snapshot is %+v", last)
		}
		if _, open := <-slow; open {
			t.Error("the subscription is open after the end")
		}
		cancelSlow()
		late, cancel := p.Subscribe()
		defer cancel()
		if _, open := <-late; open {
			t.Error("a subscription to a runtime that has stopped is open")
		}
	})
}
