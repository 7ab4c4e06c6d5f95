package rtsp

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"
)

// RTP times that jump, wrap and go back leave no gaps in presentation times.
func TestTimesThatJump(t *testing.T) {
	for name, stamp := range map[string]func(i int) uint32{
		"single frames by hours": func(i int) uint32 {
			if i%20 == 19 {
				return uint32(i*3600) + 7200*90000
			}
			return uint32(i * 3600)
		},
		"by hours, and stay": func(i int) uint32 { return uint32(i*3600) + uint32(i/20)*3600*90000 },
		"back by a minute":   func(i int) uint32 { return uint32(i*3600) - uint32(i/20)*60*90000 },
		"wrap":               func(i int) uint32 { return uint32(i*3600) - 30*3600 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.play = func(c *fakeConn) {
					for i := 0; c.wait(40 * ms); i++ {
						c.rtp(uint16(i), stamp(i), true, nal(i%25 == 0, byte(i)))
					}
				}
				s := f.mustOpen("rtsp://cam/")
				for i := range 200 {
					p := read(t, s, 1)[0]
					if want := time.Duration(i) * 40 * ms; p.PTS != want || time.Since(p.Captured) > ms {
						t.Fatalf("packet %d: PTS %v, want %v; captured %v ago", i, p.PTS, want, time.Since(p.Captured))
					}
				}
			})
		})
	}
}

// A camera whose timestamps stand still, from the start or for a while, is timed by arrival.
func TestTimesThatStandStill(t *testing.T) {
	for name, stamp := range map[string]func(i int) uint32{
		"always":      func(int) uint32 { return 90000 },
		"for a while": func(i int) uint32 { return uint32(min(i, 100)+max(i-250, 0)) * 3600 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.play = func(c *fakeConn) {
					for i := 0; c.wait(40 * ms); i++ {
						c.rtp(uint16(i), stamp(i), true, nal(i%25 == 0, byte(i)))
					}
				}
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				s, err := f.open(ctx, "rtsp://cam/")
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				began, last := time.Now(), time.Duration(0)
				for i := range 300 {
					p := read(t, s, 1)[0]
					if gap := p.PTS - last; i > 4 && (gap < 0 || gap > 1100*ms) || time.Since(p.Captured) > 1100*ms {
						t.Fatalf("packet %d: %v after the one before, captured %v ago", i, gap, time.Since(p.Captured))
					}
					last = p.PTS
				}
				if took := time.Since(began); took > 16*time.Second {
					t.Errorf("300 frames took %v, want 12 to 14s", took)
				}
			})
		})
	}
}

// A camera that restarts its sequence numbers, but keeps its SSRC, goes on.
func TestSequenceThatStartsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.play = func(c *fakeConn) {
			for i := 0; c.wait(40 * ms); i++ {
				c.rtp(uint16(i%1000), uint32(i*3600), true, nal(i%25 == 0, byte(i)))
			}
		}
		s := f.mustOpen("rtsp://cam/")
		last := time.Duration(0)
		for range 1500 {
			p := read(t, s, 1)[0]
			if p.PTS-last > time.Second {
				t.Fatalf("no frame from %v to %v", last, p.PTS)
			}
			last = p.PTS
		}
	})
}

// Packets that arrive twice, in any order, do not look like a restart.
func TestRepeatedPacketsAreDropped(t *testing.T) {
	var got []uint16
	s := sequencer{hold: true, emit: func(p *rtp.Packet, _ time.Time, gap bool) {
		if got = append(got, p.SequenceNumber); gap {
			t.Errorf("packet %d comes after a gap", p.SequenceNumber)
		}
	}}
	push := func(n int) { s.push(&rtp.Packet{Header: rtp.Header{SequenceNumber: uint16(n)}}, time.Time{}) }
	for i := range 1000 {
		push(i)
		switch {
		case i%50 == 49:
			for again := i - 3; again <= i; again++ {
				push(again)
			}
		case i == 480: // a burst that comes on two paths
			for again := i - 40; again <= i; again++ {
				push(again)
			}
		case i > 5 && i%3 == 0:
			push(i - 5)
		}
	}
	if len(got) != 1000 || s.lost != 0 {
		t.Errorf("%d packets, %d lost", len(got), s.lost)
	}
}

func TestLossIsMarked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.play = func(c *fakeConn) {
			seq := uint16(65530)
			for i := 0; c.wait(40 * ms); i++ {
				for part := range 4 { // four slices a frame
					seq++
					lost := i == 5 && part == 2 || i == 8 && part == 3 || i == 12
					if !lost {
						c.rtp(seq, uint32(i*3600), part == 3, nal(i == 0, byte(i)))
					}
				}
			}
		}
		s := f.mustOpen("rtsp://cam/")
		for range 30 {
			p := read(t, s, 1)[0]
			i := int(p.PTS / (40 * ms))
			// Frame 9 shows that the end of 8 was lost, frame 13 that 12 was.
			want := i == 5 || i == 8 || i == 9 || i == 13
			if p.Damaged != want {
				t.Errorf("frame %d: damaged %v", i, p.Damaged)
			}
		}
		if lost := s.Stats().Lost; lost != 6 {
			t.Errorf("%d packets lost, want 6", lost)
		}
	})
}
