package ui

import (
	"context"
	"flag"
	"log/slog"
	"math"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	services "rvo-tui/detectors/remote"
	"rvo-tui/internal/logging"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) {
	time.Local = time.UTC // the screen must not depend on the time zone of the machine
	flag.Parse()
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			os.Stderr.WriteString(err.Error())
			code = 1
		}
	}
	os.Exit(code)
}

const ms = time.Millisecond

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// histogram records each duration once.
func histogram(ds ...time.Duration) *engine.Histogram {
	h := new(engine.Histogram)
	for _, d := range ds {
		h.Record(d)
	}
	return h
}

// sample is a snapshot with something of everything.
func sample() *runtime.Snapshot {
	stages := [engine.StageCount]*engine.Histogram{
		histogram(2*ms, 3*ms, 30*ms), histogram(20*time.Microsecond, 60*time.Microsecond), histogram(50 * time.Microsecond),
		histogram(4*ms, 90*ms), histogram(45 * time.Microsecond), new(engine.Histogram),
	}
	spec := func(name, kind string, fps float64, cost detectors.Cost, needs ...string) detectors.Spec {
		return detectors.Spec{Name: name, Kind: kind, MaxFPS: fps, Cost: cost, Needs: needs, Provides: []string{name}, TTL: time.Second, Timeout: 2 * time.Second}
	}
	motion := engine.DetectorView{
		Spec: spec("motion", "motion", 10, detectors.CostLow), State: engine.DetectorWaiting, Reason: "rate", FPS: 9.96, Runs: 12345,
		LastRun: noon.Add(-60 * ms), Age: 90 * ms, Exec: histogram(2*ms, 3*ms, 9*ms), AgeHist: histogram(5 * ms),
	}
	motion.Skips[engine.GateRate] = 24690
	heavy := engine.DetectorView{
		Spec: spec("heavy", "load", 10, detectors.CostHigh), State: engine.DetectorBackoff, Reason: "ran longer than twice its interval",
		Until: 320 * ms, FPS: 1.4, Runs: 88, Backoffs: 87, LastRun: noon.Add(-180 * ms), Age: 480 * ms, Exec: histogram(310*ms, 330*ms), AgeHist: histogram(400 * ms),
	}
	heavy.Skips[engine.GateBackoff], heavy.Skips[engine.GateBusy], heavy.Skips[engine.GateSlot] = 1300, 700, 3
	parcel := engine.DetectorView{
		Spec: spec("parcel", "remote", 5, detectors.CostMedium), State: engine.DetectorFailed, Until: 12 * time.Second, Restarts: 4,
		Reason: "detect at http://localhost:50051: connection refused: start the service, or correct endpoint",
		Error:  "detect at http://localhost:50051: connection refused: start the service, or correct endpoint",
		Exec:   new(engine.Histogram), AgeHist: new(engine.Histogram),
	}
	parcel.Errors = []engine.Count{{Reason: "unavailable", N: 9}}
	parcel.Settings = []detectors.Setting{{Key: "endpoint", Value: "localhost:50051"}, {Key: "token", Value: "***"}}
	face := engine.DetectorView{
		Spec: spec("face", "face", 10, detectors.CostMedium, "motion > 0.5"), State: engine.DetectorWaiting, Reason: "needs",
		Exec: new(engine.Histogram), AgeHist: new(engine.Histogram),
	}
	face.Skips[engine.GateNeeds] = 37035
	off := engine.DetectorView{
		Spec: spec("quality", "quality", 2, detectors.CostLow), State: engine.DetectorDisabled,
		Exec: new(engine.Histogram), AgeHist: new(engine.Histogram),
	}
	street := runtime.CameraView{
		Status: capture.Status{
			Name: "street", Source: "synthetic:street", State: capture.Live, Width: 1280, Height: 720, FPS: 29.97,
			Codec: capture.H264, Bitrate: 2_340_000, SentFPS: 30, Frames: 37041, Connects: 3, Stalls: 1, Pool: capture.PoolStats{Out: 4, Size: 18},
		},
		View: engine.View{
			FrameID: 37041, FrameAge: 21 * ms, Interval: histogram(33 * ms), Stages: stages,
			Detectors: []engine.DetectorView{motion, heavy, parcel, face, off},
			Signals: []engine.SignalView{
				{
					Name: "motion", Detector: "motion", Value: 0.0213, Age: 90 * ms, TTL: time.Second, Frame: 37041,
					Detections: []detectors.Detection{{Label: "car", Score: 0.9, Box: detectors.Box{X: 0.25, Y: 0.4, W: 0.3, H: 0.4}}},
				},
				{Name: "heavy", Detector: "heavy", Value: 1, Age: 780 * ms, TTL: time.Second, Frame: 37020},
				{Name: "parcel", Detector: "parcel", Value: math.NaN(), Unknown: detectors.Errored, Why: "detector failed", TTL: time.Second},
				{Name: "quality", Detector: "quality", Unknown: detectors.Off, Why: "detector disabled", TTL: time.Second},
			},
			Rules: []engine.RuleView{
				{
					Event: "motion", When: "motion > 0.01", For: time.Second,
					Status: rules.Status{State: rules.Potential, Progress: 0.6, Truth: rules.True, Fired: 41},
					Clause: []rules.Clause{{Text: "motion > 0.01", Signal: "motion", Op: ">", Threshold: 0.01, Value: 0.0213, Age: 90 * ms, Truth: rules.True}},
				},
				{
					Event: "parcel_left", When: "parcel >= 1 && motion <= heavy", For: 0,
					Status: rules.Status{State: rules.Idle, Truth: rules.Unknown},
					Clause: []rules.Clause{
						{Text: "parcel >= 1", Signal: "parcel", Op: ">=", Threshold: 1, Value: math.NaN(), Age: rules.Never, Why: detectors.Errored},
						{Text: "motion <= heavy", Signal: "motion", Op: "<=", Other: "heavy", Threshold: 1, Value: 0.0213, Age: 780 * ms, Truth: rules.True},
					},
				},
				{Event: "blind", When: "quality < 0.1", For: 3 * time.Second, Cooldown: 10 * time.Second, Status: rules.Status{State: rules.Cooldown, Progress: 0, Remaining: 7300 * ms, Fired: 2}},
				{Event: "tamper", When: "quality > 5", Status: rules.Status{State: rules.Disabled}},
			},
		},
		Seen: 37035, Superseded: 6, Ticks: 90000,
		Tick: histogram(4*time.Microsecond, 9*time.Microsecond, 370*time.Microsecond),
		Queues: []runtime.QueueView{
			{Name: "frame", Depth: 0, Capacity: 1, Drops: []engine.Count{{Reason: "superseded", N: 6}}},
			{Name: "pool", Depth: 4, Capacity: 18, Drops: []engine.Count{{Reason: "pool", N: 0}, {Reason: "retired", N: 0}}},
			{Name: "mailbox", Depth: 1, Capacity: 5, Drops: []engine.Count{{Reason: "slot", N: 3}}},
			{Name: "commands", Depth: 0, Capacity: 16},
		},
	}
	door := runtime.CameraView{
		Status: capture.Status{
			Name: "door", Source: "rtsp://user:***@10.0.0.7/stream1", State: capture.Reconnecting,
			Reason: "open stream rtsp://user:***@10.0.0.7/stream1: nobody answers within 5s",
		},
		View: engine.View{Interval: new(engine.Histogram)},
		Tick: new(engine.Histogram),
	}
	return &runtime.Snapshot{
		At: noon, Uptime: 20*time.Minute + 34*time.Second, Started: noon.Add(-1234 * time.Second),
		Cameras: []runtime.CameraView{street, door},
		Slots:   runtime.SlotsView{Size: 2, Busy: 1, Waiting: 1, Policy: "deadline"},
		Queues: []runtime.QueueView{
			{Name: "sink:events.jsonl", Depth: 2, Capacity: 64, Drops: []engine.Count{{Reason: "full", N: 0}}},
			{Name: "commands", Depth: 0, Capacity: 16},
			{Name: "clips", Depth: 1, Capacity: 16, Drops: []engine.Count{{Reason: "disk", N: 2}}},
		},
		Sinks: []runtime.SinkView{{Name: "events.jsonl", State: runtime.SinkOK, Capacity: 64, Depth: 2}},
		Clips: &clips.Status{
			State: "ok", Dir: "evidence", Saved: 40, Clips: 40, Bytes: 123_456_789, Removed: map[string]uint64{"age": 3},
			Rings: []clips.RingStatus{{Camera: "street", Bytes: 5_900_000, BytesCap: 64 << 20, Span: 5 * time.Second, QueueCap: 8, Queue: 1, Skipped: 12}},
		},
		Log: logging.View{Errors: 2, Warnings: 5},
		Alerts: []runtime.Alert{
			{
				ID: "camera_down:door", Kind: runtime.AlertCameraDown, Severe: true, Subject: "door", Cameras: []string{"door"}, Since: noon.Add(-95 * time.Second),
				Cause:  "reconnecting: nobody answers within 5s",
				Remedy: "check that it is on and reachable, and that its source and login are right",
			},
			{
				ID: "detector_failed:parcel", Kind: runtime.AlertDetectorFailed, Severe: true, Subject: "parcel", Cameras: []string{"street"}, Since: noon.Add(-10 * time.Minute),
				Cause: "detect at http://localhost:50051: connection refused", Remedy: "start its service, or correct its endpoint", Acknowledged: true,
			},
			{
				ID: "detector_slow:heavy", Kind: runtime.AlertDetectorSlow, Subject: "heavy", Cameras: []string{"street"}, Since: noon.Add(-3 * time.Hour),
				Cause: "1.4 of 10 runs a second: each takes too long", Remedy: "lower its max_fps, or use a smaller model",
			},
		},
	}
}

