package child

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
)

// Orders to the detector "actor", in the first byte of a frame.
const (
	doCount   = iota
	doNil     // follow a nil pointer without recover
	doSignal  // die of a real SIGSEGV
	doHang    // and never answer
	doEat     // memory without end
	doFail    // answer with an error
	doPanic   // with recover
	doExit    // without a word
	doDawdle  // keep a core busy for three seconds
	doChatter // print a secret
	doSize    // answer with the frame's size as score
	doEnd     // work until the context ends, and say so
)

// actor counts frames, and otherwise follows orders.
type actor struct {
	signal string
	width  int
	seen   int
}

type actorOptions struct {
	Model string `toml:"model"`
	Width int    `toml:"width"` // 0: that of the frame
}

func (a *actor) Size(width, height int) (w, h int) {
	return capture.FitWidth(width, height, cmp.Or(a.width, width))
}

func testKinds() detectors.Kinds {
	return detectors.Kinds{
		"actor": {
			Name: "actor", Defaults: detectors.Config{Options: actorOptions{}},
			Provides: func(cfg detectors.Config) []string { return []string{cfg.Signal, cfg.Signal + "_pid"} },
			New: func(cfg detectors.Config) (detectors.Detector, error) {
				o := cfg.Options.(actorOptions)
				switch o.Model {
				case "corrupt":
					return nil, errors.New("load model: it is corrupt: get another one")
				case "deadly":
					syscall.Kill(os.Getpid(), syscall.SIGSEGV)
					select {}
				}
				a := actor{signal: cfg.Signal, width: o.Width}
				if o.Model == "small" {
					return &sized{a}, nil
				}
				return &a, nil
			},
		},
	}
}

func (a *actor) Detect(ctx context.Context, f *capture.Frame) ([]detectors.Reading, error) {
	switch f.Pixels()[0] {
	case doNil:
		go func() {
			var nobody *actor
			nobody.seen++
		}()
		select {}
	case doSignal:
		syscall.Kill(os.Getpid(), syscall.SIGSEGV)
		select {}
	case doEnd:
		<-ctx.Done()
		return nil, &detectors.Error{Reason: detectors.ReasonTimeout, Err: errors.New("it was ended")}
	case doHang:
		select {}
	case doEat:
		for eaten := [][]byte{nil}; len(eaten) > 0; {
			eaten = append(eaten, make([]byte, 256<<20))
		}
	case doFail:
		return nil, errors.New("the frame is not to its taste")
	case doPanic:
		panic("at the disco")
	case doExit:
		os.Exit(7)
	case doDawdle:
		for end := time.Now().Add(3 * time.Second); time.Now().Before(end); {
			continue
		}
	case doChatter:
		fmt.Println("open rtsp://user:hunter2@door/1 \x1b[31mfailed")
		fmt.Fprintln(os.Stderr, strings.Repeat("x", 100_000))
	}
	a.seen++
	score := float64(f.Width)
	if f.Pixels()[0] == doSize {
		score = float64(1000*f.Width + f.Height)
	}
	return []detectors.Reading{
		{
			Signal: a.signal, Value: float64(a.seen), TTL: time.Second,
			Detections: []detectors.Detection{{Label: f.Camera, Score: score, Box: detectors.Box{X: 0.25, Y: 0.5, W: 0.5, H: 0.25}}},
		},
		{Signal: a.signal + "_pid", Value: float64(os.Getpid())},
	}, nil
}

// sized is an actor whose input is a third of the frame's height.
type sized struct{ actor }

func (*sized) Size(width, height int) (w, h int) { return width + 5, height / 3 }

// Model implements detectors.Modeler.
func (*actor) Model() string { return "the actor" }

func (a *actor) Close() error {
	fmt.Println("closed after", a.seen)
	return nil
}
