package app

import (
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/remote/child"
)

// report says how a model was recognized, and how it ran.
type report struct {
	model  string        // what it was understood to be, for people
	load   time.Duration // until its process runs, and the model is loaded and has answered once
	run    time.Duration // of one frame, the fastest of a few
	memory uint64        // of its process, in bytes; 0: it cannot be told
	found  []detectors.Detection
}

func (r report) String() string {
	text := fmt.Sprintf("%s: loaded in %v, %v a frame", r.model, r.load.Round(time.Millisecond), r.run.Round(100*time.Microsecond))
	if r.memory > 0 {
		text += fmt.Sprintf(", %d MiB", r.memory>>20)
	}
	return text
}

// How often a model is run when it is tried, and how long one run may take.
const (
	tries   = 3
	tryTime = time.Minute
)

// try opens the model of a detector, whose configuration is valid and filled in, in a
// process of its own, as the program does by default: a model that crashes the library
// ends that process. It shows it an image, and closes it again.
func (k *kinds) try(ctx context.Context, cfg detectors.Config, frame *image.RGBA) (r report, err error) {
	pool := child.NewPool(child.Options{Log: slog.New(slog.DiscardHandler)})
	defer func() { err = errors.Join(err, pool.Close()) }()
	pool.Tune(0, k.settings) // somebody waits for it
	cfg.Isolation = detectors.ProcessIsolation
	if cfg.MaxMemory == 0 {
		cfg.MaxMemory = detectors.DefaultMemory
	}
	kind := child.Wrap(detectors.Kinds{cfg.Kind: localKinds(k.networks)[cfg.Kind]}, pool)[cfg.Kind]
	began := time.Now()
	d, err := kind.New(cfg)
	if err != nil {
		return report{}, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	r.load = time.Since(began)
	pixels := capture.NewPool(1, nil)
	defer pixels.Close()
	f, err := pixels.Get("check", 1, frame.Rect.Dx(), frame.Rect.Dy(), time.Now())
	if err != nil {
		return report{}, err
	}
	defer f.Release()
	copy(f.Pixels(), bgrOf(frame))
	for i := range tries {
		began := time.Now()
		readings, err := once(ctx, d, f)
		if err != nil {
			return report{}, err
		}
		r.found = readings[0].Detections
		if took := time.Since(began); i == 0 || took < r.run {
			r.run = took
		}
	}
	if m, ok := d.(detectors.Modeler); ok {
		r.model = m.Model()
	}
	if m, ok := d.(interface{ Memory() uint64 }); ok {
		r.memory = m.Memory()
	}
	return r, nil
}

func once(ctx context.Context, d detectors.Detector, f *capture.Frame) ([]detectors.Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	return d.Detect(ctx, f)
}
