// Code generated from docs/*.schema.json by make sdk. DO NOT EDIT.

package rvo

import "time"

// Event: One line of the event log and of standard output: something that lasted long enough to be
// reported, or the end of it.
type Event struct {
	// Unique; ordered by time (UUID version 7).
	EventID string `json:"event_id"`
	// The rule's event.
	EventType string `json:"event_type"`
	// When it was reported, in nanoseconds since the program's start, on a clock that never jumps.
	EventTsNS int64 `json:"event_ts_ns"`
	// Share of the time since the condition began in which it was known to be true; gaps within grace
	// and held unknown times lower it. For an end: the same over the whole incident.
	Confidence float64 `json:"confidence"`
	// The configured name of the camera.
	Camera string `json:"camera"`
	// event_ts_ns on the wall clock: RFC 3339, UTC, always nine digits.
	Time  time.Time  `json:"time"`
	Phase EventPhase `json:"phase"`
	// Phase ended: from when the condition began until it was last known to be true.
	DurationMS *float64 `json:"duration_ms,omitempty"`
	// Age of the newest frame that the condition was decided from, from its capture to the event.
	AgeMS float64 `json:"age_ms"`
	// Where the age went; sums to age_ms.
	AgeSplitMS AgeSplit `json:"age_split_ms"`
	// The frame whose age it is; frames of a camera count from 1. 0: none.
	FrameID int64 `json:"frame_id"`
	// Every comparison of the rule's condition, in the order of its source.
	Clauses []Clause `json:"clauses"`
	// What the condition counted in zones and over lines; not there: nothing, or the end of a
	// condition.
	Tracks []EventTrack `json:"tracks,omitempty"`
}

// EventPhase: See the schema.
type EventPhase string

const (
	EventPhaseConfirmed EventPhase = "confirmed"
	EventPhaseEnded     EventPhase = "ended"
)

// AgeSplit: Where the age went; sums to age_ms.
type AgeSplit struct {
	// From the capture of the frame until it is in memory.
	Capture float64 `json:"capture"`
	// Until the engine saw it.
	Queue float64 `json:"queue"`
	// Until the detector began with it.
	Schedule float64 `json:"schedule"`
	// Until the detector answered.
	Inference float64 `json:"inference"`
	// Until the engine wrote the answer down.
	Publish float64 `json:"publish"`
	// Until the event.
	Event float64 `json:"event"`
}

// Clause: See the schema.
type Clause struct {
	// The comparison in its canonical form.
	Text   string `json:"text"`
	Signal string `json:"signal"`
	// The zone in which they are counted; not there: anywhere.
	Zone *string `json:"zone,omitempty"`
	// The line that they cross, with the direction: "gate.in"; not there: none.
	Line *string `json:"line,omitempty"`
	// ID of the track that decides: the one that is longest in the zone, or came there or crossed last,
	// or the first of those that are counted; not there: none.
	Track *int64 `json:"track,omitempty"`
	// Which detections of the signal are counted, by their attributes; not there: the signal's value is
	// compared.
	Where *string  `json:"where,omitempty"`
	Op    ClauseOp `json:"op"`
	// The number on the right-hand side, in seconds where a time is compared, or the value of the
	// signal other; null when that has none.
	Threshold *float64 `json:"threshold"`
	// The signal on the right-hand side, where there is one.
	Other *string `json:"other,omitempty"`
	// The signal's last value, or what is derived from its detections (how many are known to count, the
	// seconds of dwell), even when it does not count any more; null when it has none.
	Value *float64 `json:"value"`
	// Age of the frame that the value is from (of two signals, of the older one); null when there is
	// none.
	AgeMS *float64    `json:"age_ms"`
	Truth ClauseTruth `json:"truth"`
	// Why the truth is unknown.
	UnknownBecause *string `json:"unknown_because,omitempty"`
}

// ClauseOp: See the schema.
type ClauseOp string

const (
	ClauseOpLess         ClauseOp = "<"
	ClauseOpLessEqual    ClauseOp = "<="
	ClauseOpEqual        ClauseOp = "=="
	ClauseOpNotEqual     ClauseOp = "!="
	ClauseOpGreaterEqual ClauseOp = ">="
	ClauseOpGreater      ClauseOp = ">"
)

// ClauseTruth: See the schema.
type ClauseTruth string

const (
	ClauseTruthTrue    ClauseTruth = "true"
	ClauseTruthFalse   ClauseTruth = "false"
	ClauseTruthUnknown ClauseTruth = "unknown"
)

// EventTrack: See the schema.
type EventTrack struct {
	// Unique with the detector, until that is attached again.
	ID     int64  `json:"id"`
	Signal string `json:"signal"`
	Label  string `json:"label"`
	// The zone, or the line with its direction: "gate.in".
	Place string `json:"place"`
	// The newest, in fractions of the frame, 0..1.
	Box EventTrackBox `json:"box"`
	// Where its anchor was, oldest first.
	Path []EventTrackPath `json:"path"`
}

