package child

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rvo-tui/capture"
	"rvo-tui/detectors"
)

// The test program plays all roles: with Argument it is a child, with asParent a parent that is
// about to be killed.
const asParent = "parent"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case Argument:
			os.Exit(Main(os.Args[2:], testKinds, func(Tuning) {}))
		case asParent:
			parent()
		}
	}
	goleak.VerifyTestMain(m)
}

// lines is a log that tests can read.
type lines struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// testNice is the priority of test processes, so that they get time on a busy machine.
const testNice = 1

// pool returns a pool with its own base directory and log. At the end of the test it is closed,
// and must leave nothing.
func pool(t *testing.T, opts Options) (*Pool, *lines) {
	t.Helper()
	log := new(lines)
	opts.Log = slog.New(slog.NewTextHandler(log, nil))
	// The paths of t.TempDir are too long for sockets.
	base, err := os.MkdirTemp("", "c")
	if err != nil {
		t.Fatal(err)
	}
	opts.Dir = base
	p := NewPool(opts)
	p.Tune(testNice, Tuning{OpenCVThreads: 1})
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if err := os.Remove(base); err != nil {
			t.Errorf("something is left: %v", err)
		}
	})
	return p, log
}

// fill returns a configuration as the runtime passes it to New.
func fill(t *testing.T, kinds detectors.Kinds, cfg detectors.Config) detectors.Config {
	t.Helper()
	cfg.Validate(kinds, func(key, problem string) { t.Fatalf("%s: %s", key, problem) })
	return cfg.Fill(kinds[cfg.Kind])
}

