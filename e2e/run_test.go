package e2e

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// street is a small drawn street on which something happens all the time.
const street = `
[[camera]]
name   = "street"
source = "synthetic:street"
width  = 320
height = 180

[[detector]]
name = "motion"
kind = "motion"

[[rule]]
event    = "seen"
when     = "motion >= 0"
cooldown = "200ms"
clip     = false
`

// event is what the tests read of a line of standard output.
type event struct {
	ID       string             `json:"event_id"`
	Type     string             `json:"event_type"`
	Camera   string             `json:"camera"`
	Phase    string             `json:"phase"`
	Time     time.Time          `json:"time"`
	Stamp    int64              `json:"event_ts_ns"`
	AgeMS    float64            `json:"age_ms"`
	AgeSplit map[string]float64 `json:"age_split_ms"`
	Duration float64            `json:"duration_ms"`
	FrameID  uint64             `json:"frame_id"`
}

// events returns the events in lines, each of which must be one that fits the
// schema.
func events(t testing.TB, lines []string) []event {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("../docs/event.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	all := make([]event, len(lines))
	for i, line := range lines {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatalf("line %d, %q: %v", i+1, line, err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("line %d, %q: %v", i+1, line, err)
		}
		if err := json.Unmarshal([]byte(line), &all[i]); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

var logLine = regexp.MustCompile(`^time=\S+ level=(DEBUG|INFO|WARN|ERROR) msg=`)

// It runs alone: a stop leaves 2 s for clips, and others would take them.
func TestHeadless(t *testing.T) {
	// The built-in configuration: nothing in the directory, nothing named.
	p := start(t, setup{args: []string{"--no-ui", "--metrics-listen", ""}})
	p.until(30*time.Second, "an event of motion", func() bool { return len(p.stdout.lines()) > 0 })
	p.signal(syscall.SIGINT)
	if status := p.status(5 * time.Second); status != 0 {
		t.Fatalf("status %d after SIGINT", status)
	}
	if !strings.HasSuffix(p.stdout.String(), "\n") {
		t.Error("standard output ends within a line")
	}
	all := events(t, p.stdout.lines())
	if e := all[0]; e.Type != "motion" || e.Camera != "street" || e.AgeMS > 5000 {
		t.Errorf("the first event is %+v", e)
	}
	for _, line := range p.stderr.lines() {
		if !logLine.MatchString(line) {
			t.Errorf("no line of a log: %q", line)
		}
	}
	// The post-roll was cut short, and the clip is whole all the same.
	checkClips(t, p, len(all))
}

func TestDuration(t *testing.T) {
	t.Parallel()
	began := time.Now()
	p := run(t, setup{config: street, args: []string{"--no-ui", "--duration", "2s", "--metrics-listen", ""}}, 10*time.Second)
	if status, took := p.status(0), time.Since(began); status != 0 || took < 2*time.Second {
		t.Errorf("status %d after %v", status, took)
	}
	if len(events(t, p.stdout.lines())) < 3 {
		t.Error("hardly an event in two seconds")
	}
}

// Two signals that arrive together: the second one does not wait for the first.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	p := start(t, setup{config: street, args: []string{"--no-ui", "--metrics-listen", ""}})
	p.until(10*time.Second, "an event", func() bool { return len(p.stdout.lines()) > 0 })
	p.signal(syscall.SIGSTOP)
	p.signal(syscall.SIGINT)
	p.signal(syscall.SIGTERM)
	p.signal(syscall.SIGCONT)
	if status := p.status(time.Second); status != 1 {
		t.Errorf("status %d after two signals, want 1", status)
	}
}

func TestExitStatus(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config string
		args   []string
		status int
		says   string
	}{
		"unknown flag":         {street, []string{"--no-such"}, 2, "--no-such"},
		"unknown command":      {street, []string{"dance"}, 2, "dance"},
		"negative duration":    {street, []string{"--duration=-1s"}, 2, "--duration"},
		"negative device":      {street, []string{"--camera-device=-1"}, 2, "--list-cameras"},
		"two cameras":          {street, []string{"--camera-device=0", "--camera-uri=synthetic:dark"}, 2, "camera"},
		"no such file":         {street, []string{"--config", "none.toml"}, 2, "none.toml"},
		"unknown key":          {street + "\n[clips]\nbefor = \"1s\"\n", nil, 2, `"before"`},
		"place of the mistake": {"[clips]\nfps = -1\n" + street, nil, 2, "rvo.toml:2:"},
		"unknown level":        {street, []string{"--log-level", "loud"}, 2, "loud"},
		"bad detector":         {street, []string{"--detector", "nonsense"}, 2, "ENDPOINT=SIGNAL"},
		"log file":             {street, []string{"--log-file", "none/log"}, 1, "none/log"},
		"check":                {"[[camera]]\n", []string{"check"}, 2, "rvo.toml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := run(t, setup{config: c.config, args: append([]string{"--no-ui", "--metrics-listen", ""}, c.args...)}, 5*time.Second)
			if status := p.status(0); status != c.status || !strings.Contains(p.stderr.String(), c.says) || p.stdout.String() != "" {
				t.Errorf("status %d, %q, %q; want status %d, saying %q", status, p.stdout, p.stderr, c.status, c.says)
			}
		})
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	named := filepath.Join(t.TempDir(), "named.toml")
	write(t, named, strings.Replace(street, `"street"`, `"named"`, 1))
	for name, c := range map[string]struct {
		args []string
		env  []string
		says string
	}{
		"version":          {[]string{"--version"}, nil, "rvo-tui "},
		"help":             {[]string{"--help"}, nil, "--event-log"},
		"list of cameras":  {[]string{"--list-cameras"}, nil, ""},
		"check built-in":   {[]string{"check"}, nil, "ok (1 camera, 2 detectors, 2 rules)"},
		"check a file":     {[]string{"check", named}, nil, named + ": ok (1 camera, 1 detector, 1 rule)"},
		"RVO_CONFIG":       {[]string{"check"}, []string{"RVO_CONFIG=" + named}, named + ": ok"},
		"flag before that": {[]string{"--config", named, "check"}, []string{"RVO_CONFIG=none.toml"}, named + ": ok"},
		"no clips":         {[]string{"clips", "--json"}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := run(t, setup{dir: dir, args: c.args, env: c.env}, 5*time.Second)
			if status := p.status(0); status != 0 || !strings.Contains(p.stdout.String(), c.says) {
				t.Errorf("status %d, %q, %q; want %q", status, p.stdout, p.stderr, c.says)
			}
		})
	}
}

