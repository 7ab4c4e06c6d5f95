package pane

import (
	"fmt"
	"strings"

	"rvo-tui/runtime/engine"

	"rvo-tui/ui/draw"
)

// DetectorsView lists the detectors of the camera shown, with details of the selected one,
// w cells wide.
func DetectorsView(s *Scene, sel, w int) Body {
	b := Body{Title: "Detectors", rows: true, empty: "No detector. Press " + s.Hints.Attach + " to attach one."}
	if s.Snap == nil {
		b.empty = s.noCamera()
	}
	c := s.Camera()
	if c == nil {
		return b
	}
	list := s.Detectors()
	name := 8
	for _, d := range list {
		name = max(name, min(draw.Width(s.Theme.Text(d.Name)), 18))
		if any, _ := AlertsOf(s.Snap.Alerts, c.Name, d.Name); any {
			b.pinned++
		}
	}
	slots := s.Snap.Slots
	b.n, b.Note = len(list), fmt.Sprintf("slots %d/%d", slots.Busy, slots.Size)
	if slots.Waiting > 0 {
		b.Note += fmt.Sprintf(" +%d waiting", slots.Waiting)
	}
	// A narrow pane leaves out whole columns.
	room := w - 4 - min(name, 6) - 12
	most, median, tail := room >= 20, room >= 27, room >= 34
	numbers := 5 + 7
	head := "  fps"
	for _, column := range []struct {
		shown bool
		name  string
		width int
	}{{most, " of max ", 8}, {median, "p50", 7}, {tail, "p99", 7}} {
		if column.shown {
			numbers += column.width
			head += draw.Right(column.name, column.width)
		}
	}
	name = max(min(name, w-4-numbers-11), 4)
	state := min(max(w-4-name-numbers-1, 10), 34)
	extra := w - 4 - name - state - numbers
	head = "    " + draw.Fit("name", name+1) + draw.Fit("state", state) + head + draw.Right("age", 7)
	if extra >= 16 {
		head += draw.Right("runs", 8) + draw.Right("errors", 8)
	}
	b.head = []string{s.Theme.Dim.Of(head)}
	b.key = func(i int) string { return list[i].Name }
	b.row = func(i int) string {
		d := list[i]
		look, text := s.detectorState(d)
		exec := s.Hist.recent(histogramKey{c.Name, d.Name, "exec"})
		age := "-"
		if d.Runs > 0 && d.Age > 0 {
			age = draw.Coarse(d.Age)
		}
		line := "  " + look.Of(s.Theme.Dot) + " " + draw.Fit(s.Theme.Text(d.Name), name) + " " + look.Of(draw.Fit(text, state)) +
			draw.Right(draw.Rate(d.FPS), 5)
		if most {
			line += s.Theme.Dim.Of(" of " + draw.Fit(draw.Limit(d.MaxFPS), 4))
		}
		p50, p99 := "-", "-"
		if exec.Count > 0 {
			p50, p99 = draw.Ago(exec.P50), draw.Ago(exec.P99)
		}
		if median {
			line += draw.Right(p50, 7)
		}
		if tail {
			line += draw.Right(p99, 7)
		}
		line += draw.Right(age, 7)
		if extra >= 16 {
			failed := errorsOf(d)
			text := draw.Right(draw.Count(failed), 8)
			if failed > 0 {
				text = s.Theme.Warn.Of(text)
			}
			line += draw.Right(draw.Count(d.Runs), 8) + text
		}
		return line
	}
	if sel < len(list) {
		b.foot = detectorFoot(s, list[sel], w)
	}
	return b
}

// ink returns the colour of a tone.
func ink(th *draw.Theme, tone engine.Tone) draw.Ink {
	switch tone {
	case engine.Good:
		return th.Good
	case engine.Info:
		return th.Info
	case engine.Warn:
		return th.Warn
	case engine.Bad:
		return th.Bad
	}
	return th.Dim
}

// detectorState returns the state of a detector in a few words, and its colour.
func (s *Scene) detectorState(d *engine.DetectorView) (draw.Ink, string) {
	words := d.Standing(s.Snap.At)
	return ink(s.Theme, words.Tone), s.Theme.Text(words.Text)
}

func errorsOf(d *engine.DetectorView) (n uint64) {
	for _, e := range d.Errors {
		n += e.N
	}
	return n + d.Timeouts
}

// detectorFoot shows details of a detector that do not fit into the table.
func detectorFoot(s *Scene, d *engine.DetectorView, w int) []string {
	th := s.Theme
	var skips []string
	for g := engine.GateOpen + 1; g < engine.GateCount; g++ {
		if n := d.Skips[g]; n > 0 {
			skips = append(skips, g.String()+" "+draw.Count(n))
		}
	}
	line := " " + th.Dim.Of("skipped ")
	if len(skips) == 0 {
		line += "none"
	} else {
		line += strings.Join(skips, th.Dim.Of(" · "))
	}
	var lost []string
	for _, c := range []struct {
		name string
		n    uint64
	}{{"timeouts", d.Timeouts}, {"late", d.Late}, {"expired", d.Expired}, {"backoffs", d.Backoffs}, {"restarts", d.Restarts}} {
		if c.n > 0 {
			lost = append(lost, c.name+" "+draw.Count(c.n))
		}
	}
	for _, e := range d.Errors {
		if e.N > 0 {
			lost = append(lost, th.Text(e.Reason)+" "+draw.Count(e.N))
		}
	}
	if len(lost) > 0 {
		line += th.Dim.Of(" | ") + th.Warn.Of(strings.Join(lost, " · "))
	}
	foot := []string{line}
	about := fmt.Sprintf("%s, outputs %s, %s cost", d.Kind, strings.Join(d.Provides, " "), d.Cost)
	if len(d.Needs) > 0 {
		about += ", needs " + strings.Join(d.Needs, ", ")
	}
	if d.Model != "" {
		about += ", model " + d.Model
	}
	foot = append(foot, " "+th.Dim.Of(th.Text(about)))
	if d.Error != "" {
		for _, l := range draw.Wrap(th.Text(d.Error), w-2) {
			foot = append(foot, " "+th.Bad.Of(l))
		}
	}
	return foot
}
