//go:build cgo

package libav

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"rvo-tui/capture"
)

// A cause maps an error message of FFmpeg to a Go error and a hint for the user.
type cause struct {
	says string // part of the message, in lower case
	err  error
	hint string
}

var causes = []cause{
	{"401 unauthorized", capture.ErrUnauthorized, "correct them in the address"},
	{"403 forbidden", capture.ErrUnauthorized, "the server denies access to this user"},
	{"404 not found", errors.New("the server has no such stream"), "check the path of the address"},
	{"server returned 5xx", errors.New("the server reports an internal error"), "check the server"},
	{"connection refused", syscall.ECONNREFUSED, "check the port, and that the server runs"},
	{"no route to host", syscall.EHOSTUNREACH, "check the address and the network"},
	{"network is unreachable", syscall.ENETUNREACH, "check the network"},
	{"connection reset", syscall.ECONNRESET, "the server closed the connection"},
	{"broken pipe", syscall.ECONNRESET, "the server closed the connection"},
	{"not on whitelist", capture.ErrUnsupported, "its protocol is not allowed for this kind of source"},
	{"permission denied", os.ErrPermission, "allow this user to read it"},
	{"moov atom not found", capture.ErrUnsupported, "the file is truncated, still being written, or not a video file"},
}

// explain makes an error from FFmpeg's log of an attempt to open something. limit is
// the timeout that applied. otherwise is used if the log has no known cause.
func explain(log string, err error, limit time.Duration, otherwise error) error {
	lower := strings.ToLower(log)
	for _, c := range causes {
		if strings.Contains(lower, c.says) {
			return fmt.Errorf("%w: %s", c.err, c.hint)
		}
	}
	switch line := lastLine(log); {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("no answer within %v (open_timeout): %w", limit.Round(time.Millisecond), os.ErrDeadlineExceeded)
	case errors.Is(err, capture.ErrUnsupported):
		return err
	case errors.As(err, new(syscall.Errno)):
		return err
	case line != "":
		return fmt.Errorf("%w (%s)", otherwise, line)
	}
	return otherwise
}
