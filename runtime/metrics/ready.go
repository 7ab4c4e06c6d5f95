package metrics

import (
	"encoding/json"
	"net/http"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// Limits of the response of /ready.
const (
	readyReasons = 32
	readyText    = 200 // bytes of one reason
)

// Readiness is the response of /ready.
type Readiness struct {
	Ready   bool       `json:"ready"`
	Reasons []NotReady `json:"reasons"`        // at most 32
	More    int        `json:"more,omitempty"` // reasons beyond those
	// Alerts are the current alerts, at most 32. They may outlast their reason by
	// seconds, and do not affect readiness.
	Alerts []runtime.Alert `json:"alerts"`
}

// NotReady is one reason why a program is not ready.
type NotReady struct {
	Camera   string `json:"camera,omitempty"`
	Detector string `json:"detector,omitempty"` // empty: the reason concerns the camera
	State    string `json:"state"`
	Reason   string `json:"reason,omitempty"` // for the user, at most 200 bytes
}

// ReadyOf returns whether a program is fully working: no reload is in progress, every
// camera is live, paused or ended, and no detector of a live camera is starting, stuck
// or failed. Nil is a program that has not started yet. Reasons are cleaned and
// truncated.
func ReadyOf(s *runtime.Snapshot) Readiness {
	r := Readiness{Reasons: []NotReady{}, Alerts: []runtime.Alert{}}
	switch {
	case s == nil || s.Loop.Iterations == 0:
		// Do not report cameras that are still to be added separately.
		r.add(NotReady{State: "starting"})
	case s.Loop.Reloading:
		r.add(NotReady{State: "reloading"})
	}
	if s == nil {
		return r
	}
	for i := range s.Cameras {
		c := &s.Cameras[i]
		switch c.State {
		case capture.Paused, capture.Ended:
			continue
		case capture.Live:
		default:
			r.add(NotReady{Camera: c.Name, State: string(c.State), Reason: c.Reason})
		}
		for j := range c.Detectors {
			d := &c.Detectors[j]
			switch d.State {
			case engine.DetectorStarting, engine.DetectorStuck, engine.DetectorFailed:
				why := d.Error
				if why == "" {
					why = d.Reason
				}
				r.add(NotReady{Camera: c.Name, Detector: d.Name, State: string(d.State), Reason: why})
			}
		}
	}
	r.Ready = len(r.Reasons) == 0
	for _, a := range s.Alerts[:min(len(s.Alerts), readyReasons)] {
		a.Cause = text.CleanTo(a.Cause, readyText)
		r.Alerts = append(r.Alerts, a)
	}
	return r
}

func (r *Readiness) add(n NotReady) {
	if len(r.Reasons) == readyReasons {
		r.More++
		return
	}
	n.Reason = text.CleanTo(n.Reason, readyText)
	r.Reasons = append(r.Reasons, n)
}

func ready(latest func() *runtime.Snapshot) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		r := ReadyOf(latest())
		status := http.StatusOK
		if !r.Ready {
			status = http.StatusServiceUnavailable
		}
		answerJSON(w, status, r)
	})
}

// answerJSON responds with a value as one line of JSON.
func answerJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "the response cannot be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that is gone needs no response
}
