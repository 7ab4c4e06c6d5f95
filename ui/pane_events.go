package ui

import (
	"fmt"
	"strconv"

	"rvo-tui/rules"

	"rvo-tui/ui/draw"
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
		kind = max(kind, min(draw.Width(s.th.Text(s.events[i].Event.Type)), 24, w/3))
		cam = max(cam, min(draw.Width(s.th.Text(s.events[i].Event.Camera)), 14))
	}
	b.head = []string{s.th.Dim.Of(draw.Fit("  "+draw.Fit("time", 9)+draw.Fit("event", kind+2)+draw.Fit("camera", cam+1)+draw.Right("confidence", 11)+draw.Right("age", 7), w))}
	b.key = func(i int) string { return strconv.FormatUint(s.events[i].Seq, 10) }
	b.row = func(i int) string {
		e := &s.events[i].Event
		look, glyph := s.th.Good, s.th.Dot
		tail := draw.Right(fmt.Sprintf("%.0f%%", e.Confidence*100), 11) + draw.Right(draw.Ago(e.Age.Total()), 7)
		if e.Phase == rules.PhaseEnded {
			look, glyph = s.th.Dim, s.th.Ring
			tail = draw.Right("lasted", 11) + draw.Right(draw.Ago(e.Duration), 7)
		}
		return " " + s.th.Dim.Of(" "+e.Time.Local().Format("15:04:05")) + " " + look.Of(glyph) + " " +
			draw.Fit(s.th.Text(e.Type), kind) + " " + draw.Fit(s.th.Text(e.Camera), cam) + tail
	}
	return b
}
