// Code generated from docs/*.schema.json by make sdk. DO NOT EDIT.

package rvo

import "time"

// Event: One line of the event log or of standard output: the start of an event (phase confirmed)
// or its end (phase ended).
type Event struct {
	// UUID version 7: unique, and ordered by time.
	EventID string `json:"event_id"`
	// The event of the rule.
	EventType string `json:"event_type"`
	// Time of the event, in nanoseconds since the program started, on a monotonic clock.
	EventTsNS int64 `json:"event_ts_ns"`
	// Share of the time since the condition began in which it was known to be true. Gaps within grace
	// and unknown times that are held lower it. Phase ended: the same for the whole event.
	Confidence float64 `json:"confidence"`
	// Configured name of the camera.
	Camera string `json:"camera"`
	// event_ts_ns as wall clock time: RFC 3339, UTC, always with nine decimal places.
	Time  time.Time  `json:"time"`
	Phase EventPhase `json:"phase"`
	// Phase ended: time from the beginning of the condition until it was last known to be true.
	DurationMS *float64 `json:"duration_ms,omitempty"`
	// Age of the newest frame that decided the condition: time from its capture to the event.
	AgeMS float64 `json:"age_ms"`
	// The age by stage. The sum is age_ms.
	AgeSplitMS AgeSplit `json:"age_split_ms"`
	// ID of the frame that age_ms refers to, counted from 1 for each camera. 0: none.
	FrameID int64 `json:"frame_id"`
	// The comparisons of the rule's condition, in the order of the configuration.
	Clauses []Clause `json:"clauses"`
	// The objects that the condition counted in zones and over lines. Omitted if there are none, and in
	// phase ended.
	Tracks []EventTrack `json:"tracks,omitempty"`
}

// EventPhase: See the schema.
type EventPhase string

const (
	EventPhaseConfirmed EventPhase = "confirmed"
	EventPhaseEnded     EventPhase = "ended"
)

// AgeSplit: The age by stage. The sum is age_ms.
type AgeSplit struct {
	// From the capture of the frame until it was in memory.
	Capture float64 `json:"capture"`
	// Until the engine saw it.
	Queue float64 `json:"queue"`
	// Until the detector started.
	Schedule float64 `json:"schedule"`
	// Until the detector answered.
	Inference float64 `json:"inference"`
	// Until the engine had recorded the answer.
	Publish float64 `json:"publish"`
	// Until the event.
	Event float64 `json:"event"`
}

// Clause: See the schema.
type Clause struct {
	// The comparison, formatted.
	Text   string `json:"text"`
	Signal string `json:"signal"`
	// Zone in which detections are counted. Omitted: the whole frame.
	Zone *string `json:"zone,omitempty"`
	// Line that they cross, with the direction, such as "gate.in". Omitted: no line.
	Line *string `json:"line,omitempty"`
	// ID of the track that decided: the one longest in the zone, the last one to enter or cross, or the
	// first one counted. Omitted: no track.
	Track *int64 `json:"track,omitempty"`
	// Condition on attributes that selects the detections to count. Omitted: the signal's value is
	// compared.
	Where *string  `json:"where,omitempty"`
	Op    ClauseOp `json:"op"`
	// Number on the right-hand side, in seconds for times, or the value of the signal in other; null if
	// that has no value.
	Threshold *float64 `json:"threshold"`
	// Signal on the right-hand side, if it is a signal.
	Other *string `json:"other,omitempty"`
	// Last value of the signal, or what is derived from its detections (their number, or the dwell in
	// seconds), even if it is stale; null if there is none.
	Value *float64 `json:"value"`
	// Age of the value's frame (of two signals, of the older one); null if there is none.
	AgeMS *float64    `json:"age_ms"`
	Truth ClauseTruth `json:"truth"`
	// Why the comparison is unknown.
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
	// Unique per detector until it is attached again.
	ID     int64  `json:"id"`
	Signal string `json:"signal"`
	Label  string `json:"label"`
	// Zone, or line with direction, such as "gate.in".
	Place string `json:"place"`
	// Newest box, in fractions of the frame, 0..1.
	Box EventTrackBox `json:"box"`
	// Positions of its anchor, oldest first.
	Path []EventTrackPath `json:"path"`
}

