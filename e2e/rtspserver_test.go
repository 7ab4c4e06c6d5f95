package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const (
	script   = "../capture/rtsp/testdata/rtsp_server.py"
	vtest    = "/usr/share/doc/opencv-doc/examples/data/vtest.avi"
	noServer = "apt install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav"
)

// rtspServer is a real server in a process of its own.
type rtspServer struct {
	port    int
	process *os.Process
	end     func() // kills it and waits; may be called again
}

// serveRTSP starts a server at a port (0: any free one), or skips the test if there is no server.
// It ends at the latest with the test.
func serveRTSP(t testing.TB, port int, args ...string) rtspServer {
	t.Helper()
	return serveRTSPIn(t, nil, port, args...)
}

// serveRTSPIn starts it by a command that runs another one, such as in a network namespace.
func serveRTSPIn(t testing.TB, inside []string, port int, args ...string) rtspServer {
	t.Helper()
	// The distribution's Python has the distribution's modules.
	words := append(slices.Clone(inside), "/usr/bin/python3", script, "--port", fmt.Sprint(port), "--watch-stdin")
	words = append(words, args...)
	cmd := exec.Command(words[0], words[1:]...)
	// Tests stop it with SIGSTOP. In the process group of the tests, the kernel would continue it
	// when their shell ends.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip("no python3: " + noServer)
	}
	ended := false
	s := rtspServer{process: cmd.Process, end: func() {
		if !ended {
			ended = true
			stdin.Close()
			_ = cmd.Process.Kill() // it may have ended
			_ = cmd.Wait()         // killed
		}
	}}
	t.Cleanup(s.end)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if _, scanErr := fmt.Sscanf(line, "ready %d", &s.port); scanErr != nil {
		t.Skipf("no RTSP server (%q, %v): %s", strings.TrimSpace(line), err, noServer)
	}
	return s
}

func needVideo(t testing.TB) {
	t.Helper()
	if _, err := os.Stat(vtest); err != nil {
		t.Skip("vtest.avi is missing: apt install opencv-doc")
	}
}
