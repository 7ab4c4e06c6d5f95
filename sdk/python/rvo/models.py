# Generated from docs/*.schema.json by make sdk. DO NOT EDIT.
"""What rvo-tui writes as JSON: events, meta.json of clips, and snapshots. Keys may be
added; a key that is NotRequired can be missing."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Event(TypedDict):
    """One line of the event log and of standard output: something that lasted long enough to be reported, or the end of it."""

    # Unique; ordered by time (UUID version 7).
    event_id: str
    # The rule's event.
    event_type: str
    # When it was reported, in nanoseconds since the program's start, on a clock that never jumps.
    event_ts_ns: int
    # Share of the time since the condition began in which it was known to be true; gaps within
    # grace and held unknown times lower it. For an end: the same over the whole incident.
    confidence: float
    # The configured name of the camera.
    camera: str
    # event_ts_ns on the wall clock: RFC 3339, UTC, always nine digits.
    time: str
    phase: EventPhase
    # Phase ended: from when the condition began until it was last known to be true.
    duration_ms: NotRequired[float]
    # Age of the newest frame that the condition was decided from, from its capture to the event.
    age_ms: float
    # Where the age went; sums to age_ms.
    age_split_ms: AgeSplit
    # The frame whose age it is; frames of a camera count from 1. 0: none.
    frame_id: int
    # Every comparison of the rule's condition, in the order of its source.
    clauses: list[Clause]
    # What the condition counted in zones and over lines; not there: nothing, or the end of a
    # condition.
    tracks: NotRequired[list[EventTrack]]

EventPhase = Literal["confirmed", "ended"]


class AgeSplit(TypedDict):
    """Where the age went; sums to age_ms."""

    # From the capture of the frame until it is in memory.
    capture: float
    # Until the engine saw it.
    queue: float
    # Until the detector began with it.
    schedule: float
    # Until the detector answered.
    inference: float
    # Until the engine wrote the answer down.
    publish: float
    # Until the event.
    event: float


class Clause(TypedDict):
    # The comparison in its canonical form.
    text: str
    signal: str
    # The zone in which they are counted; not there: anywhere.
    zone: NotRequired[str]
    # The line that they cross, with the direction: "gate.in"; not there: none.
    line: NotRequired[str]
    # ID of the track that decides: the one that is longest in the zone, or came there or crossed
    # last, or the first of those that are counted; not there: none.
    track: NotRequired[int]
    # Which detections of the signal are counted, by their attributes; not there: the signal's value
    # is compared.
    where: NotRequired[str]
    op: ClauseOp
    # The number on the right-hand side, in seconds where a time is compared, or the value of the
    # signal other; null when that has none.
    threshold: None | float
    # The signal on the right-hand side, where there is one.
    other: NotRequired[str]
    # The signal's last value, or what is derived from its detections (how many are known to count,
    # the seconds of dwell), even when it does not count any more; null when it has none.
    value: None | float
    # Age of the frame that the value is from (of two signals, of the older one); null when there is
    # none.
    age_ms: None | float
    truth: ClauseTruth
    # Why the truth is unknown.
    unknown_because: NotRequired[str]

ClauseOp = Literal["<", "<=", "==", "!=", ">=", ">"]

ClauseTruth = Literal["true", "false", "unknown"]


class EventTrack(TypedDict):
    # Unique with the detector, until that is attached again.
    id: int
    signal: str
    label: str
    # The zone, or the line with its direction: "gate.in".
    place: str
    # The newest, in fractions of the frame, 0..1.
    box: EventTrackBox
    # Where its anchor was, oldest first.
    path: list[EventTrackPath]


class EventTrackBox(TypedDict):
    """The newest, in fractions of the frame, 0..1."""

    x: float
    y: float
    w: float
    h: float


class EventTrackPath(TypedDict):
    # How long before the event.
    before_ns: int
    # In fractions of the frame, 0..1.
    at: list[float]


class Meta(TypedDict):
    """What a clip shows and why it was saved. Times in nanoseconds count from the start of the process; others are RFC 3339, in UTC."""

    version: Literal[1]
    event_id: str
    # Name of the event; "manual" for a clip that a person asked for.
    event_type: str
    event_ts_ns: int
    time: str
    camera: str
    rule: str
    confidence: float
    # How the clauses of the condition came out; null where there are none.
    clauses: None | list[Clause]
    # What the rule counted in zones and over lines, as in the event; not there: nothing.
    tracks: NotRequired[list[EventTrack]]
    # Zones of the camera that are black in the clip, which is encoded for that; not there: none.
    private_zones: NotRequired[list[str]]
    # The time that was asked for.
    clip_window_ns: ClipWindow
    # When the first frame that the movie shows was taken.
    start_time: str
    # When the last frame that the movie shows was taken.
    end_time: str
    pre_roll_ms: Roll
    post_roll_ms: Roll
    # False: the program ended while the clip was being saved, and the next start made a clip of
    # what was on disk.
    complete: bool
    # Frames that there were of that time.
    frames_total: int
    # How many of them the movie shows.
    frames_written: int
    # Capture time of each frame that the movie shows.
    frame_ts_ns: list[int]
    # The camera's number of each frame, where the movie was encoded from frames that have one.
    frame_ids: NotRequired[list[int]]
    # Index in frame_ts_ns of the frame that confirmed the event.
    confirming_frame: None | int
    # Frames left out because what they are decoded from was lost.
    missing_frames: int
    # Frames lost because encoding could not keep up.
    skipped_frames: int
    movie: Movie
    # Further movies, which go on where the first one ends, because the codec or the size of the
    # stream changed.
    parts: NotRequired[list[Movie]]
    thumb: Literal["thumb.jpg"]
    # Whether there is a frame_NNNN.jpg for each of frame_ts_ns, from 0000.
    pictures: bool
    # Time that writing and verifying the movie took.
    encode_ms: int
    # Every file of the clip but this one.
    files: list[ClipFile]
    # The events that the clip shows: its own, then those merged into it.
    events: list[ClipEvent]
    # What detectors found meanwhile, in the order of their answers.
    detections: list[ClipSignal]


class ClipWindow(TypedDict):
    """The time that was asked for."""

    start: int
    end: int


class Roll(TypedDict):
    """How much was asked for and how much is there, in milliseconds."""

    asked: int
    actual: int


class Movie(TypedDict):
    file: str
    # When it begins.
    start_ns: int
    # Frames a second, on average: times vary as the camera's did.
    fps: float
    frames: int
    duration_ms: int
    width: int
    height: int
    bytes: int
    # Of the video, in FFmpeg's words: h264, hevc, av1, vp9, mjpeg.
    codec: str
    # Codec of the sound: aac, opus; missing where there is none.
    sound: NotRequired[str]
    # Whether the video is what the camera sent, and not encoded anew.
    copied: bool
    # What a viewer should know.
    note: NotRequired[str]


class ClipFile(TypedDict):
    name: str
    bytes: int
    sha256: str


class ClipEvent(TypedDict):
    event_id: str
    event_type: str
    event_ts_ns: int
    time: str
    rule: str


class ClipSignal(TypedDict):
    frame_id: int
    ts_ns: int
    # When the movie shows it, from its beginning; in parts, counted on from the end of the one
    # before.
    movie_ms: int
    signal: str
    value: float
    detections: list[ClipDetection]


class ClipDetection(TypedDict):
    label: str
    score: float
    # In parts of the frame, 0 to 1: left and top edge, width and height.
    box: ClipDetectionBox
    # What the detector marked within the box, in parts of the frame; left out where there is
    # nothing.
    keypoints: NotRequired[list[ClipDetectionKeypoint]]
    # How far the object is turned clockwise, in radians; the box is the upright one around it.
    angle: NotRequired[float]


class ClipDetectionBox(TypedDict):
    """In parts of the frame, 0 to 1: left and top edge, width and height."""

    x: float
    y: float
    w: float
    h: float


class ClipDetectionKeypoint(TypedDict):
    x: float
    y: float
    score: float


class Snapshot(TypedDict):
    """How everything stands at one instant, as dashboards, scripts and pages get it. Durations are nanoseconds. Keys may be added."""

    # When it was taken.
    at: str
    # Since the start.
    uptime_ns: int
    # Start of the program: a change means another instance.
    started: str
    cameras: list[Camera]
    slots: Slots
    # Every bounded hand-off that is not a camera's own.
    queues: list[Queue]
    sinks: list[Sink]
    # Events for outputs; null: there are no outputs.
    outbox: None | Outbox
    # Evidence; null: none is saved.
    clips: None | Clips
    log: SnapshotLog
    loop: SnapshotLoop
    reload: SnapshotReload
    # Present troubles, each once: first what is severe, then what is not acknowledged, then the
    # oldest. They are found once a second and go after five seconds without trouble.
    alerts: list[Alert]
    # Cameras, detectors and rules, each on each camera, that were changed by command since the
    # configuration was read: GET /config/diff shows how.
    modified: int


class Camera(TypedDict):
    name: str
    # Without passwords.
    source: str
    state: CameraState
    # Why; empty when live.
    reason: str
    # Of the state.
    since: str
    width: int
    height: int
    # Lately.
    fps: float
    # Capture time; year 1: there was none.
    last_frame: str
    # How late the stream is read, beyond its best.
    lag_ns: int
    lagging: bool
    # How much of what the source sends is decoded; empty where it gives frames.
    decoding: CameraDecoding
    # Why, for a person.
    decoding_why: str
    # Frames a second that the source sends; 0: not known.
    sent_fps: float
    # Of the video, in FFmpeg's words; empty where the source gives frames, or nothing has come yet.
    codec: str
    # Bits of video a second, lately; 0: nothing arrives.
    bitrate: float
    # Packets of video received.
    packets: int
    # Frames decoded.
    decoded: int
    # Of them, those with parts that were lost and are guessed.
    damaged: int
    frames: int
    connects: int
    # Openings that did not work.
    failures: int
    stalls: int
    resizes: int
    drop_pool: int
    drop_lag: int
    drop_rate: int
    drop_corrupt: int
    # Pixel buffers.
    pool: CameraPool
    # Newest frame that the engine saw; 0: none.
    frame_id: int
    frame_age_ns: int
    seen: int
    superseded: int
    # Engine steps.
    ticks: int
    # Duration of an engine step.
    tick: None | Histogram
    # Between the capture times of frames.
    frame_interval: None | Histogram
    # Of frames when the engine sees them.
    age: None | Histogram
    # Duration of each stage of a frame's way.
    stages: CameraStages
    detectors: list[Detector]
    signals: list[Signal]
    rules: list[Rule]
    # Of detectors whose boxes are followed: because a rule names a zone or line, or somebody looks
    # at the camera.
    tracks: list[Track]
    zones: list[Zone]
    lines: list[Line]
    queues: list[Queue]
    # The second stream, for evidence; null: there is none.
    recording: NotRequired[None | Recording]

CameraState = Literal["connecting", "live", "stalled", "reconnecting", "paused", "ended", "failed"]

CameraDecoding = Literal["", "all", "keyframes", "none"]


class CameraPool(TypedDict):
    """Pixel buffers."""

    out: int
    size: int
    retired: int
    retired_total: int


class Histogram(TypedDict):
    """Durations since the start; null: there is none."""

    count: int
    sum_ns: int
    # Exact.
    max_ns: int
    # Upper end of its bucket, which is at most 6.25 % wide.
    p50_ns: int
    p90_ns: int
    p99_ns: int
    p999_ns: int
    # For each bucket that is not empty two unsigned LEB128 numbers: how many buckets lie between it
    # and the one before, and its count. Buckets 0 to 15 hold durations of so many nanoseconds;
    # above, each power of two has 16 equal ones.
    bins: str


class CameraStages(TypedDict):
    """Duration of each stage of a frame's way."""

    capture: None | Histogram
    queue: None | Histogram
    schedule: None | Histogram
    inference: None | Histogram
    publish: None | Histogram
    event: None | Histogram


