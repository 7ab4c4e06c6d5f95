package onnx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"rvo-tui/detectors"
)

// Report says how a model was recognized, and how it ran.
type Report struct {
	Model  string        // what it was understood to be, for people
	Load   time.Duration // until it was loaded and had answered once
	Run    time.Duration // of one frame, the fastest of a few
	Memory uint64        // that the process has more since, in bytes; 0: it cannot be told
	Found  []detectors.Detection
}

func (r Report) String() string {
	text := fmt.Sprintf("%s: loaded in %v, %v a frame", r.Model, r.Load.Round(time.Millisecond), r.Run.Round(100*time.Microsecond))
	if r.Memory > 0 {
		text += fmt.Sprintf(", %d MiB", r.Memory>>20)
	}
	return text
}

// tries is how often a model is run when it is tried.
const tries = 3

// Try opens the model of a detector, whose configuration is valid and filled in,
// shows it an image of blue, green and red, and closes it again.
func (r *Runtime) Try(ctx context.Context, cfg detectors.Config, pix []byte, width, height int) (report Report, err error) {
	before, began := resident(), time.Now()
	d, err := r.New(cfg.Options.(Options), cfg)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	report = Report{Model: d.Model(), Load: time.Since(began)}
	for i := range tries {
		began := time.Now()
		if report.Found, err = d.find(ctx, pix, width, height); err != nil {
			return Report{}, err
		}
		if took := time.Since(began); i == 0 || took < report.Run {
			report.Run = took
		}
	}
	report.Memory = max(resident(), before) - before
	return report, nil
}

// resident returns how much memory this process has, in bytes; 0: it is not known.
func resident() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}
