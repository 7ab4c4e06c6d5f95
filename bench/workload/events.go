package workload

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"rvo-tui/bench/wait"
	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/sink"
)

// eventScenarios measure the age of a frame at its signal and event, and whether the processing of
// events delays the live path.
func eventScenarios() []Scenario {
	return []Scenario{
		{
			Name: "age_by_stage", FPS: 30, Doc: "detectors of 0, 5 and 50 ms, an event for every second result of each: their age by stage",
			Build: buildAges, Expect: expectEvents,
		},
		{
			Name: "event_storm", FPS: 30, Modes: []Mode{Worker},
			Doc:   "64 rules that all confirm on every second frame, with a file sink and a slow reader",
			Build: buildStorm, Expect: expectStorm,
		},
		{
			Name: "clips_on", FPS: 30, Modes: []Mode{Worker}, Base: "inproc_low",
			Doc:   "every frame kept for evidence, and a clip of 3 s every 5 s",
			Build: buildClips, Expect: expectEvents,
		},
	}
}

func expectEvents(o *Outcome) string {
	if o.Events == 0 {
		return "there was no event"
	}
	return ""
}

// expectStorm expects events on most of every second frame.
func expectStorm(o *Outcome) string {
	if most := o.Seen / 2 * stormRules; o.Events < most/2 {
		return fmt.Sprintf("there were only %d of %d possible events", o.Events, most)
	}
	return ""
}

// blinkKind is a kind of detector that waits for busy and returns 1 and 0 alternately, so that a rule
// confirms an event at every second result.
const blinkKind = "blink"

type blinking struct{ sleeper }

// Detect implements detectors.Detector.
func (b *blinking) Detect(ctx context.Context, f *capture.Frame) ([]detectors.Reading, error) {
	b.answer[0].Value = 1 - b.answer[0].Value
	return b.sleeper.Detect(ctx, f)
}

// blink returns a detector of blinkKind, and blinks the kind itself for Load.Kinds.
func blink(name string, d time.Duration) detectors.Config {
	cfg := sleeping(name, d, detectors.CostLow, 30)
	cfg.Kind = blinkKind
	return cfg
}

func blinks() detectors.Kinds {
	return detectors.Kinds{blinkKind: {
		Name: blinkKind, Doc: "waits and returns 1 and 0 alternately", Defaults: detectors.Config{Options: detectors.LoadOptions{}},
		New: func(cfg detectors.Config) (detectors.Detector, error) {
			b := &blinking{sleeper{d: time.Duration(cfg.Options.(detectors.LoadOptions).Busy)}}
			b.answer[0].Signal = cfg.Signal
			return b, nil
		},
	}}
}

// rising returns a rule that confirms at once, each time its condition becomes true.
func rising(event, when string) rules.Config {
	cfg := rule(event, when)
	cfg.For, cfg.Cooldown, cfg.Rearm = 0, text.Duration(time.Millisecond), rules.RearmRelease
	return cfg
}

func buildAges(Setup) (Load, error) {
	return Load{
		Cameras:   oneCamera(30),
		Detectors: []detectors.Config{blink("quick", 0), blink("short", 5*time.Millisecond), blink("long", 50*time.Millisecond)},
		Rules:     []rules.Config{rising("quick_event", "quick >= 1"), rising("short_event", "short >= 1"), rising("long_event", "long >= 1")},
		Kinds:     blinks(),
	}, nil
}

// stormRules is how many rules confirm at once.
const stormRules = 64

// slowReader is the time that the slow reader takes for an event.
const slowReader = 5 * time.Millisecond

// slowWriter is a sink that is too slow for the rate of events.
type slowWriter struct{}

// Write implements io.Writer.
func (slowWriter) Write(p []byte) (int, error) {
	wait.Nap(slowReader)
	return len(p), nil
}

func buildStorm(s Setup) (Load, error) {
	log := slog.New(slog.DiscardHandler)
	l := Load{
		Cameras:   oneCamera(30),
		Detectors: []detectors.Config{blink("blink", 0)},
		Kinds:     blinks(),
		Sinks: []runtime.Sink{
			sink.NewFile(filepath.Join(s.Dir, "events.jsonl"), log),
			sink.NewWriter("slow", io.Writer(slowWriter{}), log),
		},
	}
	for i := range stormRules {
		l.Rules = append(l.Rules, rising(fmt.Sprintf("storm_%d", i), "blink >= 1"))
	}
	return l, nil
}

func buildClips(s Setup) (Load, error) {
	saved := rule("dummy_event", "dummy >= 1")
	saved.Clip, saved.Cooldown = true, text.Duration(5*time.Second)
	cfg := clips.DefaultConfig()
	cfg.Dir, cfg.MinFree = filepath.Join(s.Dir, "clips"), 0
	return Load{
		Cameras:   oneCamera(30),
		Detectors: []detectors.Config{dummy()},
		Rules:     []rules.Config{saved},
		Roll:      runtime.Roll{Before: 2 * time.Second, After: time.Second},
		Clips: clips.New(clips.Options{
			Config: cfg, Epoch: s.Epoch, Muxer: s.Muxer, Grace: 2 * time.Second, Nice: runtime.DefaultConfig().Nice,
			Log: slog.New(slog.DiscardHandler),
		}),
	}, nil
}
