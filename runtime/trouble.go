package runtime

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime/engine"
)

const (
	connectGrace = 5 * time.Second // a first connection takes its time
	slowGrace    = 3 * time.Second
)

// troubles lists the problems in a snapshot.
func (a *alerts) troubles(s *Snapshot) []trouble {
	var list []trouble
	loads := make(map[troubleKey][]load, len(a.loads))
	for i := range s.Cameras {
		c := &s.Cameras[i]
		if t, bad := cameraTrouble(c); bad {
			list = append(list, t)
		}
		if t, bad := recordingTrouble(c); bad {
			list = append(list, t)
		}
		if c.Lagging {
			list = append(list, trouble{
				kind: AlertCameraLag, subject: c.Name, camera: c.Name, after: slowGrace,
				cause:  fmt.Sprintf("frames are read %v late", c.Lag.Round(10*time.Millisecond)),
				remedy: "use a stream with a lower resolution or frame rate, or reduce the load of this machine",
			})
		}
		if c.State != capture.Live {
			continue // the missing frames explain the problems of its detectors
		}
		for k := range c.Detectors {
			d := &c.Detectors[k]
			key := troubleKey{AlertDetectorSlow, d.Name, c.Name}
			loads[key] = noteLoad(a.loads[key], s.At, c, d)
			if t, bad := failure(c, d); bad {
				list = append(list, t)
			} else if t, bad := slowness(c, d, loads[key]); bad {
				list = append(list, t)
			}
			if t, bad := sparseness(c, d, loads[key]); bad {
				list = append(list, t)
			}
			if t, bad := hastiness(c, d); bad {
				list = append(list, t)
			}
		}
	}
	a.loads = loads
	return append(list, programTroubles(s)...)
}

func cameraTrouble(c *CameraView) (trouble, bool) {
	return streamTrouble(trouble{
		kind: AlertCameraDown, subject: c.Name, camera: c.Name, severe: true,
		remedy: "check that it is on and reachable, and that its source and login are right",
	}, c.State, capture.Cause(c.Reason, c.Source))
}

// recordingTrouble reports a problem with the second stream of a camera.
func recordingTrouble(c *CameraView) (trouble, bool) {
	if c.Recording == nil {
		return trouble{}, false
	}
	return streamTrouble(trouble{
		kind: AlertEvidenceDown, subject: c.Name, camera: c.Name,
		remedy: "check its evidence_source; until then clips are made from its source",
	}, c.Recording.State, capture.Cause(c.Recording.Reason, c.Recording.Source))
}

// streamTrouble completes t if a stream in that state has a problem.
func streamTrouble(t trouble, state capture.State, cause string) (trouble, bool) {
	t.cause = string(state)
	if cause != "" {
		t.cause += ": " + cause
	}
	switch state {
	case capture.Connecting:
		t.after = connectGrace
	case capture.Live, capture.Paused, capture.Ended:
		return trouble{}, false
	}
	return t, true
}

// failure reports a failed detector. While it is being reopened, or if its last run
// failed, the problem persists.
func failure(c *CameraView, d *engine.DetectorView) (trouble, bool) {
	t := trouble{
		kind: AlertDetectorFailed, subject: d.Name, camera: c.Name, severe: true, cause: d.Error,
		remedy: "correct what its error says, or disable it",
	}
	if d.Remote {
		t.remedy = "start its service, or correct its endpoint"
	}
	switch {
	case d.State == engine.DetectorFailed:
		if t.cause == "" {
			t.cause = d.Reason
		}
	case d.State == engine.DetectorStuck:
		t.cause = fmt.Sprintf("a run has not returned within %v", d.Timeout)
		t.remedy = "raise its timeout, or lower its max_fps"
	case d.State == engine.DetectorStarting, d.State != engine.DetectorDisabled && d.Error != "":
		t.sustains = true
	default:
		return trouble{}, false
	}
	return t, true
}

// load is a snapshot of a detector's counters.
type load struct {
	at           time.Time
	runs, missed uint64 // missed: frames that it was allowed to process but could not, because it was busy, in backoff or without a slot
	slot         uint64 // missed frames for lack of a slot
	frames       uint64 // frames delivered by its camera
}

// noteLoad appends a detector's counters to those of the last slowWindow. If they have
// decreased, it is a different detector.
func noteLoad(past []load, now time.Time, c *CameraView, d *engine.DetectorView) []load {
	n := load{now, d.Runs, d.Skips[engine.GateBusy] + d.Skips[engine.GateSlot] + d.Skips[engine.GateBackoff], d.Skips[engine.GateSlot], c.Frames}
	if k := len(past); k > 0 && (n.runs < past[k-1].runs || n.missed < past[k-1].missed || n.slot < past[k-1].slot) {
		past = nil
	}
	past = slices.DeleteFunc(past, func(l load) bool { return now.Sub(l.at) > slowWindow })
	return append(past, n)
}

