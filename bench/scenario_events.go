package bench

import (
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime"
)

// eventScenarios show how old a picture is when its signal and its event are
// there, and that what is made of events holds nothing up.
func eventScenarios() []Scenario {
	return []Scenario{
		{
			Name: "age_by_stage", FPS: 30, Doc: "detectors of no time, 5 ms, 50 ms and one that computes, an event for each answer: the age of each by stage",
			Build: buildAges, Expect: expectEvents,
		},
		{
			Name: "event_storm", FPS: 30, Modes: []Mode{Worker},
			Doc:   "64 rules that each confirm on every frame, to a file and to a reader that is too slow",
			Build: buildStorm, Expect: expectStorm,
		},
		{
			Name: "clips_on", FPS: 30, Modes: []Mode{Worker},
			Doc:   "every frame into the evidence ring, and a clip of 3 s every 5 s",
			Build: buildClips,
		},
	}
}

func expectEvents(r *Result) string {
	if r.Events == 0 {
		return "there was no event"
	}
	return ""
}

// expectStorm wants most frames to be a storm.
func expectStorm(r *Result) string {
	if most := r.Seen * stormRules; r.Events < most/2 {
		return fmt.Sprintf("there were %d events where there could be %d", r.Events, most)
	}
	return ""
}

// always returns a rule that confirms each time its condition is judged true.
func always(event, when string) rules.Config {
	cfg := rule(event, when)
	cfg.For, cfg.Cooldown = 0, capture.Duration(time.Millisecond)
	return cfg
}

func buildAges(Setup) (Load, error) {
	motion := detectors.DefaultConfig()
	motion.Name, motion.Kind = "motion", "motion"
	return Load{
		Cameras: oneCamera(30),
		Detectors: []detectors.Config{
			dummy(), sleeping("short", 5*time.Millisecond, detectors.CostLow, 30),
			sleeping("long", 50*time.Millisecond, detectors.CostLow, 30), motion,
		},
		Rules: []rules.Config{
			always("dummy_event", "dummy >= 1"), always("short_event", "short >= 1"),
			always("long_event", "long >= 1"), always("motion_event", "motion >= 0"),
		},
	}, nil
}

// stormRules is how many rules confirm at once.
const stormRules = 64

// slowReader is how long the slow reader takes for an event.
const slowReader = 5 * time.Millisecond

// slowWriter is a reader of events that is slower than they come.
type slowWriter struct{}

// Write implements io.Writer.
func (slowWriter) Write(p []byte) (int, error) {
	nap(slowReader)
	return len(p), nil
}

func buildStorm(s Setup) (Load, error) {
	log := slog.New(slog.DiscardHandler)
	l := Load{
		Cameras:   oneCamera(30),
		Detectors: []detectors.Config{dummy()},
		Sinks: []runtime.Sink{
			runtime.NewFileSink(filepath.Join(s.Dir, "events.jsonl"), log),
			runtime.NewWriterSink("slow", io.Writer(slowWriter{}), log),
		},
	}
	for i := range stormRules {
		l.Rules = append(l.Rules, always(fmt.Sprintf("storm_%d", i), "dummy >= 1"))
	}
	return l, nil
}

func buildClips(s Setup) (Load, error) {
	saved := rule("dummy_event", "dummy >= 1")
	saved.Clip, saved.Cooldown = true, capture.Duration(5*time.Second)
	cfg := clips.DefaultConfig()
	cfg.Dir, cfg.MinFree = filepath.Join(s.Dir, "clips"), 0
	return Load{
		Cameras:   oneCamera(30),
		Detectors: []detectors.Config{dummy()},
		Rules:     []rules.Config{saved},
		Roll:      runtime.Roll{Before: 2 * time.Second, After: time.Second},
		Clips: clips.New(clips.Options{
			Config: cfg, Epoch: s.Epoch, Encoder: s.Encoder, Grace: 2 * time.Second, Nice: runtime.DefaultConfig().Nice,
			Log: slog.New(slog.DiscardHandler),
		}),
	}, nil
}
