package notify

import (
	"context"

	"rvo-tui/detectors/remote/child"
	"rvo-tui/internal/text"
	"rvo-tui/runtime/sink/outbox"
)

// program runs a program for each message, one at a time, with the JSON of a webhook on
// its standard input.
type program struct {
	cfg  Config
	opts Options
}

func (p *program) close() {}

// send implements target.
func (p *program) send(ctx context.Context, m *message) error {
	line, err := m.json()
	if err != nil {
		return &outbox.Error{Reason: text.Clean(err.Error()), Refused: true}
	}
	run := child.Once{
		Command: p.cfg.Command, MaxMemory: p.cfg.MaxMemory, Nice: p.opts.Nice,
		Says: func(said string) { p.opts.Log.Info("program of an output", "output", p.cfg.Name, "says", said) },
	}
	if err := run.Run(ctx, append(line, '\n')); err != nil {
		return &outbox.Error{Reason: text.CleanTo(err.Error(), 200), Remedy: "check the program; its output is in the log"}
	}
	return nil
}