// EventTrackBox: Newest box, in fractions of the frame, 0..1.
type EventTrackBox struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w"`
	H float64 `json:"h"`
}

// EventTrackPath: See the schema.
type EventTrackPath struct {
	// Time before the event.
	BeforeNS int64 `json:"before_ns"`
	// In fractions of the frame, 0..1.
	At []float64 `json:"at"`
}

// Meta: The contents of a clip and why it was saved. Times in nanoseconds count from the start of
// the program; others are RFC 3339, in UTC.
type Meta struct {
	Version int64  `json:"version"`
	EventID string `json:"event_id"`
	// Type of the event; "manual" for a clip saved by command.
	EventType  string    `json:"event_type"`
	EventTsNS  int64     `json:"event_ts_ns"`
	Time       time.Time `json:"time"`
	Camera     string    `json:"camera"`
	Rule       string    `json:"rule"`
	Confidence float64   `json:"confidence"`
	// Results of the clauses of the condition; null if there are none.
	Clauses []Clause `json:"clauses"`
	// The objects that the rule counted in zones and over lines, as in the event. Omitted: none.
	Tracks []EventTrack `json:"tracks,omitempty"`
	// Private zones of the camera. They are black in the clip, which is encoded for that. Omitted:
	// none.
	PrivateZones []string `json:"private_zones,omitempty"`
	// The requested time span.
	ClipWindowNS ClipWindow `json:"clip_window_ns"`
	// Capture time of the first frame shown.
	StartTime time.Time `json:"start_time"`
	// Capture time of the last frame shown.
	EndTime    time.Time `json:"end_time"`
	PreRollMS  Roll      `json:"pre_roll_ms"`
	PostRollMS Roll      `json:"post_roll_ms"`
	// False: the program ended while saving the clip, and recovered what was on disk at its next start.
	Complete bool `json:"complete"`
	// Frames in the time span.
	FramesTotal int64 `json:"frames_total"`
	// Frames that the movie shows.
	FramesWritten int64 `json:"frames_written"`
	// Capture time of each frame shown.
	FrameTsNS []int64 `json:"frame_ts_ns"`
	// ID of each frame shown, if the movie was encoded from frames with IDs.
	FrameIds []int64 `json:"frame_ids,omitempty"`
	// Index in frame_ts_ns of the frame that confirmed the event.
	ConfirmingFrame *int64 `json:"confirming_frame"`
	// Frames left out because data they depend on was lost.
	MissingFrames int64 `json:"missing_frames"`
	// Frames skipped because encoding could not keep up.
	SkippedFrames int64 `json:"skipped_frames"`
	Movie         Movie `json:"movie"`
	// Further movies that continue the first one, because the codec or the size of the stream changed.
	Parts []Movie `json:"parts,omitempty"`
	Thumb string  `json:"thumb"`
	// Whether there is a frame_NNNN.jpg for each entry of frame_ts_ns, counted from 0000.
	Pictures bool `json:"pictures"`
	// Time spent writing and verifying the movie.
	EncodeMS int64 `json:"encode_ms"`
	// All files of the clip except this one.
	Files []ClipFile `json:"files"`
	// The events in the clip: its own, then those merged into it.
	Events []ClipEvent `json:"events"`
	// Detections during the clip, in the order of the answers.
	Detections []ClipSignal `json:"detections"`
}

// ClipWindow: The requested time span.
type ClipWindow struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

// Roll: Requested and actual length, in milliseconds.
type Roll struct {
	Asked  int64 `json:"asked"`
	Actual int64 `json:"actual"`
}

