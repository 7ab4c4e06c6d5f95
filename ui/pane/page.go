package pane

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/logging"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"

	"rvo-tui/ui/draw"
)

// details builds the lines of a details page.
type details struct {
	th    *draw.Theme
	w     int
	lines []string
}

const fieldName = 12 // cells

func (d *details) field(name, text string) {
	for _, l := range draw.Wrap(text, max(d.w-fieldName, 10)) {
		d.lines = append(d.lines, d.th.Dim.Of(draw.Fit(name, fieldName))+l)
		name = ""
	}
}

// line adds a field with styled text.
func (d *details) line(name, drawn string) {
	d.lines = append(d.lines, d.th.Dim.Of(draw.Fit(name, fieldName))+drawn)
}

func (d *details) title(text string) { d.lines = append(d.lines, "", d.th.TitleOn.Of(text)) }

// DetectorPage shows all details of a detector of the camera shown, w cells wide.
func DetectorPage(s *Scene, v *engine.DetectorView, w int) []string {
	th, c := s.Theme, s.Camera()
	d := &details{th: th, w: w}
	look, state := s.detectorState(v)
	d.line("state", look.Of(state))
	d.field("kind", th.Text(v.Kind)+", "+string(v.Cost)+" cost"+remoteText(th, v))
	d.field("outputs", th.Text(strings.Join(v.Provides, ", ")))
	if len(v.Needs) > 0 {
		d.field("needs", th.Text(strings.Join(v.Needs, ", ")))
	}
	if v.Model != "" {
		d.field("model", th.Text(v.Model))
	}
	d.field("bounds", fmt.Sprintf("max_fps %s, timeout %s, ttl %s", draw.Limit(v.MaxFPS), draw.Ago(v.Timeout), draw.Ago(v.TTL)))
	for _, k := range v.Settings {
		d.field(th.Text(k.Key), th.Text(k.Value))
	}
	if v.Error != "" {
		d.field("last error", th.Text(v.Error))
	}

	d.title("Rate and run time")
	spark := min(max(w-fieldName-30, 10), sparkCells)
	rates := s.Hist.Values(c.Name, rateSeries(v.Name))
	d.line("runs/s", th.Stage[0].Of(th.Sparkline(rates, 0, max(v.MaxFPS, top(rates)), spark))+"  "+draw.Rate(v.FPS)+th.Dim.Of(" of "+draw.Limit(v.MaxFPS)))
	exec := histogramKey{c.Name, v.Name, "exec"}
	if l := s.Hist.recent(exec); l.Count > 0 {
		medians := s.Hist.medians(exec)
		d.line("run time", th.Stage[3].Of(th.Sparkline(medians, 0, top(medians), spark))+"  p50 "+draw.Ago(l.P50)+th.Dim.Of(", p99 "+draw.Ago(l.P99)+", max "+draw.Ago(l.Max)))
	}
	if v.AgeHist != nil && v.AgeHist.Count() > 0 {
		q := v.AgeHist.Quantiles(0.5, 0.99)
		d.line("answer age", "p50 "+draw.Ago(q[0])+th.Dim.Of(", p99 "+draw.Ago(q[1])+" since the start"))
	}

	d.title("Skipped frames")
	var skipped uint64
	for g := engine.GateOpen + 1; g < engine.GateCount; g++ {
		skipped += v.Skips[g]
	}
	for g := engine.GateOpen + 1; g < engine.GateCount; g++ {
		if n := v.Skips[g]; n > 0 {
			d.line("  "+g.String(), th.Meter(float64(n)/float64(skipped), 20, th.Warn)+draw.Right(draw.Count(n), 7)+th.Dim.Of(fmt.Sprintf("  %.0f %%", 100*float64(n)/float64(skipped))))
		}
	}
	if skipped == 0 {
		d.line("", th.Dim.Of("none"))
	}
	if v.Skips[engine.GateSlot] > 0 && !v.Remote {
		d.slots(s)
	}

	d.title("Errors")
	if errors := s.Hist.Values(c.Name, errorSeries(v.Name)); len(errors) > 0 {
		d.line("errors", th.Bad.Of(th.Sparkline(errors, 0, max(top(errors), 1), spark))+"  "+draw.Count(errorsOf(v))+th.Dim.Of(" in all"))
	}
	for _, e := range s.about(c.Name, v.Name) {
		d.field("  "+e.Time.Local().Format("15:04:05"), th.Text(e.Text))
	}

	d.title("Losses since the start")
	lost := []engine.Count{{Reason: "timeouts", N: v.Timeouts}, {Reason: "late answers", N: v.Late}, {Reason: "expired", N: v.Expired}, {Reason: "backoffs", N: v.Backoffs}, {Reason: "restarts", N: v.Restarts}}
	none := true
	for _, n := range append(lost, v.Errors...) {
		if n.N > 0 {
			d.lines = append(d.lines, "  "+draw.Fit(th.Text(n.Reason), 20)+th.Warn.Of(draw.Count(n.N)))
			none = false
		}
	}
	if none {
		d.line("", th.Dim.Of("none"))
	}
	return d.lines
}

