package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// lane is a second camera beside street.
const lane = `
[[camera]]
name   = "lane"
source = "synthetic:street"
width  = 320
height = 180
`

// reloads waits until the configuration was reloaded this often with a result.
func (p *program) reloads(result string, n float64) {
	p.t.Helper()
	p.until(patience, "a reload that is "+result, func() bool { return p.metrics()[`rvo_reloads_total{result="`+result+`"}`] == n })
}

// An unchanged camera loses no frame and keeps its detector, with its state and counters, and its
// rule, while others are added and removed.
func TestReloadLeavesAlone(t *testing.T) {
	t.Parallel()
	p := start(t, setup{config: street, args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	file := filepath.Join(p.dir, "rvo.toml")
	p.until(patience, "an event", func() bool { return len(p.stdout.lines()) > 0 })
	for i := range 10 {
		config := street
		if i%2 == 0 {
			config += lane
		}
		write(t, file, config)
		p.signal(syscall.SIGHUP)
		p.reloads("ok", float64(i+1))
		_, there := p.metrics()[`rvo_camera_state{camera="lane",state="live"}`]
		if there != (i%2 == 0) {
			t.Fatalf("after reload %d the camera lane is there: %v", i+1, there)
		}
		lines := len(p.stdout.lines())
		p.until(patience, "one more event", func() bool { return len(p.stdout.lines()) > lines })
	}
	// First wait for what varies: on a busy machine, a result may be late.
	var m map[string]float64
	p.until(patience, "the street to be as it was", func() bool {
		m = p.metrics()
		return m[`rvo_signal_known{camera="street",signal="motion"}`] == 1 && m[`rvo_camera_state{camera="street",state="live"}`] == 1 &&
			m[`rvo_detector_state{camera="street",detector="motion",state="stuck"}`] == 0
	})
	for series, want := range map[string]float64{
		`rvo_camera_connects_total{camera="street"}`:                     1,
		`rvo_detector_restarts_total{camera="street",detector="motion"}`: 0,
		`rvo_frame_drops_total{camera="street",reason="pool"}`:           0,
		`rvo_reload_last_successful`:                                     1,
		`rvo_reloads_total{result="invalid"}`:                            0,
		`rvo_camera_stalls_total{camera="street"}`:                       0,
	} {
		if got, there := m[series]; got != want || !there {
			t.Errorf("%s is %v (%v), want %v", series, got, there, want)
		}
	}
	for series, n := range m {
		// Delays of a busy machine do not count.
		if strings.HasPrefix(series, `rvo_detector_failures_total{camera="street",`) && n > 0 && !strings.Contains(series, `reason="timeout"`) {
			t.Errorf("%s is %v", series, n)
		}
	}
	// The scheduler's values on the page may be a tenth of a second old.
	p.until(patience, "all frames to be accounted for", func() bool {
		m := p.metrics()
		frames, seen := m[`rvo_camera_frames_total{camera="street"}`], m[`rvo_frames_seen_total{camera="street"}`]
		return frames >= 30 && seen+m[`rvo_frame_drops_total{camera="street",reason="superseded"}`] >= frames-10
	})
	p.stop()
	// There is one stream with consecutive frame IDs, and one rule that keeps its cooldown across
	// reloads.
	var last event
	for _, e := range events(t, p.stdout.lines()) {
		if e.Camera != "street" {
			continue
		}
		if e.FrameID < last.FrameID || e.Stamp-last.Stamp < 200*time.Millisecond.Nanoseconds() && last.ID != "" {
			t.Errorf("an event of frame %d, %v after that of frame %d", e.FrameID, time.Duration(e.Stamp-last.Stamp), last.FrameID)
		}
		last = e
	}
}

// An invalid file changes nothing and is reported; changes that need a restart are named.
func TestReloadRefusesWhatIsNotValid(t *testing.T) {
	t.Parallel()
	p := start(t, setup{config: street, args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	file := filepath.Join(p.dir, "rvo.toml")
	p.until(patience, "frames", func() bool { return p.metrics()[`rvo_camera_frames_total{camera="street"}`] > 0 })
	write(t, file, strings.Replace(lane, "source", "sourec", 1))
	p.signal(syscall.SIGHUP)
	p.reloads("invalid", 1)
	p.logs(`unknown key \"sourec\"; did you mean \"source\"?`, patience)
	if m := p.metrics(); m[`rvo_reload_last_successful`] != 0 || m[`rvo_camera_connects_total{camera="street"}`] != 1 {
		t.Errorf("last reload successful: %v, street opened %v times", m[`rvo_reload_last_successful`], m[`rvo_camera_connects_total{camera="street"}`])
	}
	// A missing file does not mean the built-in configuration.
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	p.reloads("invalid", 2)
	p.logs("there is no such file", patience)
	write(t, file, street+"\n[clips]\nfps = 3\n[metrics]\nlisten = \"127.0.0.1:1\"\n")
	p.signal(syscall.SIGHUP)
	p.reloads("ok", 1)
	p.logs("sections=[clips]", patience)
	if m := p.metrics(); m[`rvo_reload_last_successful`] != 1 || m[`rvo_camera_connects_total{camera="street"}`] != 1 {
		t.Errorf("last reload successful: %v, street opened %v times", m[`rvo_reload_last_successful`], m[`rvo_camera_connects_total{camera="street"}`])
	}
	p.stop()
}

// A watched file: written in place, replaced, touched, and switched by a symlink, as in
// Kubernetes.
func TestReloadOnChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	turn := func(to string) {
		t.Helper()
		must(os.Symlink(to, filepath.Join(dir, "..new")))
		must(os.Rename(filepath.Join(dir, "..new"), filepath.Join(dir, "..data")))
	}
	for name, text := range map[string]string{"..1": street, "..2": street + lane} {
		must(os.Mkdir(filepath.Join(dir, name), 0o700))
		write(t, filepath.Join(dir, name, "rvo.toml"), text)
	}
	turn("..1")
	must(os.Symlink("..data/rvo.toml", filepath.Join(dir, "rvo.toml")))
	p := start(t, setup{dir: dir, args: []string{"--no-ui", "--watch", "--metrics-listen", "127.0.0.1:0"}})
	p.until(patience, "frames", func() bool { return p.metrics()[`rvo_camera_frames_total{camera="street"}`] > 0 })

	turn("..2")
	p.reloads("ok", 1)
	p.until(patience, "the other camera", func() bool { return p.metrics()[`rvo_camera_frames_total{camera="lane"}`] > 0 })

	rewrite(t, filepath.Join(dir, "..2", "rvo.toml"), street) // behind the links
	p.reloads("ok", 2)

	now := time.Now()
	must(os.Chtimes(filepath.Join(dir, "..2", "rvo.toml"), now, now)) // means nothing
	write(t, filepath.Join(dir, "new"), "nonsense")                   // as editors do
	must(os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "rvo.toml")))
	p.reloads("invalid", 1)
	rewrite(t, filepath.Join(dir, "rvo.toml"), street+lane)
	p.reloads("ok", 3)
	if m := p.metrics(); m[`rvo_camera_connects_total{camera="street"}`] != 1 || m[`rvo_reloads_total{result="invalid"}`] != 1 {
		t.Errorf("street was opened %v times, %v reloads were invalid", m[`rvo_camera_connects_total{camera="street"}`], m[`rvo_reloads_total{result="invalid"}`])
	}
	p.stop()
}

// rewrite writes to a file in place. At no time does the file contain anything but the old or the
// new text, if one begins with the other or the new one is longer.
func rewrite(t testing.TB, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt([]byte(text), 0); err != nil {
		t.Fatal(err)
	}
	if err := file.Truncate(int64(len(text))); err != nil {
		t.Fatal(err)
	}
}

// /ready reports when everything works, and what does not.
func TestReady(t *testing.T) {
	t.Parallel()
	p := start(t, setup{config: street, args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	answers := func(want int, holds string) func() bool {
		return func() bool {
			status, body, err := p.get("/ready")
			return err == nil && status == want && strings.Contains(body, holds)
		}
	}
	p.until(patience, "that it is ready", answers(http.StatusOK, `{"ready":true,"reasons":[]`))
	// A camera with a dead address and a password that must not be shown.
	write(t, filepath.Join(p.dir, "rvo.toml"), street+"[[camera]]\nname = \"gate\"\nsource = \"http://user:canary-word@127.0.0.1:1/stream\"\n")
	p.signal(syscall.SIGHUP)
	p.until(patience, "that the gate alone is not", func() bool {
		status, body, err := p.get("/ready")
		if strings.Contains(body, "canary") {
			t.Fatalf("it says %s", body)
		}
		return err == nil && status == http.StatusServiceUnavailable && strings.Contains(body, `"camera":"gate","state":"`) && !strings.Contains(body, "street")
	})
	if status, _, err := p.get("/health"); err != nil || status != http.StatusOK {
		t.Errorf("and /health answers %d, %v", status, err)
	}
	p.stop()
}

// In the dashboard, r reloads the configuration and shows errors, and the log reports a watched
// file.
func TestReloadInTheDashboard(t *testing.T) {
	x := newTerminal(t, 160, 50)
	file := filepath.Join(x.dir, "rvo.toml")
	write(t, file, dashboardConfig)
	x.text("RVO_CONFIG= " + binary + " --watch --control-socket ''; echo ended $?")
	x.keys("Enter")
	x.sees("Detectors")
	x.sees("running")
	rewrite(t, file, dashboardConfig+"\n[[rule]]\nevent = \"fresh\"\nwhen = \"motion > 2\"\n")
	x.sees("fresh")
	x.sees("configuration reloaded")
	x.keys("r")
	x.sees("configuration reloaded")
	rewrite(t, file, dashboardConfig+"\nnonsense = 1\n")
	x.sees("stays as it was")
	x.keys("r")
	x.sees("─ Failed ─") // the answer; the alert in the first line comes earlier
	x.sees("unknown key")
	x.sees("fresh")  // still there
	x.keys("q", "q") // the first one closes the message
	wait(t, patience, "the end", func() bool {
		if strings.Contains(x.screen(), "Clips are being written") {
			x.keys("y")
		}
		return strings.Contains(x.screen(), "ended 0")
	})
}
