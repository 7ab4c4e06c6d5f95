package live

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime/engine"
)

// sender offers the packets of a camera: 25 frames per second in GOPs of a given length.
type sender struct {
	to    *Hub
	track *capture.Track
	gop   uint64
	size  int
	id    uint64
}

func newSender(to *Hub, gop uint64, size int) *sender {
	return &sender{to: to, track: &capture.Track{Video: true, Codec: capture.H264}, gop: gop, size: size}
}

func (s *sender) send(n int) {
	for range n {
		now := time.Now()
		s.to.OfferPacket(&capture.Packet{ID: s.id + 1, Track: s.track, Data: make([]byte, s.size), Arrived: now, Captured: now, Key: s.id%s.gop == 0})
		s.id++
	}
}

// join adds a viewer.
func join(t *testing.T, l *Hub) *Viewer {
	t.Helper()
	v := NewViewer()
	if !l.add(viewing{v, true}) {
		t.Fatal("the camera has ended")
	}
	return v
}

// reader reads what a viewer gets, and checks that a decoder can use all of it.
type reader struct {
	t     *testing.T
	v     *Viewer
	last  uint64
	begun bool
	got   uint64
	lost  Lost
}

// take takes up to n packets and returns how many there were.
func (r *reader) take(n int) int {
	r.t.Helper()
	for i := range n {
		m, ok, _ := r.v.Next()
		for ok && m.Packet == nil {
			if l := m.Lost; l != nil {
				r.lost.Frames += l.Frames
				r.lost.GOPs += l.GOPs
				r.begun = false
			}
			m, ok, _ = r.v.Next()
		}
		if !ok {
			return i
		}
		p := m.Packet
		switch {
		case !r.begun && !p.Key:
			r.t.Fatalf("packet %d is no key frame and follows a gap", p.ID)
		case r.begun && p.ID != r.last+1:
			r.t.Fatalf("packet %d follows %d without a gap message", p.ID, r.last)
		}
		r.begun, r.last = true, p.ID
		r.got++
	}
	return n
}

func TestViewerBeginsAtTheLastKeyFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewHub("door")
		s := newSender(l, 10, 100)
		s.send(27)
		r := &reader{t: t, v: join(t, l)}
		s.send(1)
		if n := r.take(100); n != 8 || r.last != 28 {
			t.Errorf("%d packets up to %d, want 8 from 21 to 28", n, r.last)
		}
		time.Sleep(staleGOP)
		if n := (&reader{t: t, v: join(t, l)}).take(1); n != 0 {
			t.Error("a viewer begins with what a camera sent that is down")
		}
	})
}

// A viewer that is too slow loses everything up to a key frame, with each packet counted.
func TestSlowViewerLosesWholeGOPs(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			l := NewHub("door")
			s := newSender(l, 1+rnd.Uint64N(60), 1+rnd.IntN(300<<10))
			r := &reader{t: t, v: join(t, l)}
			for range 500 {
				s.send(1)
				time.Sleep(40 * time.Millisecond)
				if rnd.IntN(60) == 0 {
					r.take(rnd.IntN(60))
				}
				if r.v.bytes > maxBytes || len(r.v.queue) > Limit {
					t.Fatalf("%d bytes wait in %d entries", r.v.bytes, len(r.v.queue))
				}
			}
			for r.take(1000) > 0 {
			}
			lost := r.lost.Frames + r.v.lost.Frames
			if r.got+lost != s.id || lost == 0 || r.lost.GOPs+r.v.lost.GOPs == 0 || l.lost.Load() != lost {
				t.Errorf("seed %d: %d packets came and %d were lost (%d counted) of %d", seed, r.got, lost, l.lost.Load(), s.id)
			}
		})
	}
}

// A viewer that keeps up loses nothing, however long a GOP is.
func TestQuickViewerLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewHub("door")
		s := newSender(l, 300, 1000)
		r := &reader{t: t, v: join(t, l)}
		for range 1000 {
			s.send(1)
			r.take(10)
			time.Sleep(40 * time.Millisecond)
		}
		if r.got != 1000 || l.lost.Load() != 0 {
			t.Errorf("%d packets came, %d were lost", r.got, l.lost.Load())
		}
	})
}

