package ui

import (
	"fmt"
	"strings"
	"time"

	"rvo-tui/runtime/engine"
)

// detectorsView lists the detectors of the camera shown, and why the selected
// one does what it does, for w cells.
func detectorsView(s *scene, sel, w int) body {
	b := body{title: "Detectors", rows: true, empty: "No detector. Press " + s.hints.attach + " to attach one."}
	c := s.camera()
	if c == nil {
		return b
	}
	name := 8
	for i := range c.Detectors {
		name = max(name, min(width(s.th.text(c.Detectors[i].Name)), 18))
	}
	slots := s.snap.Slots
	b.n, b.note = len(c.Detectors), fmt.Sprintf("slots %d/%d", slots.Busy, slots.Size)
	if slots.Waiting > 0 {
		b.note += fmt.Sprintf(" +%d waiting", slots.Waiting)
	}
	const numbers = 13 + 7 + 7 + 7
	state := min(max(w-4-name-numbers-1, 10), 34)
	extra := w - 4 - name - state - numbers
	head := "    " + fit("name", name+1) + fit("state", state) + fit("  fps of max", 13) + right("p50", 7) + right("p99", 7) + right("age", 7)
	if extra >= 16 {
		head += right("runs", 8) + right("errors", 8)
	}
	b.head = []string{s.th.dim.of(head)}
	b.key = func(i int) string { return c.Detectors[i].Name }
	b.row = func(i int) string {
		d := &c.Detectors[i]
		look, text := s.detectorState(d)
		exec := s.hist.recent(d.Exec)
		age := "-"
		if d.Runs > 0 && d.Age > 0 {
			age = coarse(d.Age)
		}
		line := "  " + look.of(s.th.dot) + " " + fit(s.th.text(d.Name), name) + " " + look.of(fit(text, state)) +
			right(rate(d.FPS), 5) + s.th.dim.of(" of "+fit(limit(d.MaxFPS), 4))
		if exec.Count > 0 {
			line += right(ago(exec.P50), 7) + right(ago(exec.P99), 7)
		} else {
			line += right("-", 7) + right("-", 7)
		}
		line += right(age, 7)
		if extra >= 16 {
			failed := errorsOf(d)
			text := right(count(failed), 8)
			if failed > 0 {
				text = s.th.warn.of(text)
			}
			line += right(count(d.Runs), 8) + text
		}
		return line
	}
	if sel < len(c.Detectors) {
		b.foot = detectorFoot(s, &c.Detectors[sel], w)
	}
	return b
}

// detectorState returns how a detector stands, in a few words and a colour.
// Between two runs a running one goes on being called running.
func (s *scene) detectorState(d *engine.DetectorView) (ink, string) {
	th := s.th
	switch d.State {
	case engine.DetectorDisabled:
		return th.dim, "disabled"
	case engine.DetectorStarting:
		return th.info, "starting" + because(th, d.Reason)
	case engine.DetectorStuck:
		return th.bad, "stuck past " + ago(d.Timeout)
	case engine.DetectorFailed:
		retry := ""
		if d.Until > 0 {
			retry = " (retry " + ago(d.Until.Round(time.Second)) + ")"
		}
		return th.bad, "failed" + retry + because(th, d.Reason)
	case engine.DetectorBackoff:
		return th.warn, "backoff " + coarse(d.Until)
	}
	if d.Runs > 0 && s.snap.At.Sub(d.LastRun) < max(time.Second, time.Duration(3e9/max(d.MaxFPS, 0.1))) {
		if d.State == engine.DetectorRunning && s.snap.At.Sub(d.LastRun) > d.Timeout/2 {
			return th.warn, "running, slow"
		}
		switch {
		case d.Error != "":
			return th.warn, "error: " + th.text(d.Error)
		case d.Age == 0:
			return th.warn, "no answer yet"
		}
		return th.good, "running"
	}
	switch d.Reason {
	case engine.GateNeeds.String():
		return th.info, "needs " + th.text(strings.Join(d.Needs, ", "))
	case engine.GateNoFrame.String(), "frame":
		return th.dim, "no frame"
	case engine.GateSlot.String():
		return th.warn, "waiting for a slot"
	case "":
		return th.good, string(d.State)
	}
	return th.info, string(d.State) + ": " + d.Reason
}

func because(th *theme, reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + th.text(reason)
}

func errorsOf(d *engine.DetectorView) (n uint64) {
	for _, e := range d.Errors {
		n += e.N
	}
	return n + d.Timeouts
}

// detectorFoot tells of one detector what the table has no room for.
func detectorFoot(s *scene, d *engine.DetectorView, w int) []string {
	th := s.th
	var skips []string
	for g := engine.GateOpen + 1; g < engine.GateCount; g++ {
		if n := d.Skips[g]; n > 0 {
			skips = append(skips, g.String()+" "+count(n))
		}
	}
	line := " " + th.dim.of("skipped ")
	if len(skips) == 0 {
		line += "none"
	} else {
		line += strings.Join(skips, th.dim.of(" · "))
	}
	var lost []string
	for _, c := range []struct {
		name string
		n    uint64
	}{{"timeouts", d.Timeouts}, {"late", d.Late}, {"expired", d.Expired}, {"backoffs", d.Backoffs}, {"restarts", d.Restarts}} {
		if c.n > 0 {
			lost = append(lost, c.name+" "+count(c.n))
		}
	}
	for _, e := range d.Errors {
		if e.N > 0 {
			lost = append(lost, th.text(e.Reason)+" "+count(e.N))
		}
	}
	if len(lost) > 0 {
		line += th.dim.of(" | ") + th.warn.of(strings.Join(lost, " · "))
	}
	foot := []string{line}
	about := fmt.Sprintf("%s, outputs %s, %s cost", d.Kind, strings.Join(d.Provides, " "), d.Cost)
	if len(d.Needs) > 0 {
		about += ", needs " + strings.Join(d.Needs, ", ")
	}
	if d.Model != "" {
		about += ", model " + d.Model
	}
	foot = append(foot, " "+th.dim.of(th.text(about)))
	if d.Error != "" {
		for _, l := range wrap(th.text(d.Error), w-2) {
			foot = append(foot, " "+th.bad.of(l))
		}
	}
	return foot
}