class Detector(TypedDict):
    name: str
    kind: str
    # Runs a second at most.
    max_fps: float
    cost: DetectorCost
    needs: list[str]
    # Names of its signals.
    provides: list[str]
    ttl_ns: int
    timeout_ns: int
    execution: str
    retry: str
    enabled: bool
    remote: bool
    # Of the model service; empty: it has none.
    endpoint: str
    # Frames of several cameras that it takes in one run; not there: one.
    max_batch: NotRequired[int]
    # The signal whose boxes it looks at; not there: it looks at whole frames.
    crops_of: NotRequired[str]
    # Boxes of one frame at most, with crops_of.
    max_crops: NotRequired[int]
    # The point of a box that decides in which zone it is.
    anchor: NotRequired[DetectorAnchor]
    # Further keys of its configuration that have a value.
    settings: list[DetectorSetting]
    state: DetectorState
    # The state, and why.
    words: Words
    # The gate that holds it, or the last error.
    reason: str
    # How long the backoff or the wait for a retry goes on.
    until_ns: int
    # Runs a second, lately.
    fps: float
    runs: int
    # Frames not run, by gate.
    skips: DetectorSkips
    # Failed runs by reason.
    errors: list[Count]
    backoffs: int
    timeouts: int
    # Answers thrown away for coming after the timeout.
    late: int
    # Answers older than their TTL on arrival.
    expired: int
    # Openings after the first.
    restarts: int
    # When the last run ended; year 1: never.
    last_run: str
    # Of the frame behind its last answer.
    age_ns: int
    # Behind the last answer, as a service calls it.
    model: str
    # Of the last run; empty after a good one.
    error: str
    # Duration of a run.
    exec: None | Histogram
    # Age of the frame when its answer is in the table.
    answer_age: None | Histogram
    # Null: nobody follows what it finds.
    tracks: None | DetectorTracks

