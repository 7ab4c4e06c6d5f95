// Generated from docs/*.schema.json by make sdk. DO NOT EDIT.

// What rvo-tui writes as JSON: events, meta.json of clips, and snapshots. Keys may be
// added. Integers above 2^53 are rounded by JSON.parse: nanoseconds from 104 days on.

/** One line of the event log or of standard output: the start of an event (phase confirmed) or its end (phase ended). */
export interface Event {
  /** UUID version 7: unique, and ordered by time. */
  event_id: string;
  /** The event of the rule. */
  event_type: string;
  /** Time of the event, in nanoseconds since the program started, on a monotonic clock. */
  event_ts_ns: number;
  /** Share of the time since the condition began in which it was known to be true. Gaps within grace and unknown times that are held lower it. Phase ended: the same for the whole event. */
  confidence: number;
  /** Configured name of the camera. */
  camera: string;
  /** event_ts_ns as wall clock time: RFC 3339, UTC, always with nine decimal places. */
  time: string;
  phase: EventPhase;
  /** Phase ended: time from the beginning of the condition until it was last known to be true. */
  duration_ms?: number;
  /** Age of the newest frame that decided the condition: time from its capture to the event. */
  age_ms: number;
  /** The age by stage. The sum is age_ms. */
  age_split_ms: AgeSplit;
  /** ID of the frame that age_ms refers to, counted from 1 for each camera. 0: none. */
  frame_id: number;
  /** The comparisons of the rule's condition, in the order of the configuration. */
  clauses: Clause[];
  /** The objects that the condition counted in zones and over lines. Omitted if there are none, and in phase ended. */
  tracks?: EventTrack[];
}

export type EventPhase = "confirmed" | "ended";

/** The age by stage. The sum is age_ms. */
export interface AgeSplit {
  /** From the capture of the frame until it was in memory. */
  capture: number;
  /** Until the engine saw it. */
  queue: number;
  /** Until the detector started. */
  schedule: number;
  /** Until the detector answered. */
  inference: number;
  /** Until the engine had recorded the answer. */
  publish: number;
  /** Until the event. */
  event: number;
}

export interface Clause {
  /** The comparison, formatted. */
  text: string;
  signal: string;
  /** Zone in which detections are counted. Omitted: the whole frame. */
  zone?: string;
  /** Line that they cross, with the direction, such as "gate.in". Omitted: no line. */
  line?: string;
  /** ID of the track that decided: the one longest in the zone, the last one to enter or cross, or the first one counted. Omitted: no track. */
  track?: number;
  /** Condition on attributes that selects the detections to count. Omitted: the signal's value is compared. */
  where?: string;
  op: ClauseOp;
  /** Number on the right-hand side, in seconds for times, or the value of the signal in other; null if that has no value. */
  threshold: number | null;
  /** Signal on the right-hand side, if it is a signal. */
  other?: string;
  /** Last value of the signal, or what is derived from its detections (their number, or the dwell in seconds), even if it is stale; null if there is none. */
  value: number | null;
  /** Age of the value's frame (of two signals, of the older one); null if there is none. */
  age_ms: number | null;
  truth: ClauseTruth;
  /** Why the comparison is unknown. */
  unknown_because?: string;
}

export type ClauseOp = "<" | "<=" | "==" | "!=" | ">=" | ">";

export type ClauseTruth = "true" | "false" | "unknown";

export interface EventTrack {
  /** Unique per detector until it is attached again. */
  id: number;
  signal: string;
  label: string;
  /** Zone, or line with direction, such as "gate.in". */
  place: string;
  /** Newest box, in fractions of the frame, 0..1. */
  box: EventTrackBox;
  /** Positions of its anchor, oldest first. */
  path: EventTrackPath[];
}

