package remote

import (
	"errors"
	"strings"
	"testing"

	"rvo-tui/detectors"
)

// An error of the service may repeat the request, but the token is not shown.
func TestErrorsDoNotRepeatTheToken(t *testing.T) {
	c := &Client{conn: &conn{}, auth: "Bearer hunter2"}
	err := c.At(&detectors.Error{Reason: detectors.ReasonOther, Err: errors.New("nobody is known by Bearer hunter2")})
	if text := err.Error(); strings.Contains(text, "hunter2") || !strings.Contains(text, "nobody is known by Bearer ***") {
		t.Errorf("got %q", text)
	}
	if detectors.ReasonOf(err) != detectors.ReasonOther {
		t.Errorf("the reason is %q", detectors.ReasonOf(err))
	}
	plain := errors.New("no weights")
	for _, c := range []*Client{c, {conn: &conn{}}} {
		if err := c.At(plain); !errors.Is(err, plain) {
			t.Errorf("got %v, which is no longer %v", err, plain)
		}
	}
}
