package pane

import (
	"cmp"
	"log/slog"
	"slices"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/logging"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"

	"rvo-tui/ui/draw"
)

// Hints are the keys that texts of panes mention.
type Hints struct{ AddCamera, Attach, Preview, Open, Toggle, Alerts, More, Less string }

// Scene is the data that panes are drawn from. It does not change while a screen is drawn.
type Scene struct {
	Snap      *runtime.Snapshot // nil: none yet
	Theme     *draw.Theme
	Hints     Hints
	Cam       int // index of the camera shown
	Hist      *History
	Events    []runtime.RecentEvent // that pass the filter
	Log       []Entry               // that pass the filter, repeated ones folded
	Filter    string
	LogLevel  slog.Level            // lowest level in Log
	AllEvents []runtime.RecentEvent // unfiltered
	AllLog    []logging.Line

	FleetFilter string
	FleetSort   FleetSort

	Time Timeline

	Preview bool
	Shots   map[string]Shot // by camera
	Sent    float64         // bytes a second sent to the terminal
	Sketch  *Sketch         // being drawn on the preview; nil: none
	Stale   bool            // the connection is lost and Snap is outdated
	Waiting bool            // not connected yet
}

// Shot is the newest frame of a camera, as a canvas.
type Shot struct {
	Frame  uint64 // its ID
	Canvas *draw.Canvas
	Camera *runtime.CameraView // the view when the frame arrived
}

// Camera returns the camera shown, or nil.
func (s *Scene) Camera() *runtime.CameraView {
	if s.Snap == nil || s.Cam >= len(s.Snap.Cameras) {
		return nil
	}
	return &s.Snap.Cameras[s.Cam]
}

// noCamera returns why there is no camera to show.
func (s *Scene) noCamera() string {
	if s.Waiting {
		return "Not connected yet."
	}
	return "No camera. Press " + s.Hints.AddCamera + " to add one."
}

// CameraOrder returns the indexes of the cameras in display order: those with alerts first.
func (s *Scene) CameraOrder() []int {
	if s.Snap == nil {
		return nil
	}
	rank := func(i int) int {
		switch any, severe := AlertsOf(s.Snap.Alerts, s.Snap.Cameras[i].Name, ""); {
		case severe:
			return 0
		case any:
			return 1
		}
		return 2
	}
	order := make([]int, len(s.Snap.Cameras))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rank(a), rank(b)) })
	return order
}

// Detectors returns the detectors of the camera shown in display order: those with alerts first.
func (s *Scene) Detectors() []*engine.DetectorView {
	c := s.Camera()
	if c == nil {
		return nil
	}
	var first, rest []*engine.DetectorView
	for i := range c.Detectors {
		d := &c.Detectors[i]
		if any, _ := AlertsOf(s.Snap.Alerts, c.Name, d.Name); any {
			first = append(first, d)
		} else {
			rest = append(rest, d)
		}
	}
	return append(first, rest...)
}

// History keeps data of earlier snapshots, for graphs and rates. The dashboard's goroutine owns
// it.
type History struct {
	past    []*runtime.Snapshot // one a second, oldest first
	series  map[seriesKey]*series
	windows map[histogramKey]*window
	fired   map[string][]firing // event counts by camera, at most firings each
	rules   map[ruleKey]*past
	sampled time.Time // when past and windows were last added to
	pushed  time.Time // when the series were last added to
	seen    time.Time // newest snapshot
}

// seriesKey identifies the history of a camera's signal; an empty signal is its frame rate.
type seriesKey struct{ camera, signal string }

// The series below use names that no signal can have, in place of a signal's name.

// rateSeries names the series of a detector's runs a second.
func rateSeries(detector string) string { return " " + detector }

// errorSeries names the series of a detector's failed runs.
func errorSeries(detector string) string { return " errors " + detector }

// clauseSeries names the series of a clause's value: the signal's own, unless the value is
// derived from detections.
func clauseSeries(k *rules.Clause) string {
	if derived(k) {
		return " clause " + k.Text
	}
	return k.Signal
}

func derived(k *rules.Clause) bool { return k.Where != "" || k.Zone != "" || k.Line != "" }

// queueSeries names the series of a queue's depth, and dropSeries that of its drops.
func queueSeries(queue string) string { return " depth " + queue }
func dropSeries(queue string) string  { return " drops " + queue }

// series is a history of values, one for each sparkStep.
type series struct {
	values []float64
	peak   float64   // maximum since the last value was added; NaN: unknown
	total  uint64    // a counter's total when the last value was added
	at     time.Time // last update
	known  bool
}

const (
	// PastSeconds is the length of the history of snapshots and latencies.
	PastSeconds = 10
	sparkStep   = 500 * time.Millisecond
	sparkCells  = 120
)

// NewHistory returns an empty history.
func NewHistory() *History {
	return &History{series: map[seriesKey]*series{}, windows: map[histogramKey]*window{}, fired: map[string][]firing{}, rules: map[ruleKey]*past{}}
}

// Renewed returns an empty history that keeps only the timeline of rules.
func (h *History) Renewed() *History {
	next := NewHistory()
	next.rules = h.rules
	return next
}

