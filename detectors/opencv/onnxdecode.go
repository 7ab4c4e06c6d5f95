package opencv

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"rvo-tui/detectors"
)

// The forms of output that can be read.
const (
	formatYOLOv5   = "yolov5"         // [1, n, 5+classes]: centre, size, certainty, scores
	formatYOLOv8   = "yolov8"         // [1, 4+classes, n]: centre, size, scores
	formatSSD      = "ssd"            // [1, 1, n, 7]: picture, class, score, corners 0..1
	formatClassify = "classification" // [1, classes]
)

var formats = []string{formatYOLOv5, formatYOLOv8, formatSSD, formatClassify}

// maxOutput is how many numbers one output can have.
const maxOutput = 1 << 24

// tensor is one output of a model. The numbers may be another's memory.
type tensor struct {
	shape []int
	data  []float32
}

// check reports a shape that does not go with its data.
func (t tensor) check() error {
	n := 1
	for _, d := range t.shape {
		if d < 1 || d > maxOutput || n > maxOutput/d {
			return fmt.Errorf("the model's output has the shape %v: at most %d numbers can be read", t.shape, maxOutput)
		}
		n *= d
	}
	if n != len(t.data) || len(t.shape) == 0 {
		return fmt.Errorf("the model's output has the shape %v and %d numbers: export it again", t.shape, len(t.data))
	}
	return nil
}

// decoder turns outputs into detections. It belongs to one goroutine.
type decoder struct {
	format    string
	labels    []string
	want      []bool // by class; nil: all
	threshold float32
	nms       float32
	width     float32 // of the input
	height    float32

	// Reused from call to call.
	best  []float32
	class []int32
	found []candidate
	soft  []float32
}

// formatOf returns the form of an output: the one that is asked for, if the
// shape fits it, else the only one that it can be. Labels is how many there are,
// 0 where that is not known.
func formatOf(asked string, shape []int, labels int) (format string, classes int, err error) {
	var fits []string
	for _, f := range formats {
		if classesOf(f, shape) > 0 {
			fits = append(fits, f)
		}
	}
	switch {
	case asked != "":
		if !slices.Contains(fits, asked) {
			return "", 0, fmt.Errorf("the model's output has the shape %v, which is not %s: leave format out, or export the model anew", shape, formOf(asked))
		}
		fits = []string{asked}
	case len(shape) == 3:
		fits = slices.DeleteFunc(fits, func(f string) bool { return !likely(f, shape, labels) })
	}
	switch len(fits) {
	case 0:
		return "", 0, fmt.Errorf("the model's output has the shape %v, which is of no known format: give a model with an output of YOLO, SSD or a classifier", shape)
	case 1:
		return fits[0], classesOf(fits[0], shape), nil
	}
	return "", 0, fmt.Errorf("the model's output has the shape %v, which can be %q or %q: set format", shape, fits[0], fits[1])
}

// likely tells the two forms of YOLO apart: by how many classes there are, and
// where that is not known, by there being more boxes than numbers for each.
func likely(format string, shape []int, labels int) bool {
	if labels > 0 {
		as5, as8 := classesOf(formatYOLOv5, shape) == labels, classesOf(formatYOLOv8, shape) == labels
		if as5 != as8 {
			return as5 == (format == formatYOLOv5)
		}
	}
	if shape[1] == shape[2] {
		return true
	}
	return (shape[1] > shape[2]) == (format == formatYOLOv5)
}

// classesOf returns how many classes an output has in a form, 0 if it does not
// fit. Of SSD, which does not tell, it is maxLabels.
func classesOf(format string, shape []int) int {
	n := len(shape)
	if n < 2 || n > 4 || shape[0] != 1 {
		return 0
	}
	switch {
	case format == formatYOLOv5 && n == 3:
		return max(shape[2]-5, 0)
	case format == formatYOLOv8 && n == 3:
		return max(shape[1]-4, 0)
	case format == formatSSD && n == 4 && shape[1] == 1 && shape[3] == 7:
		return maxLabels
	case format == formatClassify && (n == 2 || n == 4 && shape[2] == 1 && shape[3] == 1) && shape[1] > 1:
		return shape[1]
	}
	return 0
}

func formOf(format string) string {
	switch format {
	case formatYOLOv5:
		return "[1, boxes, 5 + classes] as yolov5 has it"
	case formatYOLOv8:
		return "[1, 4 + classes, boxes] as yolov8 has it"
	case formatSSD:
		return "[1, 1, boxes, 7] as ssd has it"
	}
	return "[1, classes] as classification has it"
}

// decode returns what is in an output that fits the format, highest score first.
// The placement is that of the picture in the input. Nil: nothing is.
func (d *decoder) decode(out tensor, p *placement) ([]detectors.Detection, error) {
	if err := out.check(); err != nil {
		return nil, err
	}
	if classesOf(d.format, out.shape) == 0 {
		return nil, fmt.Errorf("the model's output changed its shape to %v: export it with fixed sizes", out.shape)
	}
	d.found = d.found[:0]
	var err error
	switch d.format {
	case formatYOLOv5:
		err = d.yolov5(out)
	case formatYOLOv8:
		err = d.yolov8(out)
	case formatSSD:
		err = d.ssd(out)
	default:
		return d.classify(out)
	}
	if err != nil {
		return nil, err
	}
	return d.detections(suppress(d.found, d.nms), p), nil
}

var errNaN = errors.New("the model answered with numbers that are none: check scale, mean and the model")

func errScore(score float32) error {
	if score-score != 0 {
		return errNaN
	}
	return fmt.Errorf("the model gave a score of %g, and scores are 0 to 1: set format, correct scale and mean, or export the model with its last step", score)
}