// aboutLines is how many log lines a page shows.
const aboutLines = 4

// about returns the newest warnings and errors about a detector of a camera, oldest first.
func (s *Scene) about(camera, detector string) []Entry {
	var lines []logging.Line
	for _, l := range s.AllLog {
		if l.Level >= slog.LevelWarn && names(l.Text, "camera", camera) && names(l.Text, "detector", detector) {
			lines = append(lines, l)
		}
	}
	list := Fold(lines)
	return list[max(len(list)-aboutLines, 0):]
}

// WhyNoClip returns why an event has no clip, according to the log; empty if it does not say.
func (s *Scene) WhyNoClip(event string) string {
	for _, l := range slices.Backward(s.AllLog) {
		if _, reason, found := strings.Cut(l.Text, " reason="); found && l.Level >= slog.LevelWarn && names(l.Text, "event", event) {
			return reason
		}
	}
	return ""
}

// names reports whether a log line has key=value.
func names(line, key, value string) bool {
	return strings.Contains(line+" ", " "+key+"="+value+" ") || strings.Contains(line, " "+key+"="+strconv.Quote(value))
}

func remoteText(th *draw.Theme, v *engine.DetectorView) string {
	switch {
	case v.Endpoint != "":
		return ", computed at " + th.Text(v.Endpoint)
	case v.Remote:
		return ", computed elsewhere"
	}
	return ""
}

