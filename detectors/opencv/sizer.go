//go:build cgo

package opencv

import (
	"math"

	"rvo-tui/detectors"
)

var _ detectors.Sizer = (*network)(nil)

// Size implements detectors.Sizer.
func (n *network) Size(width, height int) (w, h int) {
	at := place(n.fit, width, height, int(n.run.width), int(n.run.height))
	return at.seen()
}

// seen returns how large the whole picture is where the part that is shown has
// the size that it has in the input.
func (p *placement) seen() (w, h int) {
	whole := func(side, from, to int) int {
		return max(int(math.Round(float64(side)*float64(to)/float64(from))), 1)
	}
	return whole(p.width, p.from.width, p.to.width), whole(p.height, p.from.height, p.to.height)
}
