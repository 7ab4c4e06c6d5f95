package pane

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"rvo-tui/capture"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"

	"rvo-tui/ui/draw"
)

// FleetSort is the sort order of the fleet table.
type FleetSort int

// The sort orders of the fleet table.
const (
	ByTrouble FleetSort = iota // alerts first
	ByName
	ByRate    // slowest first
	ByLatency // highest first
	ByEvents  // most first
	ByDrops   // most first
	fleetSorts
)

var fleetSortNames = [fleetSorts]string{"trouble", "name", "fps", "latency", "events", "drops"}

func (f FleetSort) String() string { return fleetSortNames[f] }

// column makes a column's head sort by it when clicked.
func (f FleetSort) column(head string) string { return draw.Clickable(draw.OnSort, f.String(), head) }

// FleetSorts returns the names of the orders.
func FleetSorts() []string { return fleetSortNames[:] }

// Next returns the next or previous order.
func (f FleetSort) Next(forward bool) FleetSort {
	if forward {
		return (f + 1) % fleetSorts
	}
	return (f + fleetSorts - 1) % fleetSorts
}

// fleetRow is a camera's row in the table.
type fleetRow struct {
	index         int
	cam           *runtime.CameraView
	any, severe   bool // has alerts; has severe ones that are not acknowledged
	latency       time.Duration
	events, drops float64 // events an hour, drops a second; below 0: unknown yet
}

// FleetView lists all cameras, with the alerts of the selected one, w cells wide.
func FleetView(s *Scene, sel, w int) Body {
	b := Body{Title: "Fleet", empty: s.noCamera()}
	if s.Snap == nil {
		return b
	}
	th, list := s.Theme, s.fleet()
	if s.FleetFilter != "" {
		b.empty = "No camera contains “" + s.FleetFilter + "”."
	}
	b.n = len(list)
	b.Note = fmt.Sprintf("%d of %d cameras, by %s", len(list), len(s.Snap.Cameras), s.FleetSort)
	if s.FleetFilter != "" {
		b.Note = "/" + s.FleetFilter + "  " + b.Note
	}
	name := 6
	for i := range list {
		name = max(name, min(draw.Width(th.Text(list[i].cam.Name)), 24))
		if list[i].any && s.FleetSort == ByTrouble {
			b.pinned++
		}
	}
	// Columns that do not fit are left out, starting from the right.
	const state, fps, latency, states, rate = 12, 5, 8, 12, 8
	room := w - 4 - state - fps - latency - 2
	detectors, ofRules := room >= 10+states, room >= 10+2*states
	for _, shown := range []bool{detectors, ofRules} {
		if shown {
			room -= states + 1
		}
	}
	name = max(min(name, room), 6)
	room -= name
	spark := 0
	if room >= 11 {
		spark = min(room-2, 10)
		room -= spark + 1
	}
	events, drops := room >= rate, room >= 2*rate
	if events {
		room -= rate
	}
	if drops {
		room -= rate
	}
	last := 0
	if room >= 16 {
		last = room - 2
	}
	head := "    " + ByName.column(draw.Fit("camera", name)) + " " + ByTrouble.column(draw.Fit("state", state))
	if spark > 0 {
		head += draw.Spaces(spark + 1)
	}
	head += ByRate.column(draw.Right("fps", fps)) + ByLatency.column(draw.Right("latency", latency)) + " "
	if detectors {
		head += " " + draw.Fit("detectors", states)
	}
	if ofRules {
		head += " " + draw.Fit("rules", states)
	}
	if events {
		head += ByEvents.column(draw.Right("events/h", rate))
	}
	if drops {
		head += ByDrops.column(draw.Right("drops/s", rate))
	}
	if last > 0 {
		head += "  last event"
	}
	b.head = []string{th.Dim.Of(draw.Fit(head, w))}
	b.key = func(i int) string { return list[i].cam.Name }
	b.row = func(i int) string {
		r := &list[i]
		c := r.cam
		look, text := cameraInk(th, c.State), string(c.State)
		if s.Stale {
			look, text = th.Warn, "unknown"
		}
		mark := th.Good.Of(th.Dot)
		switch {
		case r.severe:
			mark = th.Bad.Of(th.Warning)
		case r.any:
			mark = th.Warn.Of(th.Warning)
		}
		line := "  " + mark + " " + draw.Fit(th.Text(c.Name), name) + " " + look.Of(draw.Fit(text, state))
		if spark > 0 {
			values := s.Hist.Values(c.Name, "")
			line += " " + th.Stage[0].Of(th.Sparkline(values, 0, top(values), spark))
		}
		line += draw.Right(draw.Rate(c.FPS), fps) + draw.Right(dash(r.latency > 0, draw.Ago(r.latency)), latency)
		line += " "
		if detectors {
			line += " " + draw.Fit(detectorCounts(s, c), states)
		}
		if ofRules {
			line += " " + draw.Fit(ruleCounts(th, c), states)
		}
		if events {
			line += draw.Right(dash(r.events >= 0, draw.Count(uint64(max(r.events, 0)+0.5))), rate)
		}
		if drops {
			text := draw.Right(dash(r.drops >= 0, draw.Rate(r.drops)), rate)
			if r.drops >= 0.05 {
				text = th.Warn.Of(text)
			}
			line += text
		}
		if last > 0 {
			line += "  " + draw.Fit(s.lastEvent(c.Name), last)
		}
		return line
	}
	if sel < len(list) {
		b.foot = fleetFoot(s, list[sel].cam, w)
	}
	return b
}

