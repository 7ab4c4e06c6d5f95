package runtime

import (
	"context"

	"rvo-tui/rules"
)

// A Sink receives events and takes them out of the process.
type Sink interface {
	// Name identifies the sink in logs, metrics and dashboards.
	Name() string
	// Offer hands an event over and never waits for anything. False: the sink is
	// full or has ended, and the event is dropped and counted. It is safe for
	// concurrent use.
	Offer(event rules.Event) bool
	// View returns the state of the sink.
	View() SinkView
	// Run delivers events until ctx ends. Then it takes no more of them, delivers
	// those that it holds, for a bounded time, and returns an error when some
	// are left. It is called once.
	Run(ctx context.Context) error
}

// The states of a sink.
const (
	SinkOK       = "ok"
	SinkDegraded = "degraded" // does not get rid of its events; it tries again by itself
)
