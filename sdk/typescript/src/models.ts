// Generated from docs/*.schema.json by make sdk. DO NOT EDIT.

// What rvo-tui writes as JSON: events, meta.json of clips, and snapshots. Keys may be
// added. Integers above 2^53 are rounded by JSON.parse: nanoseconds from 104 days on.

/** One line of the event log and of standard output: something that lasted long enough to be reported, or the end of it. */
export interface Event {
  /** Unique; ordered by time (UUID version 7). */
  event_id: string;
  /** The rule's event. */
  event_type: string;
  /** When it was reported, in nanoseconds since the program's start, on a clock that never jumps. */
  event_ts_ns: number;
  /** Share of the time since the condition began in which it was known to be true; gaps within grace and held unknown times lower it. For an end: the same over the whole incident. */
  confidence: number;
  /** The configured name of the camera. */
  camera: string;
  /** event_ts_ns on the wall clock: RFC 3339, UTC, always nine digits. */
  time: string;
  phase: EventPhase;
  /** Phase ended: from when the condition began until it was last known to be true. */
  duration_ms?: number;
  /** Age of the newest frame that the condition was decided from, from its capture to the event. */
  age_ms: number;
  /** Where the age went; sums to age_ms. */
  age_split_ms: AgeSplit;
  /** The frame whose age it is; frames of a camera count from 1. 0: none. */
  frame_id: number;
  /** Every comparison of the rule's condition, in the order of its source. */
  clauses: Clause[];
  /** What the condition counted in zones and over lines; not there: nothing, or the end of a condition. */
  tracks?: EventTrack[];
}

export type EventPhase = "confirmed" | "ended";

/** Where the age went; sums to age_ms. */
export interface AgeSplit {
  /** From the capture of the frame until it is in memory. */
  capture: number;
  /** Until the engine saw it. */
  queue: number;
  /** Until the detector began with it. */
  schedule: number;
  /** Until the detector answered. */
  inference: number;
  /** Until the engine wrote the answer down. */
  publish: number;
  /** Until the event. */
  event: number;
}

export interface Clause {
  /** The comparison in its canonical form. */
  text: string;
  signal: string;
  /** The zone in which they are counted; not there: anywhere. */
  zone?: string;
  /** The line that they cross, with the direction: "gate.in"; not there: none. */
  line?: string;
  /** ID of the track that decides: the one that is longest in the zone, or came there or crossed last, or the first of those that are counted; not there: none. */
  track?: number;
  /** Which detections of the signal are counted, by their attributes; not there: the signal's value is compared. */
  where?: string;
  op: ClauseOp;
  /** The number on the right-hand side, in seconds where a time is compared, or the value of the signal other; null when that has none. */
  threshold: number | null;
  /** The signal on the right-hand side, where there is one. */
  other?: string;
  /** The signal's last value, or what is derived from its detections (how many are known to count, the seconds of dwell), even when it does not count any more; null when it has none. */
  value: number | null;
  /** Age of the frame that the value is from (of two signals, of the older one); null when there is none. */
  age_ms: number | null;
  truth: ClauseTruth;
  /** Why the truth is unknown. */
  unknown_because?: string;
}

export type ClauseOp = "<" | "<=" | "==" | "!=" | ">=" | ">";

export type ClauseTruth = "true" | "false" | "unknown";

export interface EventTrack {
  /** Unique with the detector, until that is attached again. */
  id: number;
  signal: string;
  label: string;
  /** The zone, or the line with its direction: "gate.in". */
  place: string;
  /** The newest, in fractions of the frame, 0..1. */
  box: EventTrackBox;
  /** Where its anchor was, oldest first. */
  path: EventTrackPath[];
}

