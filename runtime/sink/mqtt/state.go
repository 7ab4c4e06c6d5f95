package mqtt

import (
	"encoding/json"
	"math"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

const (
	maxAlerts  = 50 // listed alerts
	maxText    = 300
	stateEvery = time.Second      // minimum time between two publications of one topic
	stateSlow  = 10 * time.Second // the same for values that change constantly
)

// The order in which retained messages are published: discovery, then states, then that
// they are valid.
const (
	rankDiscovery = iota
	rankState
	rankCamera
	rankBox
)

// board maps topics to the messages that the broker should retain.
type board map[string]entry

// entry is a retained message.
type entry struct {
	payload []byte
	rank    int
	// calm is the payload without values that change constantly. While it is unchanged,
	// a new payload waits for stateSlow. Empty: it does not wait.
	calm string
	jpeg picture // instead of payload
}

// boxState is the payload of the program's state.
type boxState struct {
	Version   string    `json:"version"`
	Started   time.Time `json:"started"`
	Cameras   []string  `json:"cameras"`
	Commands  []string  `json:"commands"`
	Discovery string    `json:"discovery"`
}

type alertsState struct {
	Count  int          `json:"count"`
	Severe int          `json:"severe"`
	Alerts []alertState `json:"alerts"`
}

type alertState struct {
	ID           string    `json:"id"`
	Kind         string    `json:"kind"`
	Title        string    `json:"title"`
	Severe       bool      `json:"severe"`
	Cameras      []string  `json:"cameras"`
	Since        time.Time `json:"since"`
	Cause        string    `json:"cause"`
	Remedy       string    `json:"remedy"`
	Acknowledged bool      `json:"acknowledged"`
}

type cameraState struct {
	State  string    `json:"state"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	Width  int       `json:"width"`
	Height int       `json:"height"`
}

// cameraStats are measurements; null: unknown.
type cameraStats struct {
	FPS       *float64                 `json:"fps"`
	LatencyMS *float64                 `json:"latency_ms"`
	Detectors map[string]detectorStats `json:"detectors"`
}

type detectorStats struct {
	FPS       *float64 `json:"fps"`
	LatencyMS *float64 `json:"latency_ms"`
}

type detectorState struct {
	State   string `json:"state"`
	Enabled bool   `json:"enabled"`
	Kind    string `json:"kind"`
	Reason  string `json:"reason"`
}

type ruleState struct {
	State   string `json:"state"`
	Enabled bool   `json:"enabled"`
	// Known is false while the condition is unknown; On is then null.
	Known bool   `json:"known"`
	On    *bool  `json:"on"` // confirmed, and not ended
	Why   string `json:"why"`
	// Armed is whether a rule with hours is active now; null: it has no hours.
	Armed *bool     `json:"armed"`
	Since time.Time `json:"since"`
	Fired uint64    `json:"fired"`
}

type signalState struct {
	Known    bool     `json:"known"`
	Value    *float64 `json:"value"`
	Why      string   `json:"why"`
	Detector string   `json:"detector"`
}

// states returns what the broker should retain for a snapshot, besides discovery.
func (c *client) states(s *runtime.Snapshot) board {
	b := board{}
	b.put(c.topics.availability(), []byte(online), rankBox)
	b.json(c.topics.box(), boxState{c.opts.Version, s.Started.UTC(), names(s), append([]string{}, c.cfg.Commands...), c.cfg.Discovery}, "")
	b.json(c.topics.alerts(), alertsOf(s), "")
	for i := range s.Cameras {
		c.cameraStates(b, s, &s.Cameras[i])
	}
	return b
}

func names(s *runtime.Snapshot) []string {
	list := make([]string, len(s.Cameras))
	for i := range s.Cameras {
		list[i] = s.Cameras[i].Name
	}
	return list
}

func (b board) put(topic string, payload []byte, rank int) {
	b[topic] = entry{payload: payload, rank: rank}
}

func (b board) json(topic string, v any, calm string) {
	payload, err := json.Marshal(v)
	if err != nil {
		panic(err) // cannot happen: plain values with checked numbers
	}
	b[topic] = entry{payload: payload, rank: rankState, calm: calm}
}

func alertsOf(s *runtime.Snapshot) alertsState {
	v := alertsState{Count: len(s.Alerts), Alerts: []alertState{}}
	for i := range s.Alerts {
		a := &s.Alerts[i]
		if a.Severe {
			v.Severe++
		}
		if i < maxAlerts {
			v.Alerts = append(v.Alerts, alertState{
				a.ID, string(a.Kind), a.Title(), a.Severe, append([]string{}, a.Cameras...), a.Since.UTC().Truncate(time.Second), text.CleanTo(a.Cause, maxText), a.Remedy, a.Acknowledged,
			})
		}
	}
	return v
}

func (c *client) cameraStates(b board, s *runtime.Snapshot, v *runtime.CameraView) {
	there := offline
	if v.State == capture.Live {
		there = online
	}
	b.put(c.topics.online(v.Name), []byte(there), rankCamera)
	b.json(c.topics.state(v.Name), cameraState{string(v.State), text.CleanTo(v.Reason, maxText), v.Since.UTC().Truncate(time.Second), v.Width, v.Height}, "")
	stats := cameraStats{Detectors: map[string]detectorStats{}}
	if v.State == capture.Live {
		stats.FPS, stats.LatencyMS = figure(v.FPS), millis(v.FrameAge)
	}
	for i := range v.Detectors {
		d := &v.Detectors[i]
		b.json(c.topics.part(v.Name, ofDetector, d.Name), detectorOf(d), "")
		figures := detectorStats{FPS: figure(d.FPS)}
		if d.Age > 0 && v.State == capture.Live {
			figures.LatencyMS = millis(d.AgeHist.Quantiles(0.5)[0])
		}
		stats.Detectors[d.Name] = figures
	}
	b.json(c.topics.stats(v.Name), stats, "figures")
	for i := range v.Rules {
		b.json(c.topics.part(v.Name, ofRule, v.Rules[i].Event), ruleOf(s, &v.Rules[i]), "")
	}
	for zone, state := range zonesOf(v) {
		b.json(c.topics.part(v.Name, ofZone, zone), state, state.calm())
	}
	for i := range v.Signals {
		g := &v.Signals[i]
		if g.Detector == "" {
			continue // it was detached
		}
		state := signalOf(g)
		b.json(c.topics.part(v.Name, ofSignal, g.Name), state, state.calm())
	}
}

// detectorOf returns the state of a detector. Waiting for the next frame counts as
// running.
func detectorOf(d *engine.DetectorView) detectorState {
	v := detectorState{State: string(d.State), Enabled: d.State != engine.DetectorDisabled, Kind: d.Kind}
	switch d.State {
	case engine.DetectorWaiting, engine.DetectorRunning:
		v.State = string(engine.DetectorRunning)
	default:
		v.Reason = text.CleanTo(d.Reason, maxText)
	}
	return v
}

// ruleOf returns the state of a rule. It is known while its condition is known, or
// while an open incident continues.
func ruleOf(s *runtime.Snapshot, r *engine.RuleView) ruleState {
	v := ruleState{
		State: string(r.Status.State), Enabled: r.Status.State != rules.Disabled, Fired: r.Status.Fired,
		Since: s.Started.Add(r.Status.Since).UTC().Truncate(time.Second),
	}
	watched := v.Enabled && r.Status.State != rules.Inactive
	if r.Hours != nil {
		v.Armed = &watched
	}
	if v.Known = watched && r.Status.Truth != rules.Unknown; v.Known {
		on := r.Status.Active
		v.On = &on
		return v
	}
	v.Why = v.State
	if watched {
		v.Why = "unknown"
		for i := range r.Clause {
			if k := &r.Clause[i]; k.Truth == rules.Unknown {
				v.Why = text.CleanTo(k.Text+": "+k.Why.String(), maxText)
				break
			}
		}
	}
	return v
}

func signalOf(g *engine.SignalView) signalState {
	v := signalState{Detector: g.Detector, Why: g.Why, Known: g.Unknown == detectors.Known}
	if v.Known {
		if v.Value = figure(g.Value); v.Value == nil {
			v.Known, v.Why = false, detectors.NotANumber.String()
		}
	}
	return v
}

// calm distinguishes values that are worth publishing at once: known or not, 0 or not,
// and integers.
func (v signalState) calm() string {
	switch {
	case !v.Known:
		return v.Why
	case *v.Value == math.Trunc(*v.Value):
		return ""
	}
	return "fraction"
}

// figure returns a number with three significant digits; nil: not finite.
func figure(f float64) *float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	if f != math.Trunc(f) {
		scale := math.Pow(10, 2-math.Floor(math.Log10(math.Abs(f))))
		if r := math.Round(f*scale) / scale; !math.IsNaN(r) && !math.IsInf(r, 0) {
			f = r
		}
	}
	return &f
}

func millis(d time.Duration) *float64 { return figure(math.Round(d.Seconds() * 1000)) }