func TestViewerWaitsForTheKeyFrameOfANewConnection(t *testing.T) {
	l := NewHub("door")
	s := newSender(l, 10, 100)
	s.send(15)
	v := join(t, l)
	s.track = &capture.Track{Video: true, Codec: capture.H264}
	s.send(10) // 16 to 20 are the end of a GOP whose beginning is lost
	for want := uint64(11); want <= 25; want++ {
		if want == 16 {
			want = 21
		}
		if m, ok, _ := v.Next(); !ok || m.Packet.ID != want {
			t.Fatalf("got %+v, want packet %d", m, want)
		}
	}
}

func TestViewerGetsResults(t *testing.T) {
	l := NewHub("door")
	epoch := time.Now()
	answer := engine.Answer{Values: []float64{2, math.NaN()}, Detections: [][]detectors.Detection{{{Label: "person"}}, nil}}
	give := func(id uint64) {
		l.OfferResult("people", []string{"person_count", "crowd"}, engine.FrameRef{ID: id, Captured: time.Second}, epoch, &answer)
	}
	give(1) // without viewers
	v := join(t, l)
	give(2)
	answer.Values[0] = 0 // the worker uses it again
	m, ok, _ := v.Next()
	if !ok || m.Camera != "door" || m.Result.Frame != 2 || !m.Result.Captured.Equal(epoch.Add(time.Second)) ||
		m.Result.Signals[0].Value != 2 || m.Result.Signals[0].Detections[0].Label != "person" {
		t.Fatalf("got %+v", m.Result)
	}
	text, err := json.Marshal(m.Result)
	if want := `{"detector":"people","signals":[{"signal":"person_count","value":2,"detections":[{"label":"person","score":0,"box":{"x":0,"y":0,"w":0,"h":0}}]},` +
		`{"signal":"crowd","value":null,"detections":[]}]}`; err != nil || string(text) != want {
		t.Errorf("the result reads\n%s, want\n%s", text, want)
	}
	var read Result
	if err := json.Unmarshal(text, &read); err != nil || read.Signals[0].Value != 2 || !math.IsNaN(read.Signals[1].Value) {
		t.Errorf("it is read as %+v, %v", read, err)
	}
	for range Limit + 10 {
		give(3)
	}
	if n := len(v.queue); n != Limit || v.lost.Results != 10 {
		t.Errorf("%d results wait, %d are counted as lost", n, v.lost.Results)
	}
	newSender(l, 5, 10).send(500)
	if n := len(v.queue); n != Limit || v.lost != (Lost{Frames: 500, GOPs: 100, Results: 10}) {
		t.Errorf("%d entries wait, %+v are counted as lost", n, v.lost)
	}
	l.remove(v)
	give(4)
	if v.lost.Results != 10 || l.watched.Load() {
		t.Error("a viewer that has left gets results")
	}
}

func TestViewerEndsWithItsCamera(t *testing.T) {
	l := NewHub("door")
	v := join(t, l)
	newSender(l, 10, 1).send(1)
	l.Close()
	<-v.Ready()
	if m, ok, _ := v.Next(); !ok || m.Packet == nil {
		t.Error("what came before the end is gone")
	}
	if _, ok, ended := v.Next(); ok || !ended {
		t.Error("the view continues after the camera")
	}
	if v.Watch(l, true) {
		t.Error("an ended camera can be watched")
	}
}

// BenchmarkOfferPacketWatched is the cost of a packet for the live path.
func BenchmarkOfferPacketWatched(b *testing.B) {
	for _, viewers := range []int{0, 1, 8} {
		b.Run(string(rune('0'+viewers)), func(b *testing.B) {
			l := NewHub("door")
			var all []*Viewer
			for range viewers {
				v := NewViewer()
				l.add(viewing{v, true})
				all = append(all, v)
			}
			track := &capture.Track{Video: true, Codec: capture.H264}
			p := &capture.Packet{Track: track, Data: make([]byte, 1)}
			key := &capture.Packet{Track: track, Data: make([]byte, 1), Key: true}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%50 == 0 {
					l.OfferPacket(key)
					continue
				}
				l.OfferPacket(p)
				for _, v := range all {
					v.Next()
				}
			}
		})
	}
}
