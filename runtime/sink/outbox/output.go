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

// Output is a receiver of events. Its functions must be safe for concurrent use.
type Output struct {
	Name string
	To   string // scheme and host, for display
	// Settings are what the output was made from: outputs with equal settings are the
	// same.
	Settings any
	// Wants reports whether to deliver a record. It must be fast and always return the
	// same result.
	Wants func(r *Record) bool
	// Clips means that it wants records of KindClip.
	Clips bool
	// Attach is what an event with a clip waits for before delivery.
	Attach string
	// PerHour is the maximum number of messages per hour; the rest is summarized. 0: no
	// limit.
	PerHour int
	// MaxTries is the number of attempts for a message that the receiver refuses.
	MaxTries int
	// RetryMax is the maximum delay between two attempts.
	RetryMax time.Duration
	// Open is called before the first Send. It must not block. Nil: nothing to open.
	// Send must report the same errors.
	Open func() error
	// Send delivers a message. It returns when ctx ends. The error is an *Error, or one
	// whose text may be displayed.
	Send func(ctx context.Context, d Delivery) error
	// Close frees the resources of Send; nil: nothing.
	Close func()
	// Connection returns the state of the persistent connection, and what is wrong with
	// it (nil: nothing); nil: there is no persistent connection. It does not block.
	Connection func() (state string, bad *Error)
	// Traffic counts messages other than deliveries, sent and received, by type; nil:
	// none.
	Traffic func() []engine.Count
}

// Held returns a placeholder for an output that could not be created because of why.
// Records for it wait, within the limits of the outbox, for a working output with this
// name.
func Held(name string, why error) Output {
	return Output{
		Name: name, To: "nowhere", Settings: why.Error(), Clips: true, Attach: AttachNone, MaxTries: 1, RetryMax: time.Hour,
		Wants: func(*Record) bool { return true },
		Send: func(context.Context, Delivery) error {
			return &Error{Reason: why.Error(), Remedy: "correct the configuration and reload it; waiting messages are then sent"}
		},
	}
}

// Delivery is one message to an output.
type Delivery struct {
	ID     string // the same for every attempt
	Record Record // for a summary the first record
	// Fold is the content of a summary; nil: the message is only about Record.
	Fold *Fold
	// Clip is the result of the clip, if Output.Attach waits for it; nil: nothing to
	// attach.
	Clip *Clip
	Test bool // requested by a person
}

// Fold is a number of events that are reported together.
type Fold struct {
	Count    int
	From, To time.Time // of the first and the last event
	By       []FoldCount
}

// FoldCount is the number of events of one type and camera. The last one of a Fold may
// have neither: it counts the rest.
type FoldCount struct {
	Event, Camera string
	Count         int
}

// foldKinds is the maximum number of pairs of event and camera in a summary.
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
	Reason string // for the user, without secrets
	Remedy string // what to do about it
	// Refused means that the receiver will never accept this message. Otherwise the
	// output has a problem, and its messages wait.
	Refused bool
	// After is the delay that the receiver requested. 0: none.
	After time.Duration
}

// Error implements error.
func (e *Error) Error() string {
	if e.Remedy == "" {
		return e.Reason
	}
	return e.Reason + "; " + e.Remedy
}