// EventTrackBox: The newest, in fractions of the frame, 0..1.
type EventTrackBox struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w"`
	H float64 `json:"h"`
}

// EventTrackPath: See the schema.
type EventTrackPath struct {
	// How long before the event.
	BeforeNS int64 `json:"before_ns"`
	// In fractions of the frame, 0..1.
	At []float64 `json:"at"`
}

// Meta: What a clip shows and why it was saved. Times in nanoseconds count from the start of the
// process; others are RFC 3339, in UTC.
type Meta struct {
	Version int64  `json:"version"`
	EventID string `json:"event_id"`
	// Name of the event; "manual" for a clip that a person asked for.
	EventType  string    `json:"event_type"`
	EventTsNS  int64     `json:"event_ts_ns"`
	Time       time.Time `json:"time"`
	Camera     string    `json:"camera"`
	Rule       string    `json:"rule"`
	Confidence float64   `json:"confidence"`
	// How the clauses of the condition came out; null where there are none.
	Clauses []Clause `json:"clauses"`
	// What the rule counted in zones and over lines, as in the event; not there: nothing.
	Tracks []EventTrack `json:"tracks,omitempty"`
	// Zones of the camera that are black in the clip, which is encoded for that; not there: none.
	PrivateZones []string `json:"private_zones,omitempty"`
	// The time that was asked for.
	ClipWindowNS ClipWindow `json:"clip_window_ns"`
	// When the first frame that the movie shows was taken.
	StartTime time.Time `json:"start_time"`
	// When the last frame that the movie shows was taken.
	EndTime    time.Time `json:"end_time"`
	PreRollMS  Roll      `json:"pre_roll_ms"`
	PostRollMS Roll      `json:"post_roll_ms"`
	// False: the program ended while the clip was being saved, and the next start made a clip of what
	// was on disk.
	Complete bool `json:"complete"`
	// Frames that there were of that time.
	FramesTotal int64 `json:"frames_total"`
	// How many of them the movie shows.
	FramesWritten int64 `json:"frames_written"`
	// Capture time of each frame that the movie shows.
	FrameTsNS []int64 `json:"frame_ts_ns"`
	// The camera's number of each frame, where the movie was encoded from frames that have one.
	FrameIds []int64 `json:"frame_ids,omitempty"`
	// Index in frame_ts_ns of the frame that confirmed the event.
	ConfirmingFrame *int64 `json:"confirming_frame"`
	// Frames left out because what they are decoded from was lost.
	MissingFrames int64 `json:"missing_frames"`
	// Frames lost because encoding could not keep up.
	SkippedFrames int64 `json:"skipped_frames"`
	Movie         Movie `json:"movie"`
	// Further movies, which go on where the first one ends, because the codec or the size of the stream
	// changed.
	Parts []Movie `json:"parts,omitempty"`
	Thumb string  `json:"thumb"`
	// Whether there is a frame_NNNN.jpg for each of frame_ts_ns, from 0000.
	Pictures bool `json:"pictures"`
	// Time that writing and verifying the movie took.
	EncodeMS int64 `json:"encode_ms"`
	// Every file of the clip but this one.
	Files []ClipFile `json:"files"`
	// The events that the clip shows: its own, then those merged into it.
	Events []ClipEvent `json:"events"`
	// What detectors found meanwhile, in the order of their answers.
	Detections []ClipSignal `json:"detections"`
}

// ClipWindow: The time that was asked for.
type ClipWindow struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

// Roll: How much was asked for and how much is there, in milliseconds.
type Roll struct {
	Asked  int64 `json:"asked"`
	Actual int64 `json:"actual"`
}

// Movie: See the schema.
type Movie struct {
	File string `json:"file"`
	// When it begins.
	StartNS int64 `json:"start_ns"`
	// Frames a second, on average: times vary as the camera's did.
	FPS        float64 `json:"fps"`
	Frames     int64   `json:"frames"`
	DurationMS int64   `json:"duration_ms"`
	Width      int64   `json:"width"`
	Height     int64   `json:"height"`
	Bytes      int64   `json:"bytes"`
	// Of the video, in FFmpeg's words: h264, hevc, av1, vp9, mjpeg.
	Codec string `json:"codec"`
	// Codec of the sound: aac, opus; missing where there is none.
	Sound *string `json:"sound,omitempty"`
	// Whether the video is what the camera sent, and not encoded anew.
	Copied bool `json:"copied"`
	// What a viewer should know.
	Note *string `json:"note,omitempty"`
}

// ClipFile: See the schema.
type ClipFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// ClipEvent: See the schema.
type ClipEvent struct {
	EventID   string    `json:"event_id"`
	EventType string    `json:"event_type"`
	EventTsNS int64     `json:"event_ts_ns"`
	Time      time.Time `json:"time"`
	Rule      string    `json:"rule"`
}