func TestConfigOfEnvironment(t *testing.T) {
	t.Parallel()
	named := filepath.Join(t.TempDir(), "named.toml")
	write(t, named, strings.Replace(street, `"street"`, `"named"`, 1))
	p := run(t, setup{
		config: street, env: []string{"RVO_CONFIG=" + named},
		args: []string{"--no-ui", "--duration", "1500ms", "--metrics-listen", ""},
	}, 10*time.Second)
	all := events(t, p.stdout.lines())
	if len(all) == 0 || all[0].Camera != "named" {
		t.Errorf("not the camera of the named configuration: %v", all)
	}
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	p := start(t, setup{config: street, args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	p.until(10*time.Second, "an event", func() bool { return len(p.stdout.lines()) > 0 })
	p.until(5*time.Second, "frames on /metrics", func() bool { return p.metrics()[`rvo_camera_frames_total{camera="street"}`] > 0 })
	if !p.state("street", "live") {
		t.Error("the camera is not live")
	}
	status, body, err := p.get("/health")
	var health struct {
		Status string `json:"status"`
		Live   int    `json:"cameras_live"`
	}
	if err != nil || status != http.StatusOK || json.Unmarshal([]byte(body), &health) != nil || health.Status != "ok" || health.Live != 1 {
		t.Errorf("GET /health: status %d, %q, %v", status, body, err)
	}
	p.stop()
}

func TestTakenPort(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	p := start(t, setup{config: street, args: []string{"--no-ui", "--metrics-listen", ln.Addr().String()}})
	p.logs("metrics are not served", 5*time.Second)
	p.until(10*time.Second, "an event", func() bool { return len(p.stdout.lines()) > 0 })
	ln.Close()
	p.logs("metrics are served", 15*time.Second)
	p.stop()
}

func TestRotation(t *testing.T) {
	t.Parallel()
	p := start(t, setup{config: street, args: []string{"--no-ui", "--event-log", "events", "--log-file", "log", "--metrics-listen", ""}})
	events1, log1 := filepath.Join(p.dir, "events"), filepath.Join(p.dir, "log")
	p.until(10*time.Second, "two events in the file", func() bool { return strings.Count(read(t, events1), "\n") >= 2 })
	for _, name := range []string{events1, log1} {
		if err := os.Rename(name, name+".1"); err != nil {
			t.Fatal(err)
		}
	}
	p.signal(syscall.SIGHUP)
	p.until(10*time.Second, "two events in the new file", func() bool { return strings.Count(read(t, events1), "\n") >= 2 })
	p.stop()
	if got := read(t, events1+".1") + read(t, events1); got != p.stdout.String() {
		t.Errorf("the files have %q, standard output has %q", got, p.stdout)
	}
	if !strings.Contains(read(t, log1), "msg=stopped") || !strings.Contains(read(t, log1+".1"), "msg=started") || p.stderr.String() != "" {
		t.Errorf("the log: %q, then %q; standard error: %q", read(t, log1+".1"), read(t, log1), p.stderr)
	}
}

// A reader that goes away costs its own sink, and nonsense for input nothing.
func TestClosedStreams(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	p := start(t, setup{
		config: street, stdin: bytes.NewReader([]byte("q\x03\x1b[A\x00\xff\n")), stdout: w,
		args: []string{"--event-log", "events", "--metrics-listen", "127.0.0.1:0"},
	})
	w.Close()
	p.until(10*time.Second, "three events in the file", func() bool { return strings.Count(read(t, filepath.Join(p.dir, "events")), "\n") >= 3 })
	p.until(5*time.Second, "a degraded sink", func() bool { return p.metrics()[`rvo_sink_state{sink="stdout",state="degraded"}`] == 1 })
	p.stop()
}

func TestNoStreams(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "rvo.toml"), street)
	p := run(t, setup{
		bin: "/bin/sh", dir: dir,
		args: []string{"-c", `exec "$0" "$@" <&- >&- 2>&-`, binary, "--event-log", "events", "--duration", "2s", "--metrics-listen", ""},
	}, 10*time.Second)
	if status := p.status(0); status != 0 || len(events(t, strings.Split(strings.TrimSpace(read(t, filepath.Join(dir, "events"))), "\n"))) == 0 {
		t.Errorf("status %d, events %q", status, read(t, filepath.Join(dir, "events")))
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("mount a small disk: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) }) // nothing is left to do about it
	filler := filepath.Join(disk, "filler")
	if err := os.WriteFile(filler, make([]byte, 64<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(disk, "events")
	p := start(t, setup{config: street, args: []string{"--no-ui", "--event-log", name, "--metrics-listen", "127.0.0.1:0"}})
	degraded := func() bool { return p.metrics()[`rvo_sink_state{sink="file",state="degraded"}`] == 1 }
	p.until(15*time.Second, "a degraded sink", degraded)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	p.until(15*time.Second, "a healthy sink", func() bool { return !degraded() && read(t, name) != "" })
	p.stop()
	if got := read(t, name); got != p.stdout.String() {
		t.Errorf("the file has %q, standard output has %q", got, p.stdout)
	}
}