// Movie: See the schema.
type Movie struct {
	File string `json:"file"`
	// Capture time of its first frame.
	StartNS int64 `json:"start_ns"`
	// Average frames per second. The intervals vary as those of the camera did.
	FPS        float64 `json:"fps"`
	Frames     int64   `json:"frames"`
	DurationMS int64   `json:"duration_ms"`
	Width      int64   `json:"width"`
	Height     int64   `json:"height"`
	Bytes      int64   `json:"bytes"`
	// Video codec by FFmpeg's name: h264, hevc, av1, vp9, mjpeg.
	Codec string `json:"codec"`
	// Sound codec: aac, opus. Omitted: no sound.
	Sound *string `json:"sound,omitempty"`
	// Whether the video is as the camera sent it, not reencoded.
	Copied bool `json:"copied"`
	// A note for the viewer.
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
	// Time in the movie at which it is shown. In further movies, the time continues from the one
	// before.
	MovieMS    int64           `json:"movie_ms"`
	Signal     string          `json:"signal"`
	Value      float64         `json:"value"`
	Detections []ClipDetection `json:"detections"`
}

// ClipDetection: See the schema.
type ClipDetection struct {
	Label string  `json:"label"`
	Score float64 `json:"score"`
	// Left and top edge, width and height, in fractions of the frame, 0..1.
	Box ClipDetectionBox `json:"box"`
	// Keypoints of the object, in fractions of the frame. Omitted: none.
	Keypoints []ClipDetectionKeypoint `json:"keypoints,omitempty"`
	// Clockwise rotation of the object, in radians. The box is the upright box around it.
	Angle *float64 `json:"angle,omitempty"`
}

// ClipDetectionBox: Left and top edge, width and height, in fractions of the frame, 0..1.
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

// Snapshot: The state of the program at one instant. Durations are nanoseconds. Keys may be added.
type Snapshot struct {
	// When the snapshot was taken.
	At time.Time `json:"at"`
	// Time since the program started.
	UptimeNS int64 `json:"uptime_ns"`
	// When the program started. A change means another instance.
	Started time.Time `json:"started"`
	Cameras []Camera  `json:"cameras"`
	Slots   Slots     `json:"slots"`
	// All queues of the program. Those of cameras are in cameras.
	Queues []Queue `json:"queues"`
	Sinks  []Sink  `json:"sinks"`
	// Events for outputs; null: there are no outputs.
	Outbox *Outbox `json:"outbox"`
	// Clips; null: none are saved.
	Clips  *Clips         `json:"clips"`
	Log    SnapshotLog    `json:"log"`
	Loop   SnapshotLoop   `json:"loop"`
	Reload SnapshotReload `json:"reload"`
	// Current alerts: severe ones first, then unacknowledged ones, then the oldest. They are updated
	// once per second, and clear after five seconds without the problem.
	Alerts []Alert `json:"alerts"`
	// Number of cameras, detectors and rules (counted per camera) changed by command since the
	// configuration was read. GET /config/diff has the changes.
	Modified int64 `json:"modified"`
}

