package rules

import (
	"math"
	"slices"
	"strings"
	"time"
)

// value is what a comparison compares: the value of a signal, or what is derived from
// its detections.
type value struct {
	signal string
	where  *node  // which detections of the signal count; nil: all
	zone   string // where they are; empty: anywhere
	call   string // the function of them; empty: their number, or the value of the signal

	labels    []string // of callCount
	line, way string   // of callCrossed
	window    time.Duration
}

// The functions.
const (
	callCount   = "count"   // detections with one of these labels
	callDwell   = "dwell"   // how long the one that is longest in the zone has been there
	callCrossed = "crossed" // how many went over a line in the window before now
	callNew     = "new"     // how many are in the zone for the first time, with the newest answer
)

var calls = []string{callCount, callDwell, callCrossed, callNew}

// MaxWindow is the longest time over which crossings are counted.
const MaxWindow = 24 * time.Hour

// derived reports whether the value is not that of the signal itself.
func (v *value) derived() bool { return v.where != nil || v.follows() || v.call == callCount }

// follows reports whether detections must be followed from frame to frame.
func (v *value) follows() bool { return v.zone != "" || v.call == callCrossed }

// write appends the value as it is written.
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

// Places returns the places that the condition names, each once, in the order of
// their appearance.
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

// short returns a duration as people write it: "1m", not "1m0s".
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
