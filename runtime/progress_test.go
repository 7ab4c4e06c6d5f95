package runtime_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime"
	"rvo-tui/runtime/testkit"
)

func TestProgress(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	// door delivers frames, lane is down; the loop runs.
	before := func() *runtime.Snapshot {
		return &runtime.Snapshot{
			At: at, Loop: runtime.LoopView{Iterations: 50},
			Cameras: []runtime.CameraView{
				{
					Status: capture.Status{Name: "door", State: capture.Live, Since: at.Add(-time.Hour), LastFrame: at, Frames: 100}, Ticks: 300,
					Queues: []runtime.QueueView{{Name: "frame", Capacity: 1}, {Name: "commands", Capacity: 16}, {Name: "pool", Depth: 3, Capacity: 10}},
				},
				{Status: capture.Status{Name: "lane", State: capture.Reconnecting, Since: at.Add(-time.Hour), LastFrame: at.Add(-time.Hour), Frames: 5}, Ticks: 20},
			},
		}
	}
	tests := []struct {
		name   string
		change func(before, after *runtime.Snapshot)
		want   string // part of the error; empty: none
	}{
		{"all gets on", func(_, _ *runtime.Snapshot) {}, ""},
		{"no frames, no steps", func(b, a *runtime.Snapshot) {
			a.Cameras[0].Ticks, a.Cameras[0].Frames, a.Cameras[0].LastFrame = b.Cameras[0].Ticks, b.Cameras[0].Frames, at
		}, ""},
		{"a frame has only just come", func(b, a *runtime.Snapshot) {
			a.Cameras[0].Ticks, a.Cameras[0].Queues[0].Depth = b.Cameras[0].Ticks, 1
		}, ""},
		{"a busy engine", func(b, _ *runtime.Snapshot) {
			b.Cameras[0].Queues[0].Depth, b.Cameras[0].Queues[1].Depth = 1, 4
		}, ""},
		{"an engine that leaves a frame", func(b, a *runtime.Snapshot) {
			a.Cameras[0].Ticks, b.Cameras[0].Queues[0].Depth = b.Cameras[0].Ticks, 1
		}, `engine of camera "door" has not run for 5s`},
		{"an engine that leaves a command, its camera down", func(b, a *runtime.Snapshot) {
			b.Cameras[1].Queues = []runtime.QueueView{{Name: "commands", Depth: 1}}
		}, `engine of camera "lane"`},
		{"an engine that leaves a frame, its camera gone since", func(b, a *runtime.Snapshot) {
			b.Cameras[0].Queues[0].Depth = 1
			a.Cameras = a.Cameras[1:]
		}, ""},
		{"a camera that has come", func(b, _ *runtime.Snapshot) { b.Cameras = b.Cameras[1:] }, ""},
		{"a loop that hangs", func(b, a *runtime.Snapshot) { a.Loop = b.Loop }, "the command loop has not run for 5s"},
		{"a loop that may still run", func(b, a *runtime.Snapshot) { a.Loop, a.At = b.Loop, at.Add(2*time.Second) }, ""},
		{"a long command", func(b, a *runtime.Snapshot) {
			a.Loop = runtime.LoopView{Iterations: b.Loop.Iterations, Busy: 50 * time.Second}
		}, ""},
		{"an endless command", func(b, a *runtime.Snapshot) {
			a.Loop = runtime.LoopView{Iterations: b.Loop.Iterations, Busy: 70 * time.Second}
		}, "a command has been running for 1m10s"},
		{"a live camera without frames", func(b, a *runtime.Snapshot) {
			a.Cameras[0].Frames, a.Cameras[0].LastFrame = b.Cameras[0].Frames, at.Add(-10*time.Minute)
		}, `camera "door" is live but has delivered no frame for 10m5s`},
		{"a live camera of which nobody needs frames", func(b, a *runtime.Snapshot) {
			a.Cameras[0].Frames, a.Cameras[0].LastFrame = b.Cameras[0].Frames, at.Add(-10*time.Minute)
			a.Cameras[0].Decoding = capture.DecodeNone
		}, ""},
		{"a live camera of which the first frame is awaited again", func(b, a *runtime.Snapshot) {
			a.Cameras[0].Frames, a.Cameras[0].LastFrame = b.Cameras[0].Frames, at.Add(-10*time.Minute)
			a.Cameras[0].Decoding, a.Cameras[0].Packets = capture.DecodeKeys, b.Cameras[0].Packets+1
		}, ""},
		{"a camera that is live again", func(b, a *runtime.Snapshot) {
			a.Cameras[0].Frames, a.Cameras[0].LastFrame, a.Cameras[0].Since = b.Cameras[0].Frames, at.Add(-10*time.Minute), at
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, a := before(), before()
			a.At = at.Add(5 * time.Second)
			a.Loop.Iterations += 50
			a.Cameras[0].Ticks, a.Cameras[0].Frames, a.Cameras[0].LastFrame = 450, 150, a.At
			tt.change(b, a)
			err := runtime.Progress(b, a)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// An inline detector that hangs blocks the engine, which a watchdog must notice; one that hangs
// in its worker, or a camera that is down, does not.
func TestProgressOfARun(t *testing.T) {
	for _, tt := range []struct {
		name      string
		execution detectors.Execution
		refused   error
		stands    bool
	}{
		{"worker hangs", detectors.Worker, nil, false},
		{"camera is down", detectors.Worker, errors.New("no such camera"), false},
		{"engine hangs", detectors.Inline, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hang := testkit.NewHang()
				d := testkit.NewDetector("a", hang.On(3, testkit.Always(1)))
				d.Config.Execution = tt.execution
				p := start(t, testkit.Setup{Cameras: []*testkit.Camera{{Name: "door", Refused: tt.refused}}, Detectors: []*testkit.Detector{d}})
				<-p.Started()
				p.Until(2005 * ms)
				before := p.Snapshot()
				p.Until(7005 * ms)
				after := p.Snapshot()
				hang.Release()
				if err := runtime.Progress(before, after); (err != nil) != tt.stands {
					t.Errorf("got %v; stuck: want %v", err, tt.stands)
				}
				if before.Loop.Iterations == after.Loop.Iterations {
					t.Errorf("the loop did not run: %+v", after.Loop)
				}
			})
		})
	}
}
