package metrics

import (
	"net/http"

	"rvo-tui/capture"
	"rvo-tui/runtime"
)

// Health is the response of /health.
type Health struct {
	// Status is "ok", or "degraded" while a camera is not live, a sink or an
	// output does not deliver, evidence is lost, or a part of the configuration is
	// left out.
	Status   string  `json:"status"`
	Uptime   float64 `json:"uptime_seconds"`
	Cameras  int     `json:"cameras"`
	Live     int     `json:"cameras_live"`
	Sinks    int     `json:"sinks"`
	Broken   int     `json:"sinks_degraded"`
	Outputs  int     `json:"outputs"`
	Failing  int     `json:"outputs_degraded"`
	Evidence string  `json:"evidence"`    // "ok", "degraded", or "off": no evidence is saved
	Left     int     `json:"quarantined"` // cameras, detectors, rules and outputs that do not run because of an invalid configuration
}

// HealthOf summarizes a snapshot; nil is a process that has just started.
func HealthOf(s *runtime.Snapshot) Health {
	h := Health{Status: "ok", Evidence: "off"}
	if s == nil {
		return h
	}
	h.Uptime, h.Cameras, h.Sinks = s.Uptime.Seconds(), len(s.Cameras), len(s.Sinks)
	for i := range s.Cameras {
		switch s.Cameras[i].State {
		case capture.Live:
			h.Live++
		case capture.Paused, capture.Ended: // intended
		default:
			h.Status = "degraded"
		}
	}
	for i := range s.Sinks {
		if s.Sinks[i].State != runtime.SinkOK {
			h.Broken++
			h.Status = "degraded"
		}
	}
	if s.Outbox != nil {
		h.Outputs = len(s.Outbox.Outputs)
		for i := range s.Outbox.Outputs {
			if s.Outbox.Outputs[i].State != runtime.SinkOK {
				h.Failing++
				h.Status = "degraded"
			}
		}
	}
	if h.Left = len(s.Reload.Quarantined); h.Left > 0 {
		h.Status = "degraded"
	}
	if s.Clips != nil {
		if h.Evidence = s.Clips.State; h.Evidence != "ok" {
			h.Status = "degraded"
		}
	}
	return h
}

func health(latest func() *runtime.Snapshot) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, HealthOf(latest()))
	})
}
