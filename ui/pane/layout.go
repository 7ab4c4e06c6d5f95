package pane

import "slices"

// The smallest screen that shows several panes, and the smallest that shows one.
const (
	MinWidth  = 80
	MinHeight = 24

	LeastWidth  = 40
	LeastHeight = 10
)

// frameLines counts the header and footer, which Layout does not place.
const frameLines = 2

// Rect is a part of the screen, in cells.
type Rect struct{ X, Y, W, H int }

// Has reports whether a cell is inside.
func (r Rect) Has(x, y int) bool { return x >= r.X && x < r.X+r.W && y >= r.Y && y < r.Y+r.H }

// Place is where a pane is drawn, including its frame.
type Place struct {
	Pane ID
	Rect
	Tabbed bool // the panes that are not shown share this place, as tabs
}

// share is a pane's share of the height of a column.
type share struct {
	pane   ID
	least  int
	weight int // share of the remaining height
	most   int // 0: no maximum
}

// Wants has the sizes in a snapshot that decide the height of the panes.
type Wants struct {
	Cameras, Detectors, Signals, Rules int // rows
	Events                             int
	Clauses                            int  // of the rule with most of them
	Reason                             bool // the camera shown has a reason for its state
	Preview                            bool
	// Aspect is the height of a frame divided by its width, both in cells; 0: as for 16:9.
	Aspect float64
}

// previewHeight returns the preferred height of the preview in a column of w cells.
func (n Wants) previewHeight(w int) int {
	aspect := n.Aspect
	if aspect <= 0 {
		aspect = 9. / 32
	}
	return int(float64(w-2)*aspect+0.5) + 2
}

func (n Wants) camerasHeight(most int) int {
	h := n.Cameras + 4
	if n.Reason {
		h += 2
	}
	return min(max(h, 5), most)
}

// Layout arranges the panes of a preset in w x h cells. Where panes share a place, tab is the
// one shown.
func Layout(p Preset, w, h int, focus, tab ID, zoom bool, n Wants) []Place {
	n.Detectors, n.Signals, n.Rules = max(n.Detectors, 1), max(n.Signals, 1), max(n.Rules, 1) // an empty pane says so in one line
	switch {
	case zoom, w < MinWidth, h < MinHeight-frameLines:
		return []Place{{focus, Rect{0, 0, w, h}, false}}
	case p != Ops:
		return p.layout(w, h, focus, n)
	case w >= 170 && h >= 44:
		return wideLayout(w, h, n)
	case w >= 100 && h >= 34:
		return normalLayout(w, h, n)
	}
	top := column(Rect{0, 0, w, h}, []share{
		{Detectors, 7, 1, n.Detectors + 5}, {Signals, 5, 1, n.Signals + 3}, {tab, 8, 2, 0},
	})
	top[2].Tabbed = true
	return top
}

// eventRows is how many events are visible on a screen of 120x40.
const eventRows = 8

func normalLayout(w, h int, n Wants) []Place {
	left := w * 2 / 5
	a := []share{{Cameras, 5, 0, 0}, {Preview, 9, 9, n.previewHeight(left)}, {Latency, 12, 0, 0}, {Queues, 6, 1, 0}}
	a[0].least = n.camerasHeight(9)
	if !n.Preview {
		a[0].least = n.camerasHeight(h - 12 - 9) // minus the heights of latency and queues
		a = slices.Delete(a, 1, 2)
	}
	b := []share{
		{Detectors, 7, 4, n.Detectors + 6},
		{Signals, 5, 3, n.Signals + 3},
		{Rules, 7, 3, n.Rules + n.Clauses + 4},
		{Events, 6, 2, 0},
		{Log, 5, 1, 0},
	}
	if h >= 38 {
		b[3].least = max(min(n.Events, eventRows)+3, b[3].least)
	}
	return append(column(Rect{0, 0, left, h}, a), column(Rect{left, 0, w - left, h}, b)...)
}

// wideLayout gives the preview the larger half, with latency and queues side by side below it.
func wideLayout(w, h int, n Wants) []Place {
	left := w * 54 / 100
	a := []share{{Cameras, n.camerasHeight(13), 0, 0}, {Preview, 12, 9, n.previewHeight(left)}, {Latency, 13, 1, 0}}
	if !n.Preview {
		a[0].least = n.camerasHeight(h - 13)
		a = slices.Delete(a, 1, 2)
	}
	b := []share{
		{Detectors, 9, 3, n.Detectors + 6},
		{Signals, 6, 3, n.Signals + 3},
		{Rules, 9, 3, n.Rules + n.Clauses + 4},
		{Events, 11, 3, max(n.Events+3, 11)},
		{Log, 7, 1, 0},
	}
	out := column(Rect{0, 0, left, h}, a)
	last := &out[len(out)-1]
	beside := Place{Queues, Rect{left / 2, last.Y, left - left/2, last.H}, false}
	last.W = left / 2
	return append(append(out, beside), column(Rect{left, 0, w - left, h}, b)...)
}

// column stacks panes: each gets its minimum, the rest is shared by weight up to each maximum,
// and the last pane takes what is left.
func column(r Rect, shares []share) []Place {
	heights := make([]int, len(shares))
	left := r.H
	for i, s := range shares {
		heights[i] = s.least
		if s.most > 0 { // leave unused lines to others
			heights[i] = min(s.least, s.most)
		}
		left -= heights[i]
	}
	for left > 0 {
		gave := false
		for i, s := range shares {
			for range s.weight {
				if left > 0 && (s.most == 0 || heights[i] < s.most) {
					heights[i]++
					left--
					gave = true
				}
			}
		}
		if !gave {
			break
		}
	}
	for i := len(heights) - 1; left < 0 && i >= 0; i-- {
		take := min(-left, heights[i]-3)
		heights[i] -= take
		left += take
	}
	heights[len(heights)-1] += max(left, 0)
	out := make([]Place, len(shares))
	y := r.Y
	for i, s := range shares {
		out[i] = Place{s.pane, Rect{r.X, y, r.W, heights[i]}, false}
		y += heights[i]
	}
	return out
}
