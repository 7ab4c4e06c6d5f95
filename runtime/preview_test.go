package runtime

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/runtime/engine"
)

func TestFrameIsTheNewestWithACountOfItsOwn(t *testing.T) {
	r := New(Options{Config: DefaultConfig()}, time.Now())
	p := newPipeline("door", r.epoch, r.slots, r.opts.Config, r.opts.Log)
	r.cameras = []*active{{pipeline: p}}
	if r.Frame("yard", 5) != nil || r.Frame("door", 5) != nil {
		t.Fatal("there is a frame before there is any")
	}
	pool := capture.NewPool(2, nil)
	defer pool.Close()
	f, err := pool.Get("door", 7, 4, 4, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p.seen.put(framed{frame: f, ref: engine.FrameRef{ID: 7}})
	got := r.Frame("door", 5)
	if got != f {
		t.Fatalf("got %v, want frame 7", got)
	}
	p.seen.close()
	if out := pool.Stats().Out; out != 1 {
		t.Errorf("%d frames are held, want the one that was asked for", out)
	}
	got.Release()
	if out := pool.Stats().Out; out != 0 {
		t.Errorf("%d frames are held after the release", out)
	}
}

func TestScaleKeepsColoursAndPlaces(t *testing.T) {
	pool := capture.NewPool(1, nil)
	defer pool.Close()
	for _, size := range [][2]int{{64, 32}, {7, 5}, {3, 2}} {
		f, err := pool.Get("door", 9, size[0], size[1], time.Now())
		if err != nil {
			t.Fatal(err)
		}
		pix := f.Pixels()
		for i := range pix { // left half red, right half blue; frames are BGR
			x := i / 3 % size[0]
			pix[i] = 0
			if i%3 == 2 && x < size[0]/2 || i%3 == 0 && x >= size[0]/2 {
				pix[i] = 200
			}
		}
		p := Scale(f, 10, 6)
		f.Release()
		if p.Frame != 9 || len(p.Pixels) != 10*6*3 {
			t.Fatalf("%v: frame %d, %d bytes", size, p.Frame, len(p.Pixels))
		}
		for y := range 6 {
			first, last := p.Pixels[y*30:y*30+3], p.Pixels[y*30+27:y*30+30]
			if first[0] != 200 || first[2] != 0 || last[0] != 0 || last[2] != 200 {
				t.Errorf("%v: row %d goes from %v to %v", size, y, first, last)
			}
		}
	}
}

// blank is a decoder whose frames are black.
type blank struct{}

func (blank) Decode(packets []*capture.Packet, _ bool) (capture.Decoded, error) {
	return capture.Decoded{Image: blankImage{}, Packet: packets[len(packets)-1], Frames: len(packets)}, nil
}

func (blank) Drain() (capture.Decoded, error) { return capture.Decoded{}, nil }
func (blank) Flush()                          {}
func (blank) Close()                          {}

type blankImage struct{}

func (blankImage) Size() (int, int)                     { return 64, 48 }
func (blankImage) Luma() (capture.Luma, bool)           { return capture.Luma{}, false }
func (blankImage) Convert([]byte, capture.Target) error { return nil }
func (blankImage) Free()                                {}

// Watched packets are not decoded, stills are decoded at the requested rate, and nothing is
// decoded once nobody watches.
func TestOnlyStillsAskForDecoding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := capture.DefaultConfig()
		cfg.Name, cfg.Source = "door", "rtsp://h/main"
		r := New(Options{
			Config: DefaultConfig(), Cameras: []capture.Config{cfg},
			Drivers: capture.Drivers{capture.KindRTSP: func(ctx context.Context, _ capture.Config, _ capture.Address) (capture.Connection, error) {
				return hose{ctx}, nil
			}},
			Decoders: func(*capture.Track, capture.Config) (capture.Decoder, error) { return blank{}, nil },
		}, time.Now())
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = r.Run(ctx) })
		defer wg.Wait()
		defer cancel()
		decoded := func(over time.Duration) uint64 {
			before := r.Snapshot().Cameras[0].Decoded
			time.Sleep(over)
			return r.Snapshot().Cameras[0].Decoded - before
		}
		time.Sleep(time.Second)
		v, leave, err := r.View("door", nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := decoded(10 * time.Second); n != 0 {
			t.Errorf("a live view makes the program decode %d frames", n)
		}
		leave()
		if n := r.camera("door").live.Lost(); n < 80 {
			t.Errorf("%d packets arrived in 10 s without a reader, want some 90", n)
		}
		if _, ok, _ := v.Next(); !ok {
			t.Error("nothing came")
		}
		if _, _, err := r.View("door", []string{"yard"}); !errors.Is(err, ErrNoCamera) {
			t.Errorf("view of an unknown camera: %v", err)
		}
		watching, stop := context.WithCancel(ctx)
		var shown []Still
		wg.Go(func() {
			err := r.Stills(watching, []string{"door"}, 32, 2, func(s Still) error { shown = append(shown, s); return nil })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("stills ended with %v", err)
			}
		})
		if n := decoded(10 * time.Second); n < 18 {
			t.Errorf("%d frames were decoded in 10 s for two a second", n)
		}
		stop()
		synctest.Wait()
		if len(shown) < 18 || len(shown) > 21 {
			t.Fatalf("%d stills in 10 s, want two a second", len(shown))
		}
		for i, s := range shown {
			if img, err := jpeg.DecodeConfig(bytes.NewReader(s.JPEG)); err != nil || img.Width != 32 || s.Width != 32 || s.Height != 24 {
				t.Fatalf("still %d: %v, %v", i, img, err)
			}
			if i > 0 && s.Frame <= shown[i-1].Frame {
				t.Errorf("frame %d follows %d", s.Frame, shown[i-1].Frame)
			}
		}
		time.Sleep(previewFor + time.Second) // and a GOP
		if n := decoded(10 * time.Second); n != 0 {
			t.Errorf("%d frames are decoded without a viewer", n)
		}
		if err := r.Stills(ctx, []string{"yard"}, 0, 1, nil); !errors.Is(err, ErrNoCamera) {
			t.Errorf("stills of an unknown camera: %v", err)
		}
	})
}
