package runtime

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// AlertKind is what an alert is about.
type AlertKind string

// The kinds of alerts.
const (
	AlertCameraDown     AlertKind = "camera_down"     // delivers no frames although it should
	AlertCameraLag      AlertKind = "camera_lag"      // its stream is decoded slower than it arrives
	AlertEvidenceDown   AlertKind = "evidence_down"   // its second stream, for clips, delivers nothing
	AlertDetectorFailed AlertKind = "detector_failed" // too many consecutive errors, or stuck
	AlertDetectorSlow   AlertKind = "detector_slow"   // cannot keep its rate
	AlertDetectorTTL    AlertKind = "detector_ttl"    // its results set a TTL shorter than the time between two runs
	AlertFramesSparse   AlertKind = "frames_sparse"   // its frames are further apart than its TTL
	AlertSink           AlertKind = "sink_degraded"   // events are not delivered
	AlertOutput         AlertKind = "output_degraded" // messages are not delivered
	AlertOutputLate     AlertKind = "output_late"     // messages are delivered slower than they come
	AlertRefused        AlertKind = "output_refused"  // messages were refused and set aside
	AlertClips          AlertKind = "clips_degraded"  // clips are lost
	AlertReload         AlertKind = "reload_failed"   // the running configuration is not that of the file
	AlertQuarantined    AlertKind = "quarantined"     // a camera, detector, rule or output does not run because of an invalid configuration
)

// AlertKinds returns all kinds of alerts.
func AlertKinds() []AlertKind {
	return []AlertKind{AlertCameraDown, AlertCameraLag, AlertEvidenceDown, AlertDetectorFailed, AlertDetectorSlow, AlertDetectorTTL, AlertFramesSparse, AlertSink, AlertOutput, AlertOutputLate, AlertRefused, AlertClips, AlertReload, AlertQuarantined}
}

// Alert is one current problem. A detector that fails on several cameras is one alert.
type Alert struct {
	ID           string    `json:"id"` // KIND or KIND:SUBJECT; constant while the alert lasts
	Kind         AlertKind `json:"kind"`
	Severe       bool      `json:"severe"`  // frames, detections, events or clips are missing; false: they are late or fewer
	Subject      string    `json:"subject"` // name of the camera, detector or sink; empty: none
	Cameras      []string  `json:"cameras"` // affected cameras; empty: the whole program
	Since        time.Time `json:"since"`
	Cause        string    `json:"cause"`  // for the user; may be empty
	Remedy       string    `json:"remedy"` // what to do
	Acknowledged bool      `json:"acknowledged"`
}

// MarshalJSON adds the title, so that clients need not reimplement it.
func (a Alert) MarshalJSON() ([]byte, error) {
	type fields Alert
	return json.Marshal(struct {
		fields
		Title string `json:"title"`
	}{fields(a), a.Title()})
}

// Title says briefly what is wrong, without the cause.
func (a *Alert) Title() string {
	name := a.Subject
	switch a.Kind {
	case AlertCameraDown:
		return "camera " + name + " gives no frames"
	case AlertCameraLag:
		return "camera " + name + " lags"
	case AlertEvidenceDown:
		return "the evidence stream of " + name + " delivers nothing"
	case AlertDetectorFailed:
		return "detector " + name + " failed" + a.where()
	case AlertDetectorSlow:
		return "detector " + name + " is too slow" + a.where()
	case AlertDetectorTTL:
		return "results of detector " + name + " expire before the next run" + a.where()
	case AlertFramesSparse:
		return "detector " + name + " gets too few frames" + a.where()
	case AlertSink:
		return "events are not delivered to " + name
	case AlertOutput:
		return "messages are not delivered to " + name
	case AlertOutputLate:
		return "messages reach " + name + " late"
	case AlertRefused:
		return "messages were refused by " + name
	case AlertClips:
		return "clips are being lost"
	case AlertReload:
		return "the configuration was not reloaded"
	case AlertQuarantined:
		return name + " has an invalid configuration and does not run"
	}
	return strings.TrimSpace(string(a.Kind) + " " + name + a.where())
}

// where names the affected cameras of an alert about something other than a camera.
func (a *Alert) where() string {
	switch {
	case len(a.Cameras) == 0:
		return ""
	case len(a.Cameras) > 3:
		return " on " + strings.Join(a.Cameras[:2], ", ") + " and others"
	}
	return " on " + strings.Join(a.Cameras, ", ")
}

const (
	alertClear = 5 * time.Second  // time without the trouble after which an alert ends
	slowWindow = 10 * time.Second // over which a detector's rate is measured
)

