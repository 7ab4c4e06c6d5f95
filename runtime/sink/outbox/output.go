package outbox

import (
	"context"
	"time"

	"rvo-tui/rules"
	"rvo-tui/runtime/engine"
)

// Attachments of a message.
const (
	AttachNone  = "none"
	AttachThumb = "thumb" // the thumbnail of the clip
	AttachClip  = "clip"  // the clip
)

// Output is a receiver of events. Its functions are safe for concurrent use.
type Output struct {
	Name string
	To   string // scheme and host: what is shown
	// Settings are what the output was made of: one with equal settings is the same.
	Settings any
	// Wants reports whether a record is delivered. It is quick and always answers
	// the same.
	Wants func(r *Record) bool
	// Clips says that it wants records of KindClip.
	Clips bool
	// Attach is what is waited for before an event with a clip is delivered.
	Attach string
	// PerHour is how many messages are sent an hour at most; the rest is folded into
	// summaries. 0: no limit.
	PerHour int
	// MaxTries is how often a message that the receiver refuses is tried.
	MaxTries int
	// RetryMax is the longest delay between two attempts.
	RetryMax time.Duration
	// Open is called before anything is sent, and does not wait; nil: nothing is to be
	// opened. An error is met by Send, too.
	Open func() error
	// Send delivers a message. It returns when ctx ends. The error is an *Error, or
	// one whose text may be shown.
	Send func(ctx context.Context, d Delivery) error
	// Close frees what Send uses; nil: nothing.
	Close func()
	// Connection returns the state of the connection that is kept, and why it does not work
	// (nil: it does); nil: none is kept. It does not wait.
	Connection func() (state string, bad *Error)
	// Traffic counts what is sent and received besides deliveries, by what it is; nil:
	// nothing.
	Traffic func() []engine.Count
}

// Held returns an output in place of one that cannot be made, which the error says why:
// what it might want waits, within the bounds of the outbox, for one of this name.
func Held(name string, why error) Output {
	return Output{
		Name: name, To: "nowhere", Settings: why.Error(), Clips: true, Attach: AttachNone, MaxTries: 1, RetryMax: time.Hour,
		Wants: func(*Record) bool { return true },
		Send: func(context.Context, Delivery) error {
			return &Error{Reason: why.Error(), Remedy: "correct the configuration and reload it: what waits is sent then"}
		},
	}
}

// Delivery is one message to an output.
type Delivery struct {
	ID     string // the same for every attempt
	Record Record // the first one of a summary
	// Fold is what a summary sums up; nil: the message is about Record alone.
	Fold *Fold
	// Clip is what became of the clip where Output.Attach waits for it; nil: there
	// is nothing to attach.
	Clip *Clip
	Test bool // a person asked for it
}

// Fold is a number of events that are reported together.
type Fold struct {
	Count    int
	From, To time.Time // of the first and the last event
	By       []FoldCount
}

// FoldCount is how many events of a type a camera had. The last one of a Fold may have
// neither: the rest.
type FoldCount struct {
	Event, Camera string
	Count         int
}

// foldKinds is how many pairs of event and camera a summary lists.
const foldKinds = 20

func (f *Fold) add(e *rules.Event) {
	if f.Count == 0 {
		f.From = e.Time
	}
	f.To = e.Time
	f.Count++
	for i := range f.By {
		if b := &f.By[i]; b.Event == e.Type && b.Camera == e.Camera || b.Event == "" {
			b.Count++
			return
		}
	}
	if len(f.By) < foldKinds {
		f.By = append(f.By, FoldCount{e.Type, e.Camera, 1})
	} else {
		f.By = append(f.By, FoldCount{Count: 1})
	}
}

// Error is why a delivery failed.
type Error struct {
	Reason string // for a person, without secrets
	Remedy string // what to do about it
	// Refused says that the receiver does not take this message, ever. Else the
	// output as a whole is in trouble, and its messages wait.
	Refused bool
	// After is how long the receiver wants to be left alone. 0: it did not say.
	After time.Duration
}

// Error implements error.
func (e *Error) Error() string {
	if e.Remedy == "" {
		return e.Reason
	}
	return e.Reason + "; " + e.Remedy
}
