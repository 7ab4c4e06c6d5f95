package detectors

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Attribute is what a detector of crops (Spec.CropsOf) found in the box of a
// detection.
type Attribute struct {
	Name  string  `json:"name"`  // its signal
	Value float64 `json:"value"` // of that signal, in this box alone
	// Label and Score are those of the best thing found in the box; an empty label:
	// nothing was, or it has none.
	Label   string        `json:"label,omitempty"`
	Score   float64       `json:"score,omitempty"`
	Unknown Why           `json:"unknown,omitempty"` // why the value does not count; Known: until Expires
	Expires time.Duration `json:"-"`                 // since the engine's epoch: when its box ceases to be fresh
}

// At returns whether the attribute is unknown at the time now, and why.
func (a *Attribute) At(now time.Duration) Why {
	switch {
	case a.Unknown != Known:
		return a.Unknown
	case a.Value-a.Value != 0: // NaN and the infinities
		return NotANumber
	case now >= a.Expires:
		return Stale
	}
	return Known
}

func (a *Attribute) String() string {
	switch {
	case a.Unknown != Known:
		return a.Name + " ?"
	case a.Label != "" && a.Label != a.Name:
		return a.Name + " " + a.Label
	}
	return fmt.Sprintf("%s %.4g", a.Name, a.Value)
}

// Attribute returns the attribute of a name; nil: no detector has looked at the box
// yet.
func (d *Detection) Attribute(name string) *Attribute {
	for i := range d.Attributes {
		if d.Attributes[i].Name == name {
			return &d.Attributes[i]
		}
	}
	return nil
}

// Caption returns what a face writes beside the box: the label, or else other, the
// track and the attributes.
func (d *Detection) Caption(other string) string {
	if d.Label != "" {
		other = d.Label
	}
	if d.Track != 0 {
		other += fmt.Sprintf(" #%d", d.Track)
	}
	return other + d.Found()
}

// Found returns the attributes in words, each behind a space.
func (d *Detection) Found() string {
	var b strings.Builder
	for i := range d.Attributes {
		b.WriteString(" " + d.Attributes[i].String())
	}
	return b.String()
}

// sameBox is the overlap (intersection over union) from which the boxes of two
// frames are taken for one object.
const sameBox = 0.3

// maxMatched bounds how many detections are compared with how many.
const maxMatched = 256

// Attributed returns the detections in found with the attributes of from: each
// detection there gives its attributes to the one that it overlaps most, if that is
// by enough and has the same label. Of two attributes of one name that of from
// counts. What has expired by now is left out. Found and from are not written to,
// and found is returned where there is nothing to add.
func Attributed(found, from []Detection, now time.Duration) []Detection {
	out, taken := found, [maxMatched]bool{}
	for i := range from[:min(len(from), maxMatched)] {
		given := &from[i]
		if len(given.Attributes) == 0 {
			continue
		}
		best, most := -1, sameBox
		for k := range found[:min(len(found), maxMatched)] {
			if over := given.Box.overlap(found[k].Box); !taken[k] && over >= most && found[k].Label == given.Label {
				best, most = k, over
			}
		}
		if best < 0 {
			continue
		}
		if taken[best] = true; &out[0] == &found[0] {
			out = slices.Clone(found)
		}
		out[best].Attributes = joined(out[best].Attributes, given.Attributes, now)
	}
	return out
}

// joined returns the attributes of both lists, in the order of their names.
func joined(old, fresh []Attribute, now time.Duration) []Attribute {
	all := make([]Attribute, 0, len(old)+len(fresh))
	for _, a := range fresh {
		if now < a.Expires {
			all = append(all, a)
		}
	}
	for _, a := range old {
		if now < a.Expires && !slices.ContainsFunc(all, func(b Attribute) bool { return b.Name == a.Name }) {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b Attribute) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Unattributed returns the detections with the named attributes unknown for the
// given reason.
func Unattributed(found []Detection, names []string, why Why) []Detection {
	out := found
	for i := range found {
		if !slices.ContainsFunc(found[i].Attributes, func(a Attribute) bool { return slices.Contains(names, a.Name) }) {
			continue
		}
		if &out[0] == &found[0] {
			out = slices.Clone(found)
		}
		out[i].Attributes = slices.Clone(found[i].Attributes)
		for k := range out[i].Attributes {
			if a := &out[i].Attributes[k]; slices.Contains(names, a.Name) {
				a.Unknown = why
			}
		}
	}
	return out
}

// AttributedAt returns the detections as they are at the time now: attributes that
// have expired are unknown.
func AttributedAt(found []Detection, now time.Duration) []Detection {
	out := found
	for i := range found {
		for k := range found[i].Attributes {
			why := found[i].Attributes[k].At(now)
			if why == found[i].Attributes[k].Unknown {
				continue
			}
			if &out[0] == &found[0] {
				out = slices.Clone(found)
			}
			if &out[i].Attributes[0] == &found[i].Attributes[0] {
				out[i].Attributes = slices.Clone(found[i].Attributes)
			}
			out[i].Attributes[k].Unknown = why
		}
	}
	return out
}

// overlap returns the area that two boxes share over the area that they cover.
func (b Box) overlap(c Box) float64 {
	w := min(b.X+b.W, c.X+c.W) - max(b.X, c.X)
	h := min(b.Y+b.H, c.Y+c.H) - max(b.Y, c.Y)
	if w <= 0 || h <= 0 {
		return 0
	}
	both := w * h
	return both / (b.W*b.H + c.W*c.H - both)
}
