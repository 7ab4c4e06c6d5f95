package detectors

import (
	"cmp"
	"slices"
)

// maxBoxes is the maximum number of detections in a result; the largest are kept.
const maxBoxes = 32

// reach is how many unchanged cells may separate two changed cells of the same object,
// such as the parts of a walking person.
const reach = 2

// blobs finds connected objects in a mask. It allocates only the result.
type blobs struct {
	cols, rows int
	seen       []bool
	stack      []int32
	boxes      []blob
}

// blob is a rectangle of cells, inclusive, and the number of changed cells in it.
type blob struct{ x0, y0, x1, y1, n int }

func (b *blobs) resize(cols, rows int) {
	b.cols, b.rows = cols, rows
	b.seen = make([]bool, cols*rows)
	b.stack = make([]int32, 0, cols*rows)
}

// find returns a detection for each group of set cells whose longer side is at least
// minSize, in frame heights, largest first.
func (b *blobs) find(mask []bool, minSize float64) []Detection {
	clear(b.seen)
	b.boxes = b.boxes[:0]
	for i, set := range mask {
		if set && !b.seen[i] {
			b.boxes = append(b.boxes, b.grow(mask, i))
		}
	}
	b.merge()
	least := minSize * float64(b.rows)
	b.boxes = slices.DeleteFunc(b.boxes, func(o blob) bool {
		return float64(max(o.x1-o.x0, o.y1-o.y0)+1) < least
	})
	if len(b.boxes) == 0 {
		return nil
	}
	slices.SortFunc(b.boxes, func(p, q blob) int { return cmp.Compare(q.n, p.n) })
	b.boxes = b.boxes[:min(len(b.boxes), maxBoxes)]
	found := make([]Detection, len(b.boxes))
	for i, o := range b.boxes {
		w, h := o.x1-o.x0+1, o.y1-o.y0+1
		found[i] = Detection{
			Label: "motion",
			Score: float64(o.n) / float64(w*h),
			Box: Box{
				X: float64(o.x0) / float64(b.cols), Y: float64(o.y0) / float64(b.rows),
				W: float64(w) / float64(b.cols), H: float64(h) / float64(b.rows),
			},
		}
	}
	return found
}

// grow collects the group that contains the cell at start.
func (b *blobs) grow(mask []bool, start int) blob {
	o := blob{x0: b.cols, y0: b.rows}
	b.seen[start] = true
	b.stack = append(b.stack[:0], int32(start))
	for len(b.stack) > 0 {
		i := int(b.stack[len(b.stack)-1])
		b.stack = b.stack[:len(b.stack)-1]
		x, y := i%b.cols, i/b.cols
		o.x0, o.y0, o.x1, o.y1 = min(o.x0, x), min(o.y0, y), max(o.x1, x), max(o.y1, y)
		o.n++
		for ny := max(y-reach, 0); ny <= min(y+reach, b.rows-1); ny++ {
			for j := ny*b.cols + max(x-reach, 0); j <= ny*b.cols+min(x+reach, b.cols-1); j++ {
				if mask[j] && !b.seen[j] {
					b.seen[j] = true
					b.stack = append(b.stack, int32(j))
				}
			}
		}
	}
	return o
}

// merge joins overlapping boxes until none overlap.
func (b *blobs) merge() {
	for i := 0; i < len(b.boxes); i++ {
		for j := len(b.boxes) - 1; j > i; j-- {
			p, q := &b.boxes[i], b.boxes[j]
			if p.x0 > q.x1 || q.x0 > p.x1 || p.y0 > q.y1 || q.y0 > p.y1 {
				continue
			}
			p.x0, p.y0, p.x1, p.y1 = min(p.x0, q.x0), min(p.y0, q.y0), max(p.x1, q.x1), max(p.y1, q.y1)
			p.n += q.n
			b.boxes[j] = b.boxes[len(b.boxes)-1]
			b.boxes = b.boxes[:len(b.boxes)-1]
			// The larger box may now overlap any other one.
			i, j = 0, len(b.boxes)
		}
	}
}