/** The newest, in fractions of the frame, 0..1. */
export interface EventTrackBox {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface EventTrackPath {
  /** How long before the event. */
  before_ns: number;
  /** In fractions of the frame, 0..1. */
  at: number[];
}

/** What a clip shows and why it was saved. Times in nanoseconds count from the start of the process; others are RFC 3339, in UTC. */
export interface Meta {
  version: 1;
  event_id: string;
  /** Name of the event; "manual" for a clip that a person asked for. */
  event_type: string;
  event_ts_ns: number;
  time: string;
  camera: string;
  rule: string;
  confidence: number;
  /** How the clauses of the condition came out; null where there are none. */
  clauses: Clause[] | null;
  /** What the rule counted in zones and over lines, as in the event; not there: nothing. */
  tracks?: EventTrack[];
  /** Zones of the camera that are black in the clip, which is encoded for that; not there: none. */
  private_zones?: string[];
  /** The time that was asked for. */
  clip_window_ns: ClipWindow;
  /** When the first frame that the movie shows was taken. */
  start_time: string;
  /** When the last frame that the movie shows was taken. */
  end_time: string;
  pre_roll_ms: Roll;
  post_roll_ms: Roll;
  /** False: the program ended while the clip was being saved, and the next start made a clip of what was on disk. */
  complete: boolean;
  /** Frames that there were of that time. */
  frames_total: number;
  /** How many of them the movie shows. */
  frames_written: number;
  /** Capture time of each frame that the movie shows. */
  frame_ts_ns: number[];
  /** The camera's number of each frame, where the movie was encoded from frames that have one. */
  frame_ids?: number[];
  /** Index in frame_ts_ns of the frame that confirmed the event. */
  confirming_frame: number | null;
  /** Frames left out because what they are decoded from was lost. */
  missing_frames: number;
  /** Frames lost because encoding could not keep up. */
  skipped_frames: number;
  movie: Movie;
  /** Further movies, which go on where the first one ends, because the codec or the size of the stream changed. */
  parts?: Movie[];
  thumb: "thumb.jpg";
  /** Whether there is a frame_NNNN.jpg for each of frame_ts_ns, from 0000. */
  pictures: boolean;
  /** Time that writing and verifying the movie took. */
  encode_ms: number;
  /** Every file of the clip but this one. */
  files: ClipFile[];
  /** The events that the clip shows: its own, then those merged into it. */
  events: ClipEvent[];
  /** What detectors found meanwhile, in the order of their answers. */
  detections: ClipSignal[];
}

/** The time that was asked for. */
export interface ClipWindow {
  start: number;
  end: number;
}

/** How much was asked for and how much is there, in milliseconds. */
export interface Roll {
  asked: number;
  actual: number;
}

export interface Movie {
  file: string;
  /** When it begins. */
  start_ns: number;
  /** Frames a second, on average: times vary as the camera's did. */
  fps: number;
  frames: number;
  duration_ms: number;
  width: number;
  height: number;
  bytes: number;
  /** Of the video, in FFmpeg's words: h264, hevc, av1, vp9, mjpeg. */
  codec: string;
  /** Codec of the sound: aac, opus; missing where there is none. */
  sound?: string;
  /** Whether the video is what the camera sent, and not encoded anew. */
  copied: boolean;
  /** What a viewer should know. */
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
  /** When the movie shows it, from its beginning; in parts, counted on from the end of the one before. */
  movie_ms: number;
  signal: string;
  value: number;
  detections: ClipDetection[];
}

export interface ClipDetection {
  label: string;
  score: number;
  /** In parts of the frame, 0 to 1: left and top edge, width and height. */
  box: ClipDetectionBox;
  /** What the detector marked within the box, in parts of the frame; left out where there is nothing. */
  keypoints?: ClipDetectionKeypoint[];
  /** How far the object is turned clockwise, in radians; the box is the upright one around it. */
  angle?: number;
}

/** In parts of the frame, 0 to 1: left and top edge, width and height. */
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

/** How everything stands at one instant, as dashboards, scripts and pages get it. Durations are nanoseconds. Keys may be added. */
export interface Snapshot {
  /** When it was taken. */
  at: string;
  /** Since the start. */
  uptime_ns: number;
  /** Start of the program: a change means another instance. */
  started: string;
  cameras: Camera[];
  slots: Slots;
  /** Every bounded hand-off that is not a camera's own. */
  queues: Queue[];
  sinks: Sink[];
  /** Events for outputs; null: there are no outputs. */
  outbox: Outbox | null;
  /** Evidence; null: none is saved. */
  clips: Clips | null;
  log: SnapshotLog;
  loop: SnapshotLoop;
  reload: SnapshotReload;
  /** Present troubles, each once: first what is severe, then what is not acknowledged, then the oldest. They are found once a second and go after five seconds without trouble. */
  alerts: Alert[];
  /** Cameras, detectors and rules, each on each camera, that were changed by command since the configuration was read: GET /config/diff shows how. */
  modified: number;
}

export interface Camera {
  name: string;
  /** Without passwords. */
  source: string;
  state: CameraState;
  /** Why; empty when live. */
  reason: string;
  /** Of the state. */
  since: string;
  width: number;
  height: number;
  /** Lately. */
  fps: number;
  /** Capture time; year 1: there was none. */
  last_frame: string;
  /** How late the stream is read, beyond its best. */
  lag_ns: number;
  lagging: boolean;
  /** How much of what the source sends is decoded; empty where it gives frames. */
  decoding: CameraDecoding;
  /** Why, for a person. */
  decoding_why: string;
  /** Frames a second that the source sends; 0: not known. */
  sent_fps: number;
  /** Of the video, in FFmpeg's words; empty where the source gives frames, or nothing has come yet. */
  codec: string;
  /** Bits of video a second, lately; 0: nothing arrives. */
  bitrate: number;
  /** Packets of video received. */
  packets: number;
  /** Frames decoded. */
  decoded: number;
  /** Of them, those with parts that were lost and are guessed. */
  damaged: number;
  frames: number;
  connects: number;
  /** Openings that did not work. */
  failures: number;
  stalls: number;
  resizes: number;
  drop_pool: number;
  drop_lag: number;
  drop_rate: number;
  drop_corrupt: number;
  /** Pixel buffers. */
  pool: CameraPool;
  /** Newest frame that the engine saw; 0: none. */
  frame_id: number;
  frame_age_ns: number;
  seen: number;
  superseded: number;
  /** Engine steps. */
  ticks: number;
  /** Duration of an engine step. */
  tick: Histogram | null;
  /** Between the capture times of frames. */
  frame_interval: Histogram | null;
  /** Of frames when the engine sees them. */
  age: Histogram | null;
  /** Duration of each stage of a frame's way. */
  stages: CameraStages;
  detectors: Detector[];
  signals: Signal[];
  rules: Rule[];
  /** Of detectors whose boxes are followed: because a rule names a zone or line, or somebody looks at the camera. */
  tracks: Track[];
  zones: Zone[];
  lines: Line[];
  queues: Queue[];
  /** The second stream, for evidence; null: there is none. */
  recording?: Recording | null;
}

export type CameraState = "connecting" | "live" | "stalled" | "reconnecting" | "paused" | "ended" | "failed";

/** How much of what the source sends is decoded; empty where it gives frames. */
export type CameraDecoding = "" | "all" | "keyframes" | "none";

/** Pixel buffers. */
export interface CameraPool {
  out: number;
  size: number;
  retired: number;
  retired_total: number;
}

/** Durations since the start; null: there is none. */
export interface Histogram {
  count: number;
  sum_ns: number;
  /** Exact. */
  max_ns: number;
  /** Upper end of its bucket, which is at most 6.25 % wide. */
  p50_ns: number;
  p90_ns: number;
  p99_ns: number;
  p999_ns: number;
  /** For each bucket that is not empty two unsigned LEB128 numbers: how many buckets lie between it and the one before, and its count. Buckets 0 to 15 hold durations of so many nanoseconds; above, each power of two has 16 equal ones. */
  bins: string;
}

/** Duration of each stage of a frame's way. */
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
  /** Runs a second at most. */
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
  /** Of the model service; empty: it has none. */
  endpoint: string;
  /** Frames of several cameras that it takes in one run; not there: one. */
  max_batch?: number;
  /** The signal whose boxes it looks at; not there: it looks at whole frames. */
  crops_of?: string;
  /** Boxes of one frame at most, with crops_of. */
  max_crops?: number;
  /** The point of a box that decides in which zone it is. */
  anchor?: DetectorAnchor;
  /** Further keys of its configuration that have a value. */
  settings: DetectorSetting[];
  state: DetectorState;
  /** The state, and why. */
  words: Words;
  /** The gate that holds it, or the last error. */
  reason: string;
  /** How long the backoff or the wait for a retry goes on. */
  until_ns: number;
  /** Runs a second, lately. */
  fps: number;
  runs: number;
  /** Frames not run, by gate. */
  skips: DetectorSkips;
  /** Failed runs by reason. */
  errors: Count[];
  backoffs: number;
  timeouts: number;
  /** Answers thrown away for coming after the timeout. */
  late: number;
  /** Answers older than their TTL on arrival. */
  expired: number;
  /** Openings after the first. */
  restarts: number;
  /** When the last run ended; year 1: never. */
  last_run: string;
  /** Of the frame behind its last answer. */
  age_ns: number;
  /** Behind the last answer, as a service calls it. */
  model: string;
  /** Of the last run; empty after a good one. */
  error: string;
  /** Duration of a run. */
  exec: Histogram | null;
  /** Age of the frame when its answer is in the table. */
  answer_age: Histogram | null;
  /** Null: nobody follows what it finds. */
  tracks: DetectorTracks | null;
}

