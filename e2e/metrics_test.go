package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var served = regexp.MustCompile(`msg="metrics are served" address=(\S+)`)

// get returns status and body of a page of the program's metrics server, which must have been
// started on port 0.
func (p *program) get(path string) (int, string, error) {
	p.t.Helper()
	var found []string
	p.until(patience, "its server's address", func() bool {
		found = served.FindStringSubmatch(p.stderr.String())
		return found != nil
	})
	client := http.Client{Timeout: patience}
	resp, err := client.Get("http://" + found[1] + path)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

// metrics returns the values of /metrics by series. It retries, because a busy machine may be too
// slow.
func (p *program) metrics() map[string]float64 {
	p.t.Helper()
	var text string
	p.until(patience, "a page of metrics", func() bool {
		status, body, err := p.get("/metrics")
		text = body
		return err == nil && status == http.StatusOK
	})
	return series(p.t, text)
}

// answer reads a JSON page, whatever its status.
func (p *program) answer(path string, into any) {
	p.t.Helper()
	p.until(patience, "an answer of "+path, func() bool {
		_, body, err := p.get(path)
		return err == nil && json.Unmarshal([]byte(body), into) == nil
	})
}

// series returns the values of a page of metrics.
func series(t testing.TB, page string) map[string]float64 {
	t.Helper()
	all := make(map[string]float64)
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		at := strings.LastIndexByte(line, ' ')
		if at < 0 || line[0] == '#' {
			continue
		}
		value, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			t.Fatalf("a line of /metrics: %q", line)
		}
		all[line[:at]] = value
	}
	return all
}

// state reports whether a camera is in one of the states.
func (p *program) state(camera string, states ...string) bool {
	p.t.Helper()
	all := p.metrics()
	for _, s := range states {
		if all[fmt.Sprintf("rvo_camera_state{camera=%q,state=%q}", camera, s)] == 1 {
			return true
		}
	}
	return false
}

// usage is the resource usage of a process.
type usage struct {
	at             time.Duration // since the start of the measurement; 0: not measured
	threads, files int
	goroutines     int // 0: not measured
	memory         int // resident, in kB
}

func (p *program) usage() usage {
	p.t.Helper()
	var u usage
	proc := fmt.Sprintf("/proc/%d/", p.cmd.Process.Pid)
	for line := range strings.Lines(read(p.t, proc+"status")) {
		switch f := strings.Fields(line); f[0] {
		case "Threads:":
			u.threads = number(p.t, f[1])
		case "VmRSS:":
			u.memory = number(p.t, f[1])
		}
	}
	files, err := os.ReadDir(proc + "fd")
	if err != nil {
		p.t.Fatal(err)
	}
	u.files = len(files)
	return u
}

func number(t testing.TB, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
