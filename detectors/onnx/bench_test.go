//go:build cgo

package onnx

import (
	"context"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"rvo-tui/detectors/onnx/network"
)

// cpu returns the processor time of this process.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// The cost of a frame, compared with just running the model: scaling, and decoding the output.
// RVO_MODEL names the model, RVO_INPUT its size.
func BenchmarkDetect(b *testing.B) {
	model := os.Getenv("RVO_MODEL")
	if model == "" {
		b.Skip("RVO_MODEL names no model")
	}
	r := open(b)
	d := detector(b, r, Options{Model: model, Options: network.Options{Input: os.Getenv("RVO_INPUT")}})
	frame := plane(b, 1280, 720, 90, 110, 130)
	m := d.shared.model
	m.Pixels.Write(0, frame.Pixels(), d.shared.model.Place(frame.Width, frame.Height))
	measure := func(name string, run func() error) {
		b.Run(name, func(b *testing.B) {
			before := cpu(b)
			for b.Loop() {
				if err := run(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
	for range 3 {
		measure("bare", func() error {
			_, err := m.infer(1, []context.Context{b.Context()})
			return err
		})
		measure("whole", func() error {
			_, err := d.Detect(b.Context(), frame)
			return err
		})
	}
}

// The gain of a batch over single runs.
func BenchmarkBatch(b *testing.B) {
	model := os.Getenv("RVO_MODEL")
	if model == "" {
		b.Skip("RVO_MODEL names no model with a dynamic batch size")
	}
	const most = 4
	d := detector(b, open(b), Options{Model: model, Options: network.Options{Input: os.Getenv("RVO_INPUT")}, MaxBatch: most})
	m := d.shared.model
	for _, n := range []int{1, most, 1, most} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			before := cpu(b)
			for b.Loop() {
				if _, err := m.infer(n, []context.Context{b.Context()}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N*n), "cpu-ms/frame")
		})
	}
}