// ClipSignal: See the schema.
type ClipSignal struct {
	FrameID int64 `json:"frame_id"`
	TsNS    int64 `json:"ts_ns"`
	// When the movie shows it, from its beginning; in parts, counted on from the end of the one before.
	MovieMS    int64           `json:"movie_ms"`
	Signal     string          `json:"signal"`
	Value      float64         `json:"value"`
	Detections []ClipDetection `json:"detections"`
}

// ClipDetection: See the schema.
type ClipDetection struct {
	Label string  `json:"label"`
	Score float64 `json:"score"`
	// In parts of the frame, 0 to 1: left and top edge, width and height.
	Box ClipDetectionBox `json:"box"`
	// What the detector marked within the box, in parts of the frame; left out where there is nothing.
	Keypoints []ClipDetectionKeypoint `json:"keypoints,omitempty"`
	// How far the object is turned clockwise, in radians; the box is the upright one around it.
	Angle *float64 `json:"angle,omitempty"`
}

// ClipDetectionBox: In parts of the frame, 0 to 1: left and top edge, width and height.
type ClipDetectionBox struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w"`
	H float64 `json:"h"`
}

// ClipDetectionKeypoint: See the schema.
type ClipDetectionKeypoint struct {
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	Score float64 `json:"score"`
}

// Snapshot: How everything stands at one instant, as dashboards, scripts and pages get it.
// Durations are nanoseconds. Keys may be added.
type Snapshot struct {
	// When it was taken.
	At time.Time `json:"at"`
	// Since the start.
	UptimeNS int64 `json:"uptime_ns"`
	// Start of the program: a change means another instance.
	Started time.Time `json:"started"`
	Cameras []Camera  `json:"cameras"`
	Slots   Slots     `json:"slots"`
	// Every bounded hand-off that is not a camera's own.
	Queues []Queue `json:"queues"`
	Sinks  []Sink  `json:"sinks"`
	// Events for outputs; null: there are no outputs.
	Outbox *Outbox `json:"outbox"`
	// Evidence; null: none is saved.
	Clips  *Clips         `json:"clips"`
	Log    SnapshotLog    `json:"log"`
	Loop   SnapshotLoop   `json:"loop"`
	Reload SnapshotReload `json:"reload"`
	// Present troubles, each once: first what is severe, then what is not acknowledged, then the
	// oldest. They are found once a second and go after five seconds without trouble.
	Alerts []Alert `json:"alerts"`
	// Cameras, detectors and rules, each on each camera, that were changed by command since the
	// configuration was read: GET /config/diff shows how.
	Modified int64 `json:"modified"`
}

// Camera: See the schema.
type Camera struct {
	Name string `json:"name"`
	// Without passwords.
	Source string      `json:"source"`
	State  CameraState `json:"state"`
	// Why; empty when live.
	Reason string `json:"reason"`
	// Of the state.
	Since  time.Time `json:"since"`
	Width  int64     `json:"width"`
	Height int64     `json:"height"`
	// Lately.
	FPS float64 `json:"fps"`
	// Capture time; year 1: there was none.
	LastFrame time.Time `json:"last_frame"`
	// How late the stream is read, beyond its best.
	LagNS   int64 `json:"lag_ns"`
	Lagging bool  `json:"lagging"`
	// How much of what the source sends is decoded; empty where it gives frames.
	Decoding CameraDecoding `json:"decoding"`
	// Why, for a person.
	DecodingWhy string `json:"decoding_why"`
	// Frames a second that the source sends; 0: not known.
	SentFPS float64 `json:"sent_fps"`
	// Of the video, in FFmpeg's words; empty where the source gives frames, or nothing has come yet.
	Codec string `json:"codec"`
	// Bits of video a second, lately; 0: nothing arrives.
	Bitrate float64 `json:"bitrate"`
	// Packets of video received.
	Packets int64 `json:"packets"`
	// Frames decoded.
	Decoded int64 `json:"decoded"`
	// Of them, those with parts that were lost and are guessed.
	Damaged  int64 `json:"damaged"`
	Frames   int64 `json:"frames"`
	Connects int64 `json:"connects"`
	// Openings that did not work.
	Failures    int64 `json:"failures"`
	Stalls      int64 `json:"stalls"`
	Resizes     int64 `json:"resizes"`
	DropPool    int64 `json:"drop_pool"`
	DropLag     int64 `json:"drop_lag"`
	DropRate    int64 `json:"drop_rate"`
	DropCorrupt int64 `json:"drop_corrupt"`
	// Pixel buffers.
	Pool CameraPool `json:"pool"`
	// Newest frame that the engine saw; 0: none.
	FrameID    int64 `json:"frame_id"`
	FrameAgeNS int64 `json:"frame_age_ns"`
	Seen       int64 `json:"seen"`
	Superseded int64 `json:"superseded"`
	// Engine steps.
	Ticks int64 `json:"ticks"`
	// Duration of an engine step.
	Tick *Histogram `json:"tick"`
	// Between the capture times of frames.
	FrameInterval *Histogram `json:"frame_interval"`
	// Of frames when the engine sees them.
	Age *Histogram `json:"age"`
	// Duration of each stage of a frame's way.
	Stages    CameraStages `json:"stages"`
	Detectors []Detector   `json:"detectors"`
	Signals   []Signal     `json:"signals"`
	Rules     []Rule       `json:"rules"`
	// Of detectors whose boxes are followed: because a rule names a zone or line, or somebody looks at
	// the camera.
	Tracks []Track `json:"tracks"`
	Zones  []Zone  `json:"zones"`
	Lines  []Line  `json:"lines"`
	Queues []Queue `json:"queues"`
	// The second stream, for evidence; null: there is none.
	Recording *Recording `json:"recording,omitempty"`
}

