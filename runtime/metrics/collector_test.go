package metrics

import (
	"fmt"
	"math"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/internal/listen"
	"rvo-tui/internal/logging"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// fullSnapshot has a value for every metric.
func fullSnapshot() *runtime.Snapshot {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	var tick, exec engine.Histogram
	for _, ns := range []time.Duration{900, 3e3, 30e3, 300e3, 30e6} {
		tick.Record(ns)
	}
	exec.Record(40 * time.Millisecond)
	cam := runtime.CameraView{
		Status: capture.Status{
			Name: "door", State: capture.Live, Width: 640, Height: 480, LastFrame: at, Lag: 20 * time.Millisecond,
			Frames: 100, Connects: 3, Failures: 4, Stalls: 2, Resizes: 1, DropPool: 5, DropLag: 6, DropRate: 7, DropBroken: 8,
			Pool: capture.PoolStats{Out: 2, Size: 9, Retired: 1, RetiredTotal: 3},
		},
		Seen: 90, Superseded: 10, Ticks: 120, Tick: &tick,
		View: engine.View{
			FrameID: 99, FrameAge: 10 * time.Millisecond, Interval: &tick, Age: &tick,
			Detectors: []engine.DetectorView{{
				Spec:  detectors.Spec{Name: "person", Kind: "person", Cost: detectors.CostHigh, Execution: detectors.Worker, MaxFPS: 5, TTL: time.Second, Timeout: 2 * time.Second},
				State: engine.DetectorWaiting, Runs: 50, Skips: [engine.GateCount]uint64{engine.GateRate: 40, engine.GateNeeds: 3},
				Errors: []engine.Count{{Reason: "panic", N: 2}, {Reason: "timeout", N: 1}}, Backoffs: 4, Timeouts: 1, Late: 1, Expired: 2, Restarts: 1,
				LastRun: at, Exec: &exec, AgeHist: &exec, Tracks: &engine.TrackCounts{Present: 1, Born: 3, Lost: 2},
			}},
			Signals: []engine.SignalView{
				{Name: "person", Value: 2, Age: 50 * time.Millisecond},
				{Name: "face", Value: 1, Why: "stale", Age: time.Minute},
				{Name: "motion", Why: "no answer yet"},
			},
			Zones: []engine.ZoneView{{Name: "porch", Dwell: &exec}},
			Rules: []engine.RuleView{{
				Event:  "person_at_door",
				Status: rules.Status{State: rules.Potential, Truth: rules.True, Progress: 0.5, Fired: 6},
			}},
		},
		Queues: []runtime.QueueView{{Name: "frame", Depth: 1, Capacity: 1, Drops: []engine.Count{{Reason: "superseded", N: 10}, {}}}},
	}
	for i := range cam.Stages {
		cam.Stages[i] = &exec
	}
	return &runtime.Snapshot{
		At: at, Uptime: time.Minute, Cameras: []runtime.CameraView{cam},
		Slots:  runtime.SlotsView{Size: 2, Busy: 1, Waiting: 1, Revoked: 1},
		Queues: []runtime.QueueView{{Name: "commands", Capacity: 16, Drops: []engine.Count{{Reason: "full", N: 1}}}},
		Sinks:  []runtime.SinkView{{Name: "file", State: runtime.SinkDegraded, Written: 5, Dropped: 1, Failures: 2, Depth: 3, Capacity: 64}},
		Outbox: &runtime.OutboxView{State: runtime.SinkOK, Records: 3, Bytes: 900, MaxBytes: 64 << 20, Stored: 50, NotDurable: 1, Outputs: []runtime.OutputView{{
			Name: "phone", State: runtime.SinkDegraded, Backlog: 2, Oldest: at, NextTry: at, LastOK: at, Delivered: 40, Retries: 5, Folded: 6, AsideCount: 1,
			Drops: []engine.Count{{Reason: "age", N: 7}}, Latency: &exec,
			Connection: runtime.OutputConnected, Traffic: []engine.Count{{Reason: "states", N: 8}},
		}}},
		Clips: &clips.Status{
			State: "ok", Waiting: 1, WaitingCap: 16, Saved: 4, Took: time.Second, Clips: 4, Bytes: 1 << 20,
			Dropped: map[string]uint64{"full": 2}, Removed: map[string]uint64{"age": 1},
			Rings: []clips.RingStatus{{Camera: "door", Packets: 90, Frames: 12, Bytes: 1 << 16, BytesCap: 1 << 26, Span: 3 * time.Second, Encoded: 40}},
		},
		Log:    logging.View{Errors: 1, Warnings: 2},
		Loop:   runtime.LoopView{Iterations: 60, Busy: time.Millisecond},
		Reload: runtime.ReloadView{Results: []engine.Count{{Reason: runtime.ReloadOK, N: 2}, {Reason: runtime.ReloadPartial, N: 0}, {Reason: runtime.ReloadInvalid, N: 1}}, Last: runtime.ReloadInvalid, OK: at},
	}
}

func registry(t *testing.T, s *runtime.Snapshot) *prometheus.Registry {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	c := NewCollector(func() *runtime.Snapshot { return s })
	if s != nil {
		c.page.Store(4096)
	}
	must(t, r.Register(c))
	return r
}

// families returns the names of a registry's metrics.
func families(t *testing.T, r *prometheus.Registry) (names []string) {
	t.Helper()
	fams, err := r.Gather()
	must(t, err)
	for _, f := range fams {
		names = append(names, f.GetName())
	}
	return names
}

// described returns the names of all possible metrics.
func described() (names []string) {
	descs := make(chan *prometheus.Desc, 200)
	NewCollector(nil).Describe(descs)
	close(descs)
	name := regexp.MustCompile(`fqName: "([^"]+)"`)
	for d := range descs {
		names = append(names, name.FindStringSubmatch(d.String())[1])
	}
	slices.Sort(names)
	return names
}

func TestCollectorGivesEveryMetric(t *testing.T) {
	if got, want := families(t, registry(t, fullSnapshot())), described(); !slices.Equal(got, want) {
		t.Errorf("gives %v\nwant %v", got, want)
	}
	if got := families(t, registry(t, nil)); !slices.Equal(got, []string{"rvo_build_info", "rvo_metrics_series"}) {
		t.Errorf("without a snapshot it gives %v", got)
	}
}

func TestCollectorValues(t *testing.T) {
	want := `
# HELP rvo_camera_reconnects_total Successful attempts to open the source after the first.
# TYPE rvo_camera_reconnects_total counter
rvo_camera_reconnects_total{camera="door"} 2
# HELP rvo_camera_last_frame_timestamp_seconds Capture time of the last frame; absent before the first.
# TYPE rvo_camera_last_frame_timestamp_seconds gauge
rvo_camera_last_frame_timestamp_seconds{camera="door"} 1.772600767e+09
# HELP rvo_frame_drops_total Frames dropped before any detector saw them, by reason.
# TYPE rvo_frame_drops_total counter
rvo_frame_drops_total{camera="door",reason="corrupt"} 8
rvo_frame_drops_total{camera="door",reason="lag"} 6
rvo_frame_drops_total{camera="door",reason="pool"} 5
rvo_frame_drops_total{camera="door",reason="rate"} 7
rvo_frame_drops_total{camera="door",reason="superseded"} 10
# HELP rvo_detector_failures_total Runs that failed, by reason.
# TYPE rvo_detector_failures_total counter
rvo_detector_failures_total{camera="door",detector="person",reason="panic"} 2
rvo_detector_failures_total{camera="door",detector="person",reason="timeout"} 1
# HELP rvo_reload_last_successful 1 if the last reload was applied completely, else 0.
# TYPE rvo_reload_last_successful gauge
rvo_reload_last_successful 0
# HELP rvo_reloads_total Reloads of the configuration, by result.
# TYPE rvo_reloads_total counter
rvo_reloads_total{result="invalid"} 1
rvo_reloads_total{result="ok"} 2
rvo_reloads_total{result="partial"} 0
# HELP rvo_rule_state 1 for the current state of the rule, else 0.
# TYPE rvo_rule_state gauge
rvo_rule_state{camera="door",event="person_at_door",state="confirmed"} 0
rvo_rule_state{camera="door",event="person_at_door",state="cooldown"} 0
rvo_rule_state{camera="door",event="person_at_door",state="disabled"} 0
rvo_rule_state{camera="door",event="person_at_door",state="idle"} 0
rvo_rule_state{camera="door",event="person_at_door",state="inactive"} 0
rvo_rule_state{camera="door",event="person_at_door",state="potential"} 1
# HELP rvo_signal_value Value of the signal; absent while it is unknown.
# TYPE rvo_signal_value gauge
rvo_signal_value{camera="door",signal="person"} 2
# HELP rvo_sink_state 1 for the current state of the sink, else 0.
# TYPE rvo_sink_state gauge
rvo_sink_state{sink="file",state="degraded"} 1
rvo_sink_state{sink="file",state="ok"} 0
# HELP rvo_tick_duration_seconds Duration of a step of the scheduler.
# TYPE rvo_tick_duration_seconds histogram
rvo_tick_duration_seconds_bucket{camera="door",le="1e-06"} 1
rvo_tick_duration_seconds_bucket{camera="door",le="2e-06"} 1
rvo_tick_duration_seconds_bucket{camera="door",le="5e-06"} 2
rvo_tick_duration_seconds_bucket{camera="door",le="1e-05"} 2
rvo_tick_duration_seconds_bucket{camera="door",le="2e-05"} 2
rvo_tick_duration_seconds_bucket{camera="door",le="5e-05"} 3
rvo_tick_duration_seconds_bucket{camera="door",le="0.0001"} 3
rvo_tick_duration_seconds_bucket{camera="door",le="0.0002"} 3
rvo_tick_duration_seconds_bucket{camera="door",le="0.0005"} 4
rvo_tick_duration_seconds_bucket{camera="door",le="0.001"} 4
rvo_tick_duration_seconds_bucket{camera="door",le="0.002"} 4
rvo_tick_duration_seconds_bucket{camera="door",le="0.005"} 4
rvo_tick_duration_seconds_bucket{camera="door",le="0.01"} 4
rvo_tick_duration_seconds_bucket{camera="door",le="0.05"} 5
rvo_tick_duration_seconds_bucket{camera="door",le="0.1"} 5
rvo_tick_duration_seconds_bucket{camera="door",le="+Inf"} 5
rvo_tick_duration_seconds_sum{camera="door"} 0.0303339
rvo_tick_duration_seconds_count{camera="door"} 5
`
	names := regexp.MustCompile(`(?m)^# TYPE (\S+)`).FindAllStringSubmatch(want, -1)
	var only []string
	for _, n := range names {
		only = append(only, n[1])
	}
	if err := testutil.GatherAndCompare(registry(t, fullSnapshot()), strings.NewReader(want), only...); err != nil {
		t.Error(err)
	}
}

// Whatever a snapshot contains, a scrape succeeds.
func TestCollectorSurvivesOddSnapshots(t *testing.T) {
	s := fullSnapshot()
	s.Cameras = append(s.Cameras, s.Cameras[0], runtime.CameraView{Status: capture.Status{Name: "b\xffd\x00\n\"", State: "odd"}}, runtime.CameraView{})
	s.Sinks = append(s.Sinks, s.Sinks[0], runtime.SinkView{})
	s.Queues = append(s.Queues, s.Queues[0], runtime.QueueView{Drops: []engine.Count{{Reason: "x", N: 1}, {Reason: "x", N: 2}}})
	s.Cameras[0].Signals[0].Value = math.NaN()
	if n, err := testutil.GatherAndCount(registry(t, s)); err != nil || n == 0 {
		t.Errorf("%d series, %v", n, err)
	}
}

func TestMetricsFollowTheNamingRules(t *testing.T) {
	r := registry(t, fullSnapshot())
	problems, err := testutil.GatherAndLint(r)
	must(t, err)
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}

	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed; the linter of client_golang found nothing")
	}
	page := httptest.NewRecorder()
	promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(page, httptest.NewRequest("GET", "http://localhost/metrics", nil))
	check := exec.Command(promtool, "check", "metrics")
	check.Stdin = page.Body
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

