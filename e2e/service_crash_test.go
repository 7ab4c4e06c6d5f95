package e2e

import (
	"syscall"
	"testing"
)

// A crash, or an abort by the watchdog, must not have the exit status of an invalid
// configuration, after which systemd does not restart.
func TestServiceCrash(t *testing.T) {
	t.Parallel()
	s := notifySocket(t)
	p := start(t, setup{
		config: street, args: []string{"--no-ui", "--metrics-listen", ""},
		env: []string{"NOTIFY_SOCKET=" + s.path},
	})
	p.until(patience, "READY=1", func() bool { return s.count("READY=1") == 1 })
	p.signal(syscall.SIGABRT)
	if status := p.status(patience); status != -1 {
		t.Errorf("status %d, want the end by a signal", status)
	}
	if s.count("STOPPING=1") != 0 {
		t.Error("a crash sent STOPPING")
	}
}