export type DetectorCost = "low" | "medium" | "high";

/** The point of a box that decides in which zone it is. */
export type DetectorAnchor = "bottom" | "center";

export interface DetectorSetting {
  key: string;
  /** For people; *** of a secret. */
  value: string;
}

export type DetectorState = "starting" | "waiting" | "running" | "backoff" | "stuck" | "failed" | "disabled";

/** A state as every screen shows it. */
export interface Words {
  /** How it is to be taken, for its colour. */
  tone: WordsTone;
  text: string;
  /** Of a clock that runs, 0..1; not there: 0. */
  share?: number;
}

/** How it is to be taken, for its colour. */
export type WordsTone = "good" | "info" | "warn" | "bad" | "dim";

/** Frames not run, by gate. */
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

/** Null: nobody follows what it finds. */
export interface DetectorTracks {
  /** Now. */
  present: number;
  /** Since they are followed. */
  born: number;
  /** Of these, those that are no more. */
  lost: number;
}

export interface Signal {
  name: string;
  /** Who provides it; empty: nobody any more. */
  detector: string;
  /** The last one, even when it does not count any more; null: not a number. */
  value: number | null;
  /** Why it is unknown; not there: it is known. */
  unknown?: string;
  /** Since capture; 0 with frame_id 0: never known. */
  age_ns: number;
  ttl_ns: number;
  frame_id: number;
  detections: Detection[];
}