DetectorCost = Literal["low", "medium", "high"]

DetectorAnchor = Literal["bottom", "center"]


class DetectorSetting(TypedDict):
    key: str
    # For people; *** of a secret.
    value: str

DetectorState = Literal["starting", "waiting", "running", "backoff", "stuck", "failed", "disabled"]


class Words(TypedDict):
    """A state as every screen shows it."""

    # How it is to be taken, for its colour.
    tone: WordsTone
    text: str
    # Of a clock that runs, 0..1; not there: 0.
    share: NotRequired[float]

WordsTone = Literal["good", "info", "warn", "bad", "dim"]


class DetectorSkips(TypedDict):
    """Frames not run, by gate."""

    disabled: int
    failed: int
    backoff: int
    no_frame: int
    rate: int
    needs: int
    busy: int
    slot: int


class Count(TypedDict):
    reason: str
    n: int


class DetectorTracks(TypedDict):
    """Null: nobody follows what it finds."""

    # Now.
    present: int
    # Since they are followed.
    born: int
    # Of these, those that are no more.
    lost: int


class Signal(TypedDict):
    name: str
    # Who provides it; empty: nobody any more.
    detector: str
    # The last one, even when it does not count any more; null: not a number.
    value: None | float
    # Why it is unknown; not there: it is known.
    unknown: NotRequired[str]
    # Since capture; 0 with frame_id 0: never known.
    age_ns: int
    ttl_ns: int
    frame_id: int
    detections: list[Detection]


