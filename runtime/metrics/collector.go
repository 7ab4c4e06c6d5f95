package metrics

import (
	"net/http"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rvo-tui/runtime"
)

// Collector exports the latest Snapshot as Prometheus metrics, all named rvo_*. Values
// are read at each scrape, so metrics cost nothing in between and match the dashboards.
// docs/metrics.md lists them.
//
// Labels come from the configuration (names of cameras, detectors, signals, rules,
// sinks) and from fixed lists (states, gates, stages, reasons), never from frames or
// addresses, so their number is bounded.
type Collector struct {
	latest func() *runtime.Snapshot
	all    []*prometheus.Desc
	build  []string     // label values of build_info
	page   atomic.Int64 // size of the last response, in bytes

	// the scrape itself
	series, pageBytes *prometheus.Desc

	// process
	buildInfo, uptime, snapshotTime          *prometheus.Desc
	slots, slotsBusy, slotsWaiting, revoked  *prometheus.Desc
	queueDepth, queueCapacity, queueDrops    *prometheus.Desc
	sinkState, sinkWritten, sinkDrops        *prometheus.Desc
	sinkFailures, sinkDepth, sinkCapacity    *prometheus.Desc
	outbox                                   outboxDescs
	logLines                                 *prometheus.Desc
	reloads, reloadOK, reloadLast            *prometheus.Desc
	alerts                                   *prometheus.Desc
	loopIterations, loopBusy                 *prometheus.Desc
	cameraState, cameraFrames, cameraLast    *prometheus.Desc
	cameraWidth, cameraHeight                *prometheus.Desc
	cameraLag, cameraLagging                 *prometheus.Desc
	connects, reconnects, connectFailures    *prometheus.Desc
	stalls, resizes                          *prometheus.Desc
	packets, decoded, damaged                *prometheus.Desc
	poolOut, poolSize, poolHeld, poolRetired *prometheus.Desc
	frameDrops, framesSeen, frameAge         *prometheus.Desc
	ticks, tick, interval, staleness, stage  *prometheus.Desc

	detectorInfo, detectorState                    *prometheus.Desc
	detectorRuns, detectorSkips, detectorFails     *prometheus.Desc
	detectorBackoffs, detectorTimeouts             *prometheus.Desc
	detectorDiscards, detectorRestarts             *prometheus.Desc
	tracks, tracksBorn, tracksLost, zoneDwell      *prometheus.Desc
	detectorLast, detectorExec, detectorAge        *prometheus.Desc
	detectorPeriod, detectorTTL, detectorTimeout   *prometheus.Desc
	signalValue, signalKnown, signalAge            *prometheus.Desc
	ruleState, ruleProgress, ruleEvents, ruleTruth *prometheus.Desc
	clips                                          clipDescs
}

