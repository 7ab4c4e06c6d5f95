package detectors

// Limits of a fitted gain. Beyond them, something other than the light has changed.
const (
	leastGain = 0.4
	mostGain  = 2.5
)

// fitLight returns the gain and the offset that map the background to the frame: a
// least squares line, refitted twice without the cells that deviate by more than the
// threshold and twice the mean residual, so that objects have little influence. If no
// plausible line fits at least half of the cells, the light is taken as unchanged.
// looked is the number of cells that are not NaN; only these count.
func fitLight(mean, luma []float32, looked int, threshold float32) (gain, offset float32) {
	gain, offset = 1, 0
	luma = luma[:len(mean)]
	limit := float32(512)
	for range 3 {
		var n, sx, sy, sxx, sxy, sr float32
		for i, x := range mean {
			y := luma[i]
			r := abs32(y - (gain*x + offset))
			if !(r <= limit) { // false for NaN
				continue
			}
			// Centred, so that the sums keep their precision.
			x, y = x-128, y-128
			n++
			sx += x
			sy += y
			sxx += x * x
			sxy += x * y
			sr += r
		}
		if n < float32(looked)/4 {
			return 1, 0
		}
		mx, my := sx/n, sy/n
		spread := sxx/n - mx*mx
		g := float32(1)
		if spread > 4 { // a uniform frame has no slope
			g = (sxy/n - mx*my) / spread
		}
		if g < leastGain || g > mostGain {
			return 1, 0
		}
		gain, offset = g, my+128-g*(mx+128)
		limit = min(limit, max(threshold, 2*sr/n))
	}
	fitting := 0
	for i, x := range mean {
		if abs32(luma[i]-(gain*x+offset)) <= threshold {
			fitting++
		}
	}
	if 2*fitting < looked {
		return 1, 0
	}
	return gain, offset
}
