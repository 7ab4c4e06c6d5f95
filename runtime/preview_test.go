package runtime

import (
	"testing"
	"time"

	"rvo-tui/capture"
)

func TestFrameIsTheNewestWithACountOfItsOwn(t *testing.T) {
	r := New(Options{Config: DefaultConfig()}, time.Now())
	p := newPipeline("door", r.epoch, r.slots, r.opts.Config, r.opts.Log)
	r.cameras = []*active{{pipeline: p}}
	if r.Frame("yard") != nil || r.Frame("door") != nil {
		t.Fatal("there is a frame before there is any")
	}
	pool := capture.NewPool(2, nil)
	defer pool.Close()
	f, err := pool.Get("door", 7, 4, 4, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p.seen.put(f, FrameRef{ID: 7})
	got := r.Frame("door")
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
