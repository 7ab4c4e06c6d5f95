package track

import (
	"math"
	"slices"

	"rvo-tui/detectors"
)

// nearest is the maximum number of candidate detections for one track. It limits the
// cost of many overlapping objects.
const nearest = 8

// edge is a possible match of a track and a detection.
type edge struct {
	detection int32
	cost      float64 // below 1, the cost of no match
}

// matcher assigns detections to tracks with minimum total cost (shortest augmenting
// paths with potentials: Jonker and Volgenant, 1987). An unmatched track costs 1.
// Buffers are reused.
type matcher struct {
	edges [MaxTracks][nearest]edge
	count [MaxTracks]int
	of    [MaxTracks]int32 // track matched with each detection; -1: none

	u        [MaxTracks]float64 // potentials of tracks
	v        [2 * MaxTracks]float64
	column   [2 * MaxTracks]int32 // track matched with each column: the detections, then one "no match" column for each track
	distance [2 * MaxTracks]float64
	before   [2 * MaxTracks]int32
	done     [2 * MaxTracks]bool
	touched  []int32
}

// reset starts with n tracks without candidates.
func (m *matcher) reset(n int) { clear(m.count[:n]) }

// offer adds a candidate, if its cost is among the lowest of the track.
func (m *matcher) offer(track, detection int, cost float64) {
	n := m.count[track]
	list := &m.edges[track]
	if n == nearest {
		if cost >= list[n-1].cost {
			return
		}
		n--
	}
	i := n
	for ; i > 0 && list[i-1].cost > cost; i-- {
		list[i] = list[i-1]
	}
	list[i] = edge{int32(detection), cost}
	m.count[track] = n + 1
}

// solve fills of for the given numbers of tracks and detections.
func (m *matcher) solve(tracks, found int) {
	columns := found + tracks
	for j := range columns {
		m.column[j], m.v[j] = -1, 0
		m.distance[j], m.done[j] = math.Inf(1), false
	}
	for i := range tracks {
		m.u[i] = 0
		m.augment(i, found)
	}
	copy(m.of[:found], m.column[:found])
}

// augment adds a track to the assignment along the cheapest path.
func (m *matcher) augment(track, found int) {
	if m.count[track] == 0 {
		return
	}
	m.touched = m.touched[:0]
	row, base, last := int32(track), 0.0, int32(-1)
	for {
		m.relax(row, last, base, found)
		last = -1
		for _, j := range m.touched {
			if !m.done[j] && (last < 0 || m.distance[j] < m.distance[last]) {
				last = j
			}
		}
		base = m.distance[last]
		m.done[last] = true
		if m.column[last] < 0 {
			break
		}
		row = m.column[last]
	}
	m.u[track] += base
	for _, j := range m.touched {
		if m.done[j] && j != last {
			m.u[m.column[j]] += base - m.distance[j]
			m.v[j] -= base - m.distance[j]
		}
	}
	for j := last; ; {
		from := m.before[j]
		if from < 0 {
			m.column[j] = int32(track)
			break
		}
		m.column[j] = m.column[from]
		j = from
	}
	for _, j := range m.touched {
		m.distance[j], m.done[j] = math.Inf(1), false
	}
}

// relax shortens the paths to the columns of a row that was reached through the column
// last.
func (m *matcher) relax(row, last int32, base float64, found int) {
	for _, e := range m.edges[row][:m.count[row]] {
		m.reach(e.detection, last, base+e.cost-m.u[row]-m.v[e.detection])
	}
	none := int32(found) + row
	m.reach(none, last, base+1-m.u[row]-m.v[none])
}

func (m *matcher) reach(j, last int32, distance float64) {
	if m.done[j] || distance >= m.distance[j] {
		return
	}
	if math.IsInf(m.distance[j], 1) {
		m.touched = append(m.touched, j)
	}
	m.distance[j], m.before[j] = distance, last
}

// byScore sorts indices of detections by descending score; the sort is stable.
func byScore(order []int32, found []detectors.Detection) {
	slices.SortStableFunc(order, func(a, b int32) int {
		switch {
		case found[a].Score > found[b].Score:
			return -1
		case found[a].Score < found[b].Score:
			return 1
		}
		return 0
	})
}