// CameraState: See the schema.
type CameraState string

const (
	CameraStateConnecting   CameraState = "connecting"
	CameraStateLive         CameraState = "live"
	CameraStateStalled      CameraState = "stalled"
	CameraStateReconnecting CameraState = "reconnecting"
	CameraStatePaused       CameraState = "paused"
	CameraStateEnded        CameraState = "ended"
	CameraStateFailed       CameraState = "failed"
)

// CameraDecoding: How much of what the source sends is decoded; empty where it gives frames.
type CameraDecoding string

const (
	CameraDecodingEmpty     CameraDecoding = ""
	CameraDecodingAll       CameraDecoding = "all"
	CameraDecodingKeyframes CameraDecoding = "keyframes"
	CameraDecodingNone      CameraDecoding = "none"
)

// CameraPool: Pixel buffers.
type CameraPool struct {
	Out          int64 `json:"out"`
	Size         int64 `json:"size"`
	Retired      int64 `json:"retired"`
	RetiredTotal int64 `json:"retired_total"`
}

// Histogram: Durations since the start; null: there is none.
type Histogram struct {
	Count int64 `json:"count"`
	SumNS int64 `json:"sum_ns"`
	// Exact.
	MaxNS int64 `json:"max_ns"`
	// Upper end of its bucket, which is at most 6.25 % wide.
	P50NS  int64 `json:"p50_ns"`
	P90NS  int64 `json:"p90_ns"`
	P99NS  int64 `json:"p99_ns"`
	P999NS int64 `json:"p999_ns"`
	// For each bucket that is not empty two unsigned LEB128 numbers: how many buckets lie between it
	// and the one before, and its count. Buckets 0 to 15 hold durations of so many nanoseconds; above,
	// each power of two has 16 equal ones.
	Bins string `json:"bins"`
}

// CameraStages: Duration of each stage of a frame's way.
type CameraStages struct {
	Capture   *Histogram `json:"capture"`
	Queue     *Histogram `json:"queue"`
	Schedule  *Histogram `json:"schedule"`
	Inference *Histogram `json:"inference"`
	Publish   *Histogram `json:"publish"`
	Event     *Histogram `json:"event"`
}

// Detector: See the schema.
type Detector struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	// Runs a second at most.
	MaxFPS float64      `json:"max_fps"`
	Cost   DetectorCost `json:"cost"`
	Needs  []string     `json:"needs"`
	// Names of its signals.
	Provides  []string `json:"provides"`
	TTLNS     int64    `json:"ttl_ns"`
	TimeoutNS int64    `json:"timeout_ns"`
	Execution string   `json:"execution"`
	Retry     string   `json:"retry"`
	Enabled   bool     `json:"enabled"`
	Remote    bool     `json:"remote"`
	// Of the model service; empty: it has none.
	Endpoint string `json:"endpoint"`
	// Frames of several cameras that it takes in one run; not there: one.
	MaxBatch *int64 `json:"max_batch,omitempty"`
	// The signal whose boxes it looks at; not there: it looks at whole frames.
	CropsOf *string `json:"crops_of,omitempty"`
	// Boxes of one frame at most, with crops_of.
	MaxCrops *int64 `json:"max_crops,omitempty"`
	// The point of a box that decides in which zone it is.
	Anchor *DetectorAnchor `json:"anchor,omitempty"`
	// Further keys of its configuration that have a value.
	Settings []DetectorSetting `json:"settings"`
	State    DetectorState     `json:"state"`
	// The state, and why.
	Words Words `json:"words"`
	// The gate that holds it, or the last error.
	Reason string `json:"reason"`
	// How long the backoff or the wait for a retry goes on.
	UntilNS int64 `json:"until_ns"`
	// Runs a second, lately.
	FPS  float64 `json:"fps"`
	Runs int64   `json:"runs"`
	// Frames not run, by gate.
	Skips DetectorSkips `json:"skips"`
	// Failed runs by reason.
	Errors   []Count `json:"errors"`
	Backoffs int64   `json:"backoffs"`
	Timeouts int64   `json:"timeouts"`
	// Answers thrown away for coming after the timeout.
	Late int64 `json:"late"`
	// Answers older than their TTL on arrival.
	Expired int64 `json:"expired"`
	// Openings after the first.
	Restarts int64 `json:"restarts"`
	// When the last run ended; year 1: never.
	LastRun time.Time `json:"last_run"`
	// Of the frame behind its last answer.
	AgeNS int64 `json:"age_ns"`
	// Behind the last answer, as a service calls it.
	Model string `json:"model"`
	// Of the last run; empty after a good one.
	Error string `json:"error"`
	// Duration of a run.
	Exec *Histogram `json:"exec"`
	// Age of the frame when its answer is in the table.
	AnswerAge *Histogram `json:"answer_age"`
	// Null: nobody follows what it finds.
	Tracks *DetectorTracks `json:"tracks"`
}

