package runtime

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime/engine"
)

// ReasonPool means that a box was not processed because the camera's pool had no frame
// for it.
const ReasonPool detectors.Reason = "pool"

// handBoxes gives detectors of crops the frames in which boxes were found in the last
// step. A frame that its detector no longer holds is skipped.
func (p *pipeline) handBoxes() {
	for i := range p.in.Reports {
		r := &p.in.Reports[i]
		by := p.worker(r.Task)
		if r.Kind != engine.Done || r.Err != nil || r.Void || by == nil {
			continue
		}
		for _, w := range p.workers {
			if w.spec.CropsOf == "" || !slices.Contains(by.spec.Provides, w.spec.CropsOf) {
				continue
			}
			if f, ref := by.frame.share(); f != nil {
				w.boxes.put(framed{f, ref, p.engine.Boxes(w.task)})
			}
		}
	}
}

// crops processes the boxes of a frame, one after the other. It returns the combined
// result of all boxes, and the boxes with their attributes. err is the first failure.
// Attributes of boxes that failed, or for which no time was left, are unknown.
func (w *worker) crops(ctx context.Context, b framed) (sum []detectors.Reading, looked []detectors.Detection, err error) {
	sum = make([]detectors.Reading, len(w.spec.Provides))
	for i, name := range w.spec.Provides {
		sum[i].Signal = name
	}
	boxes := w.choose(b.boxes)
	looked = make([]detectors.Detection, len(boxes))
	var longest time.Duration
	failed := 0
	for i, d := range boxes {
		began := w.clock()
		looked[i] = detectors.Detection{Label: d.Label, Box: d.Box}
		var found []detectors.Reading
		problem := enough(ctx, longest)
		if problem == nil {
			found, problem = w.crop(ctx, b.frame, d.Box)
		}
		longest = max(longest, w.clock()-began)
		if problem != nil {
			if failed++; err == nil {
				err = problem
			}
			for _, name := range w.spec.Provides {
				looked[i].Attributes = append(looked[i].Attributes, detectors.Attribute{Name: name, Unknown: detectors.Errored})
			}
			continue
		}
		for k := range sum {
			looked[i].Attributes = append(looked[i].Attributes, attribute(found[k]))
			sum[k].Value += found[k].Value
			sum[k].Detections = append(sum[k].Detections, found[k].Detections...)
		}
	}
	if err != nil {
		err = &detectors.Error{Reason: detectors.ReasonOf(err), Err: fmt.Errorf("%d of %d boxes: %w", failed, len(boxes), err)}
	}
	return sum, looked, err
}

// choose returns the boxes to process: new ones first, then the least recently
// processed, and of these the ones that failed. One that always fails takes its turn.
func (w *worker) choose(boxes []detectors.Detection) []detectors.Detection {
	last := func(d *detectors.Detection) (expires time.Duration, known bool) {
		if a := d.Attribute(w.spec.Provides[0]); a != nil {
			return a.Expires, a.Unknown == detectors.Known
		}
		return 0, false
	}
	boxes = slices.Clone(boxes)
	slices.SortStableFunc(boxes, func(a, b detectors.Detection) int {
		x, good := last(&a)
		y, better := last(&b)
		return cmp.Or(cmp.Compare(x, y), order(good, better))
	})
	return boxes[:min(len(boxes), w.spec.MaxCrops)]
}

// enough returns an error if the time left is too short for another box, with a margin
// of a quarter: a process that is late is killed.
func enough(ctx context.Context, longest time.Duration) error {
	end, ok := ctx.Deadline()
	if ctx.Err() == nil && (!ok || time.Until(end) > longest+longest/4) {
		return nil
	}
	return &detectors.Error{Reason: detectors.ReasonTimeout, Err: fmt.Errorf("no time was left within its timeout: raise timeout, or lower max_crops")}
}

// crop processes one box. The readings are those of all signals, in order, in fractions
// of the whole frame.
func (w *worker) crop(ctx context.Context, frame *capture.Frame, box detectors.Box) ([]detectors.Reading, error) {
	x, width := pixels(box.X, box.W, frame.Width)
	y, height := pixels(box.Y, box.H, frame.Height)
	part, err := frame.Cut(x, y, width, height)
	if err != nil {
		return nil, err
	}
	if part == nil {
		return nil, &detectors.Error{Reason: ReasonPool, Err: fmt.Errorf("the camera's pool has no frame left for a box")}
	}
	defer part.Release()
	answer, err := detect(ctx, w.det, part)
	if err != nil {
		return nil, err
	}
	if err := w.collect(answer); err != nil {
		return nil, err
	}
	out := make([]detectors.Reading, len(w.spec.Provides))
	for i, name := range w.spec.Provides {
		out[i] = detectors.Reading{Signal: name, Value: w.answer.Values[i]}
		for _, d := range w.answer.Detections[i] {
			out[i].Detections = append(out[i].Detections, within(d, x, y, part, frame))
		}
	}
	return out, nil
}

// pixels returns the pixel range of one side of a box, with at least one pixel.
func pixels(at, size float64, side int) (first, n int) {
	first = min(max(int(math.Floor(at*float64(side))), 0), side-1)
	last := min(max(int(math.Ceil((at+size)*float64(side))), first+1), side)
	return first, last - first
}

// within converts a detection in a part of a frame to the whole frame.
func within(d detectors.Detection, x, y int, part, whole *capture.Frame) detectors.Detection {
	sx, sy := float64(part.Width)/float64(whole.Width), float64(part.Height)/float64(whole.Height)
	ox, oy := float64(x)/float64(whole.Width), float64(y)/float64(whole.Height)
	d.Box = detectors.Box{X: ox + d.Box.X*sx, Y: oy + d.Box.Y*sy, W: d.Box.W * sx, H: d.Box.H * sy}
	d.Keypoints = slices.Clone(d.Keypoints)
	for i := range d.Keypoints {
		k := &d.Keypoints[i]
		k.X, k.Y = ox+k.X*sx, oy+k.Y*sy
	}
	return d
}

// attribute converts a reading for one box to an attribute.
func attribute(r detectors.Reading) detectors.Attribute {
	a := detectors.Attribute{Name: r.Signal, Value: r.Value}
	for _, d := range r.Detections {
		if a.Label == "" || d.Score > a.Score {
			a.Label, a.Score = d.Label, d.Score
		}
	}
	return a
}
