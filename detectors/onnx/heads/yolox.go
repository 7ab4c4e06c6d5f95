package heads

import "math"

func matchYOLOX(m *Model, asked bool) *match {
	at := m.find(func(t Tensor) bool { return t.is(1, -1, -1) && m.raw(t.Shape[1], 1) && t.Shape[2] > 5 })
	if at < 0 || m.Meta["end2end"] == "True" && !asked {
		return nil
	}
	out := m.Outputs[at]
	cells := m.cells(out.Shape[1])
	if cells == nil {
		return nil
	}
	fit := &match{classes: out.last() - 5, detail: "decoded"}
	inPixels := m.inPixels(out)
	if !inPixels {
		fit.detail = "grid and stride"
	}
	if inPixels && len(m.Labels) == 0 && fit.classes != cocoSize {
		fit.unsure = countOf(fit.classes)
	}
	classes := fit.classes
	fit.decode = func(d *Decoder, outputs []Tensor) error {
		out := outputs[at]
		if !out.is(1, len(cells), 5+classes) {
			return errShape(out)
		}
		return d.sureRows(out, classes, func(i int, row []float32) (x, y, w, h float32) {
			if inPixels {
				return row[0], row[1], row[2], row[3]
			}
			c := cells[i]
			exp := func(v float32) float32 { return float32(math.Exp(float64(min(v, 20)))) * c.stride }
			return (row[0] + c.x) * c.stride, (row[1] + c.y) * c.stride, exp(row[2]), exp(row[3])
		})
	}
	return fit
}

// inPixels reports whether the model has already converted its boxes to pixels of the
// input: their centres are then spread all over it.
func (m *Model) inPixels(out Tensor) bool {
	size, farthest := out.last(), float32(0)
	for i := 0; i < len(out.Data); i += size {
		farthest = max(farthest, out.Data[i]/float32(m.Width), out.Data[i+1]/float32(m.Height))
	}
	return farthest > 0.5
}

// cell is one cell of a raw head's grid.
type cell struct{ x, y, stride float32 }

// cells returns the cells of a raw head in order, level by level; nil if their number
// is not n.
func (m *Model) cells(n int) []cell {
	for _, strides := range [][]int{{8, 16, 32}, {8, 16, 32, 64}, {4, 8, 16, 32}, {16, 32}} {
		var all []cell
		for _, s := range strides {
			for y := range (m.Height + s - 1) / s {
				for x := range (m.Width + s - 1) / s {
					all = append(all, cell{float32(x), float32(y), float32(s)})
				}
			}
		}
		if len(all) == n {
			return all
		}
	}
	return nil
}
