package heads

import (
	"fmt"
	"slices"
	"strings"

	"rvo-tui/detectors"
)

// yoloGrey is the margin value that YOLO models are trained with.
const yoloGrey = 114

var letterbox = Input{Fit: FitLetterbox, Fill: yoloGrey}

// Shapes of YOLO's outputs, for display.
const (
	shapeV8  = "[1, 4 + classes + extras, boxes] with as many boxes as a raw head has for its input"
	shapeV5  = "[1, boxes, 5 + classes] with three boxes for each cell"
	shapeYX  = "[1, boxes, 5 + classes] with one box for each cell"
	cocoSize = 80
)

func yoloForms() []form {
	v8 := func(name, title, task string) form {
		return form{name, title, shapeV8, letterbox, func(m *Model, asked bool) *match { return matchV8(m, task, asked) }}
	}
	return []form{
		v8("yolov8", "YOLO, raw", taskDetect),
		v8("yolov8-pose", "YOLO, raw, pose", taskPose),
		v8("yolov8-seg", "YOLO, raw, segmentation as boxes", taskSegment),
		v8("yolov8-obb", "YOLO, raw, oriented boxes", taskOBB),
		{"yolov5", "YOLOv5, raw", shapeV5, letterbox, matchV5},
		{"yolox", "YOLOX", shapeYX, Input{Fit: FitTopLeft, Fill: yoloGrey, BGR: true, Scale: [3]float64{1, 1, 1}}, matchYOLOX},
	}
}

// Task names in Ultralytics models.
const (
	taskDetect   = "detect"
	taskPose     = "pose"
	taskSegment  = "segment"
	taskOBB      = "obb"
	taskClassify = "classify"
)

// rawCounts returns the possible numbers of cells of a raw head for the input: strides
// 8 to 32, optionally with a finer or a coarser level.
func (m *Model) rawCounts() []int {
	at := func(stride int) int { return ((m.Width + stride - 1) / stride) * ((m.Height + stride - 1) / stride) }
	usual := at(8) + at(16) + at(32)
	return []int{usual, usual + at(64), usual + at(4), at(16) + at(32)}
}

// raw reports whether a raw head can have this number of boxes, with each boxes per
// cell.
func (m *Model) raw(boxes, each int) bool {
	return boxes > 0 && boxes%each == 0 && slices.Contains(m.rawCounts(), boxes/each)
}

// masks returns the number of mask prototypes of the model; 0: none.
func (m *Model) masks() int {
	for _, out := range m.Outputs {
		if out.is(1, -1, m.Height/4, m.Width/4) {
			return out.Shape[1]
		}
	}
	return 0
}

// keypoints returns the number of keypoints of a box, and the number of values of each.
func (m *Model) keypoints() (count, size int) {
	text := strings.Trim(m.Meta["kpt_shape"], "[]() ")
	if n, err := fmt.Sscanf(text, "%d, %d", &count, &size); err == nil && n == 2 && count > 0 && count < 1000 && (size == 2 || size == 3) {
		return count, size
	}
	return 17, 3
}

// find returns the index of the first output that fits.
func (m *Model) find(fits func(Tensor) bool) int { return slices.IndexFunc(m.Outputs, fits) }

// extras returns how many values a task adds to the box and classes.
func (m *Model) extras(task string) int {
	switch task {
	case taskPose:
		count, size := m.keypoints()
		return count * size
	case taskSegment:
		return m.masks()
	case taskOBB:
		return 1
	}
	return 0
}

func matchV8(m *Model, task string, asked bool) *match {
	at := m.find(func(t Tensor) bool { return t.is(1, -1, -1) && m.raw(t.Shape[2], 1) && t.Shape[1] > 4 })
	if at < 0 {
		return nil
	}
	extras := m.extras(task)
	classes := m.Outputs[at].Shape[1] - 4 - extras
	if classes < 1 || task == taskSegment && extras == 0 {
		return nil
	}
	head := v8{at: at, classes: classes, extras: extras, task: task}
	head.points, head.size = m.keypoints()
	fit := &match{classes: classes, decode: head.decode}
	if told := m.Meta["task"]; told != "" {
		if told != task && !asked {
			return nil
		}
		return fit
	}
	masks := m.masks() > 0
	switch {
	case asked:
	case masks:
		if task != taskSegment {
			return nil
		}
	case task == taskPose && m.Outputs[at].Shape[1] != 4+1+extras && len(m.Labels) == 0:
		return nil // practically impossible: several classes with keypoints
	case len(m.Labels) > 0:
	case m.Outputs[at].Shape[1] == 4+cocoSize:
		if task != taskDetect {
			return nil
		}
	default:
		fit.unsure = countOf(classes) + with(task)
	}
	return fit
}