// slots lists the detectors of all cameras that used the slots most in the last seconds.
func (d *details) slots(s *Scene) {
	type holder struct {
		camera, detector string
		share            float64 // of one slot
	}
	var list []holder
	for i := range s.Snap.Cameras {
		c := &s.Snap.Cameras[i]
		for k := range c.Detectors {
			v := &c.Detectors[k]
			if l := s.Hist.recent(histogramKey{c.Name, v.Name, "exec"}); !v.Remote && l.Count > 0 {
				list = append(list, holder{c.Name, v.Name, v.FPS * l.P50.Seconds()})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b holder) int { return cmp.Compare(b.share, a.share) })
	d.title(fmt.Sprintf("Who holds the %d slots", s.Snap.Slots.Size))
	for _, h := range list[:min(len(list), 6)] {
		share := h.share / float64(max(s.Snap.Slots.Size, 1))
		d.lines = append(d.lines, "  "+d.th.Meter(share, 20, d.th.Warn)+draw.Right(fmt.Sprintf("%.0f %%", 100*share), 6)+"  "+draw.Fit(d.th.Text(h.detector)+d.th.Dim.Of(" on "+d.th.Text(h.camera)), max(d.w-30, 8)))
	}
}

// RulePage shows all details of a rule of the camera shown, w cells wide: its condition as a tree
// with the history of each clause, its timers, and what it still needs to fire.
func RulePage(s *Scene, r *engine.RuleView, w int) []string {
	th, c := s.Theme, s.Camera()
	d := &details{th: th, w: w}
	d.line("state", ruleInk(th, r.Status.State).Of(string(r.Status.State))+th.Dim.Of(fmt.Sprintf(", fired %s times", draw.Count(r.Status.Fired))))
	d.field("to fire", th.Text(r.Lacks()))

	d.title("Condition")
	expr, err := rules.Parse(r.When)
	if err != nil { // a newer program may have a newer syntax
		d.lines = append(d.lines, draw.Wrap(th.Text(r.When), w)...)
	} else {
		for _, l := range expr.Outline() {
			d.clause(s, c, r, l)
		}
	}

	d.title("Clocks")
	held := time.Duration(r.Status.Progress * float64(r.For))
	switch {
	case r.For == 0:
		d.line("  for", th.Dim.Of("none: it fires at once"))
	case r.Status.State == rules.Potential && r.Status.Truth == rules.Unknown:
		d.line("  for", th.Meter(r.Status.Progress, 20, th.Dim)+"  "+text.Tenths(held)+" of "+draw.Ago(r.For)+th.Warn.Of(", stopped: the condition is unknown"))
	default:
		d.line("  for", th.Meter(r.Status.Progress, 20, th.Warn)+"  "+text.Tenths(held)+" of "+draw.Ago(r.For))
	}
	switch left := r.Status.Remaining; {
	case r.Cooldown == 0:
		d.line("  cooldown", th.Dim.Of("none"))
	case left > 0:
		d.line("  cooldown", th.Meter(1-float64(left)/float64(r.Cooldown), 20, th.Info)+"  "+text.Tenths(r.Cooldown-left)+" of "+draw.Ago(r.Cooldown)+th.Dim.Of(", "+text.Tenths(left)+" left"))
	default:
		d.line("  cooldown", th.Dim.Of("not running, "+draw.Ago(r.Cooldown)+" after it has fired"))
	}
	return d.lines
}

// clause adds one line of a condition.
func (d *details) clause(s *Scene, c *runtime.CameraView, r *engine.RuleView, l rules.Line) {
	th, indent := d.th, draw.Spaces(2+2*l.Depth)
	if l.Clause < 0 || l.Clause >= len(r.Clause) {
		d.lines = append(d.lines, indent+th.Dim.Of(l.Text))
		return
	}
	k := &r.Clause[l.Clause]
	is := th.Warn.Of(k.Why.String())
	if k.Age != rules.Never {
		is = "is " + draw.Number(k.Value)
		if k.Other != "" {
			is += " to " + draw.Number(k.Threshold)
		}
		if k.Why != detectors.Known {
			is += " " + th.Warn.Of(k.Why.String())
		} else {
			is += th.Dim.Of(", age " + draw.Steady(k.Age))
		}
	}
	d.lines = append(d.lines, indent+Truth(th, k.Truth)+" "+th.Text(l.Text)+"  "+is)
	values := s.Hist.Values(c.Name, clauseSeries(k))
	if len(values) == 0 {
		return
	}
	high := top(append(slices.Clone(values), k.Threshold))
	spark := min(max(d.w-len(indent)-34, 10), 60)
	line := th.Stage[0].Of(th.Sparkline(values, 0, high, spark))
	if high > 0 && k.Threshold >= 0 {
		line += th.Dim.Of("  threshold ") + draw.Number(k.Threshold) + " " + th.Accent.Of(th.Spark[min(max(1+int(k.Threshold/high*7+0.5), 1), 8)])
	}
	d.lines = append(d.lines, indent+"  "+line)
}

// CameraPage shows all details of the camera shown, w cells wide.
func CameraPage(s *Scene, c *runtime.CameraView, w int) []string {
	th := s.Theme
	d := &details{th: th, w: w}
	look := cameraInk(th, c.State)
	d.line("state", look.Of(string(c.State))+th.Dim.Of(" since "+draw.Stamp(c.Since)))
	if c.Reason != "" {
		d.field("because", th.Text(c.Reason))
	}
	d.field("source", th.Text(c.Source))
	d.field("stream", streamText(th, c))
	rates := s.Hist.Values(c.Name, "")
	d.line("frames/s", th.Stage[0].Of(th.Sparkline(rates, 0, top(rates), min(max(w-fieldName-10, 10), sparkCells)))+"  "+draw.Rate(c.FPS))
	if c.Decoding != "" {
		d.field("decodes", fmt.Sprintf("%s of %.0f frames a second: %s", c.Decoding, c.SentFPS, th.Text(c.DecodingWhy)))
		d.field("packets", fmt.Sprintf("%s, %s decoded, %s damaged", draw.Count(c.Packets), draw.Count(c.Decoded), draw.Count(c.Damaged)))
	}
	d.field("reconnects", fmt.Sprintf("%s, %s failures, %s stalls, %s changes of size", draw.Count(reconnects(c)), draw.Count(c.Failures), draw.Count(c.Stalls), draw.Count(c.Resizes)))
	d.field("frames", fmt.Sprintf("%s, %s replaced by a newer one before they were used", draw.Count(c.Frames), draw.Count(c.Superseded)))
	for _, q := range []engine.Count{{Reason: capture.DropPool, N: c.DropPool}, {Reason: capture.DropLag, N: c.DropLag}, {Reason: capture.DropRate, N: c.DropRate}, {Reason: capture.DropCorrupt, N: c.DropBroken}} {
		if q.N > 0 {
			d.line("  dropped", th.Warn.Of(draw.Count(q.N)+" "+q.Reason))
		}
	}
	if r := c.Recording; r != nil {
		d.title("Second stream, for evidence")
		d.field("state", string(r.State))
		if r.Reason != "" {
			d.field("because", th.Text(r.Reason))
		}
		d.field("source", th.Text(r.Source))
	}
	if foot := fleetFoot(s, c, w); len(foot) > 0 {
		d.title("Alerts")
		d.lines = append(d.lines, foot...)
	}
	return d.lines
}

// streamText describes the stream of a camera.
func streamText(th *draw.Theme, c *runtime.CameraView) string {
	var parts []string
	if c.Codec != "" {
		parts = append(parts, th.Text(string(c.Codec)))
	}
	if c.Width > 0 {
		parts = append(parts, fmt.Sprintf("%dx%d", c.Width, c.Height))
	}
	if c.SentFPS > 0 {
		parts = append(parts, draw.Rate(c.SentFPS)+" frames a second")
	}
	switch {
	case c.Bitrate > 0:
		parts = append(parts, draw.Amount(int64(c.Bitrate/8))+"/s ("+draw.Bits(c.Bitrate)+")")
	case c.Codec != "":
		parts = append(parts, "nothing arrives")
	}
	if len(parts) == 0 {
		return "not known yet"
	}
	return strings.Join(parts, ", ")
}

// EventPage shows all details of an event, w cells wide.
func EventPage(s *Scene, e *rules.Event, w int) []string {
	th := s.Theme
	field := func(name, value string) string { return th.Dim.Of(draw.Fit(name, 11)) + value }
	lines := []string{
		field("event", th.Strong.Of(th.Text(e.Type))+"  "+string(e.Phase)),
		field("camera", th.Text(e.Camera)),
		field("time", e.Time.Local().Format("2006-01-02 15:04:05.000 MST")),
		field("confidence", fmt.Sprintf("%.0f%%", e.Confidence*100)),
		field("id", th.Text(e.ID)),
	}
	if e.Phase == rules.PhaseEnded {
		lines = append(lines, field("lasted", draw.Ago(e.Duration)))
	}
	lines = append(lines, field("age", draw.Ago(e.Age.Total())+th.Dim.Of(" since capture:")))
	for i, part := range []time.Duration{e.Age.Capture, e.Age.Queue, e.Age.Schedule, e.Age.Inference, e.Age.Publish, e.Age.Event} {
		share := 0.0
		if total := e.Age.Total(); total > 0 {
			share = float64(part) / float64(total)
		}
		lines = append(lines, "           "+draw.Fit(engine.Stage(i).String(), 10)+draw.Right(draw.Ago(part), 7)+"  "+th.Meter(share, min(20, max(w-30, 0)), th.Stage[i]))
	}
	lines = append(lines, "", th.TitleOn.Of("Because"))
	for i := range e.Clauses {
		k := &e.Clauses[i]
		line := "  " + Truth(th, k.Truth) + " " + th.Text(k.Text)
		if k.Age != rules.Never {
			line += th.Dim.Of("   was ") + draw.Number(k.Value) + th.Dim.Of(", age "+draw.Coarse(k.Age))
		}
		if k.Why != detectors.Known {
			line += "  " + th.Warn.Of(k.Why.String())
		}
		lines = append(lines, line)
	}
	return lines
}
