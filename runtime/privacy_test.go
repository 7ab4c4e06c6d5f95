package runtime

import (
	"bytes"
	"context"
	"image/jpeg"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
	"rvo-tui/detectors"
	"rvo-tui/runtime/engine"
)

// A synthetic camera, and what pages and packet sinks get from it.
func TestPrivateZonesAreBlack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera := capture.DefaultConfig()
		camera.Name, camera.Source, camera.Width, camera.Height = "door", "synthetic:street", 160, 90
		setup := Setup{Cameras: []capture.Config{camera}}
		hidden := setup
		hidden.Zones = []detectors.Zone{{Name: "window", Rect: []float64{0, 0, 0.5, 1}, Privacy: true}}
		r := New(Options{
			Config: DefaultConfig(), Cameras: setup.Cameras, Zones: hidden.Zones,
			Drivers: capture.Drivers{capture.KindSynthetic: capture.Opens(synthetic.Open)},
		}, time.Now())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		<-r.Started()
		look := func() (left, right bool) { // whether something is seen there
			s, err := r.Still(ctx, "door", 0)
			if err != nil {
				t.Fatal(err)
			}
			img, err := jpeg.Decode(bytes.NewReader(s.JPEG))
			if err != nil {
				t.Fatal(err)
			}
			for y := range 90 {
				for x := range 160 {
					red, green, blue, _ := img.At(x, y).RGBA()
					seen := red+green+blue > 3*0x2000
					left, right = left || seen && x < 72, right || seen && x > 88
				}
			}
			return left, right
		}
		if left, right := look(); left || !right {
			t.Errorf("left %v, right %v: the private half must be black, the other one not", left, right)
		}
		if got := r.camera("door").private.Load().zones(); len(got) != 1 || got[0] != "window" {
			t.Errorf("the private zones are %v", got)
		}
		reload := func(next Setup) {
			if err := r.Do(ctx, Command{Do: Reload, Setup: &next}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second) // in the bubble: a new frame arrives
		}
		reload(setup)
		if left, _ := look(); !left {
			t.Error("it is black without a private zone, too")
		}
		reload(hidden)
		if left, _ := look(); left {
			t.Error("a zone that a reload makes private is seen")
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// The camera's packets show everything, so nobody gets them.
func TestPrivateCamerasKeepTheirPackets(t *testing.T) {
	r := New(Options{Config: DefaultConfig()}, time.Now())
	p := newPipeline("door", r.epoch, r.slots, r.opts.Config, r.opts.Log)
	p.camera = capture.NewCamera(capture.DefaultConfig(), nil, nil, nil, r.opts.Log)
	r.cameras = []*active{{pipeline: p}}
	packet := &capture.Packet{Track: &capture.Track{Video: true, Codec: capture.H264}, Key: true, Data: []byte{1}, Arrived: time.Now()}
	p.OfferPacket(packet)
	p.conceal([]detectors.Zone{{Name: "window", Rect: []float64{0, 0, 0.5, 1}, Privacy: true}})
	view, leave, err := r.View("door", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	p.OfferPacket(packet)
	if _, ok, _ := view.Next(); ok {
		t.Error("a viewer gets packets of a camera with a private zone")
	}
	if p.sink() != nil {
		t.Error("the second stream is kept")
	}
	p.conceal(nil)
	p.OfferPacket(packet)
	if _, ok, _ := view.Next(); !ok {
		t.Error("without private zones a viewer gets nothing")
	}
}

// A frame from before a privacy zone, which a detector still holds, is not evidence of an
// event.
func TestEvidenceIsFromAfterAPrivateZone(t *testing.T) {
	p := newPipeline("door", time.Now(), NewSlots(1, "deadline"), DefaultConfig(), slog.New(slog.DiscardHandler))
	p.camera = capture.NewCamera(capture.DefaultConfig(), nil, nil, nil, p.log)
	pool := capture.NewPool(4, nil)
	defer pool.Close()
	w := newWorker(1, spec("a", 10), p, nil)
	p.workers = []*worker{w}
	hold := func(id uint64) bool {
		f, err := pool.Get("door", id, 4, 3, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		w.frame.put(framed{frame: f, ref: engine.FrameRef{ID: id, Seen: p.clock()}})
		by := p.evidence(id)
		if by.frame != nil {
			by.frame.Release()
		}
		return by.frame != nil
	}
	defer w.frame.close()
	if !hold(1) {
		t.Fatal("without private zones the frame is not there")
	}
	p.conceal([]detectors.Zone{{Name: "window", Rect: []float64{0, 0, 0.5, 1}, Privacy: true}})
	if by := p.evidence(1); by.frame != nil {
		by.frame.Release()
		t.Error("the frame shows what has become private")
	}
	if !hold(2) {
		t.Error("a frame from after that is not there")
	}
}