// NewCollector returns a collector of the snapshots returned by latest, which may be
// nil if there is none yet.
func NewCollector(latest func() *runtime.Snapshot) *Collector {
	c := &Collector{latest: latest, build: buildLabels()}
	d := func(name, help string, labels ...string) *prometheus.Desc {
		desc := prometheus.NewDesc("rvo_"+name, help, labels, nil)
		c.all = append(c.all, desc)
		return desc
	}

	c.buildInfo = d("build_info", "Version of the program; always 1.", "version", "revision", "goversion")
	c.uptime = d("uptime_seconds", "Time since the start.")
	c.series = d("metrics_series", "Series on this page named rvo_*, including this one.")
	c.pageBytes = d("metrics_page_bytes", "Size of the previous page; absent on the first.")
	c.reloads = d("reloads_total", "Reloads of the configuration, by result.", "result")
	c.reloadOK = d("reload_last_success_timestamp_seconds", "When the current configuration was read.")
	c.reloadLast = d("reload_last_successful", "1 if the last reload was applied completely, else 0.")
	c.loopIterations = d("loop_turns_total", "Iterations of the loop that carries out commands, at least one a second.")
	c.loopBusy = d("loop_busy_seconds", "Duration of the current command so far; 0: none.")
	c.snapshotTime = d("snapshot_timestamp_seconds", "When the values of this page were taken.")

	c.slots = d("slots", "Maximum number of local detectors that compute at the same time.")
	c.slotsBusy = d("slots_busy", "Slots in use.")
	c.alerts = d("alerts", "Current alerts, by kind.", "kind")
	c.slotsWaiting = d("slots_waiting", "Detectors waiting for a slot.")
	c.revoked = d("slots_revoked_total", "Slots taken from stuck detectors.")

	c.queueDepth = d("queue_depth", "Entries waiting in a bounded queue.", "camera", "queue")
	c.queueCapacity = d("queue_capacity", "Capacity of a bounded queue.", "camera", "queue")
	c.queueDrops = d("queue_drops_total", "Entries that a bounded queue dropped, by reason.", "camera", "queue", "reason")

	c.sinkState = d("sink_state", "1 for the current state of the sink, else 0.", "sink", "state")
	c.sinkWritten = d("sink_written_total", "Events that the sink delivered.", "sink")
	c.sinkDrops = d("sink_drops_total", "Events that the sink dropped, usually because it was full.", "sink")
	c.sinkFailures = d("sink_failures_total", "Failed attempts to deliver.", "sink")
	c.sinkDepth = d("sink_queue_depth", "Events waiting in the sink.", "sink")
	c.sinkCapacity = d("sink_queue_capacity", "Capacity of the sink's queue.", "sink")
	c.outbox = describeOutbox(d)
	c.logLines = d("log_lines_total", "Log lines at levels warning and error.", "level")

	c.cameraState = d("camera_state", "1 for the current state of the camera, else 0.", "camera", "state")
	c.cameraFrames = d("camera_frames_total", "Frames from the camera.", "camera")
	c.cameraLast = d("camera_last_frame_timestamp_seconds", "Capture time of the last frame; absent before the first.", "camera")
	c.cameraWidth = d("camera_width_pixels", "Width of its frames.", "camera")
	c.cameraHeight = d("camera_height_pixels", "Height of its frames.", "camera")
	c.cameraLag = d("camera_stream_lag_seconds", "How late the stream is read, compared with its minimum delay.", "camera")
	c.cameraLagging = d("camera_lagging", "1 while decoding cannot keep up with the stream, else 0.", "camera")
	c.connects = d("camera_connects_total", "Successful attempts to open the source.", "camera")
	c.reconnects = d("camera_reconnects_total", "Successful attempts to open the source after the first.", "camera")
	c.connectFailures = d("camera_connect_failures_total", "Failed attempts to open the source.", "camera")
	c.stalls = d("camera_stalls_total", "Times without a frame for the stall timeout.", "camera")
	c.resizes = d("camera_resizes_total", "Changes of the frame size within a stream.", "camera")
	c.packets = d("camera_packets_total", "Video packets from the camera, if it sends coded video.", "camera")
	c.decoded = d("camera_frames_decoded_total", "Frames decoded from these packets, as many as needed.", "camera")
	c.damaged = d("camera_frames_damaged_total", "Decoded frames with missing parts, which were concealed.", "camera")
	c.poolOut = d("camera_pool_buffers_in_use", "Pixel buffers in use.", "camera")
	c.poolSize = d("camera_pool_buffers", "Maximum number of pixel buffers of the camera.", "camera")
	c.poolHeld = d("camera_pool_buffers_retired", "Pixel buffers held by stuck detectors.", "camera")
	c.poolRetired = d("camera_pool_buffers_retired_total", "Pixel buffers held by stuck detectors, in total.", "camera")
	c.frameDrops = d("frame_drops_total", "Frames dropped before any detector saw them, by reason.", "camera", "reason")
	c.framesSeen = d("frames_seen_total", "Frames seen by the scheduler.", "camera")
	c.frameAge = d("frame_age_seconds", "Age of the newest frame.", "camera")

	c.ticks = d("scheduler_ticks_total", "Steps of the scheduler.", "camera")
	c.tick = d("tick_duration_seconds", "Duration of a step of the scheduler.", "camera")
	c.staleness = d("frame_staleness_seconds", "Age of frames since capture when the scheduler sees them.", "camera")
	c.interval = d("frame_interval_seconds", "Time between the captures of consecutive frames.", "camera")
	c.stage = d("stage_duration_seconds", "Time that frames spend in each stage between the camera and an event.", "camera", "stage")

	by := []string{"camera", "detector"}
	c.detectorInfo = d("detector_info", "What the detector is; always 1.", append(by, "kind", "cost", "execution", "remote")...)
	c.detectorState = d("detector_state", "1 for the current state of the detector, else 0.", append(by, "state")...)
	c.detectorRuns = d("detector_runs_total", "Runs of the detector.", by...)
	c.detectorSkips = d("detector_skips_total", "Frames on which the detector did not run, by gate.", append(by, "gate")...)
	c.detectorFails = d("detector_failures_total", "Runs that failed, by reason.", append(by, "reason")...)
	c.detectorBackoffs = d("detector_backoffs_total", "Number of backoffs after a run over the time budget.", by...)
	c.detectorTimeouts = d("detector_timeouts_total", "Runs that exceeded the timeout.", by...)
	c.detectorDiscards = d("detector_discards_total", "Results discarded: late after the timeout, or expired on arrival.", append(by, "reason")...)
	c.detectorRestarts = d("detector_restarts_total", "How often the detector was opened again or its process restarted.", by...)
	c.tracks = d("tracks", "Current tracks; absent while the detector is not tracked.", by...)
	c.tracksBorn = d("tracks_born_total", "Tracks since tracking started.", by...)
	c.zoneDwell = d("zone_dwell_seconds", "How long objects have stayed in a zone with histogram = true, when they leave it.", "camera", "zone")
	c.tracksLost = d("tracks_lost_total", "Of these, tracks that have ended.", by...)
	c.detectorPeriod = d("detector_period_seconds", "Minimum time between two runs: 1 / max_fps.", by...)
	c.detectorTTL = d("detector_ttl_seconds", "How long a result is valid after the capture of its frame.", by...)
	c.detectorTimeout = d("detector_timeout_seconds", "Maximum duration of a run; absent if unlimited.", by...)
	c.detectorLast = d("detector_last_run_timestamp_seconds", "When the last run ended; absent before the first.", by...)
	c.detectorExec = d("detector_exec_duration_seconds", "Duration of a run.", by...)
	c.detectorAge = d("detector_age_seconds", "Age of the frame when its result has become a signal.", by...)

	c.signalValue = d("signal_value", "Value of the signal; absent while it is unknown.", "camera", "signal")
	c.signalKnown = d("signal_known", "1 while the value of the signal is known, else 0.", "camera", "signal")
	c.signalAge = d("signal_age_seconds", "Time since the capture of the signal's frame; absent before the first result.", "camera", "signal")

	c.ruleState = d("rule_state", "1 for the current state of the rule, else 0.", "camera", "event", "state")
	c.ruleTruth = d("rule_condition", "1 for the current truth of the rule's condition, else 0.", "camera", "event", "truth")
	c.ruleProgress = d("rule_progress_ratio", "Progress of the rule towards an event, 0 to 1.", "camera", "event")
	c.ruleEvents = d("events_total", "Events confirmed by the rule.", "camera", "event")
	c.clips = newClipDescs(d)
	return c
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.all {
		out <- d
	}
}

