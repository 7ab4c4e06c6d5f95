package network

import "math"

// resampler scales an image of three bytes a pixel. Where it shrinks it averages
// areas, for points would leave small things out; where it grows it draws lines
// between pixels. It belongs to one goroutine.
type resampler struct {
	fromW, fromH, toW, toH int
	columns, rows          []taps
	sum                    []uint32 // of the rows of the frame that make one of the image
	line                   []byte
}

// taps are the pixels along one side that make one, and what each is worth.
type taps struct {
	first   int
	weights []uint32 // together one
}

// one is the sum of the weights: with two sides and eight bits of a pixel they fill
// 30 bits.
const one = 1 << 11

// prepare makes the weights for these sizes, unless it has them.
func (r *resampler) prepare(fromW, fromH, toW, toH int) {
	if r.fromW == fromW && r.fromH == fromH && r.toW == toW && r.toH == toH {
		return
	}
	r.fromW, r.fromH, r.toW, r.toH = fromW, fromH, toW, toH
	r.columns, r.rows = tapsFor(fromW, toW), tapsFor(fromH, toH)
	r.sum, r.line = make([]uint32, 3*fromW), make([]byte, 3*toW)
}

func tapsFor(from, to int) []taps {
	list := make([]taps, to)
	scale := float64(from) / float64(to)
	for i := range list {
		low, high := float64(i)*scale, float64(i+1)*scale
		if scale < 1 {
			// A window of one pixel around the centre touches the two neighbours.
			middle := (low + high) / 2
			low, high = middle-0.5, middle+0.5
		}
		first, last := int(math.Floor(low)), int(math.Ceil(high-1e-9))
		weights := make([]float64, 0, last-first)
		for p := first; p < last; p++ {
			weights = append(weights, min(high, float64(p+1))-max(low, float64(p)))
		}
		list[i] = clampTaps(first, from, weights)
	}
	return list
}

// clampTaps gives what is beyond the edge to the pixel at it, and makes the weights
// whole numbers whose sum is one.
func clampTaps(first, size int, weights []float64) taps {
	begin, end := max(first, 0), min(first+len(weights), size)
	t := taps{first: begin, weights: make([]uint32, end-begin)}
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	reached, given := 0.0, uint32(0)
	for k, w := range weights {
		reached += w
		upTo := uint32(math.Round(reached / sum * one))
		t.weights[min(max(first+k, begin), end-1)-begin] += upTo - given
		given = upTo
	}
	return t
}

// row returns row y of the image, valid until the next call. Pix are the frame's
// rows, stride bytes apart.
func (r *resampler) row(y int, pix []byte, stride int) []byte {
	if r.fromW == r.toW && r.fromH == r.toH {
		return pix[y*stride : y*stride+3*r.toW]
	}
	t := r.rows[y]
	for k, w := range t.weights {
		from := pix[(t.first+k)*stride:][:len(r.sum)]
		sum := r.sum[:len(from)]
		if k == 0 {
			for i, v := range from {
				sum[i] = uint32(v) * w
			}
			continue
		}
		for i, v := range from {
			sum[i] += uint32(v) * w
		}
	}
	for x, t := range r.columns {
		var b, g, red uint32
		at := 3 * t.first
		for _, w := range t.weights {
			b += r.sum[at] * w
			g += r.sum[at+1] * w
			red += r.sum[at+2] * w
			at += 3
		}
		const half = one * one / 2
		to := r.line[3*x : 3*x+3]
		to[0], to[1], to[2] = byte((b+half)/(one*one)), byte((g+half)/(one*one)), byte((red+half)/(one*one))
	}
	return r.line
}
