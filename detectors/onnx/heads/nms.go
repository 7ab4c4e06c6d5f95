package heads

import (
	"cmp"
	"slices"
)

// Limits for one frame. The lowest scores are dropped.
const (
	maxCandidates = 2000 // before merging
	maxDetections = 256  // after merging
)

// candidate is a possible detection. The box is in pixels of the input.
type candidate struct {
	left, top, right, bottom float32
	score                    float32
	class                    int32
	at                       int32 // position in the output; decides between equal scores
	angle                    float32
}

// around makes a candidate from a centre and a size.
func around(x, y, w, h, score float32, class, at int32) candidate {
	return candidate{left: x - w/2, top: y - h/2, right: x + w/2, bottom: y + h/2, score: score, class: class, at: at}
}

func byScore(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.at, b.at))
}

// suppress is non-maximum suppression: it sorts candidates by descending score and
// keeps, in place, those that overlap by at most limit with every kept one of the same
// class. It keeps at most maxDetections.
func suppress(all []candidate, limit float32) []candidate {
	slices.SortFunc(all, byScore)
	all = all[:min(len(all), maxCandidates)]
	kept := all[:0]
	for _, c := range all {
		if len(kept) == maxDetections {
			break
		}
		if limit >= 1 || !slices.ContainsFunc(kept, func(k candidate) bool { return k.class == c.class && overlap(&k, &c) > limit }) {
			kept = append(kept, c)
		}
	}
	return kept
}

// overlap returns the intersection over union of two boxes.
func overlap(a, b *candidate) float32 {
	w := min(a.right, b.right) - max(a.left, b.left)
	h := min(a.bottom, b.bottom) - max(a.top, b.top)
	if w <= 0 || h <= 0 {
		return 0
	}
	both := w * h
	return both / ((a.right-a.left)*(a.bottom-a.top) + (b.right-b.left)*(b.bottom-b.top) - both)
}
