package heads

import (
	"fmt"
	"math"
	"slices"

	"rvo-tui/detectors"
)

const (
	shapeCenter = "maps of a quarter of the input: centres [1, 1, h, w], sizes and offsets [1, 2, h, w], landmarks [1, 10, h, w]"
	shapeYuNet  = "cls, obj, bbox and kps for strides 8, 16 and 32"
)

// ones is the scale of face models, which take values of 0 to 255.
var ones = [3]float64{1, 1, 1}

func faceForms() []form {
	return []form{
		{"centerface", "CenterFace", shapeCenter, Input{Fit: FitStretch, Scale: ones}, matchCenterFace},
		{"yunet", "YuNet", shapeYuNet, Input{Fit: FitTopLeft, BGR: true, Scale: ones}, matchYuNet},
	}
}

// faceLabels are the labels of face models unless others are configured.
var faceLabels = []string{"face"}

func (m *Model) nameFaces() {
	if len(m.Labels) == 0 {
		m.Labels = faceLabels
	}
}

func matchCenterFace(m *Model, _ bool) *match {
	const stride = 4
	h, w := m.Height/stride, m.Width/stride
	var maps [4]int // centres, sizes, offsets, landmarks
	var twos []int
	maps = [4]int{-1, -1, -1, -1}
	for i, t := range m.Outputs {
		switch {
		case t.is(1, 1, h, w):
			maps[0] = i
		case t.is(1, 2, h, w):
			twos = append(twos, i)
		case t.is(1, 10, h, w):
			maps[3] = i
		}
	}
	if len(m.Outputs) != 4 || len(twos) != 2 || maps[0] < 0 || maps[3] < 0 {
		return nil
	}
	maps[1], maps[2] = twos[0], twos[1]
	m.nameFaces()
	return &match{classes: 1, decode: func(d *Decoder, out []Tensor) error {
		for i, channels := range []int{1, 2, 2, 10} {
			if !out[maps[i]].is(1, channels, h, w) {
				return errShape(out[maps[i]])
			}
		}
		return d.centers(out[maps[0]].Data, out[maps[1]].Data, out[maps[2]].Data, out[maps[3]].Data, w, stride)
	}}
}

// centers reads maps: the score of a face centre, the logarithm of the size, the offset
// of the centre, and five landmarks relative to the box. Heights and vertical offsets
// come first.
func (d *Decoder) centers(sure, sizes, offsets, marks []float32, width int, stride float32) error {
	n := len(sure)
	box := func(i int) (left, top, w, h float32) {
		h = float32(math.Exp(float64(min(sizes[i], 20)))) * stride
		w = float32(math.Exp(float64(min(sizes[n+i], 20)))) * stride
		x := (float32(i%width) + offsets[n+i] + 0.5) * stride
		y := (float32(i/width) + offsets[i] + 0.5) * stride
		return max(x-w/2, 0), max(y-h/2, 0), w, h
	}
	d.points = func(at int32) []detectors.Keypoint {
		left, top, w, h := box(int(at))
		list := make([]detectors.Keypoint, 5)
		for k := range list {
			x, y := marks[(2*k+1)*n+int(at)], marks[2*k*n+int(at)]
			list[k] = detectors.Keypoint{X: float64(left + x*w), Y: float64(top + y*h), Score: 1}
		}
		return list
	}
	for i, score := range sure {
		if !(score >= d.threshold) {
			if score != score {
				return ErrNaN
			}
			continue
		}
		left, top, w, h := box(i)
		if err := d.add(candidate{left: left, top: top, right: left + w, bottom: top + h, score: score, at: int32(i)}); err != nil {
			return err
		}
	}
	return nil
}

// yunetLevel has the indices of the outputs of one stride.
type yunetLevel struct{ cls, obj, bbox, kps, stride int }

func matchYuNet(m *Model, _ bool) *match {
	var levels []yunetLevel
	for _, stride := range []int{8, 16, 32} {
		at := func(what string) int {
			return slices.IndexFunc(m.Outputs, func(t Tensor) bool { return t.Name == fmt.Sprintf("%s_%d", what, stride) })
		}
		l := yunetLevel{at("cls"), at("obj"), at("bbox"), at("kps"), stride}
		if min(l.cls, l.obj, l.bbox, l.kps) < 0 || !l.fits(m.Outputs, m.Width, m.Height) {
			return nil
		}
		levels = append(levels, l)
	}
	m.nameFaces()
	width, height := m.Width, m.Height
	return &match{classes: 1, decode: func(d *Decoder, out []Tensor) error {
		for _, l := range levels {
			if !l.fits(out, width, height) {
				return errShape(out[l.cls])
			}
		}
		return d.yunet(levels, out, width)
	}}
}

func (l yunetLevel) fits(out []Tensor, width, height int) bool {
	n := (width / l.stride) * (height / l.stride)
	return out[l.cls].is(1, n, 1) && out[l.obj].is(1, n, 1) && out[l.bbox].is(1, n, 4) && out[l.kps].is(1, n, 10)
}

// yunet reads, for each cell, two scores (their geometric mean is used), an offset and
// the logarithm of the size in units of the stride, and five landmarks.
func (d *Decoder) yunet(levels []yunetLevel, out []Tensor, width int) error {
	const levelBits = 28 // bits of a candidate's cell index; the level is stored above them
	place := func(at int32) (l yunetLevel, i int, x, y float32) {
		l, i = levels[at>>levelBits], int(at&(1<<levelBits-1))
		columns := width / l.stride
		return l, i, float32(i % columns), float32(i / columns)
	}
	d.points = func(at int32) []detectors.Keypoint {
		l, i, x, y := place(at)
		kps, s := out[l.kps].Data[10*i:], float32(l.stride)
		list := make([]detectors.Keypoint, 5)
		for k := range list {
			list[k] = detectors.Keypoint{X: float64((kps[2*k] + x) * s), Y: float64((kps[2*k+1] + y) * s), Score: 1}
		}
		return list
	}
	for n, l := range levels {
		for i, cls := range out[l.cls].Data {
			score := float32(math.Sqrt(float64(max(cls, 0) * max(out[l.obj].Data[i], 0))))
			if !(score >= d.threshold) {
				if score != score {
					return ErrNaN
				}
				continue
			}
			at := int32(n<<levelBits | i)
			_, _, x, y := place(at)
			b, s := out[l.bbox].Data[4*i:], float32(l.stride)
			exp := func(v float32) float32 { return float32(math.Exp(float64(min(v, 20)))) * s }
			if err := d.add(around((b[0]+x)*s, (b[1]+y)*s, exp(b[2]), exp(b[3]), score, 0, at)); err != nil {
				return err
			}
		}
	}
	return nil
}
