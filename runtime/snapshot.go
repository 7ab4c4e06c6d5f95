package runtime

import (
	"time"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/internal/logging"
	"rvo-tui/runtime/engine"
)

// Snapshot is the state of a Runtime at one instant, for dashboards, metrics and
// scripts. It consists of plain values and is immutable once published, but its
// histograms go on counting. It has one JSON form: docs/snapshot.schema.json.
// Durations in it are nanoseconds.
type Snapshot struct {
	At      time.Time     `json:"at"`
	Uptime  time.Duration `json:"uptime_ns"`
	Started time.Time     `json:"started"`

	Cameras []CameraView  `json:"cameras"`
	Slots   SlotsView     `json:"slots"`
	Queues  []QueueView   `json:"queues"` // all bounded queues but those of cameras: sinks, clips, commands
	Sinks   []SinkView    `json:"sinks"`
	Clips   *clips.Status `json:"clips"` // evidence; null: none was requested yet
	Log     logging.View  `json:"log"`
	Loop    LoopView      `json:"loop"`
	Reload  ReloadView    `json:"reload"`
	Alerts  []Alert       `json:"alerts"` // present troubles, found once a second
}

// CameraView is the state of one camera with its detectors, signals and rules.
type CameraView struct {
	capture.Status

	engine.View

	Seen       uint64            `json:"seen"`       // frames that the engine saw
	Superseded uint64            `json:"superseded"` // frames replaced before the engine saw them
	Ticks      uint64            `json:"ticks"`      // engine steps
	Tick       *engine.Histogram `json:"tick"`       // duration of an engine step
	Queues     []QueueView       `json:"queues"`     // latest frame, mailboxes, pool
	Recording  *RecordingView    `json:"recording"`  // the second stream, for evidence; nil: there is none

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
