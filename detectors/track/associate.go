package track

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"rvo-tui/detectors"
)

// associate matches tracks with detections and updates the matched tracks.
func (r *Tracker) associate(at time.Duration, found []detectors.Detection) {
	sure := func(t *Track) bool { return t.State != Tentative }
	high := func(d *detectors.Detection) bool { return d.Score >= r.cfg.High }
	r.pair(at, found, sure, high, r.ahead)
	recent := func(t *Track) bool { return sure(t) && t.unseen <= r.cfg.Coast }
	r.pair(at, found, recent, all, r.ahead)
	r.pair(at, found, sure, high, r.behind)
	r.pair(at, found, func(t *Track) bool { return !sure(t) }, all, r.ahead)
}

func all(*detectors.Detection) bool { return true }

// ahead returns a track's predicted position, and behind its last seen one.
func (r *Tracker) ahead(i int) detectors.Box { return r.boxes[i] }

func (r *Tracker) behind(i int) detectors.Box {
	return r.tracks[i].filter.box()
}

// pair matches those of the remaining tracks and detections that the filters select.
func (r *Tracker) pair(at time.Duration, found []detectors.Detection, track func(*Track) bool, detection func(*detectors.Detection) bool, where func(int) detectors.Box) {
	r.rows, r.columns = r.rows[:0], r.columns[:0]
	for i := range r.tracks {
		if !r.hit[i] && track(&r.tracks[i]) {
			r.rows = append(r.rows, int32(i))
		}
	}
	for k, d := range r.order {
		if !r.paired[k] && detection(&found[d]) {
			r.columns = append(r.columns, int32(k))
		}
	}
	if len(r.rows) == 0 || len(r.columns) == 0 {
		return
	}
	m := &r.matcher
	m.reset(len(r.rows))
	widest := 0.0
	slices.SortFunc(r.columns, func(a, b int32) int {
		return cmp.Compare(found[r.order[a]].Box.X, found[r.order[b]].Box.X)
	})
	extents := r.extents[:len(r.columns)]
	for column, k := range r.columns {
		box := found[r.order[k]].Box
		extents[column], widest = extentOf(box), max(widest, box.W)
	}
	for row, i := range r.rows {
		box := extentOf(where(int(i)))
		first := sort.Search(len(extents), func(i int) bool { return extents[i].left > box.left-widest })
		for column := first; column < len(extents) && extents[column].left < box.right; column++ {
			over := overlap(&box, &extents[column])
			if over > leastOverlap && found[r.order[r.columns[column]]].Label == r.tracks[i].Label {
				m.offer(row, column, 1-over)
			}
		}
	}
	m.solve(len(r.rows), len(r.columns))
	for column, k := range r.columns {
		if row := m.of[column]; row >= 0 {
			r.found(int(r.rows[row]), at, found, int(k))
		}
	}
}

// leastOverlap is the minimum overlap for a match.
const leastOverlap = 0.1

// found assigns a detection to a track.
func (r *Tracker) found(i int, at time.Duration, found []detectors.Detection, k int) {
	t, d := &r.tracks[i], &found[r.order[k]]
	r.hit[i], r.paired[k] = true, true
	t.filter = r.filters[i]
	t.filter.update(d.Box)
	r.see(t, at, d)
	r.ids[r.order[k]] = t.ID
}

// extent is a box by its edges.
type extent struct{ left, top, right, bottom, area float64 }

func extentOf(b detectors.Box) extent {
	return extent{b.X, b.Y, b.X + b.W, b.Y + b.H, b.W * b.H}
}

// overlap returns the intersection over union of two boxes.
func overlap(a, b *extent) float64 {
	w := min(a.right, b.right) - max(a.left, b.left)
	h := min(a.bottom, b.bottom) - max(a.top, b.top)
	if w <= 0 || h <= 0 {
		return 0
	}
	both := w * h
	return both / (a.area + b.area - both)
}