export interface Detection {
  label: string;
  score: number;
  /** In parts of the frame, 0..1. */
  box: DetectionBox;
  /** What the detector marked within the box, in parts of the frame; left out where there is nothing. */
  keypoints?: DetectionKeypoint[];
  /** How far the object is turned clockwise, in radians; the box is the upright one around it. */
  angle?: number;
  /** What detectors with crops_of found in the box; left out before one has looked. */
  attributes?: Attribute[];
}

/** In parts of the frame, 0..1. */
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
  /** The signal of the detector that looked at the box. */
  name: string;
  value: number;
  /** Of the best thing found in the box. */
  label?: string;
  score?: number;
  /** Why it is unknown; not there: it is known. */
  unknown?: string;
}

export interface Rule {
  event: string;
  when: string;
  /** The condition as a tree, line by line. */
  outline: RuleOutline[];
  status: RuleStatus;
  /** How far the clock of the state has run. */
  words: Words;
  /** What it still needs to fire. */
  to_fire: string;
  for_ns: number;
  /** The least time between two confirmations. */
  cooldown_ns: number;
  /** Clips of its events are saved. */
  clip: boolean;
  /** How long these go on after an event. */
  clip_after_ns: number;
  clauses: Clause[];
  /** When it is active; null: always. */
  hours: RuleHours | null;
}

