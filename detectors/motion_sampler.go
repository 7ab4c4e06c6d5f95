package detectors

import (
	"math"

	"rvo-tui/capture"
	"rvo-tui/detectors/zone"
)

// A sampler makes a small luma image of a frame. Each cell is the mean of a grid of
// sample points, which costs the same for any frame size and removes most sensor noise.
// It reads the frame's luma without copying. Cells whose centre is outside its coverage
// are NaN. It belongs to one goroutine.
type sampler struct {
	cols, rows int
	luma       []float32 // 0..255, by rows; overwritten by the next read

	looked int // number of cells that are not NaN; at least 1

	coverage Coverage
	blank    []int32 // indexes of NaN cells
	width    int     // wanted columns
	points   int     // maximum samples per cell in each direction
	shape    shape
	nx, ny   int
	xs, ys   []int32 // positions of all sample points in a row and a column, cell by cell
	row      []uint32
}

// shape is the frame layout that a sampler's tables were made for.
type shape struct{ fw, fh, width, height, dx, dy int }

// read fills luma from the frame. changed reports that the frame size differs from the
// previous one (or this is the first frame), which changes the layout of luma.
func (s *sampler) read(f *capture.Frame) (changed bool, err error) {
	l, err := f.Luma()
	if err != nil {
		return false, err
	}
	if now := (shape{f.Width, f.Height, l.Width, l.Height, l.DX, l.DY}); now != s.shape {
		s.resize(now)
		changed = true
	}
	if s.looked == 0 {
		return false, errNothing
	}
	factor, black := 1/float32(s.nx*s.ny), float32(0)
	if l.Limited {
		factor, black = factor*255/219, 16*255/float32(219)
	}
	for cy := range s.rows {
		row := s.row
		clear(row)
		for _, y := range s.ys[cy*s.ny : (cy+1)*s.ny] {
			line := l.Origin + int(y)
			xs := s.xs
			if s.nx == 4 { // almost always; unrolling halves the time
				for cx := range row {
					x := xs[4*cx : 4*cx+4 : 4*cx+4]
					row[cx] += uint32(l.Pix[line+int(x[0])]) + uint32(l.Pix[line+int(x[1])]) +
						uint32(l.Pix[line+int(x[2])]) + uint32(l.Pix[line+int(x[3])])
				}
				continue
			}
			for cx := range row {
				var sum uint32
				for _, x := range xs[:s.nx] {
					sum += uint32(l.Pix[line+int(x)])
				}
				xs = xs[s.nx:]
				row[cx] += sum
			}
		}
		luma := s.luma[cy*s.cols : (cy+1)*s.cols]
		for cx, sum := range row {
			luma[cx] = float32(sum)*factor - black
		}
	}
	for _, i := range s.blank {
		s.luma[i] = float32(math.NaN())
	}
	return changed, nil
}

func (s *sampler) resize(now shape) {
	s.shape = now
	s.cols, s.rows = capture.FitWidth(now.fw, now.fh, s.width)
	s.cols, s.rows = min(s.cols, now.width), min(s.rows, now.height)
	s.nx = min(s.points, max(1, now.width/s.cols))
	s.ny = min(s.points, max(1, now.height/s.rows))
	s.xs, s.ys = spread(now.width, s.cols, s.nx, now.dx), spread(now.height, s.rows, s.ny, now.dy)
	s.row = make([]uint32, s.cols)
	s.luma = make([]float32, s.cols*s.rows)
	s.blank = s.blank[:0]
	for i := range s.luma {
		x, y := float64(i%s.cols)+0.5, float64(i/s.cols)+0.5
		if !s.coverage.has(zone.Point{x / float64(s.cols), y / float64(s.rows)}) {
			s.blank = append(s.blank, int32(i))
		}
	}
	s.looked = len(s.luma) - len(s.blank)
}

// spread returns n evenly spaced points for each of cells cells along a line of size
// pixels that are step bytes apart.
func spread(size, cells, n, step int) []int32 {
	at := make([]int32, cells*n)
	for i := range at {
		at[i] = int32((2*i + 1) * size / (2 * len(at)) * step)
	}
	return at
}
