package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"rvo-tui/rules"
	"rvo-tui/runtime"
)

// receiver is an output with scripted responses.
type receiver struct {
	mu    sync.Mutex
	fail  error // the result while it is set
	got   []Delivery
	tries []time.Duration
	start time.Time
	out   Output
}

func newReceiver(name string, change func(o *Output)) *receiver {
	r := &receiver{start: time.Now()}
	r.out = Output{
		Name: name, To: "test://here", Attach: AttachNone, MaxTries: 3, RetryMax: time.Minute,
		Wants: func(rec *Record) bool { return rec.Kind() == KindConfirmed }, Send: r.send,
	}
	if change != nil {
		change(&r.out)
	}
	return r
}

func (r *receiver) send(_ context.Context, d Delivery) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries = append(r.tries, time.Since(r.start))
	if r.fail != nil {
		return r.fail
	}
	r.got = append(r.got, d)
	return nil
}

func (r *receiver) answer(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = err
}

func (r *receiver) ids() (ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.got {
		ids = append(ids, d.ID)
	}
	return ids
}

func (r *receiver) attempts() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.tries)
}

func event(n int) rules.Event {
	return rules.Event{
		ID: fmt.Sprintf("%04d", n), Type: "person", Camera: "door", Phase: rules.PhaseConfirmed, Confidence: 1,
		Time: time.Now().UTC(), Clauses: []rules.Clause{},
	}
}

func idsFrom(first, n int) (ids []string) {
	for i := range n {
		ids = append(ids, event(first+i).ID)
	}
	return ids
}

type fixture struct {
	*Outbox

	end func() error
}

func storeFile(t *testing.T) string { return filepath.Join(t.TempDir(), "outbox.db") }

// newOutbox returns an outbox that does not run yet.
func newOutbox(file string, change func(o *Options), to ...*receiver) *Outbox {
	opts := Options{Config: DefaultConfig(), Log: slog.New(slog.DiscardHandler)}
	opts.Config.File = file
	for _, r := range to {
		opts.Outputs = append(opts.Outputs, r.out)
	}
	if change != nil {
		change(&opts)
	}
	return New(opts)
}

// start runs an outbox in a bubble.
func start(o *Outbox) fixture {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	return fixture{o, func() error { cancel(); return <-done }}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func output(o *Outbox, name string) runtime.OutputView {
	for _, v := range o.Outputs().Outputs {
		if v.Name == name {
			return v
		}
	}
	return runtime.OutputView{}
}
