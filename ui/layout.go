package ui

// The smallest screen that the dashboard draws on.
const (
	minWidth  = 80
	minHeight = 24
)

// rect is a part of the screen, in cells.
type rect struct{ x, y, w, h int }

func (r rect) has(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

// place is a pane and where it is drawn, its frame included.
type place struct {
	pane paneID
	rect
	tabbed bool // shares its place with the panes that are not shown
}

// share is a pane's claim to the height of a column.
type share struct {
	pane   paneID
	least  int
	weight int // of what is left
	most   int // 0: no bound
}

// wants is what of a snapshot decides how high panes should be.
type wants struct {
	cameras, detectors, signals, rules int  // rows
	clauses                            int  // of the rule that has most
	reason                             bool // the camera shown has something to say
	preview                            bool
}

func (n wants) camerasHeight(most int) int {
	h := n.cameras + 4
	if n.reason {
		h += 2
	}
	return min(max(h, 5), most)
}

// layout puts the panes into w x h cells. Tab is the pane that is shown where
// panes share a place.
func layout(w, h int, focus, tab paneID, zoom bool, n wants) []place {
	switch {
	case zoom:
		return []place{{focus, rect{0, 0, w, h}, false}}
	case w >= 170 && h >= 44:
		return wideLayout(w, h, n)
	case w >= 100 && h >= 34:
		return normalLayout(w, h, n)
	}
	top := column(rect{0, 0, w, h}, []share{
		{paneDetectors, 7, 1, n.detectors + 5}, {paneSignals, 5, 1, n.signals + 3}, {tab, 8, 2, 0},
	})
	top[2].tabbed = true
	return top
}

func normalLayout(w, h int, n wants) []place {
	left := w * 2 / 5
	a := []share{{paneCameras, 5, 0, 0}, {panePreview, 9, 3, left*9/32 + 2}, {paneLatency, 12, 0, 0}, {paneQueues, 6, 2, 0}}
	a[0].least = n.camerasHeight(9)
	if !n.preview {
		a = []share{a[0], a[2], a[3]}
	}
	b := []share{
		{paneDetectors, 7, 4, n.detectors + 6},
		{paneSignals, 6, 3, n.signals + 3},
		{paneRules, 7, 3, n.rules + n.clauses + 4},
		{paneEvents, 6, 1, 0},
		{paneLog, 5, 1, 0},
	}
	return append(column(rect{0, 0, left, h}, a), column(rect{left, 0, w - left, h}, b)...)
}

func wideLayout(w, h int, n wants) []place {
	foot := max(h/6, 7)
	left, middle := w*3/10, w*39/100
	a := []share{{paneCameras, n.camerasHeight(13), 0, 0}, {panePreview, 12, 3, left*9/32 + 2}, {paneLatency, 12, 1, 0}}
	if !n.preview {
		a = []share{a[0], a[2]}
	}
	b := []share{{paneDetectors, 9, 2, n.detectors + 8}, {paneSignals, 8, 2, n.signals + 3}, {paneRules, 10, 3, 0}}
	c := []share{{paneQueues, 12, 3, 0}, {paneEvents, 12, 3, 0}}
	body := h - foot
	out := column(rect{0, 0, left, body}, a)
	out = append(out, column(rect{left, 0, middle, body}, b)...)
	out = append(out, column(rect{left + middle, 0, w - left - middle, body}, c)...)
	return append(out, place{paneLog, rect{0, body, w, foot}, false})
}

// column stacks panes: each gets its least, and the rest is shared by weight up
// to what each wants at most. The last one fills what nobody wants.
func column(r rect, shares []share) []place {
	heights := make([]int, len(shares))
	left := r.h
	for i, s := range shares {
		heights[i] = s.least
		left -= s.least
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
	out := make([]place, len(shares))
	y := r.y
	for i, s := range shares {
		out[i] = place{s.pane, rect{r.x, y, r.w, heights[i]}, false}
		y += heights[i]
	}
	return out
}