export interface RuleOutline {
  depth: number;
  /** all of, any of, not, or a comparison. */
  text: string;
  /** Index of the comparison in clauses; -1: it is none. */
  clause: number;
  truth: RuleOutlineTruth;
}

export type RuleOutlineTruth = "true" | "false" | "unknown";

export interface RuleStatus {
  state: RuleStatusState;
  /** When it came into this state, since the start. */
  since_ns: number;
  /** Of for, 0..1. */
  progress: number;
  /** Of the cooldown. */
  remaining_ns: number;
  truth: RuleStatusTruth;
  /** Confirmed, and not ended. */
  active: boolean;
  fired: number;
  /** Means nothing while fired is 0. */
  last_fired_ns: number;
}

export type RuleStatusState = "idle" | "potential" | "confirmed" | "cooldown" | "inactive" | "disabled";

export type RuleStatusTruth = "true" | "false" | "unknown";

/** When it is active; null: always. */
export interface RuleHours {
  /** Periods of the week, as configured. */
  active: string[];
  /** Empty: that of the machine. */
  time_zone: string;
  /** By command, until the hours next begin or end. */
  override: RuleHoursOverride;
}

/** By command, until the hours next begin or end. */
export type RuleHoursOverride = "" | "armed" | "disarmed";

export interface Track {
  /** Unique with the detector, until that is attached again. */
  id: number;
  detector: string;
  label: string;
  /** Coasting: the newest answers do not have it, but it is taken for present. Missing: not present, but it may be found again. Unknown: the detector does not look. */
  state: TrackState;
  box: Box;
  age_ns: number;
  /** That it is in. */
  zones: TrackZone[];
  /** Where its anchor was, oldest first; at most 64 points. */
  path: number[][];
}

/** Coasting: the newest answers do not have it, but it is taken for present. Missing: not present, but it may be found again. Unknown: the detector does not look. */
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
  /** Without the time in which the detector did not look. */
  dwell_ns: number;
}

export interface Zone {
  name: string;
  /** The corners, in order. */
  points: number[][];
  /** It is black in everything that leaves the camera. */
  privacy: boolean;
  /** Of objects that have left it; null: the zone has no histogram. */
  dwell: Histogram | null;
}

export interface Line {
  name: string;
  /** The ends. */
  points: number[][];
  /** The first leads from the left to the right of who looks from the first end to the second. */
  directions: string[];
}

export interface Queue {
  name: string;
  depth: number;
  capacity: number;
  /** By reason. */
  drops: Count[];
}

export interface Recording {
  /** Without passwords. */
  source: string;
  /** Paused: nothing is kept now, or by command. */
  state: RecordingState;
  /** Why; empty when live. */
  reason: string;
  /** Of the state. */
  since: string;
  /** Frames a second that the camera sends; 0: not known. */
  sent_fps: number;
  /** Packets of video received. */
  packets: number;
  connects: number;
  failures: number;
  stalls: number;
}

/** Paused: nothing is kept now, or by command. */
export type RecordingState = "connecting" | "live" | "stalled" | "reconnecting" | "paused" | "ended" | "failed";

/** Slots for detectors that compute on this machine. */
export interface Slots {
  size: number;
  busy: number;
  waiting: number;
  /** Taken from stuck detectors. */
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
  /** Degraded: nothing is stored, outputs get events from memory. */
  state: OutboxState;
  reason: string;
  /** Where a damaged store was moved to since the start; empty: none was. */
  moved: string;
  /** Stored. */
  records: number;
  bytes: number;
  max_bytes: number;
  /** Events stored since the start. */
  stored: number;
  /** Records that outputs got from memory, because they could not be stored. */
  not_durable: number;
  outputs: Output[];
}