class Detection(TypedDict):
    label: str
    score: float
    # In parts of the frame, 0..1.
    box: DetectionBox
    # What the detector marked within the box, in parts of the frame; left out where there is
    # nothing.
    keypoints: NotRequired[list[DetectionKeypoint]]
    # How far the object is turned clockwise, in radians; the box is the upright one around it.
    angle: NotRequired[float]
    # What detectors with crops_of found in the box; left out before one has looked.
    attributes: NotRequired[list[Attribute]]


class DetectionBox(TypedDict):
    """In parts of the frame, 0..1."""

    x: float
    y: float
    w: float
    h: float


class DetectionKeypoint(TypedDict):
    x: float
    y: float
    score: float


class Attribute(TypedDict):
    # The signal of the detector that looked at the box.
    name: str
    value: float
    # Of the best thing found in the box.
    label: NotRequired[str]
    score: NotRequired[float]
    # Why it is unknown; not there: it is known.
    unknown: NotRequired[str]


class Rule(TypedDict):
    event: str
    when: str
    # The condition as a tree, line by line.
    outline: list[RuleOutline]
    status: RuleStatus
    # How far the clock of the state has run.
    words: Words
    # What it still needs to fire.
    to_fire: str
    for_ns: int
    # The least time between two confirmations.
    cooldown_ns: int
    # Clips of its events are saved.
    clip: bool
    # How long these go on after an event.
    clip_after_ns: int
    clauses: list[Clause]
    # When it is active; null: always.
    hours: None | RuleHours


