package opencv

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"rvo-tui/capture"
)

func TestExplain(t *testing.T) {
	otherwise := errors.New("something else")
	for _, c := range []struct {
		log     string
		elapsed time.Duration
		is      error
		says    string
	}{
		{"[rtsp @ 0x5647d30b6980] method DESCRIBE failed: 401 Unauthorized\n", 0, capture.ErrUnauthorized, "wrong user or password"},
		{"[rtsp @ 0x1] method DESCRIBE failed: 404 Not Found\n", 0, nil, "check the path"},
		{"[tcp @ 0x1] Connection to tcp://127.0.0.1:1?timeout=0 failed: Connection refused\n", 0, syscall.ECONNREFUSED, "connection refused"},
		{"[tcp @ 0x1] Connection to tcp://h:1 failed: Network is unreachable\n", 0, syscall.ENETUNREACH, "check the network"},
		{"", time.Second, os.ErrDeadlineExceeded, "no answer within 1s"},
		{"", 900 * time.Millisecond, otherwise, "something else"},
		{"[mov @ 0x5647d30b6980] odd\n[tls @ 0x2] rtsp://a:pw99@b broken\n", 0, otherwise, "something else (rtsp://a:***@b broken)"},
	} {
		err := explain(c.log, c.elapsed, time.Second, otherwise)
		if c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q after %v: %v, want %v saying %q", c.log, c.elapsed, err, c.is, c.says)
		}
	}
}

func TestCutShort(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		name                 string
		grabbed, frames, fps float64
		pts                  time.Duration
		want                 bool
	}{
		{"whole", 795, 795, 10, 79400 * time.Millisecond, false},
		{"half", 400, 795, 10, 40 * s, true},
		{"one missing at the end", 794, 795, 10, 79300 * time.Millisecond, false},
		{"no count in the header", 10, 0, 25, s, false},
		{"no rate in the header", 10, 100, 0, s, false},
		{"varying rate: fewer pictures, but all of the time", 50, 100, 10, 9900 * time.Millisecond, false},
		{"varying rate: all pictures in less time", 100, 100, 10, 5 * s, false},
		{"negative count", 10, -1e9, 25, s, false},
	} {
		if got := cutShort(c.grabbed, c.frames, c.fps, c.pts); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