// The page's metrics about itself are true: its number of series, and the size of the previous
// scrape.
func TestPageCountsItself(t *testing.T) {
	s := NewServer("", listen.NewHosts(), fullSnapshot, quietLog())
	scrape := func() string {
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, httptest.NewRequest("GET", "http://localhost/metrics", nil))
		return w.Body.String()
	}
	first, second := scrape(), scrape()
	if strings.Contains(first, "rvo_metrics_page_bytes") {
		t.Error("the first page has a size before it was written")
	}
	if want := fmt.Sprintf("\nrvo_metrics_page_bytes %s\n", strconv.FormatFloat(float64(len(first)), 'g', -1, 64)); !strings.Contains(second, want) {
		t.Errorf("the second page lacks %q", want)
	}
	lines := len(regexp.MustCompile(`(?m)^rvo_`).FindAllString(second, -1))
	if want := fmt.Sprintf("\nrvo_metrics_series %d\n", lines); !strings.Contains(second, want) {
		t.Errorf("the second page lacks %q", want)
	}
}

// rvoMetrics are the metrics of rvo.
var rvoMetrics = []string{
	"rvo_scheduler_ticks", "rvo_detector_exec_total", "rvo_detector_skip_total", "rvo_detector_failure_total",
	"rvo_detector_exec_ns_total", "rvo_events_emitted_total", "rvo_frame_drops_total", "rvo_clip_drops_total",
	"rvo_event_drops_total", "rvo_frame_queue_depth", "rvo_event_queue_depth", "rvo_clip_pending_depth",
	"rvo_tick_ns", "rvo_detector_exec_ns", "rvo_frame_staleness_ns", "rvo_remote_latency_ns",
}

