package client

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// busy is a snapshot of cameras with eight detectors each that have run for a while.
func busy(cameras int) *runtime.Snapshot {
	h := func(n int) *engine.Histogram {
		h := new(engine.Histogram)
		for i := range 2000 {
			h.Record(time.Duration(n+i%40) * time.Duration(1+i%7*i%5) * time.Microsecond)
		}
		return h
	}
	now := time.Now()
	s := &runtime.Snapshot{At: now, Started: now.Add(-time.Hour)}
	for c := range cameras {
		v := runtime.CameraView{
			Status: capture.Status{Name: fmt.Sprintf("camera%d", c), Source: "rtsp://user:***@10.0.0.7/stream1", State: capture.Live, FPS: 29.97, Width: 1920, Height: 1080},
			View:   engine.View{Interval: h(33000), Age: h(300)}, Tick: h(5),
		}
		for i := range v.Stages {
			v.Stages[i] = h(100 * i)
		}
		for d := range 8 {
			name := fmt.Sprintf("detector%d", d)
			v.Detectors = append(v.Detectors, engine.DetectorView{
				Spec: detectors.Spec{Name: name, Kind: "motion", MaxFPS: 10, Needs: []string{"motion > 0.01"}, Provides: []string{name}},
				Exec: h(2000), AgeHist: h(9000),
			})
			v.Signals = append(v.Signals, engine.SignalView{Name: name, Detector: name, Value: 0.5, Detections: make([]detectors.Detection, 3)})
			v.Rules = append(v.Rules, engine.RuleView{Event: name, When: name + " > 0.5", Clause: []rules.Clause{{Text: name + " > 0.5", Signal: name, Op: ">", Threshold: 0.5, Value: 0.5}}})
		}
		s.Cameras = append(s.Cameras, v)
	}
	return s
}

func BenchmarkSnapshot(b *testing.B) {
	for _, cameras := range []int{1, 4} {
		s := busy(cameras)
		text, err := json.Marshal(s)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("marshal/cameras=%d", cameras), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := json.Marshal(s); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(text)), "B/snapshot")
		})
		b.Run(fmt.Sprintf("read/cameras=%d", cameras), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var s runtime.Snapshot
				if err := json.Unmarshal(text, &s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