// fleetFoot lists the alerts of a camera.
func fleetFoot(s *Scene, c *runtime.CameraView, w int) (foot []string) {
	th := s.Theme
	for i := range s.Snap.Alerts {
		a := &s.Snap.Alerts[i]
		if !slices.Contains(a.Cameras, c.Name) {
			continue
		}
		look, mark := alertInk(th, a)
		text := th.Text(a.Title())
		if a.Cause != "" {
			text += ": " + th.Text(a.Cause)
		}
		foot = append(foot, " "+look.Of(mark+" "+draw.Fit(text, max(w-4, 1))))
	}
	return foot
}

func dash(known bool, text string) string {
	if known {
		return text
	}
	return "-"
}

// fleet returns the rows that pass the filter, in order.
func (s *Scene) fleet() []fleetRow {
	var list []fleetRow
	needle := strings.ToLower(s.FleetFilter)
	old := s.Hist.before(5 * time.Second)
	for i := range s.Snap.Cameras {
		c := &s.Snap.Cameras[i]
		if needle != "" && !strings.Contains(strings.ToLower(c.Name+" "+string(c.State)+" "+c.Reason), needle) {
			continue
		}
		r := fleetRow{index: i, cam: c, latency: s.latencyOf(c.Name), events: s.Hist.eventRate(s.Snap, c), drops: dropRate(s.Snap, old, c)}
		r.any, r.severe = AlertsOf(s.Snap.Alerts, c.Name, "")
		list = append(list, r)
	}
	rank := func(r *fleetRow) int {
		switch {
		case r.severe:
			return 0
		case r.any:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(list, func(a, b fleetRow) int {
		switch s.FleetSort {
		case ByName:
			return cmp.Compare(a.cam.Name, b.cam.Name)
		case ByRate:
			return cmp.Compare(a.cam.FPS, b.cam.FPS)
		case ByLatency:
			return cmp.Compare(b.latency, a.latency)
		case ByEvents:
			return cmp.Compare(b.events, a.events)
		case ByDrops:
			return cmp.Compare(b.drops, a.drops)
		}
		return cmp.Compare(rank(&a), rank(&b))
	})
	return list
}

// FleetCamera returns the index of a row's camera; -1 if there is no such row.
func (s *Scene) FleetCamera(row int) int {
	if s.Snap == nil {
		return -1
	}
	if list := s.fleet(); row >= 0 && row < len(list) {
		return list[row].index
	}
	return -1
}

// latencyOf returns the median time from capture to result over the last seconds; 0 if there
// was no result.
func (s *Scene) latencyOf(camera string) (total time.Duration) {
	for i := engine.StageCapture; i <= engine.StagePublish; i++ {
		total += s.Hist.recent(histogramKey{camera: camera, what: i.String()}).P50
	}
	return total
}

// dropRate returns the drops a second of a camera's queues, without superseded frames.
func dropRate(now, old *runtime.Snapshot, c *runtime.CameraView) float64 {
	if old == nil || now.At.Sub(old.At) < time.Second {
		return -1
	}
	for i := range old.Cameras {
		if old.Cameras[i].Name != c.Name {
			continue
		}
		before, after := drops(&old.Cameras[i]), drops(c)
		if after < before {
			return -1
		}
		return float64(after-before) / now.At.Sub(old.At).Seconds()
	}
	return -1
}

func drops(c *runtime.CameraView) (n uint64) {
	for i := range c.Queues {
		if q := &c.Queues[i]; q.Name != "frame" {
			for _, d := range q.Drops {
				n += d.N
			}
		}
	}
	return n
}

// counted joins the counts that are not empty.
func counted(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" })
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, " ")
}

func some(n int, look draw.Ink, mark string) string {
	if n == 0 {
		return ""
	}
	return look.Of(fmt.Sprintf("%d%s", n, mark))
}

// detectorCounts counts the detectors of a camera by state: failing, slow, healthy, without
// frames, disabled.
func detectorCounts(s *Scene, c *runtime.CameraView) string {
	th := s.Theme
	var failed, slow, well, idle, off int
	for i := range c.Detectors {
		d := &c.Detectors[i]
		any, severe := AlertsOf(s.Snap.Alerts, c.Name, d.Name)
		switch {
		case severe, d.State == engine.DetectorFailed, d.State == engine.DetectorStuck:
			failed++
		case any:
			slow++
		case d.State == engine.DetectorDisabled:
			off++
		case c.State != capture.Live:
			idle++
		default:
			well++
		}
	}
	return counted(some(failed, th.Bad, th.Cross), some(slow, th.Warn, th.Warning), some(well, th.Good, th.Tick), some(idle, th.Dim, th.Dot), some(off, th.Dim, th.Ring))
}

// ruleCounts counts the rules of a camera by state: confirmed, potential, unknown, idle,
// disabled.
func ruleCounts(th *draw.Theme, c *runtime.CameraView) string {
	var confirmed, potential, unknown, idle, off int
	for i := range c.Rules {
		switch st := &c.Rules[i].Status; {
		case st.State == rules.Disabled, st.State == rules.Inactive:
			off++
		case st.State == rules.Confirmed, st.State == rules.Cooldown:
			confirmed++
		case st.State == rules.Potential:
			potential++
		case st.Truth == rules.Unknown:
			unknown++
		default:
			idle++
		}
	}
	return counted(some(confirmed, th.Good, th.Dot), some(potential, th.Warn, th.Dot), some(unknown, th.Warn, th.Ask), some(idle, th.Dim, th.Dot), some(off, th.Dim, th.Ring))
}

// lastEvent describes the newest event of a camera.
func (s *Scene) lastEvent(camera string) string {
	for i := len(s.AllEvents) - 1; i >= 0; i-- {
		if e := &s.AllEvents[i].Event; e.Camera == camera {
			when := " now"
			if age := s.Snap.At.Sub(e.Time).Truncate(time.Second); age > 0 {
				when = " " + draw.Ago(age) + " ago"
			}
			return s.Theme.Text(e.Type) + s.Theme.Dim.Of(when)
		}
	}
	return s.Theme.Dim.Of("none yet")
}

// firing is a camera's event count at a time.
type firing struct {
	at time.Time
	n  uint64
}

const (
	firingEvery = time.Minute
	firings     = 61 // one an hour ago and one for each minute since
)

func firedBy(c *runtime.CameraView) (n uint64) {
	for i := range c.Rules {
		n += c.Rules[i].Status.Fired
	}
	return n
}

// count stores each camera's event count once a minute, and forgets removed cameras.
func (h *History) count(s *runtime.Snapshot) {
	there := make(map[string]bool, len(s.Cameras))
	for i := range s.Cameras {
		c := &s.Cameras[i]
		there[c.Name] = true
		past, n := h.fired[c.Name], firedBy(c)
		if k := len(past); k > 0 && n < past[k-1].n { // a rule was replaced
			past = nil
		}
		if k := len(past); k == 0 || s.At.Sub(past[k-1].at) >= firingEvery {
			past = append(past, firing{s.At, n})
			h.fired[c.Name] = past[max(len(past)-firings, 0):]
		}
	}
	for name := range h.fired {
		if !there[name] {
			delete(h.fired, name)
		}
	}
}

// eventRate returns a camera's events per hour, extrapolated while less than an hour was seen;
// below 0 if that is too short.
func (h *History) eventRate(s *runtime.Snapshot, c *runtime.CameraView) float64 {
	if s.Uptime > 0 && s.Uptime <= time.Hour {
		return float64(firedBy(c))
	}
	past := h.fired[c.Name]
	if len(past) == 0 || s.At.Sub(past[0].at) < firingEvery {
		return -1
	}
	return float64(firedBy(c)-min(past[0].n, firedBy(c))) / s.At.Sub(past[0].at).Hours()
}
