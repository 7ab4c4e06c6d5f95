package e2e

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// piece cuts the first seconds out of the pedestrian video.
func piece(t testing.TB, seconds string) string {
	t.Helper()
	needVideo(t)
	path := filepath.Join(t.TempDir(), "piece.avi")
	if out, err := exec.Command(tool(t, "ffmpeg", "ffmpeg"), "-v", "error", "-t", seconds, "-i", vtest, "-c", "copy", path).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return path
}

// checkAges fails the test for an event with an impossible age for live video.
func checkAges(t testing.TB, e event) {
	t.Helper()
	sum := 0.0
	for stage, ms := range e.AgeSplit {
		sum += ms
		if ms < 0 {
			t.Errorf("event %s: %s took %v ms", e.ID, stage, ms)
		}
	}
	if math.Abs(sum-e.AgeMS) > 0.001 || e.AgeMS >= 60_000 || e.FrameID == 0 || e.AgeSplit["inference"] == 0 {
		t.Errorf("event %s: age %v ms, its split sums to %v ms: %v", e.ID, e.AgeMS, sum, e.AgeSplit)
	}
}

// The example of the documentation, on a part of its recording.
func TestPedestrians(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	tool(t, "ffprobe", "ffmpeg")
	config := strings.Replace(read(t, "../examples/pedestrians.toml"), vtest, piece(t, "20"), 1)
	// On a busy machine, a result may take seconds.
	config = strings.Replace(config, "max_fps = 5\n", "max_fps = 5\nttl = \"5s\"\ntimeout = \"20s\"\n", 1)
	config += "before = \"1s\"\nafter = \"1s\"\n" + nice
	p := start(t, setup{config: config, args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	p.until(patience, "a person", func() bool { return len(p.stdout.lines()) > 0 })
	all := p.metrics()
	if all[`rvo_detector_skips_total{camera="pavement",detector="person",gate="needs"}`] == 0 {
		t.Error("needs never held the person detector, not even before the first result of motion")
	}
	if status := p.status(patience); status != 0 {
		t.Fatalf("status %d at the end of the recording", status)
	}
	confirmed := 0
	for _, e := range events(t, p.stdout.lines()) {
		if e.Phase != "confirmed" {
			continue
		}
		confirmed++
		checkAges(t, e)
		if e.Type != "person" || e.Camera != "pavement" {
			t.Errorf("an event %+v", e)
		}
	}
	for _, c := range checkClips(t, p, confirmed) {
		// The clip begins with the last frame before its start, or with the first that there is.
		// A busy machine skips frames, sometimes for seconds.
		ahead := c.Time.Sub(c.meta.Start)
		if ahead <= 0 || math.Abs(c.meta.PreRoll.Actual-float64(ahead.Milliseconds())) > 2 {
			t.Errorf("clip %s begins %v before its event: %+v", c.ID, ahead, c.meta)
		}
		if c.meta.PreRoll.Asked != 1000 || c.meta.Post.Asked != 1000 {
			t.Errorf("clip %s: pre-roll %v, post-roll %v", c.ID, c.meta.PreRoll, c.meta.Post)
		}
	}
}

// A clip that waits for its post-roll when the last camera ends is finished.
func TestEndFinishesEvidence(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	tool(t, "ffprobe", "ffmpeg")
	config := fmt.Sprintf("[[camera]]\nname = \"tape\"\nsource = %q\n", piece(t, "6")) + nice + `
[[detector]]
name = "motion"
kind = "motion"

[[rule]]
event    = "any"
when     = "motion >= 0"
for      = "1s"
cooldown = "1m"
after    = "30s"
`
	p := run(t, setup{config: config, args: []string{"--no-ui", "--metrics-listen", ""}}, patience)
	if status := p.status(0); status != 0 {
		t.Fatalf("status %d at the end of the recording", status)
	}
	if n := len(events(t, p.stdout.lines())); n != 1 {
		t.Fatalf("%d events", n)
	}
	c := checkClips(t, p, 1)[0]
	if c.meta.Post.Actual <= 0 || c.meta.Post.Actual > 5100 {
		t.Errorf("post-roll %+v of an ended recording", c.meta.Post)
	}
}

// The canary must not be seen anywhere.
const canary = "cANARy-s3cret"

func TestRTSP(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	needVideo(t)
	args := []string{"--file", vtest, "--size", "768x576", "--fps", "10", "--user", "joe", "--password", canary}
	// A port that stays free while the server is away.
	port, err := strconv.Atoi(quietPort(t))
	if err != nil {
		t.Fatal(err)
	}
	server := serveRTSP(t, port, args...)
	config := nice + fmt.Sprintf(`
[[camera]]
name   = "door"
source = "rtsp://joe:${DOOR_PASSWORD}@127.0.0.1:%[1]d/stream"
stall_timeout = "2s"

[[camera]]
name   = "wrong"
source = "rtsp://joe:%[2]s-wrong@127.0.0.1:%[1]d/stream"

[[detector]]
name    = "motion"
kind    = "motion"

[[detector]]
name    = "person"
kind    = "person"
timeout = "20s"
cameras = ["door"]
needs   = ["motion > 0.002"]

[[rule]]
event    = "person"
when     = "person >= 1"
cameras  = ["door"]
cooldown = "1s"
before   = "500ms"
after    = "500ms"
`, server.port, canary)
	p := start(t, setup{
		config: config, env: []string{"DOOR_PASSWORD=" + canary},
		args: []string{"--no-ui", "--log-level", "debug", "--event-log", "events", "--metrics-listen", "127.0.0.1:0"},
	})
	p.until(patience, "a person", func() bool { return len(p.stdout.lines()) > 0 })
	p.until(patience, "the camera with a wrong password to fail", func() bool { return p.state("wrong", "failed") })
	p.logs(`msg="camera failed" camera=wrong reason=`, patience)

	server.end()
	p.until(patience, "the camera to reconnect", func() bool { return p.state("door", "reconnecting", "stalled") })
	p.until(patience, "signals to be unknown", func() bool {
		all := p.metrics()
		_, has := all[`rvo_signal_value{camera="door",signal="motion"}`]
		known, there := all[`rvo_signal_known{camera="door",signal="motion"}`]
		return there && known == 0 && !has && all[`rvo_signal_known{camera="door",signal="person"}`] == 0
	})
	_, page, err := p.get("/metrics")
	if err != nil {
		t.Fatal(err)
	}
	before := len(p.stdout.lines())

	serveRTSP(t, server.port, args...)
	p.until(patience, "the camera to be live after the server came back", func() bool { return p.state("door", "live") })
	p.until(patience, "a person after that", func() bool { return len(p.stdout.lines()) > before })
	cmdline := read(t, fmt.Sprintf("/proc/%d/cmdline", p.cmd.Process.Pid))
	p.stop()
	for _, e := range events(t, p.stdout.lines()) {
		checkAges(t, e)
	}
	checkClips(t, p, -1)

	shown := map[string]string{
		"standard output": p.stdout.String(), "standard error": p.stderr.String(), "/metrics": page, "the command line": cmdline,
	}
	err = filepath.WalkDir(p.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "rvo.toml" {
			shown[path] = read(t, path)
		}
		return err
	})
	if err != nil || len(shown) < 6 {
		t.Fatalf("%d outputs checked, %v", len(shown), err)
	}
	for where, text := range shown {
		if strings.Contains(strings.ToLower(text), strings.ToLower(canary)) {
			t.Errorf("the password is in %s", where)
		}
	}
}

// A server that hangs does not delay the end of the program.
func TestStopWhileTheServerHangs(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	server := serveRTSP(t, 0, "--size", "320x240")
	p := start(t, setup{
		config: fmt.Sprintf("[[camera]]\nname = \"door\"\nsource = \"rtsp://127.0.0.1:%d/stream\"\n[[detector]]\nname = \"motion\"\nkind = \"motion\"\n[[rule]]\nevent = \"any\"\nwhen = \"motion >= 0\"\n", server.port),
		args:   []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"},
	})
	p.until(patience, "the camera to be live", func() bool { return p.state("door", "live") })
	if err := server.process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	p.until(patience, "the camera to stall", func() bool { return p.state("door", "stalled", "reconnecting") })
	p.stop()
}