// DetectorCost: See the schema.
type DetectorCost string

const (
	DetectorCostLow    DetectorCost = "low"
	DetectorCostMedium DetectorCost = "medium"
	DetectorCostHigh   DetectorCost = "high"
)

// DetectorAnchor: The point of a box that decides in which zone it is.
type DetectorAnchor string

const (
	DetectorAnchorBottom DetectorAnchor = "bottom"
	DetectorAnchorCenter DetectorAnchor = "center"
)

// DetectorSetting: See the schema.
type DetectorSetting struct {
	Key string `json:"key"`
	// For people; *** of a secret.
	Value string `json:"value"`
}

// DetectorState: See the schema.
type DetectorState string

const (
	DetectorStateStarting DetectorState = "starting"
	DetectorStateWaiting  DetectorState = "waiting"
	DetectorStateRunning  DetectorState = "running"
	DetectorStateBackoff  DetectorState = "backoff"
	DetectorStateStuck    DetectorState = "stuck"
	DetectorStateFailed   DetectorState = "failed"
	DetectorStateDisabled DetectorState = "disabled"
)

// Words: A state as every screen shows it.
type Words struct {
	// How it is to be taken, for its colour.
	Tone WordsTone `json:"tone"`
	Text string    `json:"text"`
	// Of a clock that runs, 0..1; not there: 0.
	Share *float64 `json:"share,omitempty"`
}

// WordsTone: How it is to be taken, for its colour.
type WordsTone string

const (
	WordsToneGood WordsTone = "good"
	WordsToneInfo WordsTone = "info"
	WordsToneWarn WordsTone = "warn"
	WordsToneBad  WordsTone = "bad"
	WordsToneDim  WordsTone = "dim"
)

// DetectorSkips: Frames not run, by gate.
type DetectorSkips struct {
	Disabled int64 `json:"disabled"`
	Failed   int64 `json:"failed"`
	Backoff  int64 `json:"backoff"`
	NoFrame  int64 `json:"no_frame"`
	Rate     int64 `json:"rate"`
	Needs    int64 `json:"needs"`
	Busy     int64 `json:"busy"`
	Slot     int64 `json:"slot"`
}

// Count: See the schema.
type Count struct {
	Reason string `json:"reason"`
	N      int64  `json:"n"`
}

// DetectorTracks: Null: nobody follows what it finds.
type DetectorTracks struct {
	// Now.
	Present int64 `json:"present"`
	// Since they are followed.
	Born int64 `json:"born"`
	// Of these, those that are no more.
	Lost int64 `json:"lost"`
}

// Signal: See the schema.
type Signal struct {
	Name string `json:"name"`
	// Who provides it; empty: nobody any more.
	Detector string `json:"detector"`
	// The last one, even when it does not count any more; null: not a number.
	Value *float64 `json:"value"`
	// Why it is unknown; not there: it is known.
	Unknown *string `json:"unknown,omitempty"`
	// Since capture; 0 with frame_id 0: never known.
	AgeNS      int64       `json:"age_ns"`
	TTLNS      int64       `json:"ttl_ns"`
	FrameID    int64       `json:"frame_id"`
	Detections []Detection `json:"detections"`
}

// Detection: See the schema.
type Detection struct {
	Label string  `json:"label"`
	Score float64 `json:"score"`
	// In parts of the frame, 0..1.
	Box DetectionBox `json:"box"`
	// What the detector marked within the box, in parts of the frame; left out where there is nothing.
	Keypoints []DetectionKeypoint `json:"keypoints,omitempty"`
	// How far the object is turned clockwise, in radians; the box is the upright one around it.
	Angle *float64 `json:"angle,omitempty"`
	// What detectors with crops_of found in the box; left out before one has looked.
	Attributes []Attribute `json:"attributes,omitempty"`
}

// DetectionBox: In parts of the frame, 0..1.
type DetectionBox struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w"`
	H float64 `json:"h"`
}

// DetectionKeypoint: See the schema.
type DetectionKeypoint struct {
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	Score float64 `json:"score"`
}

// Attribute: See the schema.
type Attribute struct {
	// The signal of the detector that looked at the box.
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// Of the best thing found in the box.
	Label *string  `json:"label,omitempty"`
	Score *float64 `json:"score,omitempty"`
	// Why it is unknown; not there: it is known.
	Unknown *string `json:"unknown,omitempty"`
}

