package heads

import (
	"math"

	"rvo-tui/detectors"
)

const shapeEnd = "[1, boxes, 6 + extras]: corners, score and class of each box"

func endToEndForms() []form {
	of := func(name, title, task string) form {
		return form{name, title, shapeEnd, letterbox, func(m *Model, asked bool) *match { return matchEnd(m, task, asked) }}
	}
	return []form{
		of("yolo-end2end", "YOLO, end-to-end", taskDetect),
		of("yolo-end2end-pose", "YOLO, end-to-end, pose", taskPose),
		of("yolo-end2end-seg", "YOLO, end-to-end, segmentation as boxes", taskSegment),
		of("yolo-end2end-obb", "YOLO, end-to-end, oriented boxes", taskOBB),
	}
}

// maxRows is the maximum number of rows of a model that selects its boxes itself.
const maxRows = 5000

func matchEnd(m *Model, task string, asked bool) *match {
	told := m.Meta["end2end"] == "True"
	extras := m.extras(task)
	at := m.find(func(t Tensor) bool {
		return t.is(1, -1, 6+extras) && (told || asked || t.Shape[1] <= maxRows && !m.raw(t.Shape[1], 1) && !m.raw(t.Shape[1], 3))
	})
	if at < 0 || task == taskSegment && extras == 0 {
		return nil
	}
	if named := m.Meta["task"]; named != "" && named != task && !asked {
		return nil
	}
	if m.inParts(m.Outputs[at]) && !asked {
		return nil
	}
	fit := &match{decode: endToEnd{at: at, extras: extras, task: task}.withPoints(m).decode}
	if m.Meta["task"] == "" && (task == taskPose || task == taskOBB) {
		fit.unsure = "1 class" + with(task)
	}
	return fit
}

// inParts reports whether boxes are in fractions of the input. Rows of zeros say
// nothing.
func (m *Model) inParts(out Tensor) bool {
	size, most := out.last(), float32(0)
	for i := 0; i+size <= len(out.Data); i += size {
		for _, v := range out.Data[i : i+4] {
			most = max(most, v)
		}
	}
	return most > 0 && most <= 1.5
}

// endToEnd reads [1, boxes, 6+extras]: corners, score, class, and what the task adds.
// Oriented boxes have centre and size instead of corners.
type endToEnd struct {
	at, extras   int
	points, size int // of keypoints
	task         string
}

func (e endToEnd) withPoints(m *Model) endToEnd {
	e.points, e.size = m.keypoints()
	return e
}

func (e endToEnd) decode(d *Decoder, outputs []Tensor) error {
	out := outputs[e.at]
	if !out.is(1, -1, 6+e.extras) {
		return errShape(out)
	}
	d.merged = true
	size := out.last()
	row := func(i int32) []float32 { return out.Data[int(i)*size : (int(i)+1)*size] }
	if e.task == taskPose {
		d.points = func(at int32) []detectors.Keypoint {
			return keypoints(e.points, e.size, func(i int) float32 { return row(at)[6+i] })
		}
	}
	for i := range int32(out.Shape[1]) {
		r := row(i)
		if !(r[4] >= d.threshold) {
			if r[4] != r[4] {
				return ErrNaN
			}
			continue
		}
		class, err := classOf(r[5])
		if err != nil {
			return err
		}
		c := candidate{left: r[0], top: r[1], right: r[2], bottom: r[3], score: r[4], class: class, at: i}
		if e.task == taskOBB {
			c = rotated(around(r[0], r[1], r[2], r[3], r[4], class, i), r[6])
		}
		if err := d.add(c); err != nil {
			return err
		}
	}
	return nil
}

// rotated returns the upright box around a rotated one.
func rotated(c candidate, angle float32) candidate {
	sin, cos := math.Sincos(float64(angle))
	s, k := float32(math.Abs(sin)), float32(math.Abs(cos))
	w, h := c.right-c.left, c.bottom-c.top
	c = around((c.left+c.right)/2, (c.top+c.bottom)/2, w*k+h*s, w*s+h*k, c.score, c.class, c.at)
	c.angle = angle
	return c
}
