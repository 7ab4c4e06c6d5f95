package detectors

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestReasonOf(t *testing.T) {
	refused := &Error{Reason: "refused", Err: fmt.Errorf("dial: %w", context.DeadlineExceeded)}
	for _, c := range []struct {
		err  error
		want Reason
	}{
		{nil, ""},
		{errors.New("x"), ReasonOther},
		{fmt.Errorf("wait: %w", context.DeadlineExceeded), ReasonTimeout},
		{fmt.Errorf("wait: %w", context.Canceled), ReasonCanceled},
		{refused, "refused"},
		{fmt.Errorf("detect: %w", refused), "refused"},
	} {
		if got := ReasonOf(c.err); got != c.want {
			t.Errorf("ReasonOf(%v) = %q, want %q", c.err, got, c.want)
		}
	}
	if !errors.Is(refused, context.DeadlineExceeded) || refused.Error() != refused.Err.Error() {
		t.Error("an Error hides what it wraps")
	}
}