func with(task string) string {
	switch task {
	case taskPose:
		return " with keypoints"
	case taskOBB:
		return " with an angle"
	}
	return ""
}

// countOf formats a number of classes.
func countOf(n int) string {
	if n == 1 {
		return "1 class"
	}
	return fmt.Sprintf("%d classes", n)
}

// v8 reads [1, 4+classes+extras, boxes]: centre, size, a score for each class, then
// keypoints, mask coefficients or an angle.
type v8 struct {
	at, classes, extras int
	points, size        int // of keypoints
	task                string
}

// decode reads the output in memory order, class by class.
func (v v8) decode(d *Decoder, outputs []Tensor) error {
	out := outputs[v.at]
	if !out.is(1, -1, -1) || out.Shape[1] != 4+v.classes+v.extras {
		return errShape(out)
	}
	n := out.Shape[2]
	row := func(i int) []float32 { return out.Data[i*n : (i+1)*n] }
	if err := d.bestOf(v.classes, n, func(class int) []float32 { return row(4 + class) }); err != nil {
		return err
	}
	x, y, w, h := row(0), row(1), row(2), row(3)
	var angle []float32
	switch v.task {
	case taskOBB:
		angle = row(4 + v.classes)
	case taskPose:
		d.points = func(at int32) []detectors.Keypoint {
			return keypoints(v.points, v.size, func(i int) float32 { return row(4 + v.classes + i)[at] })
		}
	}
	for i, score := range d.best {
		if score >= d.threshold {
			c := around(x[i], y[i], w[i], h[i], score, d.class[i], int32(i))
			if angle != nil {
				c = rotated(c, angle[i])
			}
			if err := d.add(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// bestOf sets, for each of n boxes, the class with the highest score.
func (d *Decoder) bestOf(classes, n int, row func(class int) []float32) error {
	d.best = append(d.best[:0], row(0)...)
	d.class = slices.Grow(d.class[:0], n)[:n]
	clear(d.class)
	for _, score := range d.best {
		if score != score {
			return ErrNaN
		}
	}
	for c := 1; c < classes; c++ {
		best, class := d.best, d.class
		for i, score := range row(c) {
			if score <= best[i] {
				continue // as for almost all boxes; also for NaN
			}
			if score != score {
				return ErrNaN
			}
			best[i], class[i] = score, int32(c)
		}
	}
	return nil
}

// keypoints reads count points of size values each: position and, if there are three, a
// score.
func keypoints(count, size int, number func(i int) float32) []detectors.Keypoint {
	list := make([]detectors.Keypoint, count)
	for i := range list {
		list[i] = detectors.Keypoint{X: float64(number(i * size)), Y: float64(number(i*size + 1)), Score: 1}
		if size > 2 {
			list[i].Score = float64(number(i*size + 2))
		}
	}
	return list
}

func matchV5(m *Model, asked bool) *match {
	at := m.find(func(t Tensor) bool { return t.is(1, -1, -1) && m.raw(t.Shape[1], 3) && t.Shape[2] > 5 })
	if at < 0 {
		return nil
	}
	size := m.Outputs[at].last()
	classes := size - 5 - m.masks()
	if classes < 1 {
		return nil
	}
	return &match{classes: classes, decode: func(d *Decoder, outputs []Tensor) error {
		out := outputs[at]
		if !out.is(1, -1, size) {
			return errShape(out)
		}
		return d.sureRows(out, classes, func(_ int, row []float32) (x, y, w, h float32) { return row[0], row[1], row[2], row[3] })
	}}
}

// sureRows reads rows of a box, an objectness score, and a score for each class.
func (d *Decoder) sureRows(out Tensor, classes int, box func(i int, row []float32) (x, y, w, h float32)) error {
	size := out.last()
	for i := 0; (i+1)*size <= len(out.Data); i++ {
		row := out.Data[i*size : (i+1)*size]
		sure := row[4]
		if !(sure >= d.threshold) {
			if sure != sure {
				return ErrNaN
			}
			continue
		}
		class, best, err := highest(row[5 : 5+classes])
		if err != nil {
			return err
		}
		if best > scoreSlack {
			return errScore(best)
		}
		if score := best * sure; score >= d.threshold {
			x, y, w, h := box(i, row)
			if err := d.add(around(x, y, w, h, score, class, int32(i))); err != nil {
				return err
			}
		}
	}
	return nil
}

// highest returns the class with the highest score.
func highest(scores []float32) (class int32, best float32, err error) {
	best = scores[0]
	for i, score := range scores {
		if score != score {
			return 0, 0, ErrNaN
		}
		if score > best {
			best, class = score, int32(i)
		}
	}
	return class, best, nil
}
