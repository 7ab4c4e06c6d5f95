package runtime

import (
	"encoding/json"
	"time"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/internal/logging"
	"rvo-tui/runtime/engine"
)

// Snapshot is the state of a Runtime at one moment, for dashboards, metrics and
// scripts. It is immutable once published, except that its histograms keep counting.
// Its JSON form is defined in docs/snapshot.schema.json. Durations in it are in
// nanoseconds.
type Snapshot struct {
	At      time.Time     `json:"at"`
	Uptime  time.Duration `json:"uptime_ns"`
	Started time.Time     `json:"started"`

	Cameras []CameraView  `json:"cameras"`
	Slots   SlotsView     `json:"slots"`
	Queues  []QueueView   `json:"queues"` // all bounded queues except those of cameras: sinks, clips, commands
	Sinks   []SinkView    `json:"sinks"`
	Outbox  *OutboxView   `json:"outbox"` // null: there are no outputs
	Clips   *clips.Status `json:"clips"`  // evidence; null: none was requested so far
	Log     logging.View  `json:"log"`
	Loop    LoopView      `json:"loop"`
	Reload  ReloadView    `json:"reload"`
	Alerts  []Alert       `json:"alerts"` // current ones, updated once a second
	// Modified is the number of cameras, detectors and rules, each counted for every
	// camera, that were changed by command since the configuration was read.
	Modified int `json:"modified"`
}

// CameraView is the state of one camera with its detectors, signals and rules.
type CameraView struct {
	capture.Status

	engine.View

	Seen       uint64            `json:"seen"`       // frames seen by the engine
	Superseded uint64            `json:"superseded"` // frames replaced before the engine saw them
	Ticks      uint64            `json:"ticks"`      // engine steps
	Tick       *engine.Histogram `json:"tick"`       // duration of an engine step
	Queues     []QueueView       `json:"queues"`     // newest frame, mailboxes, pool
	Recording  *RecordingView    `json:"recording"`  // the second stream, for evidence; nil: none

	at time.Duration // when it was published, since the epoch
}

// SlotsView is the state of the slots for local detectors.
type SlotsView struct {
	Size    int    `json:"size"`
	Busy    int    `json:"busy"`
	Waiting int    `json:"waiting"`
	Revoked uint64 `json:"revoked"` // taken from stuck detectors
	Policy  string `json:"policy"`
}

// QueueView is the state of one bounded queue.
type QueueView struct {
	Name     string         `json:"name"`
	Depth    int            `json:"depth"`
	Capacity int            `json:"capacity"`
	Drops    []engine.Count `json:"drops"` // by reason
}

// SinkView is the state of one sink.
type SinkView struct {
	Name     string `json:"name"`
	State    string `json:"state"` // "ok" or "degraded"
	Reason   string `json:"reason"`
	Written  uint64 `json:"written"`
	Dropped  uint64 `json:"dropped"`
	Failures uint64 `json:"failures"` // writes that failed
	Depth    int    `json:"depth"`
	Capacity int    `json:"capacity"`
}

// MarshalJSON writes the object described by docs/snapshot.schema.json. Lists are never
// null. Numbers that are not finite are null (values of signals and clauses) or 0.
func (s Snapshot) MarshalJSON() ([]byte, error) {
	type plain Snapshot
	v := plain(s)
	v.Cameras = make([]CameraView, len(s.Cameras))
	for i := range s.Cameras {
		c := s.Cameras[i]
		c.View, c.Queues = c.Plain(s.At), tidyQueues(c.Queues)
		rates := []*float64{&c.FPS, &c.SentFPS, &c.Bitrate}
		if c.Recording != nil {
			own := *c.Recording
			c.Recording = &own
			rates = append(rates, &own.SentFPS)
		}
		for _, rate := range rates {
			if *rate-*rate != 0 { // JSON has no NaN or infinities
				*rate = 0
			}
		}
		v.Cameras[i] = c
	}
	v.Queues = tidyQueues(s.Queues)
	v.Sinks = append([]SinkView{}, s.Sinks...)
	v.Reload.Results = append([]engine.Count{}, s.Reload.Results...)
	v.Reload.Quarantined = append([]Quarantined{}, s.Reload.Quarantined...)
	v.Alerts = append([]Alert{}, s.Alerts...)
	for i := range v.Alerts {
		v.Alerts[i].Cameras = append([]string{}, v.Alerts[i].Cameras...)
	}
	if s.Outbox != nil {
		own := *s.Outbox
		own.Outputs = append([]OutputView{}, own.Outputs...)
		for i := range own.Outputs {
			out := &own.Outputs[i]
			out.Aside, out.Drops = append([]AsideView{}, out.Aside...), append([]engine.Count{}, out.Drops...)
			out.Traffic = append([]engine.Count{}, out.Traffic...)
		}
		v.Outbox = &own
	}
	if s.Clips != nil {
		st := *s.Clips
		st.Rings = append([]clips.RingStatus{}, st.Rings...)
		st.Dropped, st.Removed = counters(st.Dropped), counters(st.Removed)
		v.Clips = &st
	}
	return json.Marshal(&v)
}

func tidyQueues(queues []QueueView) []QueueView {
	queues = append([]QueueView{}, queues...)
	for i := range queues {
		queues[i].Drops = append([]engine.Count{}, queues[i].Drops...)
	}
	return queues
}

func counters(m map[string]uint64) map[string]uint64 {
	if m == nil {
		return map[string]uint64{}
	}
	return m
}
