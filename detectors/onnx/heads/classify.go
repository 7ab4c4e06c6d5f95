package heads

import (
	"math"
)

func classification() form {
	return form{
		"classification", "classifier", "[1, classes] of floating-point numbers",
		Input{Fit: FitCrop},
		func(m *Model, asked bool) *match {
			if task := m.Meta["task"]; task != "" && task != taskClassify && !asked {
				return nil
			}
			at := m.find(isScores)
			if at < 0 || len(m.Outputs) > 1 && !asked && m.Meta["task"] != taskClassify {
				return nil
			}
			n := len(m.Outputs[at].Data)
			fit := &match{classes: n, detail: "softmax within"}
			_, probable := probabilities(m.Outputs[at].Data)
			if !probable {
				fit.detail = "softmax here"
			}
			fit.decode = func(d *Decoder, out []Tensor) error {
				if !isScores(out[at]) || len(out[at].Data) != n {
					return errShape(out[at])
				}
				return d.classify(out[at].Data, !probable)
			}
			return fit
		},
	}
}

func isScores(t Tensor) bool {
	return !t.Integer && (t.is(1, -1) || t.is(1, -1, 1, 1)) && t.Shape[1] > 1
}

// classify decodes one result for the whole frame.
func (d *Decoder) classify(raw []float32, logits bool) error {
	ok, probable := probabilities(raw)
	if !ok {
		return ErrNaN
	}
	// A result outside 0..1 shows that all of them are logits.
	d.logits = d.logits || logits || !probable
	d.best = append(d.best[:0], raw...)
	if d.logits {
		softmax(d.best)
	}
	d.merged, d.whole = true, true
	for i, score := range d.best {
		if score >= d.threshold {
			if err := d.add(candidate{score: score, class: int32(i), at: int32(i)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// probabilities reports whether all numbers are finite, and whether they are in 0..1.
// Many models lack the final softmax.
func probabilities(raw []float32) (ok, probable bool) {
	probable = true
	sum := float32(0)
	for _, v := range raw {
		if !finite(v) {
			return false, false
		}
		probable = probable && v >= 0 && v <= scoreSlack
		sum += v
	}
	return true, probable && sum > 0
}

func softmax(v []float32) {
	highest := float32(math.Inf(-1))
	for _, x := range v {
		highest = max(highest, x)
	}
	sum := 0.0
	for i, x := range v {
		e := math.Exp(float64(x - highest))
		v[i] = float32(e)
		sum += e
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / sum)
	}
}
