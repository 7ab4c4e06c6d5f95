package detectors

import (
	"context"
	"errors"
)

// Reason is why a Detect failed, as one short word for counting failures. Each kind has
// a small fixed set of reasons.
type Reason string

// The reasons common to all kinds.
const (
	ReasonTimeout  Reason = "timeout"  // no result within Spec.Timeout
	ReasonCanceled Reason = "canceled" // the detector was detached or the program is stopping; not a fault
	ReasonOther    Reason = "error"    // an error without a reason
)

// Error is a failure of Detect with its reason. Its text is for the user: it is safe to
// display and says what to do.
type Error struct {
	Reason Reason
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error without its reason.
func (e *Error) Unwrap() error { return e.Err }

// ReasonOf returns the reason of an error of Detect: that of the outermost Error in it,
// else that of a context error, else ReasonOther. It is empty for nil.
func ReasonOf(err error) Reason {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Reason
	case errors.Is(err, context.DeadlineExceeded):
		return ReasonTimeout
	case errors.Is(err, context.Canceled):
		return ReasonCanceled
	}
	return ReasonOther
}