// Camera: See the schema.
type Camera struct {
	Name string `json:"name"`
	// Without passwords.
	Source string      `json:"source"`
	State  CameraState `json:"state"`
	// Reason of the state; empty when live.
	Reason string `json:"reason"`
	// When the state began.
	Since  time.Time `json:"since"`
	Width  int64     `json:"width"`
	Height int64     `json:"height"`
	// Current frames per second.
	FPS float64 `json:"fps"`
	// Capture time of the newest frame; year 1: none.
	LastFrame time.Time `json:"last_frame"`
	// How much later than at best the stream is read.
	LagNS   int64 `json:"lag_ns"`
	Lagging bool  `json:"lagging"`
	// Which frames of the stream are decoded; empty: the source delivers decoded frames.
	Decoding CameraDecoding `json:"decoding"`
	// Readable reason for decoding.
	DecodingWhy string `json:"decoding_why"`
	// Frames per second that the source sends; 0: unknown.
	SentFPS float64 `json:"sent_fps"`
	// Video codec by FFmpeg's name; empty: unknown yet, or the source delivers decoded frames.
	Codec string `json:"codec"`
	// Current bits of video per second; 0: nothing arrives.
	Bitrate float64 `json:"bitrate"`
	// Video packets received.
	Packets int64 `json:"packets"`
	// Frames decoded.
	Decoded int64 `json:"decoded"`
	// Decoded frames with lost parts that the decoder concealed.
	Damaged  int64 `json:"damaged"`
	Frames   int64 `json:"frames"`
	Connects int64 `json:"connects"`
	// Failed attempts to open the source.
	Failures    int64 `json:"failures"`
	Stalls      int64 `json:"stalls"`
	Resizes     int64 `json:"resizes"`
	DropPool    int64 `json:"drop_pool"`
	DropLag     int64 `json:"drop_lag"`
	DropRate    int64 `json:"drop_rate"`
	DropCorrupt int64 `json:"drop_corrupt"`
	// Pixel buffers.
	Pool CameraPool `json:"pool"`
	// ID of the newest frame that the engine saw; 0: none.
	FrameID    int64 `json:"frame_id"`
	FrameAgeNS int64 `json:"frame_age_ns"`
	Seen       int64 `json:"seen"`
	Superseded int64 `json:"superseded"`
	// Engine steps.
	Ticks int64 `json:"ticks"`
	// Duration of an engine step.
	Tick *Histogram `json:"tick"`
	// Time between the captures of consecutive frames.
	FrameInterval *Histogram `json:"frame_interval"`
	// Age of frames when the engine sees them.
	Age *Histogram `json:"age"`
	// Duration of each stage from capture to event.
	Stages    CameraStages `json:"stages"`
	Detectors []Detector   `json:"detectors"`
	Signals   []Signal     `json:"signals"`
	Rules     []Rule       `json:"rules"`
	// Tracks of detectors whose boxes are tracked: because a rule uses a zone or line, or a dashboard
	// shows the camera.
	Tracks []Track `json:"tracks"`
	Zones  []Zone  `json:"zones"`
	Lines  []Line  `json:"lines"`
	Queues []Queue `json:"queues"`
	// The second stream, for clips; null: none.
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

// CameraDecoding: Which frames of the stream are decoded; empty: the source delivers decoded
// frames.
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

// Histogram: Durations since the program started; null: there is no histogram.
type Histogram struct {
	Count int64 `json:"count"`
	SumNS int64 `json:"sum_ns"`
	// Maximum, exact.
	MaxNS int64 `json:"max_ns"`
	// Median, as the upper bound of its bucket, which is at most 6.25 % wide.
	P50NS  int64 `json:"p50_ns"`
	P90NS  int64 `json:"p90_ns"`
	P99NS  int64 `json:"p99_ns"`
	P999NS int64 `json:"p999_ns"`
	// Base64 of two unsigned LEB128 numbers for each non-empty bucket: the number of empty buckets
	// before it, and its count. Buckets 0 to 15 hold durations of exactly that many nanoseconds; above,
	// each power of two has 16 buckets of equal width.
	Bins string `json:"bins"`
}

// CameraStages: Duration of each stage from capture to event.
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
	// Maximum runs per second.
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
	// Endpoint of the model service; empty: none.
	Endpoint string `json:"endpoint"`
	// Maximum frames, of several cameras, in one run. Omitted: one.
	MaxBatch *int64 `json:"max_batch,omitempty"`
	// Signal whose boxes it processes. Omitted: it processes whole frames.
	CropsOf *string `json:"crops_of,omitempty"`
	// Maximum boxes per frame, with crops_of.
	MaxCrops *int64 `json:"max_crops,omitempty"`
	// The point of a box that decides which zone it is in.
	Anchor *DetectorAnchor `json:"anchor,omitempty"`
	// Its other configuration keys that have a value.
	Settings []DetectorSetting `json:"settings"`
	State    DetectorState     `json:"state"`
	// The state and its reason.
	Words Words `json:"words"`
	// The gate that is closed, or the last error.
	Reason string `json:"reason"`
	// Remaining time of the backoff or until the retry.
	UntilNS int64 `json:"until_ns"`
	// Current runs per second.
	FPS  float64 `json:"fps"`
	Runs int64   `json:"runs"`
	// Frames skipped, by gate.
	Skips DetectorSkips `json:"skips"`
	// Failed runs by reason.
	Errors   []Count `json:"errors"`
	Backoffs int64   `json:"backoffs"`
	Timeouts int64   `json:"timeouts"`
	// Answers discarded because they came after the timeout.
	Late int64 `json:"late"`
	// Answers older than their TTL on arrival.
	Expired int64 `json:"expired"`
	// Times that the detector was opened again.
	Restarts int64 `json:"restarts"`
	// When the last run ended; year 1: never.
	LastRun time.Time `json:"last_run"`
	// Age of the frame of its last answer.
	AgeNS int64 `json:"age_ns"`
	// Model of the last answer, as its service names it.
	Model string `json:"model"`
	// Error of the last run; empty: it succeeded.
	Error string `json:"error"`
	// Duration of a run.
	Exec *Histogram `json:"exec"`
	// Age of the frame when its answer is available to rules.
	AnswerAge *Histogram `json:"answer_age"`
	// Numbers of tracks; null: its detections are not tracked.
	Tracks *DetectorTracks `json:"tracks"`
}

