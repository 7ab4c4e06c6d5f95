package workload

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
)

// varianceMean is the mean latency of all variants.
const varianceMean = 20 * time.Millisecond

// varianceScenarios compare latency distributions of equal mean.
func varianceScenarios() []Scenario {
	var list []Scenario
	for _, v := range []struct {
		name, doc string
		next      func(*rand.Rand) func() time.Duration
	}{
		{"deterministic", "always 20 ms", deterministic},
		{"jittered", "10 to 30 ms, uniformly distributed", jittered},
		{"bursty", "10 ms, and 90 ms in one of eight runs on average, in bursts of five", bursty},
		{"heavy_tailed", "7 ms at least, rarely up to a second (Pareto)", heavyTailed},
	} {
		list = append(list, Scenario{
			Name: "variance_" + v.name, FPS: 30, Sleep: varianceMean, Doc: "a detector of 20 ms on average: " + v.doc,
			Build: func(s Setup) (Load, error) {
				cfg := detectors.DefaultConfig()
				cfg.Name, cfg.Kind, cfg.MaxFPS, cfg.Cost, cfg.Timeout = "varied", "varied", 30, detectors.CostLow, text.Duration(2*time.Second)
				return Load{
					Cameras:   oneCamera(30),
					Detectors: []detectors.Config{cfg},
					Rules:     []rules.Config{rule("varied_event", "varied >= 1")},
					Kinds: detectors.Kinds{"varied": {
						Name: "varied", Doc: "waits for a random time and returns 1",
						New: func(cfg detectors.Config) (detectors.Detector, error) {
							d := &varied{next: v.next(rand.New(rand.NewPCG(s.Seed, 0)))}
							d.answer[0] = detectors.Reading{Signal: cfg.Signal, Value: 1}
							return d, nil
						},
					}},
				}, nil
			},
		})
	}
	return list
}

// varied is a detector of random latency.
type varied struct {
	sleeper
	next func() time.Duration
}

// Detect implements detectors.Detector.
func (v *varied) Detect(ctx context.Context, f *capture.Frame) ([]detectors.Reading, error) {
	v.d = v.next()
	return v.sleeper.Detect(ctx, f)
}

func deterministic(*rand.Rand) func() time.Duration {
	return func() time.Duration { return varianceMean }
}

func jittered(r *rand.Rand) func() time.Duration {
	return func() time.Duration { return varianceMean/2 + time.Duration(r.Int64N(int64(varianceMean)+1)) }
}

// Parameters of bursty: the latencies, the length of a burst, and the probability that one begins. On
// average 5 slow runs follow 35 fast ones, so one run in eight is slow.
const (
	burstFast, burstSlow = 10 * time.Millisecond, 90 * time.Millisecond
	burstRuns            = 5
	burstChance          = 1.0 / 36
)

func bursty(r *rand.Rand) func() time.Duration {
	left := 0
	return func() time.Duration {
		if left == 0 && r.Float64() < burstChance {
			left = burstRuns
		}
		if left > 0 {
			left--
			return burstSlow
		}
		return burstFast
	}
}

// Parameters of heavyTailed: a Pareto distribution with this exponent, capped at a second, with the
// minimum chosen to give the mean.
const (
	tailExponent = 1.5
	tailMost     = time.Second
)

func heavyTailed(r *rand.Rand) func() time.Duration {
	least := tailLeast(varianceMean.Seconds(), tailMost.Seconds())
	return func() time.Duration {
		v := least * math.Pow(1-r.Float64(), -1/tailExponent)
		return time.Duration(min(v, tailMost.Seconds()) * float64(time.Second))
	}
}

// tailLeast returns the minimum x of the distribution for a mean m if values above h count as h:
//
//	m = a/(a-1)·x - (1/(a-1))·x^a·h^(1-a)
func tailLeast(m, h float64) float64 {
	const a = tailExponent
	low, high := 0.0, m
	for range 60 {
		x := (low + high) / 2
		if a/(a-1)*x-math.Pow(x, a)*math.Pow(h, 1-a)/(a-1) < m {
			low = x
		} else {
			high = x
		}
	}
	return (low + high) / 2
}
