package detectors

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Reason is why a Detect failed, as one short word that failures are counted
// under. There are few of them: the set of reasons that a program can meet is
// fixed by its kinds of detector.
type Reason string

// The reasons that every kind can have.
const (
	ReasonTimeout  Reason = "timeout"  // no answer within Spec.Timeout
	ReasonCanceled Reason = "canceled" // the detector was detached or the program stops; no fault
	ReasonOther    Reason = "error"    // an error that names no reason
)

// Error is a failure of a Detect with its reason. Its text is for people: it is
// clean and says what to do.
type Error struct {
	Reason Reason
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error without its reason.
func (e *Error) Unwrap() error { return e.Err }

// ReasonOf returns the reason of an error of Detect: that of the outermost
// Error in it, else what the context's errors say, else ReasonOther. It is
// empty for nil.
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

// MaxText is how long, in bytes, text from outside can be: what Clean returns
// is never longer.
const MaxText = 256

// Clean makes text from outside (a label, a name, an error of a service) fit
// for a terminal and a log: white space of any length becomes one space, other
// control, format and unprintable characters and invalid UTF-8 are dropped, and
// what is longer than MaxText bytes ends in an ellipsis. Clean text comes back
// as it is.
func Clean(s string) string {
	if cleanASCII(s) {
		return s
	}
	const ellipsis = "…"
	var b strings.Builder
	fits, space := 0, false
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case r == utf8.RuneError && size == 1, !unicode.IsPrint(r):
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		if b.WriteRune(r); b.Len() > MaxText {
			return strings.TrimRight(b.String()[:fits], " ") + ellipsis
		}
		if b.Len() <= MaxText-len(ellipsis) {
			fits = b.Len()
		}
	}
	return b.String()
}

// cleanASCII reports whether s is short, printable ASCII without a space at an
// end or two in a row, which most text is.
func cleanASCII(s string) bool {
	last := byte(' ')
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && last == ' ' {
			return false
		}
		last = s[i]
	}
	return len(s) <= MaxText && (s == "" || last != ' ')
}