func sampleEvents() []runtime.RecentEvent {
	return []runtime.RecentEvent{
		{Seq: 1, Event: rules.Event{
			ID: "0197-a", Type: "motion", Camera: "street", Time: noon.Add(-65 * time.Second), Phase: rules.PhaseConfirmed, Confidence: 1,
			Age:     rules.Age{Capture: 2 * ms, Schedule: ms, Inference: 4 * ms, Event: 93 * ms},
			Clauses: []rules.Clause{{Text: "motion > 0.01", Value: 0.05, Age: 100 * ms, Truth: rules.True}},
		}},
		{Seq: 2, Event: rules.Event{ID: "0197-b", Type: "motion", Camera: "street", Time: noon.Add(-50 * time.Second), Phase: rules.PhaseEnded, Confidence: 0.97, Duration: 14 * time.Second}},
		{Seq: 3, Event: rules.Event{ID: "0197-c", Type: "blind", Camera: "door", Time: noon.Add(-20 * time.Second), Phase: rules.PhaseConfirmed, Confidence: 0.84, Age: rules.Age{Inference: 320 * ms}}},
	}
}

func sampleLog() []logging.Line {
	return []logging.Line{
		{Seq: 1, Time: noon.Add(-1234 * time.Second), Level: slog.LevelInfo, Text: "started config=rvo.toml cameras=2 detectors=5 rules=4"},
		{Seq: 2, Time: noon.Add(-600 * time.Second), Level: slog.LevelWarn, Text: "detector met an error: its signals are unknown camera=street detector=parcel"},
		{Seq: 3, Time: noon.Add(-599 * time.Second), Level: slog.LevelError, Text: "detector has failed camera=street detector=parcel retry=backoff"},
	}
}

