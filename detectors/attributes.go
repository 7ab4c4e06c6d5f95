package detectors

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Attribute is a result of a detector of crops (Spec.CropsOf) for the box of one
// detection.
type Attribute struct {
	Name  string  `json:"name"`  // name of its signal
	Value float64 `json:"value"` // value of that signal for this box only
	// Label and Score are those of the best result in the box. The label is empty if
	// there is none.
	Label   string        `json:"label,omitempty"`
	Score   float64       `json:"score,omitempty"`
	Unknown Why           `json:"unknown,omitempty"` // why the value is invalid; Known: it is valid until Expires
	Expires time.Duration `json:"-"`                 // since the engine's epoch: when its box becomes stale
}

// At returns whether and why the attribute is unknown at time now.
func (a *Attribute) At(now time.Duration) Why {
	switch {
	case a.Unknown != Known:
		return a.Unknown
	case a.Value-a.Value != 0: // NaN or infinite
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

// Attribute returns the attribute with a name, or nil if no detector has looked at the
// box yet.
func (d *Detection) Attribute(name string) *Attribute {
	for i := range d.Attributes {
		if d.Attributes[i].Name == name {
			return &d.Attributes[i]
		}
	}
	return nil
}

// Caption returns the text shown next to the box: the label (if empty, other), the
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

// Found returns the attributes as text, each preceded by a space.
func (d *Detection) Found() string {
	var b strings.Builder
	for i := range d.Attributes {
		b.WriteString(" " + d.Attributes[i].String())
	}
	return b.String()
}

// sameBox is the minimum overlap (intersection over union) for boxes of two frames to
// be taken for the same object.
const sameBox = 0.3

// maxMatched limits how many detections are matched with each other.
const maxMatched = 256

// Attributed returns the detections in found with attributes taken from from. Each
// detection of from passes its attributes to the one of the same label that it overlaps
// most, if that is at least sameBox. If both have an attribute of the same name, that
// of from is used. Expired attributes are left out. The arguments are not modified;
// found itself is returned if there is nothing to add.
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

// joined merges two lists of attributes, sorted by name.
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

// Unattributed returns the detections with the named attributes unknown, for reason
// why.
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

// AttributedAt returns the detections at time now, with expired attributes unknown.
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

// overlap returns the intersection over union of two boxes.
func (b Box) overlap(c Box) float64 {
	w := min(b.X+b.W, c.X+c.W) - max(b.X, c.X)
	h := min(b.Y+b.H, c.Y+c.H) - max(b.Y, c.Y)
	if w <= 0 || h <= 0 {
		return 0
	}
	both := w * h
	return both / (b.W*b.H + c.W*c.H - both)
}