// trouble is one problem in one snapshot.
type trouble struct {
	kind            AlertKind
	subject, camera string // camera may be empty
	severe          bool
	sustains        bool          // keeps an existing alert, but raises none
	after           time.Duration // how long it must last to raise an alert
	cause, remedy   string
}

type troubleKey struct {
	kind            AlertKind
	subject, camera string
}

// alerts tracks troubles over snapshots. An alert is raised when its trouble has lasted
// long enough, and ends when there was none for alertClear. It has no clock: it uses
// the times of the snapshots. It belongs to the goroutine of Run.
type alerts struct {
	present map[troubleKey]*presence
	acked   map[string]bool // by ID, for current alerts
	loads   map[troubleKey][]load
}

// presence is a trouble over time.
type presence struct {
	trouble
	began, seen time.Time
	raised      bool
}

func newAlerts() *alerts {
	return &alerts{present: map[troubleKey]*presence{}, acked: map[string]bool{}, loads: map[troubleKey][]load{}}
}

// step processes a snapshot and returns the current alerts: severe ones first, then
// unacknowledged ones, then by age, oldest first.
func (a *alerts) step(s *Snapshot) []Alert {
	now := s.At
	for _, t := range a.troubles(s) {
		key := troubleKey{t.kind, t.subject, t.camera}
		p := a.present[key]
		switch {
		case p == nil && t.sustains:
			continue
		case p == nil:
			p = &presence{began: now}
			a.present[key] = p
		}
		p.seen = now
		if !t.sustains || p.cause == "" {
			p.trouble = t
		}
		p.raised = p.raised || !t.sustains && now.Sub(p.began) >= t.after
	}
	for key, p := range a.present {
		if quiet := now.Sub(p.seen); quiet > 0 && !p.raised || quiet >= alertClear {
			delete(a.present, key)
		}
	}
	return a.list(s)
}

// list joins the alerts of several cameras.
func (a *alerts) list(s *Snapshot) []Alert {
	place := make(map[string]int, len(s.Cameras))
	for i := range s.Cameras {
		place[s.Cameras[i].Name] = i
	}
	byID := map[string]*Alert{}
	for _, p := range a.present {
		if !p.raised {
			continue
		}
		id := string(p.kind)
		if p.subject != "" {
			id += ":" + p.subject
		}
		v := byID[id]
		if v == nil {
			v = &Alert{ID: id, Kind: p.kind, Subject: p.subject, Since: onWall(s.At, p.began), Acknowledged: a.acked[id], Cameras: []string{}}
			byID[id] = v
		}
		v.Severe = v.Severe || p.severe
		if p.began.Before(v.Since) {
			v.Since = onWall(s.At, p.began)
		}
		if p.camera != "" {
			v.Cameras = append(v.Cameras, p.camera)
		}
	}
	for id := range a.acked {
		if byID[id] == nil {
			delete(a.acked, id)
		}
	}
	out := make([]Alert, 0, len(byID))
	for _, v := range byID {
		slices.SortFunc(v.Cameras, func(x, y string) int { return cmp.Or(cmp.Compare(place[x], place[y]), cmp.Compare(x, y)) })
		first := ""
		if len(v.Cameras) > 0 {
			first = v.Cameras[0]
		}
		p := a.present[troubleKey{v.Kind, v.Subject, first}]
		v.Cause, v.Remedy = p.cause, p.remedy
		out = append(out, *v)
	}
	slices.SortFunc(out, func(x, y Alert) int {
		return cmp.Or(order(y.Severe, x.Severe), order(x.Acknowledged, y.Acknowledged), x.Since.Compare(y.Since), cmp.Compare(x.ID, y.ID))
	})
	return out
}

// order sorts false before true.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// acknowledge toggles the mark of an alert. It reports whether the alert exists.
func (a *alerts) acknowledge(list []Alert, id string) bool {
	if !slices.ContainsFunc(list, func(v Alert) bool { return v.ID == id }) {
		return false
	}
	if a.acked[id] {
		delete(a.acked, id)
	} else {
		a.acked[id] = true
	}
	return true
}

// look updates the alerts. It runs once a second in Run's goroutine.
func (r *Runtime) look() {
	list := r.troubles.step(r.Snapshot())
	r.alerts.Store(&list)
}

// acknowledge carries out the command Acknowledge.
func (r *Runtime) acknowledge(id string) error {
	s := r.Snapshot()
	if !r.troubles.acknowledge(s.Alerts, id) {
		return fmt.Errorf("%w %q; list the alerts with ctl alerts", ErrNoAlert, id)
	}
	list := r.troubles.list(s)
	r.alerts.Store(&list)
	return nil
}