// fake is a Backend that shows one snapshot and records commands.
type fake struct {
	mu        sync.Mutex
	snapshots chan *runtime.Snapshot
	commands  []runtime.Command
	fail      error
	before    func(runtime.Command) // called with each command first; nil: nothing is
	snap      *runtime.Snapshot
}

func newFake() *fake {
	f := &fake{snapshots: make(chan *runtime.Snapshot, 1), snap: sample()}
	f.snapshots <- f.snap
	return f
}

func (f *fake) Subscribe() (<-chan *runtime.Snapshot, func()) { return f.snapshots, func() {} }

func (f *fake) Do(_ context.Context, c runtime.Command) error {
	if f.before != nil {
		f.before(c)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commands = append(f.commands, c)
	return f.fail
}

func (f *fake) did() []runtime.Command {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]runtime.Command(nil), f.commands...)
}

func (f *fake) Log(after uint64) []logging.Line {
	if after > 0 {
		return nil
	}
	return sampleLog()
}

func (f *fake) Events(after uint64) []runtime.RecentEvent {
	if after > 0 {
		return nil
	}
	return sampleEvents()
}

func (f *fake) Preview(list []runtime.PreviewSpec, i int) (runtime.Preview, bool) {
	return gradient(list[i].Width, list[i].Height), true
}

