package heads

import "math"

// imageNet is the input normalization of most models pretrained on ImageNet.
var imageNet = Input{
	Fit:   FitStretch,
	Mean:  [3]float64{123.675, 116.28, 103.53},
	Scale: [3]float64{1 / 58.395, 1 / 57.12, 1 / 57.375},
}

const (
	detrLogits = 92 // DETR as published: 91 labels and "no object"
	shapeDETR  = "scores [1, boxes, classes + 1] and boxes [1, boxes, 4] in fractions of the input"
	shapeRT    = "[1, boxes, 4 + classes], [1, boxes, 6] with score and class, or scores [1, boxes, classes] and boxes [1, boxes, 4], in fractions of the input"
)

func detrForms() []form {
	return []form{
		{"detr", "DETR", shapeDETR, imageNet, matchDETR},
		{"rt-detr", "RT-DETR", shapeRT, Input{Fit: FitStretch}, matchRTDETR},
	}
}

// pair returns the outputs with scores and boxes of the same queries.
func (m *Model) pair() (scores, boxes int) {
	if len(m.Outputs) != 2 {
		return -1, -1
	}
	for i, out := range m.Outputs {
		other := m.Outputs[1-i]
		if out.is(1, -1, 4) && other.is(1, out.Shape[1], -1) && other.last() > 0 && m.inParts(out) {
			return 1 - i, i
		}
	}
	return -1, -1
}

func matchDETR(m *Model, asked bool) *match {
	scores, boxes := m.pair()
	if scores < 0 || m.Outputs[scores].last() < 2 {
		return nil
	}
	size := m.Outputs[scores].last()
	fit := &match{classes: size - 1}
	if len(m.Labels) == 0 && !asked {
		switch size {
		case detrLogits:
		case cocoSize:
			return nil
		default:
			fit.unsure = countOf(size-1) + " and one for no object"
		}
	}
	fit.decode = func(d *Decoder, out []Tensor) error {
		if !out[scores].is(1, -1, size) || !out[boxes].is(1, out[scores].Shape[1], 4) {
			return errShape(out[scores])
		}
		return d.queries(out[boxes].Data, 4, out[scores].Data, size, 0, func(logits []float32) (int32, float32, error) {
			class, best, err := highest(logits[:size-1])
			if err != nil {
				return 0, 0, err
			}
			highest, sum := max(best, logits[size-1]), 0.0
			for _, v := range logits {
				sum += math.Exp(float64(v - highest))
			}
			return class, float32(math.Exp(float64(best-highest)) / sum), nil
		})
	}
	return fit
}

func matchRTDETR(m *Model, asked bool) *match {
	if scores, boxes := m.pair(); scores >= 0 {
		size := m.Outputs[scores].last()
		fit := &match{classes: size, decode: func(d *Decoder, out []Tensor) error {
			if !out[scores].is(1, -1, size) || !out[boxes].is(1, out[scores].Shape[1], 4) {
				return errShape(out[scores])
			}
			return d.queries(out[boxes].Data, 4, out[scores].Data, size, 0, func(logits []float32) (int32, float32, error) {
				class, best, err := highest(logits)
				return class, float32(1 / (1 + math.Exp(-float64(best)))), err
			})
		}}
		if len(m.Labels) == 0 && !asked {
			switch size {
			case cocoSize:
			case detrLogits:
				return nil
			default:
				fit.unsure = countOf(size)
			}
		}
		return fit
	}
	at := m.find(func(t Tensor) bool { return t.is(1, -1, -1) && t.last() > 4 && t.Shape[1] <= maxRows })
	if at < 0 || !m.inParts(m.Outputs[at]) {
		return nil
	}
	if m.chosen(m.Outputs[at]) {
		return &match{detail: "end-to-end", decode: func(d *Decoder, out []Tensor) error {
			if !out[at].is(1, -1, 6) {
				return errShape(out[at])
			}
			return d.queries(out[at].Data, 6, out[at].Data, 6, 4, func(v []float32) (int32, float32, error) {
				class, err := classOf(v[1])
				return class, v[0], err
			})
		}}
	}
	size := m.Outputs[at].last()
	if task := m.Meta["task"]; !asked && (task != "" && task != taskDetect || len(m.Labels) == 0 && size != 4+cocoSize) {
		return nil
	}
	return &match{classes: size - 4, decode: func(d *Decoder, out []Tensor) error {
		if !out[at].is(1, -1, size) {
			return errShape(out[at])
		}
		return d.queries(out[at].Data, size, out[at].Data, size, 4, highest)
	}}
}

// chosen reports whether rows end with one score and a class, which is a whole number,
// rather than with two scores.
func (m *Model) chosen(out Tensor) bool {
	if out.last() != 6 {
		return false
	}
	for i := 5; i < len(out.Data); i += 6 {
		if _, err := classOf(out.Data[i]); err != nil {
			return false
		}
	}
	return true
}

// queries reads rows of boxes, as centre and size in fractions of the input, and rows
// of scores, from which best returns the class and its score.
func (d *Decoder) queries(boxes []float32, boxSize int, scores []float32, size, scoresAt int, best func([]float32) (int32, float32, error)) error {
	d.merged = true
	for i := range len(scores) / size {
		class, score, err := best(scores[i*size+scoresAt : (i+1)*size])
		if err != nil {
			return err
		}
		if !(score >= d.threshold) {
			if score != score {
				return ErrNaN
			}
			continue
		}
		b := boxes[i*boxSize:]
		w, h := d.head.width, d.head.height
		if err := d.add(around(b[0]*w, b[1]*h, b[2]*w, b[3]*h, score, class, int32(i))); err != nil {
			return err
		}
	}
	return nil
}
