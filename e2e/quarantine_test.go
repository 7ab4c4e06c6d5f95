package e2e

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// broken has an invalid camera, detector, rule and output.
const broken = `
[[camera]]
name   = "gate"
source = "rtsp://viewer:${NOT_SET_ANYWHERE}@192.0.2.1/stream"

[[detector]]
name    = "extra"
kind    = "moton"

[[rule]]
event = "never"
when  = "motion >"

[[notify]]
name = "phone"
to   = "gopher://nowhere"
`

// Invalid cameras, detectors, rules and outputs do not run, which is reported everywhere.
// Everything else runs, from the start and after a reload.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	args := []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}
	p := start(t, setup{config: street + broken, args: args})
	file := filepath.Join(p.dir, "rvo.toml")
	health := func() (h struct {
		Status      string
		Quarantined int
		Cameras     int
	},
	) {
		_, text, err := p.get("/health")
		if err == nil {
			err = json.Unmarshal([]byte(text), &h)
		}
		if err != nil {
			t.Error(err)
		}
		return h
	}
	parts := []string{"camera gate", "detector extra", "rule never", "notify phone"}
	told := func() bool {
		_, text, err := p.get("/ready")
		for _, part := range parts {
			if err != nil || !strings.Contains(text, part) {
				return false
			}
		}
		h := health()
		return h.Status == "degraded" && h.Quarantined == len(parts) && h.Cameras == 1
	}
	p.until(patience, "an event of what is right", func() bool { return len(p.stdout.lines()) > 0 })
	p.until(patience, "what is wrong in /ready and /health", told)
	log := p.stderr.String()
	for _, part := range append(parts, "NOT_SET_ANYWHERE", "moton", "gopher") {
		if !strings.Contains(log, part) {
			t.Errorf("the log does not speak of %s", part)
		}
	}

	write(t, file, street)
	p.signal(syscall.SIGHUP)
	p.reloads("ok", 1)
	p.until(patience, "a clean bill of health", func() bool { return health().Quarantined == 0 && health().Status == "ok" })
	write(t, file, street+broken)
	p.signal(syscall.SIGHUP)
	p.reloads("partial", 1)
	p.until(patience, "what is wrong in /ready and /health", told)
	lines := len(p.stdout.lines())
	p.until(patience, "one more event", func() bool { return len(p.stdout.lines()) > lines })
	p.stop()

	for _, args := range [][]string{append(args, "--strict"), {"check"}} {
		p := run(t, setup{config: street + broken, args: args}, patience)
		if status := p.status(0); status != 2 || !strings.Contains(p.stderr.String(), "4 problems") {
			t.Errorf("%v ends with status %d and says\n%s", args, status, p.stderr.String())
		}
	}
}
