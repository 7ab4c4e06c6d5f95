package heads

import "strings"

const (
	shapeLists = "boxes [n, 4], labels [n] and scores [n], with or without a batch in front"
	shapeSSD   = "[1, 1, boxes, 7]: image, class, score and corners in fractions of the input"
)

func listForms() []form {
	return []form{
		{"torchvision", "lists of boxes, labels and scores", shapeLists, Input{Fit: FitStretch}, matchLists},
		{"ssd", "SSD", shapeSSD, Input{Fit: FitStretch}, matchSSD},
	}
}

// matchLists finds the three lists by type and shape, and by name if these do not
// distinguish labels from scores.
func matchLists(m *Model, _ bool) *match {
	boxes := m.find(func(t Tensor) bool { return t.is(-1, 4) || t.is(1, -1, 4) })
	if boxes < 0 {
		return nil
	}
	b := m.Outputs[boxes]
	flat := b.Shape[:len(b.Shape)-1] // shape of the other two
	labels, scores, lists := -1, -1, 0
	for i, t := range m.Outputs {
		if i == boxes || !t.is(flat...) {
			continue
		}
		lists++
		name := strings.ToLower(t.Name)
		switch {
		case t.Integer, strings.Contains(name, "label"), strings.Contains(name, "class"):
			labels = i
		case scores < 0, strings.Contains(name, "score"):
			scores = i
		}
	}
	if labels < 0 || scores < 0 || lists > 2 {
		return nil
	}
	dims := len(flat)
	return &match{decode: func(d *Decoder, out []Tensor) error {
		return d.lists(out[boxes], out[labels], out[scores], dims)
	}}
}

// lists reads corners in pixels of the input, or in fractions of it if none is above 1.
func (d *Decoder) lists(boxes, labels, scores Tensor, dims int) error {
	n := len(scores.Data)
	if len(boxes.Shape) != dims+1 || boxes.last() != 4 || len(boxes.Data) != 4*n || len(labels.Data) != n {
		return errShape(boxes)
	}
	d.merged = true
	w, h := float32(1), float32(1)
	if parts(boxes.Data) {
		w, h = d.head.width, d.head.height
	}
	for i, score := range scores.Data {
		if !(score >= d.threshold) {
			if score != score {
				return ErrNaN
			}
			continue
		}
		class, err := classOf(labels.Data[i])
		if err != nil {
			return err
		}
		b := boxes.Data[4*i:]
		c := candidate{left: b[0] * w, top: b[1] * h, right: b[2] * w, bottom: b[3] * h, score: score, class: class, at: int32(i)}
		if err := d.add(c); err != nil {
			return err
		}
	}
	return nil
}

// parts reports whether coordinates are fractions of the input rather than pixels.
func parts(corners []float32) bool {
	for _, v := range corners {
		if !(v <= 1.5) {
			return false
		}
	}
	return true
}

func matchSSD(m *Model, _ bool) *match {
	at := m.find(func(t Tensor) bool { return t.is(1, 1, -1, 7) })
	if at < 0 {
		return nil
	}
	return &match{decode: func(d *Decoder, out []Tensor) error {
		if !out[at].is(1, 1, -1, 7) {
			return errShape(out[at])
		}
		return d.ssd(out[at])
	}}
}

func (d *Decoder) ssd(out Tensor) error {
	w, h := d.head.width, d.head.height
	for i := range out.Shape[2] {
		row := out.Data[7*i : 7*i+7]
		image, score := row[0], row[2]
		switch {
		case image < 0:
			return nil // end of the list
		case image != image || score != score:
			return ErrNaN
		case score < d.threshold:
			continue
		}
		class, err := classOf(row[1])
		if err != nil {
			return err
		}
		c := candidate{left: row[3] * w, top: row[4] * h, right: row[5] * w, bottom: row[6] * h, score: score, class: class, at: int32(i)}
		if err := d.add(c); err != nil {
			return err
		}
	}
	return nil
}