// Bounds of the histograms. A step of the scheduler takes microseconds; the age of a
// frame can be seconds.
var (
	tickBounds = []time.Duration{
		time.Microsecond, 2 * time.Microsecond, 5 * time.Microsecond,
		10 * time.Microsecond, 20 * time.Microsecond, 50 * time.Microsecond,
		100 * time.Microsecond, 200 * time.Microsecond, 500 * time.Microsecond,
		time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond,
		10 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond,
	}
	ageBounds = []time.Duration{
		10 * time.Microsecond, 50 * time.Microsecond, 100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
		time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
		10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
		100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
		time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
	}
	intervalBounds = []time.Duration{
		5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 30 * time.Millisecond, 40 * time.Millisecond,
		50 * time.Millisecond, 75 * time.Millisecond, 100 * time.Millisecond, 150 * time.Millisecond, 250 * time.Millisecond,
		500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second,
	}
	dwellBounds = []time.Duration{
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute,
		2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
	}
)

// buildLabels returns version, revision and Go version of the program.
func buildLabels() []string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return []string{"", "", ""}
	}
	version, revision := info.Main.Version, ""
	if version == "" || version == "(devel)" {
		version = "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	return []string{version, revision, strings.TrimPrefix(info.GoVersion, "go")}
}

// sized records the size of every response of a handler.
func (c *Collector) sized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sized := &sizedWriter{ResponseWriter: w}
		next.ServeHTTP(sized, r)
		if sized.n > 0 {
			c.page.Store(sized.n)
		}
	})
}

// sizedWriter counts the bytes of a response.
type sizedWriter struct {
	http.ResponseWriter
	n int64
}

func (w *sizedWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.n += int64(n)
	return n, err
}
