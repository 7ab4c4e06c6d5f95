// Command road is a model service of the demo: whether something drives on the road
// of the drawn street. It learns how each camera's road looks when nothing moves.
package main

import (
	"context"
	"log"
	"sync"

	detectv1 "rvo-tui/proto/rvo/detect/v1"
	rvo "rvo-tui/sdk/go"
)

// The road in the frame, between the pavements.
const top, bottom = 0.54, 0.68

// roads knows the brightness of each pixel of the road, by camera.
type roads struct {
	mu      sync.Mutex // guards learned
	learned map[string][]float64
}

// find returns the first and the last column in which something is, and whether
// something is there.
func (r *roads) find(camera string, frame []byte, width, height int) (from, to int, found bool) {
	first, last := int(top*float64(height)), int(bottom*float64(height))
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.learned[camera]
	fresh := len(known) != (last-first)*width
	if fresh {
		known = make([]float64, (last-first)*width)
		r.learned[camera] = known
	}
	for x := range width {
		changed := 0
		for y := first; y < last; y++ {
			i, seen := (y-first)*width+x, float64(frame[(y*width+x)*3+1])
			if fresh {
				known[i] = seen
			}
			difference := seen - known[i]
			known[i] += 0.02 * difference
			if difference > 25 || difference < -25 {
				changed++
			}
		}
		if 5*changed < 2*(last-first) {
			continue
		}
		if !found {
			from, found = x, true
		}
		to = x
	}
	return from, to, found && to-from > width/16
}

func (r *roads) detect(_ context.Context, q *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
	width := int(q.GetWidth())
	out := &detectv1.SignalOut{SignalType: "road"}
	if from, to, found := r.find(q.GetCamera(), q.GetFrameBgr(), width, int(q.GetHeight())); found {
		out.Value = 1
		box := &detectv1.Box{X: float32(from) / float32(width), Y: top, W: float32(to-from+1) / float32(width), H: bottom - top}
		out.Detections = []*detectv1.Detection{{Label: "car", Score: 1, Box: box}}
	}
	return &detectv1.DetectResponse{Model: "road 1", Signals: []*detectv1.SignalOut{out}}, nil
}

func main() {
	r := roads{learned: map[string][]float64{}}
	if err := rvo.Serve(context.Background(), "", r.detect); err != nil {
		log.Fatal(err)
	}
}
