package pane

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"

	"rvo-tui/ui/draw"
)

// spans are the time spans that the timeline can show.
var spans = []time.Duration{10 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, pastSpan}

// Timeline is the zoom and the selection of the timeline.
type Timeline struct {
	Zoom int       // index of a span; 0: ten minutes
	At   time.Time // time of the selected event; zero: the newest one of the row
}

// Wider zooms out, or in if more is not set.
func (t *Timeline) Wider(more bool) {
	by := -1
	if more {
		by = 1
	}
	t.Zoom = min(max(t.Zoom+by, 0), len(spans)-1)
}

// timeRow is a row of the timeline: a rule of a camera.
type timeRow struct {
	cam  *runtime.CameraView
	rule *engine.RuleView
}

// timeRows returns the rows of all cameras, those of the camera shown first.
func (s *Scene) timeRows() (list []timeRow) {
	if s.Snap == nil {
		return nil
	}
	add := func(c *runtime.CameraView) {
		for k := range c.Rules {
			list = append(list, timeRow{c, &c.Rules[k]})
		}
	}
	if c := s.Camera(); c != nil {
		add(c)
	}
	for i := range s.Snap.Cameras {
		if i != s.Cam {
			add(&s.Snap.Cameras[i])
		}
	}
	return list
}

// RuleEvents returns the events of a row, oldest first and without those that mark an end, and
// the index of the selected one; -1 if there are none.
func (s *Scene) RuleEvents(row int) (list []*runtime.RecentEvent, sel int) {
	rows := s.timeRows()
	if row < 0 || row >= len(rows) {
		return nil, -1
	}
	for i := range s.AllEvents {
		e := &s.AllEvents[i].Event
		if e.Camera == rows[row].cam.Name && e.Type == rows[row].rule.Event && e.Phase == rules.PhaseConfirmed {
			list = append(list, &s.AllEvents[i])
		}
	}
	sel = len(list) - 1
	if at := s.Time.At; !at.IsZero() {
		for i, e := range list {
			if e.Event.Time.Sub(at).Abs() < list[sel].Event.Time.Sub(at).Abs() {
				sel = i
			}
		}
	}
	return list, sel
}

// strip maps the cells of the timeline to time steps.
type strip struct {
	from time.Time
	cell time.Duration
	n    int
}

// cellOf returns the cell of a time, which may be outside the strip.
func (t strip) cellOf(at time.Time) int {
	if at.Before(t.from) {
		return -1
	}
	return int(at.Sub(t.from) / t.cell)
}

func (t strip) timeOf(cell int) time.Time { return t.from.Add(time.Duration(cell) * t.cell) }

// strip returns what n cells of the timeline show: the newest part, or the part around the
// selected event. It moves by whole cells.
func (s *Scene) strip(n int) strip {
	span := spans[s.Time.Zoom]
	t := strip{cell: span / time.Duration(n), n: n}
	to := s.Snap.At
	if at := s.Time.At; !at.IsZero() && at.Before(to.Add(-span)) {
		to = at.Add(span / 2)
	}
	end := (to.UnixNano() + int64(t.cell)) / int64(t.cell) * int64(t.cell)
	t.from = time.Unix(0, end).Add(-time.Duration(n) * t.cell)
	return t
}

// stripAt returns the first cell and the width of the strip in a pane of w cells.
func (s *Scene) stripAt(w int) (left, n int) {
	name := 8
	for _, r := range s.timeRows() {
		name = max(name, min(draw.Width(s.Theme.Text(r.label())), 28, w/4))
	}
	left = 3 + name + 1
	return left, max(w-left-7, 10)
}

func (r timeRow) label() string { return r.rule.Event + " " + r.cam.Name }

// EventAt returns the time of a row's event nearest to cell x of a pane of w cells; zero if
// there is none.
func (s *Scene) EventAt(row, x, w int) time.Time {
	left, n := s.stripAt(w)
	list, _ := s.RuleEvents(row)
	if s.Snap == nil || len(list) == 0 || x < left || x >= left+n {
		return time.Time{}
	}
	t := s.strip(n)
	at := t.timeOf(x - left).Add(t.cell / 2)
	nearest := slices.MinFunc(list, func(a, b *runtime.RecentEvent) int {
		return int(a.Event.Time.Sub(at).Abs() - b.Event.Time.Sub(at).Abs())
	})
	return nearest.Event.Time
}

