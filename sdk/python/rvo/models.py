# Generated from docs/*.schema.json by make sdk. DO NOT EDIT.
"""What rvo-tui writes as JSON: events, meta.json of clips, and snapshots. Keys may be
added; a key that is NotRequired can be missing."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Event(TypedDict):
    """One line of the event log or of standard output: the start of an event (phase confirmed) or its end (phase ended)."""

    # UUID version 7: unique, and ordered by time.
    event_id: str
    # The event of the rule.
    event_type: str
    # Time of the event, in nanoseconds since the program started, on a monotonic clock.
    event_ts_ns: int
    # Share of the time since the condition began in which it was known to be true. Gaps within
    # grace and unknown times that are held lower it. Phase ended: the same for the whole event.
    confidence: float
    # Configured name of the camera.
    camera: str
    # event_ts_ns as wall clock time: RFC 3339, UTC, always with nine decimal places.
    time: str
    phase: EventPhase
    # Phase ended: time from the beginning of the condition until it was last known to be true.
    duration_ms: NotRequired[float]
    # Age of the newest frame that decided the condition: time from its capture to the event.
    age_ms: float
    # The age by stage. The sum is age_ms.
    age_split_ms: AgeSplit
    # ID of the frame that age_ms refers to, counted from 1 for each camera. 0: none.
    frame_id: int
    # The comparisons of the rule's condition, in the order of the configuration.
    clauses: list[Clause]
    # The objects that the condition counted in zones and over lines. Omitted if there are none, and
    # in phase ended.
    tracks: NotRequired[list[EventTrack]]

EventPhase = Literal["confirmed", "ended"]


class AgeSplit(TypedDict):
    """The age by stage. The sum is age_ms."""

    # From the capture of the frame until it was in memory.
    capture: float
    # Until the engine saw it.
    queue: float
    # Until the detector started.
    schedule: float
    # Until the detector answered.
    inference: float
    # Until the engine had recorded the answer.
    publish: float
    # Until the event.
    event: float


class Clause(TypedDict):
    # The comparison, formatted.
    text: str
    signal: str
    # Zone in which detections are counted. Omitted: the whole frame.
    zone: NotRequired[str]
    # Line that they cross, with the direction, such as "gate.in". Omitted: no line.
    line: NotRequired[str]
    # ID of the track that decided: the one longest in the zone, the last one to enter or cross, or
    # the first one counted. Omitted: no track.
    track: NotRequired[int]
    # Condition on attributes that selects the detections to count. Omitted: the signal's value is
    # compared.
    where: NotRequired[str]
    op: ClauseOp
    # Number on the right-hand side, in seconds for times, or the value of the signal in other; null
    # if that has no value.
    threshold: None | float
    # Signal on the right-hand side, if it is a signal.
    other: NotRequired[str]
    # Last value of the signal, or what is derived from its detections (their number, or the dwell
    # in seconds), even if it is stale; null if there is none.
    value: None | float
    # Age of the value's frame (of two signals, of the older one); null if there is none.
    age_ms: None | float
    truth: ClauseTruth
    # Why the comparison is unknown.
    unknown_because: NotRequired[str]

ClauseOp = Literal["<", "<=", "==", "!=", ">=", ">"]

ClauseTruth = Literal["true", "false", "unknown"]


class EventTrack(TypedDict):
    # Unique per detector until it is attached again.
    id: int
    signal: str
    label: str
    # Zone, or line with direction, such as "gate.in".
    place: str
    # Newest box, in fractions of the frame, 0..1.
    box: EventTrackBox
    # Positions of its anchor, oldest first.
    path: list[EventTrackPath]


class EventTrackBox(TypedDict):
    """Newest box, in fractions of the frame, 0..1."""

    x: float
    y: float
    w: float
    h: float


class EventTrackPath(TypedDict):
    # Time before the event.
    before_ns: int
    # In fractions of the frame, 0..1.
    at: list[float]


class Meta(TypedDict):
    """The contents of a clip and why it was saved. Times in nanoseconds count from the start of the program; others are RFC 3339, in UTC."""

    version: Literal[1]
    event_id: str
    # Type of the event; "manual" for a clip saved by command.
    event_type: str
    event_ts_ns: int
    time: str
    camera: str
    rule: str
    confidence: float
    # Results of the clauses of the condition; null if there are none.
    clauses: None | list[Clause]
    # The objects that the rule counted in zones and over lines, as in the event. Omitted: none.
    tracks: NotRequired[list[EventTrack]]
    # Private zones of the camera. They are black in the clip, which is encoded for that. Omitted:
    # none.
    private_zones: NotRequired[list[str]]
    # The requested time span.
    clip_window_ns: ClipWindow
    # Capture time of the first frame shown.
    start_time: str
    # Capture time of the last frame shown.
    end_time: str
    pre_roll_ms: Roll
    post_roll_ms: Roll
    # False: the program ended while saving the clip, and recovered what was on disk at its next
    # start.
    complete: bool
    # Frames in the time span.
    frames_total: int
    # Frames that the movie shows.
    frames_written: int
    # Capture time of each frame shown.
    frame_ts_ns: list[int]
    # ID of each frame shown, if the movie was encoded from frames with IDs.
    frame_ids: NotRequired[list[int]]
    # Index in frame_ts_ns of the frame that confirmed the event.
    confirming_frame: None | int
    # Frames left out because data they depend on was lost.
    missing_frames: int
    # Frames skipped because encoding could not keep up.
    skipped_frames: int
    movie: Movie
    # Further movies that continue the first one, because the codec or the size of the stream
    # changed.
    parts: NotRequired[list[Movie]]
    thumb: Literal["thumb.jpg"]
    # Whether there is a frame_NNNN.jpg for each entry of frame_ts_ns, counted from 0000.
    pictures: bool
    # Time spent writing and verifying the movie.
    encode_ms: int
    # All files of the clip except this one.
    files: list[ClipFile]
    # The events in the clip: its own, then those merged into it.
    events: list[ClipEvent]
    # Detections during the clip, in the order of the answers.
    detections: list[ClipSignal]


class ClipWindow(TypedDict):
    """The requested time span."""

    start: int
    end: int


class Roll(TypedDict):
    """Requested and actual length, in milliseconds."""

    asked: int
    actual: int


class Movie(TypedDict):
    file: str
    # Capture time of its first frame.
    start_ns: int
    # Average frames per second. The intervals vary as those of the camera did.
    fps: float
    frames: int
    duration_ms: int
    width: int
    height: int
    bytes: int
    # Video codec by FFmpeg's name: h264, hevc, av1, vp9, mjpeg.
    codec: str
    # Sound codec: aac, opus. Omitted: no sound.
    sound: NotRequired[str]
    # Whether the video is as the camera sent it, not reencoded.
    copied: bool
    # A note for the viewer.
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
    # Time in the movie at which it is shown. In further movies, the time continues from the one
    # before.
    movie_ms: int
    signal: str
    value: float
    detections: list[ClipDetection]


class ClipDetection(TypedDict):
    label: str
    score: float
    # Left and top edge, width and height, in fractions of the frame, 0..1.
    box: ClipDetectionBox
    # Keypoints of the object, in fractions of the frame. Omitted: none.
    keypoints: NotRequired[list[ClipDetectionKeypoint]]
    # Clockwise rotation of the object, in radians. The box is the upright box around it.
    angle: NotRequired[float]


class ClipDetectionBox(TypedDict):
    """Left and top edge, width and height, in fractions of the frame, 0..1."""

    x: float
    y: float
    w: float
    h: float


class ClipDetectionKeypoint(TypedDict):
    x: float
    y: float
    score: float


class Snapshot(TypedDict):
    """The state of the program at one instant. Durations are nanoseconds. Keys may be added."""

    # When the snapshot was taken.
    at: str
    # Time since the program started.
    uptime_ns: int
    # When the program started. A change means another instance.
    started: str
    cameras: list[Camera]
    slots: Slots
    # All queues of the program. Those of cameras are in cameras.
    queues: list[Queue]
    sinks: list[Sink]
    # Events for outputs; null: there are no outputs.
    outbox: None | Outbox
    # Clips; null: none are saved.
    clips: None | Clips
    log: SnapshotLog
    loop: SnapshotLoop
    reload: SnapshotReload
    # Current alerts: severe ones first, then unacknowledged ones, then the oldest. They are updated
    # once per second, and clear after five seconds without the problem.
    alerts: list[Alert]
    # Number of cameras, detectors and rules (counted per camera) changed by command since the
    # configuration was read. GET /config/diff has the changes.
    modified: int


class Camera(TypedDict):
    name: str
    # Without passwords.
    source: str
    state: CameraState
    # Reason of the state; empty when live.
    reason: str
    # When the state began.
    since: str
    width: int
    height: int
    # Current frames per second.
    fps: float
    # Capture time of the newest frame; year 1: none.
    last_frame: str
    # How much later than at best the stream is read.
    lag_ns: int
    lagging: bool
    # Which frames of the stream are decoded; empty: the source delivers decoded frames.
    decoding: CameraDecoding
    # Readable reason for decoding.
    decoding_why: str
    # Frames per second that the source sends; 0: unknown.
    sent_fps: float
    # Video codec by FFmpeg's name; empty: unknown yet, or the source delivers decoded frames.
    codec: str
    # Current bits of video per second; 0: nothing arrives.
    bitrate: float
    # Video packets received.
    packets: int
    # Frames decoded.
    decoded: int
    # Decoded frames with lost parts that the decoder concealed.
    damaged: int
    frames: int
    connects: int
    # Failed attempts to open the source.
    failures: int
    stalls: int
    resizes: int
    drop_pool: int
    drop_lag: int
    drop_rate: int
    drop_corrupt: int
    # Pixel buffers.
    pool: CameraPool
    # ID of the newest frame that the engine saw; 0: none.
    frame_id: int
    frame_age_ns: int
    seen: int
    superseded: int
    # Engine steps.
    ticks: int
    # Duration of an engine step.
    tick: None | Histogram
    # Time between the captures of consecutive frames.
    frame_interval: None | Histogram
    # Age of frames when the engine sees them.
    age: None | Histogram
    # Duration of each stage from capture to event.
    stages: CameraStages
    detectors: list[Detector]
    signals: list[Signal]
    rules: list[Rule]
    # Tracks of detectors whose boxes are tracked: because a rule uses a zone or line, or a
    # dashboard shows the camera.
    tracks: list[Track]
    zones: list[Zone]
    lines: list[Line]
    queues: list[Queue]
    # The second stream, for clips; null: none.
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
    """Durations since the program started; null: there is no histogram."""

    count: int
    sum_ns: int
    # Maximum, exact.
    max_ns: int
    # Median, as the upper bound of its bucket, which is at most 6.25 % wide.
    p50_ns: int
    p90_ns: int
    p99_ns: int
    p999_ns: int
    # Base64 of two unsigned LEB128 numbers for each non-empty bucket: the number of empty buckets
    # before it, and its count. Buckets 0 to 15 hold durations of exactly that many nanoseconds;
    # above, each power of two has 16 buckets of equal width.
    bins: str


class CameraStages(TypedDict):
    """Duration of each stage from capture to event."""

    capture: None | Histogram
    queue: None | Histogram
    schedule: None | Histogram
    inference: None | Histogram
    publish: None | Histogram
    event: None | Histogram


class Detector(TypedDict):
    name: str
    kind: str
    # Maximum runs per second.
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
    # Endpoint of the model service; empty: none.
    endpoint: str
    # Maximum frames, of several cameras, in one run. Omitted: one.
    max_batch: NotRequired[int]
    # Signal whose boxes it processes. Omitted: it processes whole frames.
    crops_of: NotRequired[str]
    # Maximum boxes per frame, with crops_of.
    max_crops: NotRequired[int]
    # The point of a box that decides which zone it is in.
    anchor: NotRequired[DetectorAnchor]
    # Its other configuration keys that have a value.
    settings: list[DetectorSetting]
    state: DetectorState
    # The state and its reason.
    words: Words
    # The gate that is closed, or the last error.
    reason: str
    # Remaining time of the backoff or until the retry.
    until_ns: int
    # Current runs per second.
    fps: float
    runs: int
    # Frames skipped, by gate.
    skips: DetectorSkips
    # Failed runs by reason.
    errors: list[Count]
    backoffs: int
    timeouts: int
    # Answers discarded because they came after the timeout.
    late: int
    # Answers older than their TTL on arrival.
    expired: int
    # Times that the detector was opened again.
    restarts: int
    # When the last run ended; year 1: never.
    last_run: str
    # Age of the frame of its last answer.
    age_ns: int
    # Model of the last answer, as its service names it.
    model: str
    # Error of the last run; empty: it succeeded.
    error: str
    # Duration of a run.
    exec: None | Histogram
    # Age of the frame when its answer is available to rules.
    answer_age: None | Histogram
    # Numbers of tracks; null: its detections are not tracked.
    tracks: None | DetectorTracks

DetectorCost = Literal["low", "medium", "high"]

DetectorAnchor = Literal["bottom", "center"]


class DetectorSetting(TypedDict):
    key: str
    # Readable value; *** for a secret.
    value: str

DetectorState = Literal["starting", "waiting", "running", "backoff", "stuck", "failed", "disabled"]


class Words(TypedDict):
    """A state as dashboards show it."""

    # Its colour: how good or bad the state is.
    tone: WordsTone
    text: str
    # Progress of a running clock, 0..1. Omitted: 0.
    share: NotRequired[float]

WordsTone = Literal["good", "info", "warn", "bad", "dim"]


class DetectorSkips(TypedDict):
    """Frames skipped, by gate."""

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
    """Numbers of tracks; null: its detections are not tracked."""

    # Tracks that exist now.
    present: int
    # Tracks that have begun.
    born: int
    # Tracks that have ended.
    lost: int


class Signal(TypedDict):
    name: str
    # Detector that provides it; empty: it was detached.
    detector: str
    # Last value, even if it is stale; null: not a number.
    value: None | float
    # Why it is unknown. Omitted: it is known.
    unknown: NotRequired[str]
    # Time since the capture of its frame; 0 with frame_id 0: never known.
    age_ns: int
    ttl_ns: int
    frame_id: int
    detections: list[Detection]


class Detection(TypedDict):
    label: str
    score: float
    # In fractions of the frame, 0..1.
    box: DetectionBox
    # Keypoints of the object, in fractions of the frame. Omitted: none.
    keypoints: NotRequired[list[DetectionKeypoint]]
    # Clockwise rotation of the object, in radians. The box is the upright box around it.
    angle: NotRequired[float]
    # Results of detectors with crops_of for this box. Omitted: none yet.
    attributes: NotRequired[list[Attribute]]


class DetectionBox(TypedDict):
    """In fractions of the frame, 0..1."""

    x: float
    y: float
    w: float
    h: float


class DetectionKeypoint(TypedDict):
    x: float
    y: float
    score: float


class Attribute(TypedDict):
    # Signal of the detector with crops_of.
    name: str
    value: float
    # Label of the detection with the highest score in the box.
    label: NotRequired[str]
    score: NotRequired[float]
    # Why it is unknown. Omitted: it is known.
    unknown: NotRequired[str]


class Rule(TypedDict):
    event: str
    when: str
    # The condition as a tree, line by line.
    outline: list[RuleOutline]
    status: RuleStatus
    # Progress of the clock of the state.
    words: Words
    # What the rule still needs to fire.
    to_fire: str
    for_ns: int
    # Minimum time between two events.
    cooldown_ns: int
    # Whether clips of its events are saved.
    clip: bool
    # How long clips continue after an event.
    clip_after_ns: int
    clauses: list[Clause]
    # Hours in which the rule is active; null: always.
    hours: None | RuleHours


class RuleOutline(TypedDict):
    depth: int
    # all of, any of, not, or a comparison.
    text: str
    # Index of the comparison in clauses; -1: not a comparison.
    clause: int
    truth: RuleOutlineTruth

RuleOutlineTruth = Literal["true", "false", "unknown"]


class RuleStatus(TypedDict):
    state: RuleStatusState
    # When the state began, since the program started.
    since_ns: int
    # Progress of for, 0..1.
    progress: float
    # Remaining time of the cooldown.
    remaining_ns: int
    truth: RuleStatusTruth
    # The event has been confirmed and has not ended.
    active: bool
    fired: int
    # Undefined while fired is 0.
    last_fired_ns: int

RuleStatusState = Literal["idle", "potential", "confirmed", "cooldown", "inactive", "disabled"]

RuleStatusTruth = Literal["true", "false", "unknown"]


class RuleHours(TypedDict):
    """Hours in which the rule is active; null: always."""

    # Periods of the week, as configured.
    active: list[str]
    # Time zone of the hours; empty: the machine's.
    time_zone: str
    # Set by command until the hours next begin or end.
    override: RuleHoursOverride

RuleHoursOverride = Literal["", "armed", "disarmed"]


class Track(TypedDict):
    # Unique per detector until it is attached again.
    id: int
    detector: str
    label: str
    # Coasting: not in the newest answers, but still counted as present. Missing: not present, but
    # it may be found again. Unknown: the detector does not run.
    state: TrackState
    box: Box
    age_ns: int
    # Zones that it is in.
    zones: list[TrackZone]
    # Positions of its anchor, oldest first; at most 64 points.
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
    # Time in the zone, without the time in which the detector did not run.
    dwell_ns: int


class Zone(TypedDict):
    name: str
    # The corners, in order.
    points: list[list[float]]
    # True: the zone is black wherever frames are shown, recorded or sent.
    privacy: bool
    # Dwell of objects that have left the zone; null: histogram is off.
    dwell: None | Histogram


class Line(TypedDict):
    name: str
    # The two ends of the line.
    points: list[list[float]]
    # Names of the crossing directions: left to right, seen from the first end to the second, and
    # the opposite.
    directions: list[str]


class Queue(TypedDict):
    name: str
    depth: int
    capacity: int
    # Drops by reason.
    drops: list[Count]


class Recording(TypedDict):
    # Without passwords.
    source: str
    # Paused: by command, or because nothing needs it now.
    state: RecordingState
    # Reason of the state; empty when live.
    reason: str
    # When the state began.
    since: str
    # Frames per second that the camera sends; 0: unknown.
    sent_fps: float
    # Video packets received.
    packets: int
    connects: int
    failures: int
    stalls: int

RecordingState = Literal["connecting", "live", "stalled", "reconnecting", "paused", "ended", "failed"]


class Slots(TypedDict):
    """Slots, which limit the local detectors that run at the same time."""

    size: int
    busy: int
    waiting: int
    # Slots taken back from stuck detectors.
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
    # Degraded: events cannot be stored; outputs get them from memory.
    state: OutboxState
    reason: str
    # Where a damaged file was moved since the program started; empty: none was.
    moved: str
    # Records in the file.
    records: int
    bytes: int
    max_bytes: int
    # Events stored since the program started.
    stored: int
    # Records that outputs got from memory because they could not be stored.
    not_durable: int
    outputs: list[Output]

OutboxState = Literal["ok", "degraded"]


class Output(TypedDict):
    name: str
    # Scheme and host of the address.
    to: str
    # Degraded: the last attempt failed, or there is no connection.
    state: OutputState
    # Connection of an output that keeps one; otherwise empty.
    connection: OutputConnection
    # Messages sent and received besides deliveries.
    traffic: list[Count]
    reason: str
    remedy: str
    # Messages waiting.
    backlog: int
    # Time of the oldest waiting event; year 1: none.
    oldest: str
    # Next attempt after a failed one; year 1: none.
    next_try: str
    # Last delivery; year 1: none.
    last_ok: str
    delivered: int
    # Failed attempts that were or will be retried.
    retries: int
    # Events reported in summaries.
    folded: int
    # Messages that the receiver refused.
    aside_count: int
    # The newest 20 refused messages.
    aside: list[Aside]
    # Undelivered messages by reason: age, aside, bytes, memory.
    drops: list[Count]
    # Time from an event to its acceptance by the receiver.
    latency: None | Histogram

OutputState = Literal["ok", "degraded"]

OutputConnection = Literal["", "connected", "connecting"]


class Aside(TypedDict):
    # ID of the delivery.
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
    # File name extension of the movies.
    encoder: str
    waiting: int
    waiting_capacity: int
    building: bool
    saved: int
    merged: int
    # Events without a clip, by reason.
    dropped: dict[str, int]
    unheld: int
    # Deleted clips by the limit that was reached.
    removed: dict[str, int]
    # On disk.
    clips: int
    # On disk.
    bytes: int
    # The last clip, as a line of index.jsonl.
    last: None | dict[str, Any]
    # Time that saving the last clip took.
    took_ns: int
    rings: list[Ring]

ClipsState = Literal["ok", "degraded"]


class Ring(TypedDict):
    camera: str
    # Video packets from the camera.
    packets: int
    # Frames in the ring, as packets or JPEG.
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
    # Lines at level error since the program started.
    errors: int
    warnings: int


class SnapshotLoop(TypedDict):
    # Iterations of the command loop, at least one per second; 0: not all configured cameras have
    # been started yet.
    turns: int
    # Time that the current command has taken so far; 0: none.
    busy_ns: int
    # A configuration is being applied. Cameras may be missing meanwhile.
    reloading: bool


class SnapshotReload(TypedDict):
    # Reloads of the configuration by result: ok, partial, invalid.
    results: list[Count]
    # Result of the last reload; empty: there was none.
    last: str
    reason: str
    # When the current configuration was read.
    ok: str
    # The file has changed since it was last read.
    changed: bool
    # Parts of the file that are not in use because they are invalid.
    quarantined: list[Quarantined]


class Quarantined(TypedDict):
    """A camera, detector, rule or output that does not run because its table in the configuration is invalid."""

    # Its type and name.
    what: str
    # The first error, with its position in the file.
    why: str


class Alert(TypedDict):
    # Kind, or kind:subject. It does not change while the alert lasts.
    id: str
    # camera_down, camera_lag, evidence_down, detector_failed, detector_slow, detector_ttl,
    # frames_sparse, sink_degraded, output_degraded, output_late, output_refused, clips_degraded,
    # reload_failed or quarantined; kinds may be added.
    kind: str
    # True: frames, detections, events or clips are missing. False: they are late or fewer.
    severe: bool
    # Name of the camera, detector or sink; empty: none.
    subject: str
    # Affected cameras; empty: the whole program.
    cameras: list[str]
    since: str
    # Short description of the problem, without the cause.
    title: str
    # Readable cause; may be empty.
    cause: str
    # What to do.
    remedy: str
    acknowledged: bool