// DetectorCost: See the schema.
type DetectorCost string

const (
	DetectorCostLow    DetectorCost = "low"
	DetectorCostMedium DetectorCost = "medium"
	DetectorCostHigh   DetectorCost = "high"
)

// DetectorAnchor: The point of a box that decides which zone it is in.
type DetectorAnchor string

const (
	DetectorAnchorBottom DetectorAnchor = "bottom"
	DetectorAnchorCenter DetectorAnchor = "center"
)

// DetectorSetting: See the schema.
type DetectorSetting struct {
	Key string `json:"key"`
	// Readable value; *** for a secret.
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

// Words: A state as dashboards show it.
type Words struct {
	// Its colour: how good or bad the state is.
	Tone WordsTone `json:"tone"`
	Text string    `json:"text"`
	// Progress of a running clock, 0..1. Omitted: 0.
	Share *float64 `json:"share,omitempty"`
}

// WordsTone: Its colour: how good or bad the state is.
type WordsTone string

const (
	WordsToneGood WordsTone = "good"
	WordsToneInfo WordsTone = "info"
	WordsToneWarn WordsTone = "warn"
	WordsToneBad  WordsTone = "bad"
	WordsToneDim  WordsTone = "dim"
)

// DetectorSkips: Frames skipped, by gate.
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

// DetectorTracks: Numbers of tracks; null: its detections are not tracked.
type DetectorTracks struct {
	// Tracks that exist now.
	Present int64 `json:"present"`
	// Tracks that have begun.
	Born int64 `json:"born"`
	// Tracks that have ended.
	Lost int64 `json:"lost"`
}

// Signal: See the schema.
type Signal struct {
	Name string `json:"name"`
	// Detector that provides it; empty: it was detached.
	Detector string `json:"detector"`
	// Last value, even if it is stale; null: not a number.
	Value *float64 `json:"value"`
	// Why it is unknown. Omitted: it is known.
	Unknown *string `json:"unknown,omitempty"`
	// Time since the capture of its frame; 0 with frame_id 0: never known.
	AgeNS      int64       `json:"age_ns"`
	TTLNS      int64       `json:"ttl_ns"`
	FrameID    int64       `json:"frame_id"`
	Detections []Detection `json:"detections"`
}

// Detection: See the schema.
type Detection struct {
	Label string  `json:"label"`
	Score float64 `json:"score"`
	// In fractions of the frame, 0..1.
	Box DetectionBox `json:"box"`
	// Keypoints of the object, in fractions of the frame. Omitted: none.
	Keypoints []DetectionKeypoint `json:"keypoints,omitempty"`
	// Clockwise rotation of the object, in radians. The box is the upright box around it.
	Angle *float64 `json:"angle,omitempty"`
	// Results of detectors with crops_of for this box. Omitted: none yet.
	Attributes []Attribute `json:"attributes,omitempty"`
}

// DetectionBox: In fractions of the frame, 0..1.
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
	// Signal of the detector with crops_of.
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// Label of the detection with the highest score in the box.
	Label *string  `json:"label,omitempty"`
	Score *float64 `json:"score,omitempty"`
	// Why it is unknown. Omitted: it is known.
	Unknown *string `json:"unknown,omitempty"`
}