// Rule: See the schema.
type Rule struct {
	Event string `json:"event"`
	When  string `json:"when"`
	// The condition as a tree, line by line.
	Outline []RuleOutline `json:"outline"`
	Status  RuleStatus    `json:"status"`
	// How far the clock of the state has run.
	Words Words `json:"words"`
	// What it still needs to fire.
	ToFire string `json:"to_fire"`
	ForNS  int64  `json:"for_ns"`
	// The least time between two confirmations.
	CooldownNS int64 `json:"cooldown_ns"`
	// Clips of its events are saved.
	Clip bool `json:"clip"`
	// How long these go on after an event.
	ClipAfterNS int64    `json:"clip_after_ns"`
	Clauses     []Clause `json:"clauses"`
	// When it is active; null: always.
	Hours *RuleHours `json:"hours"`
}

// RuleOutline: See the schema.
type RuleOutline struct {
	Depth int64 `json:"depth"`
	// all of, any of, not, or a comparison.
	Text string `json:"text"`
	// Index of the comparison in clauses; -1: it is none.
	Clause int64            `json:"clause"`
	Truth  RuleOutlineTruth `json:"truth"`
}

// RuleOutlineTruth: See the schema.
type RuleOutlineTruth string

const (
	RuleOutlineTruthTrue    RuleOutlineTruth = "true"
	RuleOutlineTruthFalse   RuleOutlineTruth = "false"
	RuleOutlineTruthUnknown RuleOutlineTruth = "unknown"
)

// RuleStatus: See the schema.
type RuleStatus struct {
	State RuleStatusState `json:"state"`
	// When it came into this state, since the start.
	SinceNS int64 `json:"since_ns"`
	// Of for, 0..1.
	Progress float64 `json:"progress"`
	// Of the cooldown.
	RemainingNS int64           `json:"remaining_ns"`
	Truth       RuleStatusTruth `json:"truth"`
	// Confirmed, and not ended.
	Active bool  `json:"active"`
	Fired  int64 `json:"fired"`
	// Means nothing while fired is 0.
	LastFiredNS int64 `json:"last_fired_ns"`
}

// RuleStatusState: See the schema.
type RuleStatusState string

const (
	RuleStatusStateIdle      RuleStatusState = "idle"
	RuleStatusStatePotential RuleStatusState = "potential"
	RuleStatusStateConfirmed RuleStatusState = "confirmed"
	RuleStatusStateCooldown  RuleStatusState = "cooldown"
	RuleStatusStateInactive  RuleStatusState = "inactive"
	RuleStatusStateDisabled  RuleStatusState = "disabled"
)

// RuleStatusTruth: See the schema.
type RuleStatusTruth string

const (
	RuleStatusTruthTrue    RuleStatusTruth = "true"
	RuleStatusTruthFalse   RuleStatusTruth = "false"
	RuleStatusTruthUnknown RuleStatusTruth = "unknown"
)

// RuleHours: When it is active; null: always.
type RuleHours struct {
	// Periods of the week, as configured.
	Active []string `json:"active"`
	// Empty: that of the machine.
	TimeZone string `json:"time_zone"`
	// By command, until the hours next begin or end.
	Override RuleHoursOverride `json:"override"`
}

// RuleHoursOverride: By command, until the hours next begin or end.
type RuleHoursOverride string

const (
	RuleHoursOverrideEmpty    RuleHoursOverride = ""
	RuleHoursOverrideArmed    RuleHoursOverride = "armed"
	RuleHoursOverrideDisarmed RuleHoursOverride = "disarmed"
)

// Track: See the schema.
type Track struct {
	// Unique with the detector, until that is attached again.
	ID       int64  `json:"id"`
	Detector string `json:"detector"`
	Label    string `json:"label"`
	// Coasting: the newest answers do not have it, but it is taken for present. Missing: not present,
	// but it may be found again. Unknown: the detector does not look.
	State TrackState `json:"state"`
	Box   Box        `json:"box"`
	AgeNS int64      `json:"age_ns"`
	// That it is in.
	Zones []TrackZone `json:"zones"`
	// Where its anchor was, oldest first; at most 64 points.
	Path [][]float64 `json:"path"`
}

// TrackState: Coasting: the newest answers do not have it, but it is taken for present. Missing:
// not present, but it may be found again. Unknown: the detector does not look.
type TrackState string

const (
	TrackStateSeen     TrackState = "seen"
	TrackStateCoasting TrackState = "coasting"
	TrackStateMissing  TrackState = "missing"
	TrackStateUnknown  TrackState = "unknown"
)

// Box: In fractions of the frame, 0..1.
type Box struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w"`
	H float64 `json:"h"`
}

// TrackZone: See the schema.
type TrackZone struct {
	Zone string `json:"zone"`
	// Without the time in which the detector did not look.
	DwellNS int64 `json:"dwell_ns"`
}

// Zone: See the schema.
type Zone struct {
	Name string `json:"name"`
	// The corners, in order.
	Points [][]float64 `json:"points"`
	// It is black in everything that leaves the camera.
	Privacy bool `json:"privacy"`
	// Of objects that have left it; null: the zone has no histogram.
	Dwell *Histogram `json:"dwell"`
}