// slowness reports a detector that missed a tenth of the frames that it should have
// processed, and is well below its rate. Half of that sustains an alert.
func slowness(c *CameraView, d *engine.DetectorView, past []load) (trouble, bool) {
	first, last := past[0], past[len(past)-1]
	if last.at.Sub(first.at) < slowWindow/2 || d.State == engine.DetectorDisabled || d.State == engine.DetectorStarting {
		return trouble{}, false
	}
	runs, missed := last.runs-first.runs, last.missed-first.missed
	switch {
	case missed*10 > runs && d.FPS < 0.8*d.MaxFPS:
	case missed*20 > runs && d.FPS < 0.9*d.MaxFPS:
		return trouble{kind: AlertDetectorSlow, subject: d.Name, camera: c.Name, sustains: true}, true
	default:
		return trouble{}, false
	}
	t := trouble{
		kind: AlertDetectorSlow, subject: d.Name, camera: c.Name, after: slowGrace,
		cause:  fmt.Sprintf("%.1f of %.4g runs a second: each takes too long", d.FPS, d.MaxFPS),
		remedy: "lower its max_fps, or use a smaller model",
	}
	if last.slot-first.slot > missed/2 {
		t.cause = fmt.Sprintf("%.1f of %.4g runs a second: other detectors hold the slots", d.FPS, d.MaxFPS)
		t.remedy = "lower max_fps of the detectors that hold the slots, or raise slots"
	}
	return t, true
}

// sparseness reports a detector that processes every frame, but whose results expire
// before the next frame.
func sparseness(c *CameraView, d *engine.DetectorView, past []load) (trouble, bool) {
	first, last := past[0], past[len(past)-1]
	span, runs, frames := last.at.Sub(first.at), last.runs-first.runs, last.frames-first.frames
	if span < slowWindow/2 || runs == 0 || frames > 2*runs || d.TTL <= 0 || span <= d.TTL*time.Duration(frames+1) {
		return trouble{}, false
	}
	remedy := "raise its ttl"
	if c.Decoding == capture.DecodeKeys {
		remedy += ", set decode = \"all\" or have the camera send key frames more often"
	}
	return trouble{
		kind: AlertFramesSparse, subject: d.Name, camera: c.Name,
		cause:  fmt.Sprintf("a frame about every %v, but its results are valid for %v", (span / time.Duration(max(frames, 1))).Round(100*time.Millisecond), d.TTL),
		remedy: remedy,
	}, true
}

// shortTTLRemedy says what to do about a service that sends a TTL that is too short.
const shortTTLRemedy = "let its service send a longer TTL, or none for that of the detector"

// hastiness reports a detector whose results set a TTL shorter than the time between
// two runs. Attributes of boxes may also expire because the boxes do.
func hastiness(c *CameraView, d *engine.DetectorView) (trouble, bool) {
	if d.CropsOf != "" {
		return trouble{}, false
	}
	for i := range c.Signals {
		s := &c.Signals[i]
		if s.Detector != d.Name || s.TTL <= 0 || s.TTL >= d.TTL || !detectors.TooShort(s.TTL, d.MaxFPS) {
			continue
		}
		if s.Unknown == detectors.Known || s.Unknown == detectors.Stale {
			return trouble{
				kind: AlertDetectorTTL, subject: d.Name, camera: c.Name,
				cause:  fmt.Sprintf("%s is valid for %v, as its service says, but max_fps = %.4g", s.Name, s.TTL, d.MaxFPS),
				remedy: shortTTLRemedy,
			}, true
		}
	}
	return trouble{}, false
}

// programTroubles lists the problems that do not belong to a camera.
func programTroubles(s *Snapshot) []trouble {
	var list []trouble
	for _, k := range s.Sinks {
		if k.State != SinkOK {
			list = append(list, trouble{
				kind: AlertSink, subject: k.Name, severe: true, cause: k.Reason,
				remedy: "make its target writable or reachable; delivery then continues",
			})
		}
	}
	if s.Outbox != nil {
		list = append(list, outputTroubles(s.Outbox.Outputs)...)
	}
	if k := s.Clips; k != nil && k.State != "ok" {
		cause, remedy, _ := strings.Cut(k.Reason, "; ") // format of clips.Status
		list = append(list, trouble{kind: AlertClips, severe: true, cause: cause, remedy: remedy})
	}
	if r := s.Reload; r.Last != "" && r.Last != ReloadOK {
		list = append(list, trouble{
			kind: AlertReload, cause: r.Reason,
			remedy: "correct the file (see rvo-tui check) and reload it",
		})
	}
	for _, q := range s.Reload.Quarantined {
		list = append(list, trouble{
			kind: AlertQuarantined, subject: q.What, severe: true, cause: q.Why,
			remedy: "correct its table (see rvo-tui check) and reload the configuration",
		})
	}
	return list
}

// outputAfter is how long an output may fail before it is an alert.
const outputAfter = 10 * time.Second

// lateOutputAfter is how long messages may be late before it is an alert: a backlog of an
// outage takes a while.
const lateOutputAfter = 5 * time.Minute

func outputTroubles(outputs []OutputView) []trouble {
	var list []trouble
	for i := range outputs {
		o := &outputs[i]
		switch {
		case o.State != SinkOK:
			list = append(list, trouble{
				kind: AlertOutput, subject: o.Name, severe: true, after: outputAfter, cause: o.Reason, remedy: o.Remedy,
			})
		case o.Reason != "":
			list = append(list, trouble{kind: AlertOutputLate, subject: o.Name, after: lateOutputAfter, cause: o.Reason, remedy: o.Remedy})
		}
		if o.AsideCount > 0 {
			list = append(list, trouble{
				kind: AlertRefused, subject: o.Name, cause: fmt.Sprintf("%d set aside; the newest: %s", o.AsideCount, o.Aside[0].Reason),
				remedy: "see ctl outbox; then ctl resend, or ctl discard",
			})
		}
	}
	return list
}