// Rule: See the schema.
type Rule struct {
	Event string `json:"event"`
	When  string `json:"when"`
	// The condition as a tree, line by line.
	Outline []RuleOutline `json:"outline"`
	Status  RuleStatus    `json:"status"`
	// Progress of the clock of the state.
	Words Words `json:"words"`
	// What the rule still needs to fire.
	ToFire string `json:"to_fire"`
	ForNS  int64  `json:"for_ns"`
	// Minimum time between two events.
	CooldownNS int64 `json:"cooldown_ns"`
	// Whether clips of its events are saved.
	Clip bool `json:"clip"`
	// How long clips continue after an event.
	ClipAfterNS int64    `json:"clip_after_ns"`
	Clauses     []Clause `json:"clauses"`
	// Hours in which the rule is active; null: always.
	Hours *RuleHours `json:"hours"`
}

// RuleOutline: See the schema.
type RuleOutline struct {
	Depth int64 `json:"depth"`
	// all of, any of, not, or a comparison.
	Text string `json:"text"`
	// Index of the comparison in clauses; -1: not a comparison.
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
	// When the state began, since the program started.
	SinceNS int64 `json:"since_ns"`
	// Progress of for, 0..1.
	Progress float64 `json:"progress"`
	// Remaining time of the cooldown.
	RemainingNS int64           `json:"remaining_ns"`
	Truth       RuleStatusTruth `json:"truth"`
	// The event has been confirmed and has not ended.
	Active bool  `json:"active"`
	Fired  int64 `json:"fired"`
	// Undefined while fired is 0.
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

// RuleHours: Hours in which the rule is active; null: always.
type RuleHours struct {
	// Periods of the week, as configured.
	Active []string `json:"active"`
	// Time zone of the hours; empty: the machine's.
	TimeZone string `json:"time_zone"`
	// Set by command until the hours next begin or end.
	Override RuleHoursOverride `json:"override"`
}

// RuleHoursOverride: Set by command until the hours next begin or end.
type RuleHoursOverride string

const (
	RuleHoursOverrideEmpty    RuleHoursOverride = ""
	RuleHoursOverrideArmed    RuleHoursOverride = "armed"
	RuleHoursOverrideDisarmed RuleHoursOverride = "disarmed"
)

// Track: See the schema.
type Track struct {
	// Unique per detector until it is attached again.
	ID       int64  `json:"id"`
	Detector string `json:"detector"`
	Label    string `json:"label"`
	// Coasting: not in the newest answers, but still counted as present. Missing: not present, but it
	// may be found again. Unknown: the detector does not run.
	State TrackState `json:"state"`
	Box   Box        `json:"box"`
	AgeNS int64      `json:"age_ns"`
	// Zones that it is in.
	Zones []TrackZone `json:"zones"`
	// Positions of its anchor, oldest first; at most 64 points.
	Path [][]float64 `json:"path"`
}

// TrackState: Coasting: not in the newest answers, but still counted as present. Missing: not
// present, but it may be found again. Unknown: the detector does not run.
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
	// Time in the zone, without the time in which the detector did not run.
	DwellNS int64 `json:"dwell_ns"`
}

