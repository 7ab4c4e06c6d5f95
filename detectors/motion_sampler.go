package detectors

import "rvo-tui/capture"

// A sampler makes a small luma picture of a frame: each cell is the mean of a
// grid of sample points, which costs the same for a frame of any size and takes
// most of the sensor noise away. It belongs to one goroutine.
type sampler struct {
	cols, rows int
	luma       []float32 // 0..255, by rows; overwritten by the next read

	width    int // wanted columns
	points   int // samples a cell, in each direction, at the most
	fw, fh   int // size of the frames that the tables are for
	nx, ny   int
	xs       []int32 // byte offsets in a row of all sample points, cell by cell
	ys       []int32 // rows of all sample points, cell by cell
	row      []uint32
	perPoint float32
}

// read fills luma from the frame and reports whether the frame has another size
// than the one before (or is the first one), which makes luma another picture.
func (s *sampler) read(f *capture.Frame) (changed bool) {
	if f.Width != s.fw || f.Height != s.fh {
		s.resize(f.Width, f.Height)
		changed = true
	}
	pix, stride := f.Pixels(), f.Width*3
	for cy := range s.rows {
		row := s.row
		clear(row)
		for _, y := range s.ys[cy*s.ny : (cy+1)*s.ny] {
			line := pix[int(y)*stride : (int(y)+1)*stride]
			xs := s.xs
			for cx := range row {
				var sum uint32
				for _, x := range xs[:s.nx] {
					p := line[x : x+3 : x+3]
					sum += 29*uint32(p[0]) + 150*uint32(p[1]) + 77*uint32(p[2])
				}
				xs = xs[s.nx:]
				row[cx] += sum
			}
		}
		luma := s.luma[cy*s.cols : (cy+1)*s.cols]
		for cx, sum := range row {
			luma[cx] = float32(sum) * s.perPoint
		}
	}
	return changed
}

func (s *sampler) resize(width, height int) {
	s.fw, s.fh = width, height
	s.cols, s.rows = capture.FitWidth(width, height, s.width)
	s.rows = min(s.rows, height)
	s.nx = min(s.points, max(1, width/s.cols))
	s.ny = min(s.points, max(1, height/s.rows))
	s.xs, s.ys = spread(width, s.cols, s.nx), spread(height, s.rows, s.ny)
	for i := range s.xs {
		s.xs[i] *= 3
	}
	s.row = make([]uint32, s.cols)
	s.luma = make([]float32, s.cols*s.rows)
	s.perPoint = 1 / (256 * float32(s.nx*s.ny))
}

// spread returns n evenly spaced points for each of cells cells of a line that
// is size pixels long.
func spread(size, cells, n int) []int32 {
	at := make([]int32, cells*n)
	for i := range at {
		at[i] = int32((2*i + 1) * size / (2 * len(at)))
	}
	return at
}
