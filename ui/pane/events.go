package pane

import (
	"fmt"
	"strconv"

	"rvo-tui/rules"

	"rvo-tui/ui/draw"
)

// EventsView lists the newest events of all cameras, w cells wide.
func EventsView(s *Scene, w int) Body {
	b := Body{Title: "Events", follow: true, empty: "No event yet."}
	b.n = len(s.Events)
	if s.Filter != "" {
		b.Note = "/" + s.Filter
		b.empty = "No event contains “" + s.Filter + "”."
	}
	kind, cam := 10, 6
	for i := range s.Events {
		kind = max(kind, min(draw.Width(s.Theme.Text(s.Events[i].Event.Type)), 24, w/3))
		cam = max(cam, min(draw.Width(s.Theme.Text(s.Events[i].Event.Camera)), 14))
	}
	var times draw.Column
	if n := len(s.Events); n > 0 {
		times = draw.NewColumn(s.Events[0].Event.Time, s.Events[n-1].Event.Time)
	}
	kind = max(min(kind, w-2-times.Width()-4-cam-18), 4)
	b.head = []string{s.Theme.Dim.Of(draw.Fit("  "+times.Head()+" "+draw.Fit("event", kind+2)+draw.Fit("camera", cam+1)+draw.Right("confidence", 11)+draw.Right("age", 7), w))}
	b.key = func(i int) string { return strconv.FormatUint(s.Events[i].Seq, 10) }
	b.row = func(i int) string {
		e := &s.Events[i].Event
		look, glyph := s.Theme.Good, s.Theme.Dot
		tail := draw.Right(fmt.Sprintf("%.0f%%", e.Confidence*100), 11) + draw.Right(draw.Ago(e.Age.Total()), 7)
		if e.Phase == rules.PhaseEnded {
			look, glyph = s.Theme.Dim, s.Theme.Ring
			tail = draw.Right("lasted", 11) + draw.Right(draw.Ago(e.Duration), 7)
		}
		return " " + s.Theme.Dim.Of(" "+times.Of(e.Time)) + " " + look.Of(glyph) + " " +
			draw.Fit(s.Theme.Text(e.Type), kind) + " " + draw.Fit(s.Theme.Text(e.Camera), cam) + tail
	}
	return b
}
