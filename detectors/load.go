package detectors

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
)

// maxBusy is the maximum compute time of the load kinds.
const maxBusy = 10 * time.Minute

func dummyKind() Kind {
	return Kind{
		Name:     "dummy",
		Crops:    true,
		Doc:      "always returns 1, at once; for trying out rules",
		Defaults: Config{MaxFPS: 30, Cost: CostLow},
		New: func(cfg Config) (Detector, error) {
			return &work{answer: [1]Reading{{Signal: cfg.Signal, Value: 1}}}, nil
		},
	}
}

// LoadOptions are the keys of load and jitter.
type LoadOptions struct {
	Busy text.Duration `toml:"busy" help:"compute time; for jitter the maximum"`
}

func loadKind() Kind {
	return Kind{
		Name:     "load",
		Doc:      "keeps a core busy for a fixed time and returns 1; simulates a heavy model",
		Defaults: Config{MaxFPS: 10, Cost: CostHigh, Options: LoadOptions{text.Duration(time.Millisecond)}},
		Check:    checkBusy,
		New: func(cfg Config) (Detector, error) {
			return &work{busy: time.Duration(cfg.Options.(LoadOptions).Busy), answer: [1]Reading{{Signal: cfg.Signal, Value: 1}}}, nil
		},
	}
}

func jitterKind() Kind {
	return Kind{
		Name:     "jitter",
		Doc:      "keeps a core busy for a random time up to a limit and returns the seconds it took",
		Defaults: Config{MaxFPS: 30, Cost: CostMedium, Options: LoadOptions{text.Duration(2 * time.Millisecond)}},
		Check:    checkBusy,
		New: func(cfg Config) (Detector, error) {
			h := fnv.New64a()
			h.Write([]byte(cfg.Name))
			return &work{
				busy: time.Duration(cfg.Options.(LoadOptions).Busy), random: rand.New(rand.NewPCG(h.Sum64(), 0)),
				answer: [1]Reading{{Signal: cfg.Signal}},
			}, nil
		},
	}
}

func checkBusy(cfg Config, bad func(key, problem string)) {
	busy := cfg.Options.(LoadOptions).Busy
	if busy < 0 || time.Duration(busy) > maxBusy {
		bad("busy", fmt.Sprintf("%v is out of range: above 0, at most %v", busy, maxBusy))
	}
}

// work is a detector that only consumes processor time. With a random source, seeded by
// the detector's name, the time is random up to busy and becomes the value.
type work struct {
	busy   time.Duration
	random *rand.Rand
	sum    uint64 // prevents the compiler from removing the loop
	answer [1]Reading
}

var errCutShort = errors.New("computation cut short; raise timeout or lower busy")

func (w *work) Detect(ctx context.Context, _ *capture.Frame) ([]Reading, error) {
	start, busy := time.Now(), w.next()
	for time.Since(start) < busy {
		if ctx.Err() != nil {
			return nil, errCutShort
		}
		for range 10_000 { // some 10 µs between two checks of the clock
			w.sum = w.sum*6364136223846793005 + 1442695040888963407
		}
	}
	if w.random != nil {
		w.answer[0].Value = time.Since(start).Seconds()
	}
	return w.answer[:], nil
}

// next returns how long to compute.
func (w *work) next() time.Duration {
	if w.random == nil {
		return w.busy
	}
	return time.Duration(w.random.Int64N(int64(w.busy) + 1))
}

func (w *work) Close() error { return nil }