// Line: See the schema.
type Line struct {
	Name string `json:"name"`
	// The ends.
	Points [][]float64 `json:"points"`
	// The first leads from the left to the right of who looks from the first end to the second.
	Directions []string `json:"directions"`
}

// Queue: See the schema.
type Queue struct {
	Name     string `json:"name"`
	Depth    int64  `json:"depth"`
	Capacity int64  `json:"capacity"`
	// By reason.
	Drops []Count `json:"drops"`
}

// Recording: See the schema.
type Recording struct {
	// Without passwords.
	Source string `json:"source"`
	// Paused: nothing is kept now, or by command.
	State RecordingState `json:"state"`
	// Why; empty when live.
	Reason string `json:"reason"`
	// Of the state.
	Since time.Time `json:"since"`
	// Frames a second that the camera sends; 0: not known.
	SentFPS float64 `json:"sent_fps"`
	// Packets of video received.
	Packets  int64 `json:"packets"`
	Connects int64 `json:"connects"`
	Failures int64 `json:"failures"`
	Stalls   int64 `json:"stalls"`
}

// RecordingState: Paused: nothing is kept now, or by command.
type RecordingState string

const (
	RecordingStateConnecting   RecordingState = "connecting"
	RecordingStateLive         RecordingState = "live"
	RecordingStateStalled      RecordingState = "stalled"
	RecordingStateReconnecting RecordingState = "reconnecting"
	RecordingStatePaused       RecordingState = "paused"
	RecordingStateEnded        RecordingState = "ended"
	RecordingStateFailed       RecordingState = "failed"
)

// Slots: Slots for detectors that compute on this machine.
type Slots struct {
	Size    int64 `json:"size"`
	Busy    int64 `json:"busy"`
	Waiting int64 `json:"waiting"`
	// Taken from stuck detectors.
	Revoked int64  `json:"revoked"`
	Policy  string `json:"policy"`
}

// Sink: See the schema.
type Sink struct {
	Name    string    `json:"name"`
	State   SinkState `json:"state"`
	Reason  string    `json:"reason"`
	Written int64     `json:"written"`
	Dropped int64     `json:"dropped"`
	// Writes that failed.
	Failures int64 `json:"failures"`
	Depth    int64 `json:"depth"`
	Capacity int64 `json:"capacity"`
}

// SinkState: See the schema.
type SinkState string

const (
	SinkStateOk       SinkState = "ok"
	SinkStateDegraded SinkState = "degraded"
)

// Outbox: See the schema.
type Outbox struct {
	File string `json:"file"`
	// Degraded: nothing is stored, outputs get events from memory.
	State  OutboxState `json:"state"`
	Reason string      `json:"reason"`
	// Where a damaged store was moved to since the start; empty: none was.
	Moved string `json:"moved"`
	// Stored.
	Records  int64 `json:"records"`
	Bytes    int64 `json:"bytes"`
	MaxBytes int64 `json:"max_bytes"`
	// Events stored since the start.
	Stored int64 `json:"stored"`
	// Records that outputs got from memory, because they could not be stored.
	NotDurable int64    `json:"not_durable"`
	Outputs    []Output `json:"outputs"`
}

// OutboxState: Degraded: nothing is stored, outputs get events from memory.
type OutboxState string

const (
	OutboxStateOk       OutboxState = "ok"
	OutboxStateDegraded OutboxState = "degraded"
)

// Output: See the schema.
type Output struct {
	Name string `json:"name"`
	// Scheme and host of its address.
	To string `json:"to"`
	// Degraded: the last attempt failed, or there is no connection.
	State OutputState `json:"state"`
	// Of an output that keeps one.
	Connection OutputConnection `json:"connection"`
	// What was sent and received besides deliveries.
	Traffic []Count `json:"traffic"`
	Reason  string  `json:"reason"`
	Remedy  string  `json:"remedy"`
	// Messages that wait.
	Backlog int64 `json:"backlog"`
	// Time of the event that waits first; year 1: none waits.
	Oldest time.Time `json:"oldest"`
	// Of a failed delivery; year 1: none failed.
	NextTry time.Time `json:"next_try"`
	// Of the last delivery; year 1: there was none.
	LastOk    time.Time `json:"last_ok"`
	Delivered int64     `json:"delivered"`
	// Failed attempts that are made again.
	Retries int64 `json:"retries"`
	// Events reported by a summary.
	Folded int64 `json:"folded"`
	// Messages that the receiver refused.
	AsideCount int64 `json:"aside_count"`
	// The newest 20 of these.
	Aside []Aside `json:"aside"`
	// Messages not delivered: age, aside, bytes, memory.
	Drops []Count `json:"drops"`
	// From an event to its acceptance.
	Latency *Histogram `json:"latency"`
}

// OutputState: Degraded: the last attempt failed, or there is no connection.
type OutputState string