class RuleOutline(TypedDict):
    depth: int
    # all of, any of, not, or a comparison.
    text: str
    # Index of the comparison in clauses; -1: it is none.
    clause: int
    truth: RuleOutlineTruth

RuleOutlineTruth = Literal["true", "false", "unknown"]


class RuleStatus(TypedDict):
    state: RuleStatusState
    # When it came into this state, since the start.
    since_ns: int
    # Of for, 0..1.
    progress: float
    # Of the cooldown.
    remaining_ns: int
    truth: RuleStatusTruth
    # Confirmed, and not ended.
    active: bool
    fired: int
    # Means nothing while fired is 0.
    last_fired_ns: int

RuleStatusState = Literal["idle", "potential", "confirmed", "cooldown", "inactive", "disabled"]

RuleStatusTruth = Literal["true", "false", "unknown"]


class RuleHours(TypedDict):
    """When it is active; null: always."""

    # Periods of the week, as configured.
    active: list[str]
    # Empty: that of the machine.
    time_zone: str
    # By command, until the hours next begin or end.
    override: RuleHoursOverride

RuleHoursOverride = Literal["", "armed", "disarmed"]


class Track(TypedDict):
    # Unique with the detector, until that is attached again.
    id: int
    detector: str
    label: str
    # Coasting: the newest answers do not have it, but it is taken for present. Missing: not
    # present, but it may be found again. Unknown: the detector does not look.
    state: TrackState
    box: Box
    age_ns: int
    # That it is in.
    zones: list[TrackZone]
    # Where its anchor was, oldest first; at most 64 points.
    path: list[list[float]]

TrackState = Literal["seen", "coasting", "missing", "unknown"]


class Box(TypedDict):
    """In fractions of the frame, 0..1."""

    x: float
    y: float
    w: float
    h: float


class TrackZone(TypedDict):
    zone: str
    # Without the time in which the detector did not look.
    dwell_ns: int


class Zone(TypedDict):
    name: str
    # The corners, in order.
    points: list[list[float]]
    # It is black in everything that leaves the camera.
    privacy: bool
    # Of objects that have left it; null: the zone has no histogram.
    dwell: None | Histogram


class Line(TypedDict):
    name: str
    # The ends.
    points: list[list[float]]
    # The first leads from the left to the right of who looks from the first end to the second.
    directions: list[str]


class Queue(TypedDict):
    name: str
    depth: int
    capacity: int
    # By reason.
    drops: list[Count]


class Recording(TypedDict):
    # Without passwords.
    source: str
    # Paused: nothing is kept now, or by command.
    state: RecordingState
    # Why; empty when live.
    reason: str
    # Of the state.
    since: str
    # Frames a second that the camera sends; 0: not known.
    sent_fps: float
    # Packets of video received.
    packets: int
    connects: int
    failures: int
    stalls: int

RecordingState = Literal["connecting", "live", "stalled", "reconnecting", "paused", "ended", "failed"]


class Slots(TypedDict):
    """Slots for detectors that compute on this machine."""

    size: int
    busy: int
    waiting: int
    # Taken from stuck detectors.
    revoked: int
    policy: str


class Sink(TypedDict):
    name: str
    state: SinkState
    reason: str
    written: int
    dropped: int
    # Writes that failed.
    failures: int
    depth: int
    capacity: int

SinkState = Literal["ok", "degraded"]


class Outbox(TypedDict):
    file: str
    # Degraded: nothing is stored, outputs get events from memory.
    state: OutboxState
    reason: str
    # Where a damaged store was moved to since the start; empty: none was.
    moved: str
    # Stored.
    records: int
    bytes: int
    max_bytes: int
    # Events stored since the start.
    stored: int
    # Records that outputs got from memory, because they could not be stored.
    not_durable: int
    outputs: list[Output]

