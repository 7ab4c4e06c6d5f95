package e2e

import (
	"strings"
	"syscall"
	"testing"
)

// An inline detector that hangs affects its own camera. It delays neither other cameras nor the
// end, it is named, and clips end with what there is.
func TestInlineDetectorThatHangs(t *testing.T) {
	t.Parallel()
	tool(t, "ffprobe", "ffmpeg")
	config := strings.ReplaceAll(street, `cooldown = "200ms"
clip     = false`, `cooldown = "1h"
after    = "1m"`) + `
[[camera]]
name   = "other"
source = "synthetic:street"
width  = 320
height = 180

[[detector]]
name      = "stone"
kind      = "load"
busy      = "10m"
execution = "inline"
cameras   = ["street"]
enabled   = false
`
	d := startDaemon(t, runtimeDir(t), "", config, "--metrics-listen", "127.0.0.1:0")
	d.until(patience, "an event of each camera", func() bool { return len(d.stdout.lines()) >= 2 })
	if _, problem, status := d.ctl("enable", "stone", "--camera", "street"); status != 0 {
		t.Fatalf("enable: status %d, %s", status, problem)
	}
	var stood, other float64
	d.until(patience, "the other camera to go on alone", func() bool {
		all := d.metrics()
		if ticks := all[`rvo_scheduler_ticks_total{camera="street"}`]; ticks != stood {
			stood, other = ticks, all[`rvo_scheduler_ticks_total{camera="other"}`]
			return false
		}
		return all[`rvo_scheduler_ticks_total{camera="other"}`] > other+60
	})
	d.signal(syscall.SIGTERM)
	if status := d.status(patience); status != 0 {
		t.Errorf("status %d", status)
	}
	if log := d.stderr.String(); !strings.Contains(log, "abandoned") || !strings.Contains(log, "detector=stone") {
		t.Error("the log does not name the detector")
	}
	checkClips(t, d.program, 2)
}
