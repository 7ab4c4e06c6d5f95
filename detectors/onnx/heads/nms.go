package heads

import (
	"cmp"
	"slices"
)

// The bounds of what one frame holds. Lower scores are left out.
const (
	maxCandidates = 2000 // before those that mean the same thing are merged
	maxDetections = 256  // after it
)

// candidate is something that a model may have seen. The box is in pixels of its
// input.
type candidate struct {
	left, top, right, bottom float32
	score                    float32
	class                    int32
	at                       int32 // in the output; decides between equal scores
	angle                    float32
}

// around makes a candidate of a centre and a size.
func around(x, y, w, h, score float32, class, at int32) candidate {
	return candidate{left: x - w/2, top: y - h/2, right: x + w/2, bottom: y + h/2, score: score, class: class, at: at}
}

func byScore(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.at, b.at))
}

// suppress sorts candidates by falling score and keeps, in place, those that
// overlap by no more than limit with any kept one of their class: models answer
// many times to one thing. It keeps at most maxDetections.
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

// overlap returns the area that two boxes share over the area that they cover.
func overlap(a, b *candidate) float32 {
	w := min(a.right, b.right) - max(a.left, b.left)
	h := min(a.bottom, b.bottom) - max(a.top, b.top)
	if w <= 0 || h <= 0 {
		return 0
	}
	both := w * h
	return both / ((a.right-a.left)*(a.bottom-a.top) + (b.right-b.left)*(b.bottom-b.top) - both)
}