// Add adds a snapshot.
func (h *History) Add(s *runtime.Snapshot) {
	if s.At.Before(h.seen) { // the clock of a remote program was set back
		h.pushed, h.sampled, h.past = time.Time{}, time.Time{}, nil
		clear(h.fired)
	}
	h.seen = s.At
	push := s.At.Sub(h.pushed) >= sparkStep-20*time.Millisecond
	if push {
		h.pushed = s.At
		h.watch(s)
	}
	for i := range s.Cameras {
		c := &s.Cameras[i]
		for k := range c.Signals {
			h.note(seriesKey{c.Name, c.Signals[k].Name}, c.Signals[k].Value, c.Signals[k].Unknown == detectors.Known, push)
		}
		for k := range c.Rules {
			for i := range c.Rules[k].Clause {
				if clause := &c.Rules[k].Clause[i]; derived(clause) {
					h.note(seriesKey{c.Name, clauseSeries(clause)}, clause.Value, clause.Truth != rules.Unknown, push)
				}
			}
		}
		h.note(seriesKey{camera: c.Name}, c.FPS, c.State == capture.Live, push)
		for k := range c.Detectors {
			h.note(seriesKey{c.Name, rateSeries(c.Detectors[k].Name)}, c.Detectors[k].FPS, true, push)
			if push {
				h.tally(seriesKey{c.Name, errorSeries(c.Detectors[k].Name)}, errorsOf(&c.Detectors[k]))
			}
		}
	}
	if push {
		h.queues(s)
	}
	if s.At.Sub(h.sampled) < time.Second-20*time.Millisecond {
		return
	}
	h.sampled = s.At
	h.past = append(h.past, s)
	if len(h.past) > PastSeconds {
		h.past = slices.Delete(h.past, 0, len(h.past)-PastSeconds)
	}
	h.sample(s)
	h.count(s)
}

// note adds a value to a series, which keeps the maximum of each step.
func (h *History) note(key seriesKey, value float64, known, push bool) {
	r := h.series[key]
	if r == nil {
		r = new(series)
		h.series[key] = r
	}
	r.at = h.seen
	if known && (!r.known || value > r.peak) {
		r.peak, r.known = value, true
	}
	if !push {
		return
	}
	if !r.known {
		r.peak = nan
	}
	if len(r.values) >= sparkCells {
		r.values = slices.Delete(r.values, 0, len(r.values)-sparkCells+1)
	}
	r.values = append(r.values, r.peak)
	r.known = false
}

// tally adds a counter's total to a series, which keeps the increase of each step.
func (h *History) tally(key seriesKey, total uint64) {
	grown := 0.0
	if r := h.series[key]; r != nil && total > r.total {
		grown = float64(total - r.total)
	}
	h.note(key, grown, true, true)
	h.series[key].total = total
}

// queues adds the depths and drops of all queues.
func (h *History) queues(s *runtime.Snapshot) {
	add := func(camera string, list []gauge) {
		for i := range list {
			g := &list[i]
			if g.camera != (camera != "") {
				continue
			}
			h.note(seriesKey{camera, queueSeries(g.name)}, g.depth, true, true)
			h.tally(seriesKey{camera, dropSeries(g.name)}, g.lost())
		}
	}
	add("", gauges(s, nil))
	for i := range s.Cameras {
		add(s.Cameras[i].Name, gauges(s, &s.Cameras[i]))
	}
}

// Values returns the history of a signal, oldest first; for an empty name that of the camera's
// frame rate.
func (h *History) Values(camera, signal string) []float64 {
	if r := h.series[seriesKey{camera, signal}]; r != nil {
		return r.values
	}
	return nil
}

// before returns a snapshot of that age, or nil.
func (h *History) before(age time.Duration) *runtime.Snapshot {
	for _, s := range slices.Backward(h.past) {
		if h.seen.Sub(s.At) >= age-100*time.Millisecond {
			return s
		}
	}
	if len(h.past) > 0 && h.past[0].At.Before(h.seen) {
		return h.past[0]
	}
	return nil
}

// sample copies all histograms, and forgets removed histograms and signals.
func (h *History) sample(s *runtime.Snapshot) {
	seen := make(map[histogramKey]bool, len(h.windows))
	add := func(at histogramKey, g *engine.Histogram) {
		if g == nil {
			return
		}
		seen[at] = true
		w := h.windows[at]
		if w == nil {
			w = new(window)
			h.windows[at] = w
		}
		w.Add(g)
	}
	for i := range s.Cameras {
		c := &s.Cameras[i]
		add(histogramKey{camera: c.Name, what: "tick"}, c.Tick)
		for k, g := range c.Stages {
			add(histogramKey{camera: c.Name, what: engine.Stage(k).String()}, g)
		}
		for k := range c.Detectors {
			add(histogramKey{c.Name, c.Detectors[k].Name, "exec"}, c.Detectors[k].Exec)
		}
	}
	for key, r := range h.series {
		if s.At.Sub(r.at) > 2*time.Second {
			delete(h.series, key)
		}
	}
	for at := range h.windows {
		if !seen[at] {
			delete(h.windows, at)
		}
	}
}

// medians returns the recent medians of a histogram, one a second, oldest first.
func (h *History) medians(at histogramKey) []float64 {
	if w := h.windows[at]; w != nil {
		return w.medians
	}
	return nil
}

// recent summarizes what a histogram counted in the last PastSeconds seconds.
func (h *History) recent(at histogramKey) latency {
	if w := h.windows[at]; w != nil {
		return w.Last
	}
	return latency{}
}
