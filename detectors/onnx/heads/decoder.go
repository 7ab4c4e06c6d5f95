package heads

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
)

// Options says which detections of a model count.
type Options struct {
	Threshold float64  // the smallest score
	NMS       float64  // the overlap from which two boxes of a class are one
	Classes   []string // labels that count; empty: all
}

// Decoder decodes the outputs of one model. It belongs to one goroutine.
type Decoder struct {
	head      *Head
	threshold float32
	nms       float32
	want      []bool // by class; nil: all

	// Of the call under way; reused by the next one.
	found  []candidate
	best   []float32
	class  []int32
	points func(at int32) []detectors.Keypoint // in pixels of the input
	merged bool                                // no two boxes mean the same thing
	whole  bool                                // what was found is the whole frame

	logits bool // a classifier has shown scores that are no probabilities
}

// Decoder returns a decoder of the head. An error names a label that the model
// does not have.
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
			return nil, fmt.Errorf("what the classes of the model are called is not known, and so not which is %q: set labels or labels_file", text.Clean(label))
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

// UnknownLabel is the error for a label that the model does not have.
func UnknownLabel(label string, labels []string) error {
	problem := fmt.Sprintf("%q is not a label of the model", text.Clean(label))
	if near := text.DidYouMean(label, labels); near != "" {
		return errors.New(problem + near)
	}
	return fmt.Errorf("%s; there are %q", problem, labels[:min(len(labels), 10)])
}

// Decode returns what is in the outputs of one image, highest score first; nil:
// nothing. The outputs are as many and in the order of those that the head was
// chosen by. The placement is that of the frame in the input.
func (d *Decoder) Decode(out []Tensor, at Placement) ([]detectors.Detection, error) {
	if len(out) != d.head.outputs {
		return nil, fmt.Errorf("the model answered with %d outputs in place of %d: export it again", len(out), d.head.outputs)
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

// ErrNaN says that outputs hold numbers that are not finite.
var ErrNaN = errors.New("the model answered with numbers that are not finite: check scale, mean and the model")

func errScore(score float32) error {
	if !finite(score) {
		return ErrNaN
	}
	return fmt.Errorf("the model gave a score of %g, and scores are 0 to 1: set format, correct scale and mean, or export the model with its last step", score)
}

func errShape(out Tensor) error {
	return fmt.Errorf("output %v has changed its shape: export the model with fixed sizes", out)
}

func finite(v float32) bool { return v-v == 0 }

// scoreSlack is how far above 1 rounding can bring a score.
const scoreSlack = 1.001

// add takes a candidate whose score is high enough.
func (d *Decoder) add(c candidate) error {
	if c.score > scoreSlack || !finite(c.score) {
		return errScore(c.score)
	}
	switch n := len(d.head.Labels); {
	case c.class < 0 || c.class >= maxLabels:
		return fmt.Errorf("the model answered with the class %d: set format", c.class)
	case n > 0 && int(c.class) >= n:
		return fmt.Errorf("the model answered with the class %d, and there are %d labels: give all labels, in the order of the model", c.class, n)
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

// classOf returns a class that a model writes as a number.
func classOf(v float32) (int32, error) {
	if v < 0 || v >= maxLabels || float32(int32(v)) != v {
		return 0, fmt.Errorf("the model answered with the class %g: set format, or export the model again", v)
	}
	return int32(v), nil
}

// detections wants candidates by falling score.
func (d *Decoder) detections(found []candidate, at Placement) ([]detectors.Detection, error) {
	list := make([]detectors.Detection, 0, len(found))
	for _, c := range found {
		box, ok := detectors.Box{W: 1, H: 1}, true
		if !d.whole {
			// What is in the margin alone is not in the frame.
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