// The documentation lists every metric and no others, with its help text and labels, and maps
// every name of rvo to existing metrics.
func TestMetricsDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/metrics.md")
	must(t, err)
	ours, theirs, ok := strings.Cut(string(text), "## From RVO to rvo-tui")
	if !ok {
		t.Fatal("docs/metrics.md has no section \"From RVO to rvo-tui\"")
	}
	first := regexp.MustCompile("(?m)^\\| `(rvo_\\w+)` \\|.*$")
	var listed []string
	rows, intros := map[string]string{}, map[string]string{} // by metric; an intro has the labels of its section
	for section := range strings.SplitSeq(ours, "\n### ") {
		intro, table, _ := strings.Cut(section, "\n| Metric")
		for _, m := range first.FindAllStringSubmatch(table, -1) {
			listed = append(listed, m[1])
			rows[m[1]], intros[m[1]] = m[0], intro
		}
	}
	slices.Sort(listed)
	if want := described(); !slices.Equal(listed, want) {
		t.Errorf("docs/metrics.md lists %v\nwant %v", listed, want)
	}
	fams, err := registry(t, fullSnapshot()).Gather()
	must(t, err)
	for _, f := range fams {
		name, kind, row := f.GetName(), f.GetType().String(), rows[f.GetName()]
		if !strings.Contains(row, "| "+f.GetHelp()+" ") {
			t.Errorf("docs/metrics.md has %q for %s, whose help is %q", row, name, f.GetHelp())
		}
		if strings.Contains(row, "(histogram") != (kind == "HISTOGRAM") || strings.HasSuffix(name, "_total") != (kind == "COUNTER") {
			t.Errorf("%s is a %s: docs/metrics.md marks histograms, and says that only counters end in _total", name, kind)
		}
		for _, l := range f.GetMetric()[0].GetLabel() {
			if !strings.Contains(row+intros[name], "`"+l.GetName()+"`") {
				t.Errorf("docs/metrics.md lacks the label %s of %s", l.GetName(), name)
			}
		}
	}

	var mapped []string
	target := regexp.MustCompile("`(rvo_[a-z_]+)")
	for _, m := range first.FindAllStringSubmatch(theirs, -1) {
		mapped = append(mapped, m[1])
		targets := target.FindAllStringSubmatch(m[0], -1)[1:]
		if len(targets) == 0 {
			t.Errorf("%s leads nowhere", m[1])
		}
		for _, to := range targets {
			name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(to[1], "_sum"), "_count"), "_bucket")
			if !slices.Contains(described(), name) {
				t.Errorf("%s leads to %s, which does not exist", m[1], name)
			}
		}
	}
	if !slices.Equal(mapped, rvoMetrics) {
		t.Errorf("docs/metrics.md maps %v\nwant %v", mapped, rvoMetrics)
	}
}

// BenchmarkScrape reads four cameras with ten detectors, signals and rules each.
func BenchmarkScrape(b *testing.B) {
	s := fullSnapshot()
	cam := s.Cameras[0]
	for i := range 9 {
		name := string(rune('a' + i))
		det, sig, rule := cam.Detectors[0], cam.Signals[0], cam.Rules[0]
		det.Name, sig.Name, rule.Event = name, name, name
		cam.Detectors, cam.Signals, cam.Rules = append(cam.Detectors, det), append(cam.Signals, sig), append(cam.Rules, rule)
	}
	s.Cameras = nil
	for _, cam.Name = range []string{"door", "yard", "hall", "gate"} {
		s.Cameras = append(s.Cameras, cam)
	}
	r := prometheus.NewRegistry()
	r.MustRegister(NewCollector(func() *runtime.Snapshot { return s }))
	page := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		page = httptest.NewRecorder()
		promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(page, httptest.NewRequest("GET", "http://localhost/metrics", nil))
	}
	text := page.Body.String()
	b.ReportMetric(float64(strings.Count(text, "\n")-strings.Count(text, "# ")), "series")
	b.ReportMetric(float64(len(text)), "B/page")
}