/** Newest box, in fractions of the frame, 0..1. */
export interface EventTrackBox {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface EventTrackPath {
  /** Time before the event. */
  before_ns: number;
  /** In fractions of the frame, 0..1. */
  at: number[];
}

/** The contents of a clip and why it was saved. Times in nanoseconds count from the start of the program; others are RFC 3339, in UTC. */
export interface Meta {
  version: 1;
  event_id: string;
  /** Type of the event; "manual" for a clip saved by command. */
  event_type: string;
  event_ts_ns: number;
  time: string;
  camera: string;
  rule: string;
  confidence: number;
  /** Results of the clauses of the condition; null if there are none. */
  clauses: Clause[] | null;
  /** The objects that the rule counted in zones and over lines, as in the event. Omitted: none. */
  tracks?: EventTrack[];
  /** Private zones of the camera. They are black in the clip, which is encoded for that. Omitted: none. */
  private_zones?: string[];
  /** The requested time span. */
  clip_window_ns: ClipWindow;
  /** Capture time of the first frame shown. */
  start_time: string;
  /** Capture time of the last frame shown. */
  end_time: string;
  pre_roll_ms: Roll;
  post_roll_ms: Roll;
  /** False: the program ended while saving the clip, and recovered what was on disk at its next start. */
  complete: boolean;
  /** Frames in the time span. */
  frames_total: number;
  /** Frames that the movie shows. */
  frames_written: number;
  /** Capture time of each frame shown. */
  frame_ts_ns: number[];
  /** ID of each frame shown, if the movie was encoded from frames with IDs. */
  frame_ids?: number[];
  /** Index in frame_ts_ns of the frame that confirmed the event. */
  confirming_frame: number | null;
  /** Frames left out because data they depend on was lost. */
  missing_frames: number;
  /** Frames skipped because encoding could not keep up. */
  skipped_frames: number;
  movie: Movie;
  /** Further movies that continue the first one, because the codec or the size of the stream changed. */
  parts?: Movie[];
  thumb: "thumb.jpg";
  /** Whether there is a frame_NNNN.jpg for each entry of frame_ts_ns, counted from 0000. */
  pictures: boolean;
  /** Time spent writing and verifying the movie. */
  encode_ms: number;
  /** All files of the clip except this one. */
  files: ClipFile[];
  /** The events in the clip: its own, then those merged into it. */
  events: ClipEvent[];
  /** Detections during the clip, in the order of the answers. */
  detections: ClipSignal[];
}

/** The requested time span. */
export interface ClipWindow {
  start: number;
  end: number;
}

/** Requested and actual length, in milliseconds. */
export interface Roll {
  asked: number;
  actual: number;
}

export interface Movie {
  file: string;
  /** Capture time of its first frame. */
  start_ns: number;
  /** Average frames per second. The intervals vary as those of the camera did. */
  fps: number;
  frames: number;
  duration_ms: number;
  width: number;
  height: number;
  bytes: number;
  /** Video codec by FFmpeg's name: h264, hevc, av1, vp9, mjpeg. */
  codec: string;
  /** Sound codec: aac, opus. Omitted: no sound. */
  sound?: string;
  /** Whether the video is as the camera sent it, not reencoded. */
  copied: boolean;
  /** A note for the viewer. */
  note?: string;
}

export interface ClipFile {
  name: string;
  bytes: number;
  sha256: string;
}

export interface ClipEvent {
  event_id: string;
  event_type: string;
  event_ts_ns: number;
  time: string;
  rule: string;
}

export interface ClipSignal {
  frame_id: number;
  ts_ns: number;
  /** Time in the movie at which it is shown. In further movies, the time continues from the one before. */
  movie_ms: number;
  signal: string;
  value: number;
  detections: ClipDetection[];
}

export interface ClipDetection {
  label: string;
  score: number;
  /** Left and top edge, width and height, in fractions of the frame, 0..1. */
  box: ClipDetectionBox;
  /** Keypoints of the object, in fractions of the frame. Omitted: none. */
  keypoints?: ClipDetectionKeypoint[];
  /** Clockwise rotation of the object, in radians. The box is the upright box around it. */
  angle?: number;
}

/** Left and top edge, width and height, in fractions of the frame, 0..1. */
export interface ClipDetectionBox {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface ClipDetectionKeypoint {
  x: number;
  y: number;
  score: number;
}

/** The state of the program at one instant. Durations are nanoseconds. Keys may be added. */
export interface Snapshot {
  /** When the snapshot was taken. */
  at: string;
  /** Time since the program started. */
  uptime_ns: number;
  /** When the program started. A change means another instance. */
  started: string;
  cameras: Camera[];
  slots: Slots;
  /** All queues of the program. Those of cameras are in cameras. */
  queues: Queue[];
  sinks: Sink[];
  /** Events for outputs; null: there are no outputs. */
  outbox: Outbox | null;
  /** Clips; null: none are saved. */
  clips: Clips | null;
  log: SnapshotLog;
  loop: SnapshotLoop;
  reload: SnapshotReload;
  /** Current alerts: severe ones first, then unacknowledged ones, then the oldest. They are updated once per second, and clear after five seconds without the problem. */
  alerts: Alert[];
  /** Number of cameras, detectors and rules (counted per camera) changed by command since the configuration was read. GET /config/diff has the changes. */
  modified: number;
}

export interface Camera {
  name: string;
  /** Without passwords. */
  source: string;
  state: CameraState;
  /** Reason of the state; empty when live. */
  reason: string;
  /** When the state began. */
  since: string;
  width: number;
  height: number;
  /** Current frames per second. */
  fps: number;
  /** Capture time of the newest frame; year 1: none. */
  last_frame: string;
  /** How much later than at best the stream is read. */
  lag_ns: number;
  lagging: boolean;
  /** Which frames of the stream are decoded; empty: the source delivers decoded frames. */
  decoding: CameraDecoding;
  /** Readable reason for decoding. */
  decoding_why: string;
  /** Frames per second that the source sends; 0: unknown. */
  sent_fps: number;
  /** Video codec by FFmpeg's name; empty: unknown yet, or the source delivers decoded frames. */
  codec: string;
  /** Current bits of video per second; 0: nothing arrives. */
  bitrate: number;
  /** Video packets received. */
  packets: number;
  /** Frames decoded. */
  decoded: number;
  /** Decoded frames with lost parts that the decoder concealed. */
  damaged: number;
  frames: number;
  connects: number;
  /** Failed attempts to open the source. */
  failures: number;
  stalls: number;
  resizes: number;
  drop_pool: number;
  drop_lag: number;
  drop_rate: number;
  drop_corrupt: number;
  /** Pixel buffers. */
  pool: CameraPool;
  /** ID of the newest frame that the engine saw; 0: none. */
  frame_id: number;
  frame_age_ns: number;
  seen: number;
  superseded: number;
  /** Engine steps. */
  ticks: number;
  /** Duration of an engine step. */
  tick: Histogram | null;
  /** Time between the captures of consecutive frames. */
  frame_interval: Histogram | null;
  /** Age of frames when the engine sees them. */
  age: Histogram | null;
  /** Duration of each stage from capture to event. */
  stages: CameraStages;
  detectors: Detector[];
  signals: Signal[];
  rules: Rule[];
  /** Tracks of detectors whose boxes are tracked: because a rule uses a zone or line, or a dashboard shows the camera. */
  tracks: Track[];
  zones: Zone[];
  lines: Line[];
  queues: Queue[];
  /** The second stream, for clips; null: none. */
  recording?: Recording | null;
}

export type CameraState = "connecting" | "live" | "stalled" | "reconnecting" | "paused" | "ended" | "failed";

/** Which frames of the stream are decoded; empty: the source delivers decoded frames. */
export type CameraDecoding = "" | "all" | "keyframes" | "none";

/** Pixel buffers. */
export interface CameraPool {
  out: number;
  size: number;
  retired: number;
  retired_total: number;
}

/** Durations since the program started; null: there is no histogram. */
export interface Histogram {
  count: number;
  sum_ns: number;
  /** Maximum, exact. */
  max_ns: number;
  /** Median, as the upper bound of its bucket, which is at most 6.25 % wide. */
  p50_ns: number;
  p90_ns: number;
  p99_ns: number;
  p999_ns: number;
  /** Base64 of two unsigned LEB128 numbers for each non-empty bucket: the number of empty buckets before it, and its count. Buckets 0 to 15 hold durations of exactly that many nanoseconds; above, each power of two has 16 buckets of equal width. */
  bins: string;
}

/** Duration of each stage from capture to event. */
export interface CameraStages {
  capture: Histogram | null;
  queue: Histogram | null;
  schedule: Histogram | null;
  inference: Histogram | null;
  publish: Histogram | null;
  event: Histogram | null;
}

export interface Detector {
  name: string;
  kind: string;
  /** Maximum runs per second. */
  max_fps: number;
  cost: DetectorCost;
  needs: string[];
  /** Names of its signals. */
  provides: string[];
  ttl_ns: number;
  timeout_ns: number;
  execution: string;
  retry: string;
  enabled: boolean;
  remote: boolean;
  /** Endpoint of the model service; empty: none. */
  endpoint: string;
  /** Maximum frames, of several cameras, in one run. Omitted: one. */
  max_batch?: number;
  /** Signal whose boxes it processes. Omitted: it processes whole frames. */
  crops_of?: string;
  /** Maximum boxes per frame, with crops_of. */
  max_crops?: number;
  /** The point of a box that decides which zone it is in. */
  anchor?: DetectorAnchor;
  /** Its other configuration keys that have a value. */
  settings: DetectorSetting[];
  state: DetectorState;
  /** The state and its reason. */
  words: Words;
  /** The gate that is closed, or the last error. */
  reason: string;
  /** Remaining time of the backoff or until the retry. */
  until_ns: number;
  /** Current runs per second. */
  fps: number;
  runs: number;
  /** Frames skipped, by gate. */
  skips: DetectorSkips;
  /** Failed runs by reason. */
  errors: Count[];
  backoffs: number;
  timeouts: number;
  /** Answers discarded because they came after the timeout. */
  late: number;
  /** Answers older than their TTL on arrival. */
  expired: number;
  /** Times that the detector was opened again. */
  restarts: number;
  /** When the last run ended; year 1: never. */
  last_run: string;
  /** Age of the frame of its last answer. */
  age_ns: number;
  /** Model of the last answer, as its service names it. */
  model: string;
  /** Error of the last run; empty: it succeeded. */
  error: string;
  /** Duration of a run. */
  exec: Histogram | null;
  /** Age of the frame when its answer is available to rules. */
  answer_age: Histogram | null;
  /** Numbers of tracks; null: its detections are not tracked. */
  tracks: DetectorTracks | null;
}

export type DetectorCost = "low" | "medium" | "high";

/** The point of a box that decides which zone it is in. */
export type DetectorAnchor = "bottom" | "center";

export interface DetectorSetting {
  key: string;
  /** Readable value; *** for a secret. */
  value: string;
}

export type DetectorState = "starting" | "waiting" | "running" | "backoff" | "stuck" | "failed" | "disabled";

/** A state as dashboards show it. */
export interface Words {
  /** Its colour: how good or bad the state is. */
  tone: WordsTone;
  text: string;
  /** Progress of a running clock, 0..1. Omitted: 0. */
  share?: number;
}

/** Its colour: how good or bad the state is. */
export type WordsTone = "good" | "info" | "warn" | "bad" | "dim";

/** Frames skipped, by gate. */
export interface DetectorSkips {
  disabled: number;
  failed: number;
  backoff: number;
  no_frame: number;
  rate: number;
  needs: number;
  busy: number;
  slot: number;
}

export interface Count {
  reason: string;
  n: number;
}

/** Numbers of tracks; null: its detections are not tracked. */
export interface DetectorTracks {
  /** Tracks that exist now. */
  present: number;
  /** Tracks that have begun. */
  born: number;
  /** Tracks that have ended. */
  lost: number;
}

export interface Signal {
  name: string;
  /** Detector that provides it; empty: it was detached. */
  detector: string;
  /** Last value, even if it is stale; null: not a number. */
  value: number | null;
  /** Why it is unknown. Omitted: it is known. */
  unknown?: string;
  /** Time since the capture of its frame; 0 with frame_id 0: never known. */
  age_ns: number;
  ttl_ns: number;
  frame_id: number;
  detections: Detection[];
}

export interface Detection {
  label: string;
  score: number;
  /** In fractions of the frame, 0..1. */
  box: DetectionBox;
  /** Keypoints of the object, in fractions of the frame. Omitted: none. */
  keypoints?: DetectionKeypoint[];
  /** Clockwise rotation of the object, in radians. The box is the upright box around it. */
  angle?: number;
  /** Results of detectors with crops_of for this box. Omitted: none yet. */
  attributes?: Attribute[];
}

/** In fractions of the frame, 0..1. */
export interface DetectionBox {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface DetectionKeypoint {
  x: number;
  y: number;
  score: number;
}

export interface Attribute {
  /** Signal of the detector with crops_of. */
  name: string;
  value: number;
  /** Label of the detection with the highest score in the box. */
  label?: string;
  score?: number;
  /** Why it is unknown. Omitted: it is known. */
  unknown?: string;
}

export interface Rule {
  event: string;
  when: string;
  /** The condition as a tree, line by line. */
  outline: RuleOutline[];
  status: RuleStatus;
  /** Progress of the clock of the state. */
  words: Words;
  /** What the rule still needs to fire. */
  to_fire: string;
  for_ns: number;
  /** Minimum time between two events. */
  cooldown_ns: number;
  /** Whether clips of its events are saved. */
  clip: boolean;
  /** How long clips continue after an event. */
  clip_after_ns: number;
  clauses: Clause[];
  /** Hours in which the rule is active; null: always. */
  hours: RuleHours | null;
}

export interface RuleOutline {
  depth: number;
  /** all of, any of, not, or a comparison. */
  text: string;
  /** Index of the comparison in clauses; -1: not a comparison. */
  clause: number;
  truth: RuleOutlineTruth;
}

export type RuleOutlineTruth = "true" | "false" | "unknown";

export interface RuleStatus {
  state: RuleStatusState;
  /** When the state began, since the program started. */
  since_ns: number;
  /** Progress of for, 0..1. */
  progress: number;
  /** Remaining time of the cooldown. */
  remaining_ns: number;
  truth: RuleStatusTruth;
  /** The event has been confirmed and has not ended. */
  active: boolean;
  fired: number;
  /** Undefined while fired is 0. */
  last_fired_ns: number;
}

export type RuleStatusState = "idle" | "potential" | "confirmed" | "cooldown" | "inactive" | "disabled";

export type RuleStatusTruth = "true" | "false" | "unknown";

/** Hours in which the rule is active; null: always. */
export interface RuleHours {
  /** Periods of the week, as configured. */
  active: string[];
  /** Time zone of the hours; empty: the machine's. */
  time_zone: string;
  /** Set by command until the hours next begin or end. */
  override: RuleHoursOverride;
}

/** Set by command until the hours next begin or end. */
export type RuleHoursOverride = "" | "armed" | "disarmed";

export interface Track {
  /** Unique per detector until it is attached again. */
  id: number;
  detector: string;
  label: string;
  /** Coasting: not in the newest answers, but still counted as present. Missing: not present, but it may be found again. Unknown: the detector does not run. */
  state: TrackState;
  box: Box;
  age_ns: number;
  /** Zones that it is in. */
  zones: TrackZone[];
  /** Positions of its anchor, oldest first; at most 64 points. */
  path: number[][];
}

/** Coasting: not in the newest answers, but still counted as present. Missing: not present, but it may be found again. Unknown: the detector does not run. */
export type TrackState = "seen" | "coasting" | "missing" | "unknown";

/** In fractions of the frame, 0..1. */
export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface TrackZone {
  zone: string;
  /** Time in the zone, without the time in which the detector did not run. */
  dwell_ns: number;
}

export interface Zone {
  name: string;
  /** The corners, in order. */
  points: number[][];
  /** True: the zone is black wherever frames are shown, recorded or sent. */
  privacy: boolean;
  /** Dwell of objects that have left the zone; null: histogram is off. */
  dwell: Histogram | null;
}

export interface Line {
  name: string;
  /** The two ends of the line. */
  points: number[][];
  /** Names of the crossing directions: left to right, seen from the first end to the second, and the opposite. */
  directions: string[];
}

export interface Queue {
  name: string;
  depth: number;
  capacity: number;
  /** Drops by reason. */
  drops: Count[];
}

export interface Recording {
  /** Without passwords. */
  source: string;
  /** Paused: by command, or because nothing needs it now. */
  state: RecordingState;
  /** Reason of the state; empty when live. */
  reason: string;
  /** When the state began. */
  since: string;
  /** Frames per second that the camera sends; 0: unknown. */
  sent_fps: number;
  /** Video packets received. */
  packets: number;
  connects: number;
  failures: number;
  stalls: number;
}

/** Paused: by command, or because nothing needs it now. */
export type RecordingState = "connecting" | "live" | "stalled" | "reconnecting" | "paused" | "ended" | "failed";

/** Slots, which limit the local detectors that run at the same time. */
export interface Slots {
  size: number;
  busy: number;
  waiting: number;
  /** Slots taken back from stuck detectors. */
  revoked: number;
  policy: string;
}

export interface Sink {
  name: string;
  state: SinkState;
  reason: string;
  written: number;
  dropped: number;
  /** Writes that failed. */
  failures: number;
  depth: number;
  capacity: number;
}

export type SinkState = "ok" | "degraded";

export interface Outbox {
  file: string;
  /** Degraded: events cannot be stored; outputs get them from memory. */
  state: OutboxState;
  reason: string;
  /** Where a damaged file was moved since the program started; empty: none was. */
  moved: string;
  /** Records in the file. */
  records: number;
  bytes: number;
  max_bytes: number;
  /** Events stored since the program started. */
  stored: number;
  /** Records that outputs got from memory because they could not be stored. */
  not_durable: number;
  outputs: Output[];
}

/** Degraded: events cannot be stored; outputs get them from memory. */
export type OutboxState = "ok" | "degraded";

export interface Output {
  name: string;
  /** Scheme and host of the address. */
  to: string;
  /** Degraded: the last attempt failed, or there is no connection. */
  state: OutputState;
  /** Connection of an output that keeps one; otherwise empty. */
  connection: OutputConnection;
  /** Messages sent and received besides deliveries. */
  traffic: Count[];
  reason: string;
  remedy: string;
  /** Messages waiting. */
  backlog: number;
  /** Time of the oldest waiting event; year 1: none. */
  oldest: string;
  /** Next attempt after a failed one; year 1: none. */
  next_try: string;
  /** Last delivery; year 1: none. */
  last_ok: string;
  delivered: number;
  /** Failed attempts that were or will be retried. */
  retries: number;
  /** Events reported in summaries. */
  folded: number;
  /** Messages that the receiver refused. */
  aside_count: number;
  /** The newest 20 refused messages. */
  aside: Aside[];
  /** Undelivered messages by reason: age, aside, bytes, memory. */
  drops: Count[];
  /** Time from an event to its acceptance by the receiver. */
  latency: Histogram | null;
}

/** Degraded: the last attempt failed, or there is no connection. */
export type OutputState = "ok" | "degraded";

/** Connection of an output that keeps one; otherwise empty. */
export type OutputConnection = "" | "connected" | "connecting";

export interface Aside {
  /** ID of the delivery. */
  id: string;
  event: string;
  camera: string;
  time: string;
  reason: string;
  tries: number;
}

export interface Clips {
  state: ClipsState;
  reason: string;
  since: string;
  dir: string;
  /** File name extension of the movies. */
  encoder: string;
  waiting: number;
  waiting_capacity: number;
  building: boolean;
  saved: number;
  merged: number;
  /** Events without a clip, by reason. */
  dropped: Record<string, number>;
  unheld: number;
  /** Deleted clips by the limit that was reached. */
  removed: Record<string, number>;
  /** On disk. */
  clips: number;
  /** On disk. */
  bytes: number;
  /** The last clip, as a line of index.jsonl. */
  last: Record<string, unknown> | null;
  /** Time that saving the last clip took. */
  took_ns: number;
  rings: Ring[];
}

export type ClipsState = "ok" | "degraded";

export interface Ring {
  camera: string;
  /** Video packets from the camera. */
  packets: number;
  /** Frames in the ring, as packets or JPEG. */
  frames: number;
  bytes: number;
  bytes_capacity: number;
  span_ns: number;
  queue: number;
  queue_capacity: number;
  offered: number;
  encoded: number;
  skipped: number;
  failed: number;
  evicted: number;
  notes_dropped: number;
}

export interface SnapshotLog {
  /** Lines at level error since the program started. */
  errors: number;
  warnings: number;
}

export interface SnapshotLoop {
  /** Iterations of the command loop, at least one per second; 0: not all configured cameras have been started yet. */
  turns: number;
  /** Time that the current command has taken so far; 0: none. */
  busy_ns: number;
  /** A configuration is being applied. Cameras may be missing meanwhile. */
  reloading: boolean;
}

export interface SnapshotReload {
  /** Reloads of the configuration by result: ok, partial, invalid. */
  results: Count[];
  /** Result of the last reload; empty: there was none. */
  last: string;
  reason: string;
  /** When the current configuration was read. */
  ok: string;
  /** The file has changed since it was last read. */
  changed: boolean;
  /** Parts of the file that are not in use because they are invalid. */
  quarantined: Quarantined[];
}

/** A camera, detector, rule or output that does not run because its table in the configuration is invalid. */
export interface Quarantined {
  /** Its type and name. */
  what: string;
  /** The first error, with its position in the file. */
  why: string;
}

export interface Alert {
  /** Kind, or kind:subject. It does not change while the alert lasts. */
  id: string;
  /** camera_down, camera_lag, evidence_down, detector_failed, detector_slow, detector_ttl, frames_sparse, sink_degraded, output_degraded, output_late, output_refused, clips_degraded, reload_failed or quarantined; kinds may be added. */
  kind: string;
  /** True: frames, detections, events or clips are missing. False: they are late or fewer. */
  severe: boolean;
  /** Name of the camera, detector or sink; empty: none. */
  subject: string;
  /** Affected cameras; empty: the whole program. */
  cameras: string[];
  since: string;
  /** Short description of the problem, without the cause. */
  title: string;
  /** Readable cause; may be empty. */
  cause: string;
  /** What to do. */
  remedy: string;
  acknowledged: boolean;
}
