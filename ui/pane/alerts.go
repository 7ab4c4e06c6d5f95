package pane

import (
	"strings"

	"rvo-tui/runtime"

	"rvo-tui/ui/draw"
)

// AlertsView lists the current alerts, with details of the selected one, w cells wide.
func AlertsView(s *Scene, sel, w int) Body {
	b := Body{Title: "Alerts", empty: "No alerts."}
	if s.Snap == nil {
		return b
	}
	th, list := s.Theme, s.Snap.Alerts
	known := 0
	for i := range list {
		if list[i].Acknowledged {
			known++
		}
	}
	b.n = len(list)
	if known > 0 {
		b.Note = draw.Count(uint64(known)) + " acknowledged"
	}
	const lasted = 8
	title := max(w-4-lasted-2, 10)
	b.head = []string{th.Dim.Of(draw.Fit("    "+draw.Right("lasted", lasted)+"  what", w))}
	b.key = func(i int) string { return list[i].ID }
	b.row = func(i int) string {
		a := &list[i]
		look, mark := alertInk(th, a)
		text := a.Title()
		if a.Acknowledged {
			text += " (acknowledged)"
		}
		if a.Cause != "" {
			text += ": " + a.Cause
		}
		return "  " + look.Of(mark) + " " + draw.Right(draw.Ago(s.Snap.At.Sub(a.Since)), lasted) + "  " + look.Of(draw.Fit(th.Text(text), title))
	}
	if sel < len(list) {
		b.foot = alertFoot(s, &list[sel], w)
	}
	return b
}

// alertInk returns the ink and symbol of an alert.
func alertInk(th *draw.Theme, a *runtime.Alert) (draw.Ink, string) {
	switch {
	case a.Acknowledged:
		return th.Dim, th.Ring
	case a.Severe:
		return th.Bad, th.Warning
	}
	return th.Warn, th.Warning
}

func alertFoot(s *Scene, a *runtime.Alert, w int) []string {
	th := s.Theme
	var foot []string
	field := func(name, text string, look draw.Ink) {
		for i, l := range draw.Wrap(th.Text(text), max(w-11, 10)) {
			if i > 0 {
				name = ""
			}
			foot = append(foot, " "+th.Dim.Of(draw.Fit(name, 9))+look.Of(l))
		}
	}
	look, _ := alertInk(th, a)
	if a.Cause != "" {
		field("cause", a.Cause, look)
	}
	field("do", a.Remedy, th.Strong)
	if len(a.Cameras) > 0 {
		field("cameras", strings.Join(a.Cameras, ", "), th.Info)
	}
	field("since", draw.Stamp(a.Since), th.Dim)
	return append(foot, " "+th.Dim.Of(draw.Clickable(draw.OnAction, "open", s.Hints.Open+" shows it")+", "+draw.Clickable(draw.OnAction, "toggle", s.Hints.Toggle+" acknowledges")))
}

// AlertsOf reports whether a camera has alerts, and whether one of them is severe and not
// acknowledged. If subject is not empty, only alerts about that detector count.
func AlertsOf(list []runtime.Alert, camera, subject string) (any, severe bool) {
	for i := range list {
		a := &list[i]
		if subject != "" && (a.Subject != subject || !aboutDetector(a.Kind)) {
			continue
		}
		for _, c := range a.Cameras {
			if c == camera {
				any, severe = true, severe || a.Severe && !a.Acknowledged
			}
		}
	}
	return any, severe
}

func aboutDetector(kind runtime.AlertKind) bool {
	return kind == runtime.AlertDetectorFailed || kind == runtime.AlertDetectorSlow || kind == runtime.AlertDetectorTTL || kind == runtime.AlertFramesSparse
}