// Zone: See the schema.
type Zone struct {
	Name string `json:"name"`
	// The corners, in order.
	Points [][]float64 `json:"points"`
	// True: the zone is black wherever frames are shown, recorded or sent.
	Privacy bool `json:"privacy"`
	// Dwell of objects that have left the zone; null: histogram is off.
	Dwell *Histogram `json:"dwell"`
}

// Line: See the schema.
type Line struct {
	Name string `json:"name"`
	// The two ends of the line.
	Points [][]float64 `json:"points"`
	// Names of the crossing directions: left to right, seen from the first end to the second, and the
	// opposite.
	Directions []string `json:"directions"`
}

// Queue: See the schema.
type Queue struct {
	Name     string `json:"name"`
	Depth    int64  `json:"depth"`
	Capacity int64  `json:"capacity"`
	// Drops by reason.
	Drops []Count `json:"drops"`
}

// Recording: See the schema.
type Recording struct {
	// Without passwords.
	Source string `json:"source"`
	// Paused: by command, or because nothing needs it now.
	State RecordingState `json:"state"`
	// Reason of the state; empty when live.
	Reason string `json:"reason"`
	// When the state began.
	Since time.Time `json:"since"`
	// Frames per second that the camera sends; 0: unknown.
	SentFPS float64 `json:"sent_fps"`
	// Video packets received.
	Packets  int64 `json:"packets"`
	Connects int64 `json:"connects"`
	Failures int64 `json:"failures"`
	Stalls   int64 `json:"stalls"`
}

// RecordingState: Paused: by command, or because nothing needs it now.
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

// Slots: Slots, which limit the local detectors that run at the same time.
type Slots struct {
	Size    int64 `json:"size"`
	Busy    int64 `json:"busy"`
	Waiting int64 `json:"waiting"`
	// Slots taken back from stuck detectors.
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
	// Degraded: events cannot be stored; outputs get them from memory.
	State  OutboxState `json:"state"`
	Reason string      `json:"reason"`
	// Where a damaged file was moved since the program started; empty: none was.
	Moved string `json:"moved"`
	// Records in the file.
	Records  int64 `json:"records"`
	Bytes    int64 `json:"bytes"`
	MaxBytes int64 `json:"max_bytes"`
	// Events stored since the program started.
	Stored int64 `json:"stored"`
	// Records that outputs got from memory because they could not be stored.
	NotDurable int64    `json:"not_durable"`
	Outputs    []Output `json:"outputs"`
}

// OutboxState: Degraded: events cannot be stored; outputs get them from memory.
type OutboxState string

const (
	OutboxStateOk       OutboxState = "ok"
	OutboxStateDegraded OutboxState = "degraded"
)

// Output: See the schema.
type Output struct {
	Name string `json:"name"`
	// Scheme and host of the address.
	To string `json:"to"`
	// Degraded: the last attempt failed, or there is no connection.
	State OutputState `json:"state"`
	// Connection of an output that keeps one; otherwise empty.
	Connection OutputConnection `json:"connection"`
	// Messages sent and received besides deliveries.
	Traffic []Count `json:"traffic"`
	Reason  string  `json:"reason"`
	Remedy  string  `json:"remedy"`
	// Messages waiting.
	Backlog int64 `json:"backlog"`
	// Time of the oldest waiting event; year 1: none.
	Oldest time.Time `json:"oldest"`
	// Next attempt after a failed one; year 1: none.
	NextTry time.Time `json:"next_try"`
	// Last delivery; year 1: none.
	LastOk    time.Time `json:"last_ok"`
	Delivered int64     `json:"delivered"`
	// Failed attempts that were or will be retried.
	Retries int64 `json:"retries"`
	// Events reported in summaries.
	Folded int64 `json:"folded"`
	// Messages that the receiver refused.
	AsideCount int64 `json:"aside_count"`
	// The newest 20 refused messages.
	Aside []Aside `json:"aside"`
	// Undelivered messages by reason: age, aside, bytes, memory.
	Drops []Count `json:"drops"`
	// Time from an event to its acceptance by the receiver.
	Latency *Histogram `json:"latency"`
}

