package network

import "math"

// resampler scales an image with three bytes per pixel: area averaging when shrinking,
// so that small objects are not lost, and linear interpolation when enlarging. It
// belongs to one goroutine.
type resampler struct {
	fromW, fromH, toW, toH int
	columns, rows          []taps
	sum                    []uint32 // of the source rows that make one output row
	line                   []byte
}

// taps are the source pixels, along one side, of an output pixel, and their weights.
type taps struct {
	first   int
	weights []uint32 // their sum is one
}

// one is the sum of the weights. With two sides and 8-bit pixels, products use 30 bits.
const one = 1 << 11

// prepare computes the weights for these sizes, unless they are already there.
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
			// A window of one pixel around the centre covers parts of both neighbours.
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

// clampTaps moves weights beyond the edge to the edge pixel, and converts them to
// integers whose sum is one.
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

// row returns row y of the output, valid until the next call. pix are the frame's rows,
// stride bytes apart.
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