// TimelineView shows the history of all rules, one row each, with their events, w cells wide.
func TimelineView(s *Scene, sel, w int) Body {
	b := Body{Title: "Timeline", empty: "No rule."}
	if s.Snap == nil {
		return b
	}
	th, rows := s.Theme, s.timeRows()
	b.n = len(rows)
	left, n := s.stripAt(w)
	t := s.strip(n)
	b.Note = "last " + spanText(spans[s.Time.Zoom])
	if t.timeOf(n).Before(s.Snap.At) {
		b.Note = spanText(spans[s.Time.Zoom]) + " until " + draw.Ago(s.Snap.At.Sub(t.timeOf(n))) + " ago"
	}
	b.Note += fmt.Sprintf(" (%s %s zoom)", draw.Clickable(draw.OnAction, "faster", s.Hints.Less), draw.Clickable(draw.OnAction, "slower", s.Hints.More))
	b.head = []string{draw.Spaces(left) + th.Dim.Of(timeAxis(t)+draw.Right("events", 7))}
	b.key = func(i int) string { return rows[i].label() }
	b.row = func(i int) string {
		r := rows[i]
		list, at := s.RuleEvents(i)
		if i != sel {
			at = -1
		}
		label := th.Text(r.rule.Event) + " " + th.Dim.Of(th.Text(r.cam.Name))
		shown := 0
		for _, e := range list {
			if c := t.cellOf(e.Event.Time); c >= 0 && c < n {
				shown++
			}
		}
		return "   " + draw.Fit(label, left-4) + " " + s.stripOf(t, r, list, at) + draw.Right(draw.Count(uint64(shown)), 7)
	}
	if sel < len(rows) {
		b.foot = timeFoot(s, rows[sel], sel, t)
	}
	return b
}

func spanText(d time.Duration) string {
	if d < time.Hour {
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%d h", int(d.Hours()))
}

// timeAxis labels a strip with times.
func timeAxis(t strip) string {
	layout := "15:04"
	if t.cell < time.Second {
		layout = "15:04:05"
	}
	zone, _ := t.from.Local().Zone()
	axis := []rune(draw.Spaces(t.n))
	gap := max(14, len(zone)+len(layout)+3)
	for x := 0; x+len(layout) <= t.n; x += gap {
		text := t.timeOf(x).Local().Format(layout)
		if x == 0 && len(layout)+1+len(zone) < gap {
			text += " " + zone
		}
		if x+len(text) <= t.n {
			copy(axis[x:], []rune(text))
		}
	}
	return string(axis)
}

// stripOf draws the state of a rule in each cell, and its events.
func (s *Scene) stripOf(t strip, r timeRow, list []*runtime.RecentEvent, sel int) string {
	th := s.Theme
	cells := make([]string, t.n)
	past := s.Hist.rules[ruleKey{r.cam.Name, r.rule.Event}]
	fired := s.firedIn(t, r)
	for i := range cells {
		was, watched, unknown := past.between(t.timeOf(i), t.timeOf(i+1))
		if fired[i] {
			was |= wasFired
		}
		cells[i] = th.Past(was&wasFired != 0, was&wasTrue != 0, was&wasFalse != 0, was&wasOff != 0, unknown > 0 && 2*unknown >= watched, unknown > 0)
	}
	for i, e := range list {
		c := t.cellOf(e.Event.Time)
		switch {
		case c < 0 || c >= t.n:
		case i == sel:
			cells[c] = th.Accent.Of(th.Here)
		case cells[c] != th.Accent.Of(th.Here):
			cells[c] = th.Good.Of(th.Dot)
		}
	}
	return strings.Join(cells, "")
}

// firedIn returns the cells in which the rule had fired, according to its events. These also cover
// times at which this dashboard was not running.
func (s *Scene) firedIn(t strip, r timeRow) []bool {
	fired := make([]bool, t.n)
	for i := range s.AllEvents {
		e := &s.AllEvents[i].Event
		if e.Phase != rules.PhaseEnded || e.Camera != r.cam.Name || e.Type != r.rule.Event {
			continue
		}
		for c := max(t.cellOf(e.Time.Add(-e.Duration)), 0); c <= t.cellOf(e.Time) && c < t.n; c++ {
			fired[c] = true
		}
	}
	return fired
}

// timeFoot describes the selected event and explains the symbols.
func timeFoot(s *Scene, r timeRow, row int, t strip) []string {
	th := s.Theme
	list, sel := s.RuleEvents(row)
	line := " " + th.Dim.Of("no event of "+th.Text(r.rule.Event)+" on "+th.Text(r.cam.Name)+" yet")
	if sel >= 0 {
		e := &list[sel].Event
		line = " " + th.Accent.Of(th.Here) + " " + draw.Stamp(e.Time) + "  " + th.Strong.Of(th.Text(e.Type)) + th.Dim.Of(" on ") + th.Text(e.Camera) +
			th.Dim.Of(fmt.Sprintf("  confidence %.0f%%, event %d of %d; ", e.Confidence*100, sel+1, len(list))+draw.Clickable(draw.OnAction, "open", s.Hints.Open+" opens it"))
	}
	_, watched, unknown := s.Hist.rules[ruleKey{r.cam.Name, r.rule.Event}].between(t.from, t.timeOf(t.n))
	known := fmt.Sprintf("watched for %v of it", time.Duration(watched)*pastStep)
	if unknown > 0 {
		known += fmt.Sprintf(", unknown in %v", time.Duration(unknown)*pastStep)
	}
	legend := th.Past(true, false, false, false, false, false) + th.Dim.Of(" fired ") + th.Past(false, true, false, false, false, false) + th.Dim.Of(" true ") +
		th.Past(false, false, true, false, false, false) + th.Dim.Of(" false ") + th.Past(false, false, false, false, true, true) + th.Dim.Of(" unknown ") +
		th.Past(false, false, false, false, false, false) + th.Dim.Of(" not watched") + "   " + th.Dim.Of(known)
	return []string{line, " " + legend}
}