OutboxState = Literal["ok", "degraded"]


class Output(TypedDict):
    name: str
    # Scheme and host of its address.
    to: str
    # Degraded: the last attempt failed, or there is no connection.
    state: OutputState
    # Of an output that keeps one.
    connection: OutputConnection
    # What was sent and received besides deliveries.
    traffic: list[Count]
    reason: str
    remedy: str
    # Messages that wait.
    backlog: int
    # Time of the event that waits first; year 1: none waits.
    oldest: str
    # Of a failed delivery; year 1: none failed.
    next_try: str
    # Of the last delivery; year 1: there was none.
    last_ok: str
    delivered: int
    # Failed attempts that are made again.
    retries: int
    # Events reported by a summary.
    folded: int
    # Messages that the receiver refused.
    aside_count: int
    # The newest 20 of these.
    aside: list[Aside]
    # Messages not delivered: age, aside, bytes, memory.
    drops: list[Count]
    # From an event to its acceptance.
    latency: None | Histogram

OutputState = Literal["ok", "degraded"]

OutputConnection = Literal["", "connected", "connecting"]


class Aside(TypedDict):
    # Of the delivery.
    id: str
    event: str
    camera: str
    time: str
    reason: str
    tries: int


class Clips(TypedDict):
    state: ClipsState
    reason: str
    since: str
    dir: str
    # Ending of the movies.
    encoder: str
    waiting: int
    waiting_capacity: int
    building: bool
    saved: int
    merged: int
    # Events without a clip, by reason.
    dropped: dict[str, int]
    unheld: int
    # Clips deleted, by bound.
    removed: dict[str, int]
    # On disk.
    clips: int
    # On disk.
    bytes: int
    # The last clip, as a line of index.jsonl.
    last: None | dict[str, Any]
    # To make the last clip.
    took_ns: int
    rings: list[Ring]

ClipsState = Literal["ok", "degraded"]


class Ring(TypedDict):
    camera: str
    # Of video, that the camera sent.
    packets: int
    # Kept, as packets or as JPEG.
    frames: int
    bytes: int
    bytes_capacity: int
    span_ns: int
    queue: int
    queue_capacity: int
    offered: int
    encoded: int
    skipped: int
    failed: int
    evicted: int
    notes_dropped: int


class SnapshotLog(TypedDict):
    # Lines at level error since the start.
    errors: int
    warnings: int


class SnapshotLoop(TypedDict):
    # Of the runtime's own loop, at least one a second; 0: not every configured camera has been
    # started.
    turns: int
    # How long the command under way has taken; 0: none is.
    busy_ns: int
    # A configuration is being put in place: cameras may be missing that are to come back.
    reloading: bool


class SnapshotReload(TypedDict):
    # Readings of the configuration, by result: ok, partial, invalid.
    results: list[Count]
    # Result of the last one; empty: there was none.
    last: str
    reason: str
    # When the configuration in place was read.
    ok: str
    # The file is not as it was read last.
    changed: bool
    # What the configuration in place leaves out.
    quarantined: list[Quarantined]


class Quarantined(TypedDict):
    """A camera, detector, rule or output that does not run, because its table in the configuration is wrong."""

    # Which one.
    what: str
    # The first thing that is wrong, with its place in the file.
    why: str


class Alert(TypedDict):
    # Kind, or kind:subject; the same while the alert lasts.
    id: str
    # camera_down, camera_lag, evidence_down, detector_failed, detector_slow, frames_sparse,
    # sink_degraded, clips_degraded, reload_failed or quarantined; kinds may be added.
    kind: str
    # Frames, detections, events or clips are missing; false: they are late or fewer.
    severe: bool
    # Name of the camera, detector or sink; empty: there is none.
    subject: str
    # Cameras that it concerns; empty: the program as a whole.
    cameras: list[str]
    since: str
    # In a few words what is wrong, without the cause.
    title: str
    # For a person; may be empty.
    cause: str
    # What to do.
    remedy: str
    acknowledged: bool