// open makes a detector and closes it at the end of the test.
func open(t *testing.T, p *Pool, cfg detectors.Config) detectors.Detector {
	t.Helper()
	d, err := try(t, p, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func try(t *testing.T, p *Pool, cfg detectors.Config) (detectors.Detector, error) {
	t.Helper()
	kinds := Wrap(testKinds(), p)
	kinds["command"] = Kind(p)
	if cfg.Kind == "" {
		cfg.Kind, cfg.Isolation = "actor", detectors.ProcessIsolation
	}
	cfg.Name = "a"
	return kinds[cfg.Kind].New(fill(t, kinds, cfg))
}

// look runs the detector on a frame of 64x48 pixels with the order in its first byte.
func look(t *testing.T, d detectors.Detector, camera string, order byte, timeout time.Duration) ([]detectors.Reading, error) {
	t.Helper()
	pixels := capture.NewPool(1, nil)
	defer pixels.Close()
	f, err := pixels.Get(camera, 1, 64, 48, time.Now())
	if err != nil || f == nil {
		t.Fatalf("make a frame: %v", err)
	}
	defer f.Release()
	clear(f.Pixels())
	f.Pixels()[0] = order
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	return d.Detect(ctx, f)
}

// patience bounds the wait for something that must happen.
const patience = time.Minute

// count runs the detector on a frame and returns its count and its process.
func count(t *testing.T, d detectors.Detector, camera string) (seen, pid int) {
	t.Helper()
	out, err := look(t, d, camera, doCount, patience)
	if err != nil {
		t.Fatal(err)
	}
	return int(out[0].Value), int(out[1].Value)
}

// eventually retries until a condition holds.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !so() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// gone reports whether the process does not exist, not even as a zombie.
func gone(pid int) bool {
	_, err := os.Stat("/proc/" + strconv.Itoa(pid))
	return errors.Is(err, os.ErrNotExist)
}

// stopped reports whether all threads of a process are stopped.
func stopped(t *testing.T, pid int) bool {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("process %d has no threads (%v)", pid, err)
	}
	return !slices.ContainsFunc(threads, func(file string) bool {
		text, err := os.ReadFile(file)
		return err == nil && !strings.Contains(string(text), "State:\tT")
	})
}

func TestCamerasShareAProcess(t *testing.T) {
	p, log := pool(t, Options{})
	yard, door := open(t, p, detectors.Config{Cameras: []string{"yard"}}), open(t, p, detectors.Config{})
	count(t, yard, "yard")
	count(t, yard, "yard")
	seen, pid := count(t, yard, "yard")
	if seen != 3 {
		t.Errorf("the detector of the yard saw %d frames, want 3", seen)
	}
	other, same := count(t, door, "door")
	if other != 1 || same != pid {
		t.Errorf("the detector of the door saw %d frames in process %d, want 1 in %d", other, same, pid)
	}
	out, err := look(t, door, "door", doCount, patience)
	if err != nil {
		t.Fatal(err)
	}
	want := detectors.Detection{Label: "door", Score: 64, Box: detectors.Box{X: 0.25, Y: 0.5, W: 0.5, H: 0.25}}
	if d := out[0].Detections; len(d) != 1 || !reflect.DeepEqual(d[0], want) || out[0].TTL != time.Second {
		t.Errorf("detections %v for %v, want %v for 1s", d, out[0].TTL, want)
	}
	if nice, err := syscall.Getpriority(syscall.PRIO_PROCESS, pid); err != nil || nice != 20-testNice {
		t.Errorf("the process has priority %d (%v), want %d", nice, err, 20-testNice)
	}

	if m, ok := door.(detectors.Modeler); !ok || m.Model() != "the actor" {
		t.Error("the process does not report its model")
	}

	third, err := try(t, p, detectors.Config{MaxFPS: 3})
	if err != nil {
		t.Fatal(err)
	}
	if _, same := count(t, third, "gate"); same != pid {
		t.Errorf("one more camera runs in process %d, want %d", same, pid)
	}
	if err := third.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the third detector is closed", func() bool { return strings.Contains(log.String(), "closed after 1") })
	if _, same := count(t, door, "door"); same != pid {
		t.Error("the process did not outlive one of its detectors")
	}

	second := open(t, p, detectors.Config{Options: actorOptions{Width: 32}})
	if out, err := look(t, second, "yard", doCount, patience); err != nil || int(out[1].Value) == pid || out[0].Detections[0].Score != 32 {
		t.Errorf("with another width: %v, %v; want its own process and frames 32 pixels wide", out, err)
	}
}

func TestHealthyProcessIsLeftAlone(t *testing.T) {
	p, log := pool(t, Options{Health: 2 * time.Second})
	d := open(t, p, detectors.Config{})
	_, pid := count(t, d, "yard")
	for i := range 2 {
		// It computes for longer than health checks wait.
		if _, err := look(t, d, "yard", doDawdle, patience); err != nil {
			t.Fatalf("run %d: %v\n%s", i, err, log)
		}
	}
	if _, same := count(t, d, "yard"); same != pid {
		t.Errorf("process %d was replaced by %d:\n%s", pid, same, log)
	}
}

func TestProcessEndsWithItsLastDetector(t *testing.T) {
	p, _ := pool(t, Options{})
	d, err := try(t, p, detectors.Config{})
	if err != nil {
		t.Fatal(err)
	}
	_, pid := count(t, d, "yard")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the process is gone", func() bool { return gone(pid) })
	if again := open(t, p, detectors.Config{}); again == nil {
		t.Error("it cannot be opened again")
	}
}

func TestWithoutIsolationThereIsNoProcess(t *testing.T) {
	p, _ := pool(t, Options{})
	d := open(t, p, detectors.Config{Kind: "actor"})
	if _, pid := count(t, d, "yard"); pid != os.Getpid() {
		t.Errorf("it runs in process %d, want %d", pid, os.Getpid())
	}
}

func TestFailuresStayInTheProcess(t *testing.T) {
	tests := []struct {
		name   string
		order  byte
		reason detectors.Reason
		text   string
		lives  bool // the process continues
	}{
		{"nil pointer", doNil, ReasonCrashed, "panic: runtime error: invalid memory address or nil pointer dereference", false},
		{"segmentation fault", doSignal, ReasonCrashed, "SIGSEGV: segmentation violation", false},
		{"exit", doExit, ReasonCrashed, "exit status 7", false},
		{"memory", doEat, ReasonCrashed, "its process ended: exit status", false},
		{"hang", doHang, ReasonStuck, "did not respond in time", false},
		{"ended at its timeout", doEnd, detectors.ReasonTimeout, "it was ended", true},
		{"error", doFail, detectors.ReasonOther, "the frame is not to its taste", true},
		{"panic", doPanic, detectors.ReasonOther, "panic: at the disco", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, _ := pool(t, Options{})
			d := open(t, p, detectors.Config{})
			_, pid := count(t, d, "yard")
			timeout := patience
			switch tt.order {
			case doHang:
				timeout = 300 * time.Millisecond
			case doEnd: // of which its process keeps 100 ms to say so
				timeout = time.Second
			}
			_, err := look(t, d, "yard", tt.order, timeout)
			if detectors.ReasonOf(err) != tt.reason || !strings.Contains(err.Error(), tt.text) {
				t.Fatalf("%s: %v; want %s: %s", detectors.ReasonOf(err), err, tt.reason, tt.text)
			}
			if !tt.lives {
				eventually(t, "the process is gone", func() bool { return gone(pid) })
			}
			eventually(t, "it answers again", func() bool {
				out, err := look(t, d, "yard", doCount, patience)
				if err == nil && (int(out[1].Value) == pid) != tt.lives {
					t.Fatalf("process %.0f answers after %d", out[1].Value, pid)
				}
				return err == nil
			})
		})
	}
}

