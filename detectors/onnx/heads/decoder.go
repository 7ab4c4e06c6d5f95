package heads

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
)

// Options select the detections of a model to keep.
type Options struct {
	Threshold float64  // minimum score
	NMS       float64  // minimum overlap at which boxes of the same class are merged
	Classes   []string // labels to keep; empty: all
}

// Decoder decodes the outputs of one model. It belongs to one goroutine.
type Decoder struct {
	head      *Head
	threshold float32
	nms       float32
	want      []bool // by class; nil: all

	// State of the current call; reused by the next one.
	found  []candidate
	best   []float32
	class  []int32
	points func(at int32) []detectors.Keypoint // in pixels of the input
	merged bool                                // boxes are already deduplicated
	whole  bool                                // the result applies to the whole frame

	logits bool // a classifier has returned scores that are not probabilities
}

// Decoder returns a decoder for the head. It fails for a label that the model does not
// have.
func (h *Head) Decoder(opts Options) (*Decoder, error) {
	d := &Decoder{head: h, threshold: float32(opts.Threshold), nms: float32(opts.NMS)}
	if len(opts.Classes) == 0 {
		return d, nil
	}
	labels := h.Labels
	if len(labels) == 0 {
		for i := range h.Classes {
			labels = append(labels, unnamed(i))
		}
	}
	for _, label := range opts.Classes {
		if len(labels) == 0 {
			return nil, fmt.Errorf("the model's class names are unknown, so %q cannot be found: set labels or labels_file", text.Clean(label))
		}
		if !slices.Contains(labels, label) {
			return nil, UnknownLabel(label, labels)
		}
	}
	d.want = make([]bool, len(labels))
	for i, label := range labels {
		d.want[i] = slices.Contains(opts.Classes, label)
	}
	return d, nil
}

// UnknownLabel returns the error for a label that the model does not have.
func UnknownLabel(label string, labels []string) error {
	problem := fmt.Sprintf("%q is not a label of the model", text.Clean(label))
	if near := text.DidYouMean(label, labels); near != "" {
		return errors.New(problem + near)
	}
	return fmt.Errorf("%s; it has %q", problem, labels[:min(len(labels), 10)])
}

// Decode returns the detections in the outputs of one image, highest score first; nil
// if there are none. The outputs must have the number and order of those used to choose
// the head. at is the placement of the frame in the input.
func (d *Decoder) Decode(out []Tensor, at Placement) ([]detectors.Detection, error) {
	if len(out) != d.head.outputs {
		return nil, fmt.Errorf("the model returned %d outputs instead of %d: export it again", len(out), d.head.outputs)
	}
	for _, t := range out {
		if err := t.check(); err != nil {
			return nil, err
		}
	}
	d.found, d.points, d.merged, d.whole = d.found[:0], nil, false, false
	if err := d.head.decode(d, out); err != nil {
		return nil, err
	}
	limit := d.nms
	if d.merged {
		limit = 1
	}
	return d.detections(suppress(d.found, limit), at)
}

// ErrNaN means that outputs contain numbers that are not finite.
var ErrNaN = errors.New("the model returned numbers that are not finite: check scale, mean and the model")

func errScore(score float32) error {
	if !finite(score) {
		return ErrNaN
	}
	return fmt.Errorf("the model returned a score of %g, but scores are 0 to 1: set format, correct scale and mean, or export the model with its final activation", score)
}

func errShape(out Tensor) error {
	return fmt.Errorf("output %v changed its shape: export the model with fixed sizes", out)
}

func finite(v float32) bool { return v-v == 0 }

// scoreSlack is the maximum score that rounding can produce.
const scoreSlack = 1.001

// add adds a candidate if its score is high enough.
func (d *Decoder) add(c candidate) error {
	if c.score > scoreSlack || !finite(c.score) {
		return errScore(c.score)
	}
	switch n := len(d.head.Labels); {
	case c.class < 0 || c.class >= maxLabels:
		return fmt.Errorf("the model returned class %d: set format", c.class)
	case n > 0 && int(c.class) >= n:
		return fmt.Errorf("the model returned class %d, but there are %d labels: give all labels, in the order of the model", c.class, n)
	}
	if d.want != nil && (int(c.class) >= len(d.want) || !d.want[c.class]) {
		return nil
	}
	if !finite(c.left + c.top + c.right + c.bottom + c.angle) {
		return ErrNaN
	}
	d.found = append(d.found, c)
	return nil
}

// classOf converts a class that a model returns as a number.
func classOf(v float32) (int32, error) {
	if v < 0 || v >= maxLabels || float32(int32(v)) != v {
		return 0, fmt.Errorf("the model returned class %g: set format, or export the model again", v)
	}
	return int32(v), nil
}

// detections converts candidates, which must be sorted by descending score.
func (d *Decoder) detections(found []candidate, at Placement) ([]detectors.Detection, error) {
	list := make([]detectors.Detection, 0, len(found))
	for _, c := range found {
		box, ok := detectors.Box{W: 1, H: 1}, true
		if !d.whole {
			// Boxes entirely in the margin are not in the frame.
			box, ok = at.box(float64(c.left), float64(c.top), float64(c.right), float64(c.bottom))
		}
		if !ok {
			continue
		}
		found := detectors.Detection{Label: d.label(c.class), Score: min(float64(c.score), 1), Box: box, Angle: at.angle(float64(c.angle))}
		if d.points != nil {
			found.Keypoints = d.points(c.at)
			for i, p := range found.Keypoints {
				p.X, p.Y = at.point(p.X, p.Y)
				if sum := p.X + p.Y + p.Score; sum-sum != 0 {
					return nil, ErrNaN
				}
				found.Keypoints[i] = p
			}
		}
		list = append(list, found)
	}
	if len(list) == 0 {
		return nil, nil
	}
	return list, nil
}

func (d *Decoder) label(class int32) string {
	if int(class) < len(d.head.Labels) && d.head.Labels[class] != "" {
		return d.head.Labels[class]
	}
	return unnamed(int(class))
}

func unnamed(class int) string { return "class_" + strconv.Itoa(class) }
