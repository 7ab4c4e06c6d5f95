package opencv

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"rvo-tui/capture"
)

// A cause maps what FFmpeg logs when it does not open something to an error and
// to what a person can do.
type cause struct {
	says string // in lower case
	err  error
	hint string
}

var causes = []cause{
	{"401 unauthorized", capture.ErrUnauthorized, "correct them in the address, as in rtsp://USER:PASSWORD@…"},
	{"403 forbidden", capture.ErrUnauthorized, "the server forbids it to this user"},
	{"404 not found", errors.New("the server has no such stream"), "check the path of the address"},
	{"454 session not found", errors.New("the server ended the session"), "it is tried again"},
	{"server returned 5xx", errors.New("the server has an error of its own"), "look at the server"},
	{"connection refused", syscall.ECONNREFUSED, "check the port, and that the server runs"},
	{"no route to host", syscall.EHOSTUNREACH, "check the address and the network"},
	{"network is unreachable", syscall.ENETUNREACH, "check the network"},
	{"connection reset", syscall.ECONNRESET, "the server broke the connection"},
	{"broken pipe", syscall.ECONNRESET, "the server broke the connection"},
	{"461 unsupported transport", errors.New("the server refuses this transport"), `set transport to "tcp" or "udp"`},
	{"nonmatching transport", errors.New("the server refuses this transport"), `set transport to "tcp" or "udp"`},
	{"certificate", errors.New("the server's certificate is not trusted"), "install its issuer's certificate"},
	{"permission denied", os.ErrPermission, "allow this user to read it"},
	{"device or resource busy", syscall.EBUSY, "another program uses it"},
	{"moov atom not found", capture.ErrUnsupported, "the file is cut short, still being written, or no video file"},
}

// explain makes an error of what FFmpeg logged while it took elapsed of limit to
// open something, in vain. Without any cause in the log, running into the limit
// is one, and otherwise is what is left.
func explain(log string, elapsed, limit time.Duration, otherwise error) error {
	lower := strings.ToLower(log)
	for _, c := range causes {
		if strings.Contains(lower, c.says) {
			return fmt.Errorf("%w: %s", c.err, c.hint)
		}
	}
	if late(elapsed, limit) {
		return fmt.Errorf("no answer within %v: %w", limit.Round(time.Millisecond), os.ErrDeadlineExceeded)
	}
	if line := lastLine(log); line != "" {
		return fmt.Errorf("%w (%s)", otherwise, line)
	}
	return otherwise
}

// late tells whether a call that took elapsed ran into its limit. FFmpeg never
// gives up before it, as milliseconds go.
func late(elapsed, limit time.Duration) bool { return elapsed >= limit-2*time.Millisecond }

var logContext = regexp.MustCompile(`\[[^\[\]]* @ 0x[0-9a-f]+\] ?`)

// lastLine returns the last line of what FFmpeg logged that is not empty,
// without its addresses in memory and without passwords.
func lastLine(log string) string {
	lines := strings.Split(strings.TrimSpace(logContext.ReplaceAllString(log, "")), "\n")
	return cleanLine(strings.TrimSpace(lines[len(lines)-1]))
}