func (f *fake) Clip(id string) (clips.Clip, error) {
	if id != "0197-a" {
		return clips.Clip{}, clips.ErrNoClip
	}
	return clips.Clip{Entry: clips.Entry{EventID: id, DurationMS: 5000, Bytes: 812_345}, Path: "evidence/street/2026-03-14/11-58-55_0197-a/clip.mp4"}, nil
}

// Movie names no file: the movies of tests are synthetic.
func (f *fake) Movie(context.Context, clips.Clip, int) (string, func(), error) {
	return "", func() {}, nil
}

func (f *fake) Meta(context.Context, clips.Clip) (*clips.Meta, error) {
	return &clips.Meta{
		EventID: "0197-a", EventTS: int64(2 * time.Second), Events: []clips.MetaEvent{{EventID: "0197-a", EventTS: int64(2 * time.Second)}},
		Found: []clips.MetaFound{{MovieMS: 1900, Signal: "motion", Detections: []detectors.Detection{{Label: "car", Score: 0.9, Box: detectors.Box{X: 0.25, Y: 0.4, W: 0.3, H: 0.4}}}}},
	}, nil
}

// gradient is a preview with a different colour in every pixel.
func gradient(w, h int) runtime.Preview {
	p := runtime.Preview{Frame: 7, Width: w, Height: h, Pixels: make([]byte, w*h*3)}
	for y := range h {
		for x := range w {
			o := (y*w + x) * 3
			p.Pixels[o], p.Pixels[o+1], p.Pixels[o+2] = byte(255*x/w), byte(255*y/h), 128
		}
	}
	return p
}

func testKinds() detectors.Kinds {
	kinds := detectors.Builtin()
	kinds["remote"] = detectors.Kind{
		Name: "remote", Doc: "a model service, asked over gRPC", Defaults: detectors.Config{Options: services.Options{}}, Remote: true,
		Check: func(cfg detectors.Config, bad func(key, problem string)) {
			if cfg.Text("endpoint") == "" {
				bad("endpoint", "is missing; say where the service listens, as in \"localhost:50051\"")
			}
		},
	}
	return kinds
}

// fetch gives a dashboard the frames that it requests.
func fetch(m *model, f *fake) {
	views, _ := m.want.get()
	for _, v := range views {
		m.take(feedMsg{snap: f.snap, frames: map[string]runtime.Preview{v.Camera: gradient(v.Width, v.Height)}})
	}
}

// shown is a dashboard of the sample, w x h cells large, without a terminal.
func shown(t *testing.T, f *fake, cfg Config, w, h int) *model {
	t.Helper()
	m, err := newModel(context.Background(), f, Options{Config: cfg, Kinds: testKinds()}, new(demand))
	if err != nil {
		t.Fatal(err)
	}
	m.w, m.h = w, h
	earlier := *f.snap
	earlier.Cameras = slices.Clone(earlier.Cameras)
	for i := range earlier.Cameras { // so that everything in histograms was counted since then
		c := &earlier.Cameras[i]
		c.Tick, c.Interval, c.Stages = nil, nil, [engine.StageCount]*engine.Histogram{}
		c.Detectors = slices.Clone(c.Detectors)
		for k := range c.Detectors {
			c.Detectors[k].Exec, c.Detectors[k].AgeHist = nil, nil
		}
		c.Superseded = 0
		c.Queues = nil
	}
	for i := 12; i >= 2; i-- {
		s := earlier
		s.At = f.snap.At.Add(time.Duration(-i) * 500 * ms)
		m.take(feedMsg{snap: &s})
	}
	m.take(feedMsg{snap: f.snap, log: sampleLog(), events: sampleEvents()})
	fetch(m, f)
	return m
}
