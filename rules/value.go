package rules

import (
	"math"
	"slices"
	"strings"
	"time"
)

// value is a side of a comparison that is not a number: a signal's value, or one
// derived from its detections.
type value struct {
	signal string
	where  *node  // filter on the detections; nil: all
	zone   string // zone that they must be in; empty: anywhere
	call   string // function applied; empty: their number, or the signal's value

	labels    []string // of callCount
	line, way string   // of callCrossed
	window    time.Duration
}

// The functions.
const (
	callCount   = "count"   // number of detections with one of these labels
	callDwell   = "dwell"   // longest time that an object has been in the zone
	callCrossed = "crossed" // number of crossings of a line in the window before now
	callNew     = "new"     // number of objects that the newest result finds in the zone for the first time
)

var calls = []string{callCount, callDwell, callCrossed, callNew}

// MaxWindow is the longest window for counting crossings.
const MaxWindow = 24 * time.Hour

// derived reports whether the value is derived from detections.
func (v *value) derived() bool { return v.where != nil || v.follows() || v.call == callCount }

// follows reports whether detections must be tracked.
func (v *value) follows() bool { return v.zone != "" || v.call == callCrossed }

// write appends the source of the value.
func (v *value) write(b *strings.Builder) {
	if v.call != "" {
		b.WriteString(v.call + "(")
		defer b.WriteByte(')')
	}
	b.WriteString(v.signal)
	if v.where != nil {
		b.WriteByte('[')
		v.where.write(b, anyOf)
		b.WriteByte(']')
	}
	if v.zone != "" {
		b.WriteString(" in " + v.zone)
	}
	for _, label := range v.labels {
		b.WriteString(", " + label)
	}
	if v.call == callCrossed {
		b.WriteString(", " + v.line + "." + v.way + ", " + short(v.window))
	}
}

// Place is a zone, or a line with a direction, that a condition names for a signal.
type Place struct{ Signal, Zone, Line, Direction string }

// Places returns the zones and lines that the condition names, without duplicates, in
// order of appearance.
func (e *Expr) Places() []Place {
	var all []Place
	e.root.each(func(n *node) {
		if p := (Place{n.signal, n.zone, n.line, n.way}); n.follows() && !slices.Contains(all, p) {
			all = append(all, p)
		}
	})
	return all
}

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * float64(time.Second))) }

// short formats a duration without zero units: "1m", not "1m0s".
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