const (
	OutputStateOk       OutputState = "ok"
	OutputStateDegraded OutputState = "degraded"
)

// OutputConnection: Of an output that keeps one.
type OutputConnection string

const (
	OutputConnectionEmpty      OutputConnection = ""
	OutputConnectionConnected  OutputConnection = "connected"
	OutputConnectionConnecting OutputConnection = "connecting"
)

// Aside: See the schema.
type Aside struct {
	// Of the delivery.
	ID     string    `json:"id"`
	Event  string    `json:"event"`
	Camera string    `json:"camera"`
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"`
	Tries  int64     `json:"tries"`
}

// Clips: See the schema.
type Clips struct {
	State  ClipsState `json:"state"`
	Reason string     `json:"reason"`
	Since  time.Time  `json:"since"`
	Dir    string     `json:"dir"`
	// Ending of the movies.
	Encoder         string `json:"encoder"`
	Waiting         int64  `json:"waiting"`
	WaitingCapacity int64  `json:"waiting_capacity"`
	Building        bool   `json:"building"`
	Saved           int64  `json:"saved"`
	Merged          int64  `json:"merged"`
	// Events without a clip, by reason.
	Dropped map[string]int64 `json:"dropped"`
	Unheld  int64            `json:"unheld"`
	// Clips deleted, by bound.
	Removed map[string]int64 `json:"removed"`
	// On disk.
	Clips int64 `json:"clips"`
	// On disk.
	Bytes int64 `json:"bytes"`
	// The last clip, as a line of index.jsonl.
	Last map[string]any `json:"last"`
	// To make the last clip.
	TookNS int64  `json:"took_ns"`
	Rings  []Ring `json:"rings"`
}

// ClipsState: See the schema.
type ClipsState string

const (
	ClipsStateOk       ClipsState = "ok"
	ClipsStateDegraded ClipsState = "degraded"
)

// Ring: See the schema.
type Ring struct {
	Camera string `json:"camera"`
	// Of video, that the camera sent.
	Packets int64 `json:"packets"`
	// Kept, as packets or as JPEG.
	Frames        int64 `json:"frames"`
	Bytes         int64 `json:"bytes"`
	BytesCapacity int64 `json:"bytes_capacity"`
	SpanNS        int64 `json:"span_ns"`
	Queue         int64 `json:"queue"`
	QueueCapacity int64 `json:"queue_capacity"`
	Offered       int64 `json:"offered"`
	Encoded       int64 `json:"encoded"`
	Skipped       int64 `json:"skipped"`
	Failed        int64 `json:"failed"`
	Evicted       int64 `json:"evicted"`
	NotesDropped  int64 `json:"notes_dropped"`
}

// SnapshotLog: See the schema.
type SnapshotLog struct {
	// Lines at level error since the start.
	Errors   int64 `json:"errors"`
	Warnings int64 `json:"warnings"`
}

// SnapshotLoop: See the schema.
type SnapshotLoop struct {
	// Of the runtime's own loop, at least one a second; 0: not every configured camera has been
	// started.
	Turns int64 `json:"turns"`
	// How long the command under way has taken; 0: none is.
	BusyNS int64 `json:"busy_ns"`
	// A configuration is being put in place: cameras may be missing that are to come back.
	Reloading bool `json:"reloading"`
}

// SnapshotReload: See the schema.
type SnapshotReload struct {
	// Readings of the configuration, by result: ok, partial, invalid.
	Results []Count `json:"results"`
	// Result of the last one; empty: there was none.
	Last   string `json:"last"`
	Reason string `json:"reason"`
	// When the configuration in place was read.
	Ok time.Time `json:"ok"`
	// The file is not as it was read last.
	Changed bool `json:"changed"`
	// What the configuration in place leaves out.
	Quarantined []Quarantined `json:"quarantined"`
}

// Quarantined: A camera, detector, rule or output that does not run, because its table in the
// configuration is wrong.
type Quarantined struct {
	// Which one.
	What string `json:"what"`
	// The first thing that is wrong, with its place in the file.
	Why string `json:"why"`
}

// Alert: See the schema.
type Alert struct {
	// Kind, or kind:subject; the same while the alert lasts.
	ID string `json:"id"`
	// camera_down, camera_lag, evidence_down, detector_failed, detector_slow, frames_sparse,
	// sink_degraded, clips_degraded, reload_failed or quarantined; kinds may be added.
	Kind string `json:"kind"`
	// Frames, detections, events or clips are missing; false: they are late or fewer.
	Severe bool `json:"severe"`
	// Name of the camera, detector or sink; empty: there is none.
	Subject string `json:"subject"`
	// Cameras that it concerns; empty: the program as a whole.
	Cameras []string  `json:"cameras"`
	Since   time.Time `json:"since"`
	// In a few words what is wrong, without the cause.
	Title string `json:"title"`
	// For a person; may be empty.
	Cause string `json:"cause"`
	// What to do.
	Remedy       string `json:"remedy"`
	Acknowledged bool   `json:"acknowledged"`
}