/** Degraded: nothing is stored, outputs get events from memory. */
export type OutboxState = "ok" | "degraded";

export interface Output {
  name: string;
  /** Scheme and host of its address. */
  to: string;
  /** Degraded: the last attempt failed, or there is no connection. */
  state: OutputState;
  /** Of an output that keeps one. */
  connection: OutputConnection;
  /** What was sent and received besides deliveries. */
  traffic: Count[];
  reason: string;
  remedy: string;
  /** Messages that wait. */
  backlog: number;
  /** Time of the event that waits first; year 1: none waits. */
  oldest: string;
  /** Of a failed delivery; year 1: none failed. */
  next_try: string;
  /** Of the last delivery; year 1: there was none. */
  last_ok: string;
  delivered: number;
  /** Failed attempts that are made again. */
  retries: number;
  /** Events reported by a summary. */
  folded: number;
  /** Messages that the receiver refused. */
  aside_count: number;
  /** The newest 20 of these. */
  aside: Aside[];
  /** Messages not delivered: age, aside, bytes, memory. */
  drops: Count[];
  /** From an event to its acceptance. */
  latency: Histogram | null;
}

/** Degraded: the last attempt failed, or there is no connection. */
export type OutputState = "ok" | "degraded";

/** Of an output that keeps one. */
export type OutputConnection = "" | "connected" | "connecting";

export interface Aside {
  /** Of the delivery. */
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
  /** Ending of the movies. */
  encoder: string;
  waiting: number;
  waiting_capacity: number;
  building: boolean;
  saved: number;
  merged: number;
  /** Events without a clip, by reason. */
  dropped: Record<string, number>;
  unheld: number;
  /** Clips deleted, by bound. */
  removed: Record<string, number>;
  /** On disk. */
  clips: number;
  /** On disk. */
  bytes: number;
  /** The last clip, as a line of index.jsonl. */
  last: Record<string, unknown> | null;
  /** To make the last clip. */
  took_ns: number;
  rings: Ring[];
}

export type ClipsState = "ok" | "degraded";

export interface Ring {
  camera: string;
  /** Of video, that the camera sent. */
  packets: number;
  /** Kept, as packets or as JPEG. */
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
  /** Lines at level error since the start. */
  errors: number;
  warnings: number;
}

export interface SnapshotLoop {
  /** Of the runtime's own loop, at least one a second; 0: not every configured camera has been started. */
  turns: number;
  /** How long the command under way has taken; 0: none is. */
  busy_ns: number;
  /** A configuration is being put in place: cameras may be missing that are to come back. */
  reloading: boolean;
}

export interface SnapshotReload {
  /** Readings of the configuration, by result: ok, partial, invalid. */
  results: Count[];
  /** Result of the last one; empty: there was none. */
  last: string;
  reason: string;
  /** When the configuration in place was read. */
  ok: string;
  /** The file is not as it was read last. */
  changed: boolean;
  /** What the configuration in place leaves out. */
  quarantined: Quarantined[];
}

/** A camera, detector, rule or output that does not run, because its table in the configuration is wrong. */
export interface Quarantined {
  /** Which one. */
  what: string;
  /** The first thing that is wrong, with its place in the file. */
  why: string;
}

export interface Alert {
  /** Kind, or kind:subject; the same while the alert lasts. */
  id: string;
  /** camera_down, camera_lag, evidence_down, detector_failed, detector_slow, frames_sparse, sink_degraded, clips_degraded, reload_failed or quarantined; kinds may be added. */
  kind: string;
  /** Frames, detections, events or clips are missing; false: they are late or fewer. */
  severe: boolean;
  /** Name of the camera, detector or sink; empty: there is none. */
  subject: string;
  /** Cameras that it concerns; empty: the program as a whole. */
  cameras: string[];
  since: string;
  /** In a few words what is wrong, without the cause. */
  title: string;
  /** For a person; may be empty. */
  cause: string;
  /** What to do. */
  remedy: string;
  acknowledged: boolean;
}