func (d *decoder) wanted(class int32) bool {
	return d.want == nil || int(class) < len(d.want) && d.want[class]
}

// add takes a candidate whose score is high enough.
func (d *decoder) add(c candidate) error {
	if c.score > 1.001 || c.score-c.score != 0 {
		return errScore(c.score)
	}
	if !d.wanted(c.class) {
		return nil
	}
	if sum := c.left + c.top + c.right + c.bottom; sum-sum != 0 {
		return errNaN
	}
	c.at = int32(len(d.found))
	d.found = append(d.found, c)
	return nil
}

// around makes a candidate of a centre and a size.
func around(x, y, w, h, score float32, class int32) candidate {
	return candidate{left: x - w/2, top: y - h/2, right: x + w/2, bottom: y + h/2, score: score, class: class}
}

func (d *decoder) yolov5(out tensor) error {
	size := out.shape[2]
	for row := out.data; len(row) >= size; row = row[size:] {
		if sure := row[4]; !(sure >= d.threshold) {
			if sure != sure {
				return errNaN
			}
			continue
		}
		best, class := float32(-1), int32(0)
		for i, score := range row[5:size] {
			if score > best {
				best, class = score, int32(i)
			} else if score != score {
				return errNaN
			}
		}
		if best > 1.001 {
			return errScore(best)
		}
		if score := best * row[4]; score >= d.threshold {
			if err := d.add(around(row[0], row[1], row[2], row[3], score, class)); err != nil {
				return err
			}
		}
	}
	return nil
}

// yolov8 goes through the output as it lies in memory, class after class.
func (d *decoder) yolov8(out tensor) error {
	n := out.shape[2]
	row := func(i int) []float32 { return out.data[i*n : (i+1)*n] }
	d.best = append(d.best[:0], row(4)...)
	d.class = slices.Grow(d.class[:0], n)[:n]
	clear(d.class)
	for _, score := range d.best {
		if score != score {
			return errNaN
		}
	}
	for c := 1; c < out.shape[1]-4; c++ {
		best, class := d.best, d.class
		for i, score := range row(c + 4) {
			if score <= best[i] {
				continue // as nearly all do; what is no number does not
			}
			if score != score {
				return errNaN
			}
			best[i], class[i] = score, int32(c)
		}
	}
	x, y, w, h := row(0), row(1), row(2), row(3)
	for i, score := range d.best {
		if score >= d.threshold {
			if err := d.add(around(x[i], y[i], w[i], h[i], score, d.class[i])); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *decoder) ssd(out tensor) error {
	for row := out.data; len(row) >= 7; row = row[7:] {
		picture, class, score := row[0], row[1], row[2]
		if picture < 0 {
			break // the end of the list
		}
		switch {
		case class != class || score != score || picture != picture:
			return errNaN
		case score < d.threshold:
			continue
		case class < 0 || class >= maxLabels || float32(int32(class)) != class:
			return fmt.Errorf("the model answered with the class %g: give a model whose output is picture, class, score and four corners", class)
		}
		c := candidate{
			left: row[3] * d.width, top: row[4] * d.height, right: row[5] * d.width, bottom: row[6] * d.height,
			score: score, class: int32(class),
		}
		if err := d.add(c); err != nil {
			return err
		}
	}
	return nil
}

// classify has one answer for the whole picture.
func (d *decoder) classify(out tensor) ([]detectors.Detection, error) {
	scores := d.probabilities(out.data)
	if scores == nil {
		return nil, errNaN
	}
	for i, score := range scores {
		if score >= d.threshold && d.wanted(int32(i)) {
			d.found = append(d.found, candidate{score: score, class: int32(i), at: int32(i)})
		}
	}
	slices.SortFunc(d.found, byScore)
	found := d.found[:min(len(d.found), maxDetections)]
	if len(found) == 0 {
		return nil, nil
	}
	list := make([]detectors.Detection, len(found))
	for i, c := range found {
		list[i] = detectors.Detection{Label: d.label(c.class), Score: score64(c.score), Box: detectors.Box{W: 1, H: 1}}
	}
	return list, nil
}

// probabilities returns scores that are 0 to 1 as they are, and others through
// softmax, as models leave out that step. Nil: one is no number.
func (d *decoder) probabilities(raw []float32) []float32 {
	low, high := float32(math.Inf(1)), float32(math.Inf(-1))
	for _, v := range raw {
		if v-v != 0 {
			return nil
		}
		low, high = min(low, v), max(high, v)
	}
	if low >= 0 && high <= 1.001 {
		return raw
	}
	d.soft = slices.Grow(d.soft[:0], len(raw))[:len(raw)]
	sum := 0.0
	for i, v := range raw {
		e := math.Exp(float64(v) - float64(high))
		d.soft[i] = float32(e)
		sum += e
	}
	for i := range d.soft {
		d.soft[i] = float32(float64(d.soft[i]) / sum)
	}
	return d.soft
}

// detections wants candidates by falling score.
func (d *decoder) detections(found []candidate, p *placement) []detectors.Detection {
	if len(found) == 0 {
		return nil
	}
	list := make([]detectors.Detection, 0, len(found))
	for _, c := range found {
		// What is in the margin alone is not in the picture.
		if box, ok := p.box(float64(c.left), float64(c.top), float64(c.right), float64(c.bottom)); ok {
			list = append(list, detectors.Detection{Label: d.label(c.class), Score: score64(c.score), Box: box})
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list
}

func (d *decoder) label(class int32) string {
	if int(class) < len(d.labels) && d.labels[class] != "" {
		return d.labels[class]
	}
	return "class_" + strconv.Itoa(int(class))
}

func score64(score float32) float64 { return min(float64(score), 1) }
