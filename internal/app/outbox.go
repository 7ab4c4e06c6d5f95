package app

import (
	"log/slog"

	"rvo-tui/clips"
	"rvo-tui/internal/config"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/sink/notify"
	"rvo-tui/runtime/sink/outbox"
)

// events is the outbox of a configuration; its box is nil where there are no outputs.
type events struct{ box *outbox.Outbox }

func newOutbox(cfg config.Config, log *slog.Logger) (events, error) {
	outs, err := notify.Outputs(cfg.Notify, notify.Options{Agent: "rvo-tui", Nice: cfg.Runtime.Nice, Log: log})
	if err != nil || len(outs) == 0 {
		return events{}, err
	}
	return events{outbox.New(outbox.Options{Config: cfg.Outbox, Outputs: outs, ClipsDir: cfg.Clips.Dir, Log: log})}, nil
}

// behind returns the sink as it runs: after the outbox has stored an event.
func (e events) behind(s runtime.Sink) runtime.Sink {
	if e.box == nil {
		return s
	}
	return e.box.Behind(s)
}

func (e events) appendTo(sinks []runtime.Sink) []runtime.Sink {
	if e.box == nil {
		return sinks
	}
	return append(sinks, e.box)
}

// outputs returns the outbox for the runtime.
func (e events) outputs() runtime.Outbox {
	if e.box == nil {
		return nil
	}
	return e.box
}

// clipDone returns what the recorder tells of clips.
func (e events) clipDone() func(rules.Event, *clips.Entry, string) {
	if e.box == nil {
		return nil
	}
	return e.box.ClipDone
}
