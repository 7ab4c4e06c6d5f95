package ui

import (
	"fmt"
	"strconv"

	"rvo-tui/rules"
)

// eventsView lists the newest events of all cameras, for w cells.
func eventsView(s *scene, w int) body {
	b := body{title: "Events", follow: true, empty: "No event yet."}
	b.n = len(s.events)
	if s.filter != "" {
		b.note = "/" + s.filter
		b.empty = "No event contains “" + s.filter + "”."
	}
	kind, cam := 10, 6
	for i := range s.events {
		kind = max(kind, min(width(s.th.text(s.events[i].Event.Type)), 24, w/3))
		cam = max(cam, min(width(s.th.text(s.events[i].Event.Camera)), 14))
	}
	b.head = []string{s.th.dim.of(fit("  "+fit("time", 9)+fit("event", kind+2)+fit("camera", cam+1)+right("confidence", 11)+right("age", 7), w))}
	b.key = func(i int) string { return strconv.FormatUint(s.events[i].Seq, 10) }
	b.row = func(i int) string {
		e := &s.events[i].Event
		look, glyph := s.th.good, s.th.dot
		tail := right(fmt.Sprintf("%.0f%%", e.Confidence*100), 11) + right(ago(e.Age.Total()), 7)
		if e.Phase == rules.PhaseEnded {
			look, glyph = s.th.dim, s.th.ring
			tail = right("lasted", 11) + right(ago(e.Duration), 7)
		}
		return " " + s.th.dim.of(" "+e.Time.Local().Format("15:04:05")) + " " + look.of(glyph) + " " +
			fit(s.th.text(e.Type), kind) + " " + fit(s.th.text(e.Camera), cam) + tail
	}
	return b
}
