package rules

import (
	"fmt"
	"math"
	"time"
)

// Never is a time in the infinite future, and the age of a value that was never set.
const Never = time.Duration(math.MaxInt64)

// Truth is a value of Kleene's three-valued logic.
type Truth uint8

// The values of Truth.
const (
	Unknown Truth = iota // a signal that decides it is missing, stale or failed
	False
	True
)

var truths = [...]string{"unknown", "false", "true"}

func (t Truth) String() string {
	if int(t) < len(truths) {
		return truths[t]
	}
	return fmt.Sprintf("Truth(%d)", uint8(t))
}

// MarshalText writes "true", "false" or "unknown".
func (t Truth) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads the output of MarshalText.
func (t *Truth) UnmarshalText(text []byte) error {
	for i, name := range truths {
		if name == string(text) {
			*t = Truth(i)
			return nil
		}
	}
	return fmt.Errorf("%q is not a truth value; write \"true\", \"false\" or \"unknown\"", text)
}

func not(t Truth) Truth {
	switch t {
	case True:
		return False
	case False:
		return True
	default:
		return Unknown
	}
}

func truth(b bool) Truth {
	if b {
		return True
	}
	return False
}