// OutputState: Degraded: the last attempt failed, or there is no connection.
type OutputState string

const (
	OutputStateOk       OutputState = "ok"
	OutputStateDegraded OutputState = "degraded"
)

// OutputConnection: Connection of an output that keeps one; otherwise empty.
type OutputConnection string

const (
	OutputConnectionEmpty      OutputConnection = ""
	OutputConnectionConnected  OutputConnection = "connected"
	OutputConnectionConnecting OutputConnection = "connecting"
)

// Aside: See the schema.
type Aside struct {
	// ID of the delivery.
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
	// File name extension of the movies.
	Encoder         string `json:"encoder"`
	Waiting         int64  `json:"waiting"`
	WaitingCapacity int64  `json:"waiting_capacity"`
	Building        bool   `json:"building"`
	Saved           int64  `json:"saved"`
	Merged          int64  `json:"merged"`
	// Events without a clip, by reason.
	Dropped map[string]int64 `json:"dropped"`
	Unheld  int64            `json:"unheld"`
	// Deleted clips by the limit that was reached.
	Removed map[string]int64 `json:"removed"`
	// On disk.
	Clips int64 `json:"clips"`
	// On disk.
	Bytes int64 `json:"bytes"`
	// The last clip, as a line of index.jsonl.
	Last map[string]any `json:"last"`
	// Time that saving the last clip took.
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
	// Video packets from the camera.
	Packets int64 `json:"packets"`
	// Frames in the ring, as packets or JPEG.
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
	// Lines at level error since the program started.
	Errors   int64 `json:"errors"`
	Warnings int64 `json:"warnings"`
}

// SnapshotLoop: See the schema.
type SnapshotLoop struct {
	// Iterations of the command loop, at least one per second; 0: not all configured cameras have been
	// started yet.
	Turns int64 `json:"turns"`
	// Time that the current command has taken so far; 0: none.
	BusyNS int64 `json:"busy_ns"`
	// A configuration is being applied. Cameras may be missing meanwhile.
	Reloading bool `json:"reloading"`
}

// SnapshotReload: See the schema.
type SnapshotReload struct {
	// Reloads of the configuration by result: ok, partial, invalid.
	Results []Count `json:"results"`
	// Result of the last reload; empty: there was none.
	Last   string `json:"last"`
	Reason string `json:"reason"`
	// When the current configuration was read.
	Ok time.Time `json:"ok"`
	// The file has changed since it was last read.
	Changed bool `json:"changed"`
	// Parts of the file that are not in use because they are invalid.
	Quarantined []Quarantined `json:"quarantined"`
}

// Quarantined: A camera, detector, rule or output that does not run because its table in the
// configuration is invalid.
type Quarantined struct {
	// Its type and name.
	What string `json:"what"`
	// The first error, with its position in the file.
	Why string `json:"why"`
}

// Alert: See the schema.
type Alert struct {
	// Kind, or kind:subject. It does not change while the alert lasts.
	ID string `json:"id"`
	// camera_down, camera_lag, evidence_down, detector_failed, detector_slow, detector_ttl,
	// frames_sparse, sink_degraded, output_degraded, output_late, output_refused, clips_degraded,
	// reload_failed or quarantined; kinds may be added.
	Kind string `json:"kind"`
	// True: frames, detections, events or clips are missing. False: they are late or fewer.
	Severe bool `json:"severe"`
	// Name of the camera, detector or sink; empty: none.
	Subject string `json:"subject"`
	// Affected cameras; empty: the whole program.
	Cameras []string  `json:"cameras"`
	Since   time.Time `json:"since"`
	// Short description of the problem, without the cause.
	Title string `json:"title"`
	// Readable cause; may be empty.
	Cause string `json:"cause"`
	// What to do.
	Remedy       string `json:"remedy"`
	Acknowledged bool   `json:"acknowledged"`
}