func TestStoppedProcessIsKilled(t *testing.T) {
	p, _ := pool(t, Options{})
	d := open(t, p, detectors.Config{})
	_, pid := count(t, d, "yard")
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all of its threads are stopped", func() bool { return stopped(t, pid) })
	if _, err := look(t, d, "yard", doCount, 200*time.Millisecond); detectors.ReasonOf(err) != ReasonStuck {
		t.Fatalf("error %v, want one of reason %s", err, ReasonStuck)
	}
	eventually(t, "the process is gone", func() bool { return gone(pid) })
	eventually(t, "it answers again", func() bool {
		_, err := look(t, d, "yard", doCount, patience)
		return err == nil
	})
}

func TestStoppedProcessIsKilledWithoutFrames(t *testing.T) {
	p, log := pool(t, Options{Health: 2 * time.Second})
	d := open(t, p, detectors.Config{})
	_, pid := count(t, d, "yard")
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the process is gone", func() bool { return gone(pid) })
	eventually(t, "another one runs", func() bool { return strings.Count(log.String(), "detector process runs") > 1 })
	if text := log.String(); !strings.Contains(text, "reason=stuck") {
		t.Errorf("the log does not say why:\n%s", text)
	}
}

// A canceled call says nothing about the process.
func TestCanceledCallDoesNotKill(t *testing.T) {
	p, _ := pool(t, Options{})
	d := open(t, p, detectors.Config{})
	_, pid := count(t, d, "yard")
	pixels := capture.NewPool(1, nil)
	defer pixels.Close()
	f, err := pixels.Get("yard", 1, 64, 48, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Detect(ctx, f); detectors.ReasonOf(err) != detectors.ReasonCanceled {
		t.Errorf("error %v, want one of reason %s", err, detectors.ReasonCanceled)
	}
	if _, same := count(t, d, "yard"); same != pid {
		t.Error("the process was killed")
	}
}

func TestModelsThatDoNotLoad(t *testing.T) {
	for _, tt := range []struct {
		model  string
		reason detectors.Reason
		text   string
	}{
		{"corrupt", ReasonStart, "load model: it is corrupt: get another one"},
		{"deadly", ReasonCrashed, "SIGSEGV: segmentation violation"},
		{"deadly", ReasonCrashed, "copy or export its model \"deadly\" again"},
	} {
		p, _ := pool(t, Options{})
		_, err := try(t, p, detectors.Config{Options: actorOptions{Model: tt.model}})
		if detectors.ReasonOf(err) != tt.reason || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %s: %v; want %s: %s", tt.model, detectors.ReasonOf(err), err, tt.reason, tt.text)
		}
		if _, err := try(t, p, detectors.Config{}); err != nil {
			t.Errorf("another model while %s runs: %v", tt.model, err)
		}
	}
}

func TestWhatChildrenPrintIsClean(t *testing.T) {
	p, log := pool(t, Options{})
	d := open(t, p, detectors.Config{})
	if _, err := look(t, d, "yard", doChatter, patience); err != nil {
		t.Fatal(err)
	}
	eventually(t, "both lines are in the log", func() bool { return strings.Contains(log.String(), "xxx") })
	if text := log.String(); !strings.Contains(text, "open rtsp://user:***@door/1 [31mfailed") || strings.Contains(text, strings.Repeat("x", 300)) {
		t.Errorf("the log has not what was printed, cleaned:\n%.2000s", text)
	}
}
