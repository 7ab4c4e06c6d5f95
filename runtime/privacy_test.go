package runtime

import (
	"bytes"
	"context"
	"image/jpeg"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
	"rvo-tui/detectors"
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
