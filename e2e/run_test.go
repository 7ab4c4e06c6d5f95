package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// nice gives detectors and clips their share of a busy machine, if a test waits for them.
const nice = `
[runtime]
nice = 0
`

// street is a small synthetic street with constant motion.
const street = nice + `
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

// event is what the tests need of a line of standard output.
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

// events returns the events in lines, each of which must match the schema.
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

// givenUp matches the log line about clips that were given up at the end.
var givenUp = regexp.MustCompile(`msg="(an event has no clip" .*reason=deadline|evidence was lost at shutdown)`)

func TestHeadless(t *testing.T) {
	// The built-in configuration: an empty directory, no file named.
	p := start(t, setup{args: []string{"--no-ui", "--metrics-listen", ""}})
	p.until(patience, "an event of motion", func() bool { return len(p.stdout.lines()) > 0 })
	p.signal(syscall.SIGINT)
	if status := p.status(20 * time.Second); status != 0 {
		t.Fatalf("status %d after SIGINT", status)
	}
	if !strings.HasSuffix(p.stdout.String(), "\n") {
		t.Error("standard output ends within a line")
	}
	all := events(t, p.stdout.lines())
	if e := all[0]; e.Type != "motion" || e.Camera != "street" || e.AgeMS > 60_000 {
		t.Errorf("the first event is %+v", e)
	}
	for _, line := range p.stderr.lines() {
		if !logLine.MatchString(line) {
			t.Errorf("no line of a log: %q", line)
		}
	}
	// Clips have three seconds at the end, and less on a busy machine.
	if givenUp.MatchString(p.stderr.String()) {
		checkClips(t, p, -1)
	} else {
		checkClips(t, p, len(all))
	}
}

// A clip whose post-roll is cut short by a stop is complete.
func TestStopFinishesEvidence(t *testing.T) {
	t.Parallel()
	config := street + "[[rule]]\nevent = \"again\"\nwhen = \"motion >= 0\"\ncooldown = \"1h\"\nafter = \"1m\"\n"
	p := start(t, setup{config: config, args: []string{"--no-ui", "--metrics-listen", ""}})
	p.until(patience, "its event", func() bool { return strings.Contains(p.stdout.String(), `"again"`) })
	p.stop()
	if c := checkClips(t, p, 1)[0]; c.meta.Post.Actual >= c.meta.Post.Asked {
		t.Errorf("post-roll %+v of a stopped run", c.meta.Post)
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	began := time.Now()
	p := run(t, setup{config: street, args: []string{"--no-ui", "--duration", "4s", "--metrics-listen", ""}}, patience)
	if status, took := p.status(0), time.Since(began); status != 0 || took < 4*time.Second {
		t.Errorf("status %d after %v", status, took)
	}
	if len(events(t, p.stdout.lines())) == 0 {
		t.Error("no event in four seconds")
	}
}

// Two signals arrive together: the second one does not wait for the first.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	// Nobody reads its output, which delays its end by some time.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := w.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 4<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("fill a pipe: %v", err)
	}
	p := start(t, setup{config: street, stdout: w, args: []string{"--no-ui", "--event-log", "events", "--metrics-listen", ""}})
	w.Close()
	p.until(patience, "an event", func() bool { return strings.Contains(read(t, filepath.Join(p.dir, "events")), "\n") })
	p.signal(syscall.SIGSTOP)
	p.signal(syscall.SIGINT)
	p.signal(syscall.SIGTERM)
	p.signal(syscall.SIGCONT)
	if status := p.status(20 * time.Second); status != 1 {
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
			args := append([]string{"--no-ui", "--metrics-listen", ""}, c.args...)
			if name == "check" { // which runs nothing
				args = c.args
			}
			p := run(t, setup{config: c.config, args: args}, patience)
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
			p := run(t, setup{dir: dir, args: c.args, env: c.env}, patience)
			if status := p.status(0); status != 0 || !strings.Contains(p.stdout.String(), c.says) {
				t.Errorf("status %d, %q, %q; want %q", status, p.stdout, p.stderr, c.says)
			}
		})
	}
}

// versionCPU limits the processor time of --version: most of it goes to the dynamic linker, and
// grows with the number of linked libraries.
const versionCPU = 250 * time.Millisecond

func TestVersionIsCheap(t *testing.T) {
	least := time.Hour
	for range 7 { // other work on the machine makes single runs dearer
		cmd := exec.Command(binary, "--version")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		least = min(least, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	}
	t.Logf("%v of processor time", least)
	if least > versionCPU {
		t.Errorf("--version takes %v of processor time, at most %v: which libraries is the program linked with?", least, versionCPU)
	}
}

func TestConfigOfEnvironment(t *testing.T) {
	t.Parallel()
	named := filepath.Join(t.TempDir(), "named.toml")
	write(t, named, strings.Replace(street, `"street"`, `"named"`, 1))
	p := start(t, setup{
		config: street, env: []string{"RVO_CONFIG=" + named},
		args: []string{"--no-ui", "--metrics-listen", ""},
	})
	p.until(patience, "an event", func() bool { return len(p.stdout.lines()) > 0 })
	p.stop()
	all := events(t, p.stdout.lines())
	if len(all) == 0 || all[0].Camera != "named" {
		t.Errorf("not the camera of the named configuration: %v", all)
	}
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	p := start(t, setup{config: street, args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	p.until(patience, "an event", func() bool { return len(p.stdout.lines()) > 0 })
	p.until(patience, "frames on /metrics", func() bool { return p.metrics()[`rvo_camera_frames_total{camera="street"}`] > 0 })
	p.until(patience, "that the camera is live", func() bool { return p.state("street", "live") })
	p.until(patience, "good health", func() bool {
		status, body, err := p.get("/health")
		var health struct {
			Status string `json:"status"`
			Live   int    `json:"cameras_live"`
		}
		if err != nil || status != http.StatusOK || json.Unmarshal([]byte(body), &health) != nil {
			t.Fatalf("GET /health: status %d, %q, %v", status, body, err)
		}
		return health.Status == "ok" && health.Live == 1
	})
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
	p.logs("metrics are not served", patience)
	p.until(patience, "an event", func() bool { return len(p.stdout.lines()) > 0 })
	ln.Close()
	p.logs("metrics are served", patience)
	p.stop()
}

func TestRotation(t *testing.T) {
	t.Parallel()
	p := start(t, setup{config: street, args: []string{"--no-ui", "--event-log", "events", "--log-file", "log", "--metrics-listen", ""}})
	events1, log1 := filepath.Join(p.dir, "events"), filepath.Join(p.dir, "log")
	p.until(patience, "two events in the file", func() bool { return strings.Count(read(t, events1), "\n") >= 2 })
	for _, name := range []string{events1, log1} {
		if err := os.Rename(name, name+".1"); err != nil {
			t.Fatal(err)
		}
	}
	p.signal(syscall.SIGHUP)
	p.until(patience, "two events in the new file", func() bool { return strings.Count(read(t, events1), "\n") >= 2 })
	p.stop()
	if got := read(t, events1+".1") + read(t, events1); got != p.stdout.String() {
		t.Errorf("the files have %q, standard output has %q", got, p.stdout)
	}
	if !strings.Contains(read(t, log1), "msg=stopped") || !strings.Contains(read(t, log1+".1"), "msg=started") || p.stderr.String() != "" {
		t.Errorf("the log: %q, then %q; standard error: %q", read(t, log1+".1"), read(t, log1), p.stderr)
	}
}

// A reader that goes away only affects its own sink, and garbage on standard input affects
// nothing.
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
	p.until(patience, "three events in the file", func() bool { return strings.Count(read(t, filepath.Join(p.dir, "events")), "\n") >= 3 })
	p.until(patience, "a degraded sink", func() bool { return p.metrics()[`rvo_sink_state{sink="stdout",state="degraded"}`] == 1 })
	p.stop()
}

func TestNoStreams(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "rvo.toml"), street)
	p := start(t, setup{
		bin: "/bin/sh", dir: dir,
		args: []string{"-c", `exec "$0" "$@" <&- >&- 2>&-`, binary, "--event-log", "events", "--metrics-listen", ""},
	})
	text := func() string { return read(t, filepath.Join(dir, "events")) }
	p.until(patience, "an event in the file", func() bool { return strings.Contains(text(), "\n") })
	p.stop()
	events(t, strings.Split(strings.TrimSpace(text()), "\n"))
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
	// The queue of 64 events does not fill up while the disk is full.
	config := strings.Replace(street, `cooldown = "200ms"`, `cooldown = "1s"`, 1)
	p := start(t, setup{config: config, args: []string{"--no-ui", "--event-log", name, "--metrics-listen", "127.0.0.1:0"}})
	degraded := func() bool { return p.metrics()[`rvo_sink_state{sink="file",state="degraded"}`] == 1 }
	p.until(patience, "a degraded sink", degraded)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	p.until(patience, "a healthy sink", func() bool { return !degraded() && read(t, name) != "" })
	p.stop()
	if got := read(t, name); got != p.stdout.String() {
		t.Errorf("the file has %q, standard output has %q", got, p.stdout)
	}
}
