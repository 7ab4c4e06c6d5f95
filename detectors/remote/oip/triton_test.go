package oip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx/network"
	"rvo-tui/detectors/remote"
)

// home is where make test puts Triton.
const home = "../../../bin/triton/pytriton/tritonserver"

// triton is a server with the models of a directory, which it polls every second.
type triton struct {
	t        testing.TB
	models   string
	mode     string // the file that makes models misbehave
	endpoint string
	cmd      *exec.Cmd
	ended    chan struct{} // closed when the server has ended
	killed   bool
}

// newTriton starts a server, or skips the test.
func newTriton(t testing.TB) *triton {
	t.Helper()
	if _, err := os.Stat(home); err != nil {
		t.Skip("no Triton: scripts/fetch.sh triton (x86_64, python3-numpy and libpython3-dev)")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &triton{t: t, models: t.TempDir(), mode: filepath.Join(t.TempDir(), "mode"), endpoint: l.Addr().String()}
	_ = l.Close()
	s.behave("")
	s.start()
	t.Cleanup(func() {
		s.kill()
		// A killed server leaves its shared memory.
		left, _ := filepath.Glob("/dev/shm/" + s.region() + "*")
		for _, file := range left {
			_ = os.Remove(file)
		}
	})
	return s
}

func (s *triton) region() string { return fmt.Sprintf("rvo-test-%d-", os.Getpid()) }

func (s *triton) start() {
	s.t.Helper()
	server, err := filepath.Abs(home)
	if err != nil {
		s.t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(s.endpoint)
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd = exec.Command(filepath.Join(server, "bin/tritonserver"),
		"--model-repository="+s.models, "--backend-directory="+filepath.Join(server, "backends"),
		"--backend-config=python,shm-region-prefix-name="+s.region(),
		"--model-control-mode=poll", "--repository-poll-secs=1", "--exit-on-error=false",
		"--allow-http=false", "--allow-metrics=false", "--grpc-address="+host, "--grpc-port="+port)
	s.cmd.Env = []string{"PATH=/usr/bin:/bin", "RVO_MODE=" + s.mode}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	log, err := os.CreateTemp(s.t.TempDir(), "log")
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	cmd, ended := s.cmd, make(chan struct{})
	s.ended, s.killed = ended, false
	go func() {
		defer close(ended)
		_ = cmd.Wait() // kill waits for it
	}()
	name := log.Name()
	s.t.Cleanup(func() {
		if text, err := os.ReadFile(name); err == nil && s.t.Failed() {
			s.t.Logf("Triton says:\n%s", text[max(len(text)-4000, 0):])
		}
	})
}

// signal sends a signal to the server and to the processes that run its models.
func (s *triton) signal(sig syscall.Signal) {
	if err := syscall.Kill(-s.cmd.Process.Pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		s.t.Error(err)
	}
}

func (s *triton) kill() {
	s.killed = true
	s.signal(syscall.SIGKILL)
	<-s.ended
}

// revive restarts the server if it has ended by itself: on a busy machine, its Python backend
// dies of lock timeouts.
func (s *triton) revive() {
	select {
	case <-s.ended:
		if !s.killed {
			s.t.Log("Triton has ended by itself")
			s.start()
		}
	default:
	}
}

// behave sets the mode of the models; empty: normal.
func (s *triton) behave(mode string) { s.write(s.mode, mode) }

// put adds or changes a model with an input of this type and shape.
func (s *triton) put(name, version, datatype, shape string, boxes int) {
	s.t.Helper()
	source, err := os.ReadFile("testdata/triton/model.py")
	if err != nil {
		s.t.Fatal(err)
	}
	dir := filepath.Join(s.models, name)
	if err := os.MkdirAll(filepath.Join(dir, version), 0o777); err != nil {
		s.t.Fatal(err)
	}
	s.write(filepath.Join(dir, version, "model.py"), string(source))
	s.write(filepath.Join(dir, "config.pbtxt"), fmt.Sprintf(`backend: "python"
input [{ name: "images" data_type: TYPE_%s dims: [%s] }]
output [{ name: "output0" data_type: TYPE_FP32 dims: [1, 5, %d] }]
`, datatype, shape, boxes))
}

// write replaces a file atomically, because Triton may read it at any time.
func (s *triton) write(path, text string) {
	s.t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o666); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		s.t.Fatal(err)
	}
}

// looks is a detector that is called again and again.
type looks struct {
	*Detector
	s *triton
	t testing.TB
}

// until calls the detector until done is satisfied. Every result meanwhile has one detection, and
// each error a reason.
func (l looks) until(what string, done func(err error) bool) {
	l.t.Helper()
	every := time.NewTicker(50 * time.Millisecond)
	defer every.Stop()
	ctx, img := within(l.t, soon), frame(l.t, 64, 64, 200, 200, 200)
	for {
		l.s.revive()
		call, cancel := context.WithTimeout(ctx, time.Second)
		out, err := l.Detect(call, img)
		cancel()
		switch {
		case err == nil && out[0].Value != 1:
			l.t.Fatalf("%s: it answers %v", what, out)
		case detectors.ReasonOf(err) == detectors.ReasonOther:
			l.t.Fatalf("%s: an error without a reason: %v", what, err)
		case done(err):
			l.t.Logf("%s: %q, %v", what, l.Model(), err)
			return
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			l.t.Fatalf("%s: still %v, %v", what, out, err)
		}
	}
}

// fails calls the detector until it fails for one of the reasons.
func (l looks) fails(what string, reasons ...detectors.Reason) {
	l.t.Helper()
	l.until(what, func(err error) bool { return slices.Contains(reasons, detectors.ReasonOf(err)) })
}

// answers calls the detector until a model with this in its description answers.
func (l looks) answers(what, model string) {
	l.t.Helper()
	l.until(what, func(err error) bool { return err == nil && strings.Contains(l.Model(), model) })
}

// A real Triton with all faults: signals become unknown, for the right reason, and recover
// without help.
func TestTriton(t *testing.T) {
	s := newTriton(t)
	s.put("things", "1", "FP32", "1, 3, 64, 64", 84)
	cats := options(s.endpoint, network.Options{Labels: []string{"cat"}})
	l := looks{detector(t, cats), s, t}
	l.answers("starts", `things 1: YOLO, raw, label "cat", 64x64 letterbox, float32`)

	for _, c := range []struct {
		mode string
		want detectors.Reason
	}{
		{"slow", detectors.ReasonTimeout},
		{"nan", remote.ReasonNaN},
		{"shape", ReasonShape},
		{"large", remote.ReasonLarge},
		{"error", remote.ReasonService},
	} {
		s.behave(c.mode)
		l.fails(c.mode, c.want)
		s.behave("")
		l.answers("after "+c.mode, "things 1")
	}

	s.put("things", "1", "FP32", "1, 3, 32, 32", 21)
	l.answers("another shape", "32x32 letterbox")
	s.put("things", "2", "FP32", "1, 3, 32, 32", 21)
	l.answers("another version", "things 2")
	if err := os.Rename(filepath.Join(s.models, "things"), filepath.Join(t.TempDir(), "things")); err != nil {
		t.Fatal(err)
	}
	l.fails("unloaded", ReasonNoModel, ReasonNotReady)
	s.put("things", "3", "UINT8", "1, 64, 64, 3", 84)
	l.answers("another type", "things 3: YOLO, raw, label \"cat\", 64x64 letterbox, uint8")

	s.signal(syscall.SIGSTOP)
	l.fails("stopped", detectors.ReasonTimeout)
	s.signal(syscall.SIGCONT)
	l.answers("goes on", "things 3")

	s.kill()
	l.fails("killed", remote.ReasonReset, remote.ReasonRefused)
	s.start()
	l.answers("started again", "things 3")

	s.put("files", "1", "STRING", "1", 84)
	files := cats
	files.Model, files.Input = "files", "64x64"
	looks{detector(t, files), s, t}.answers("image files", "files 1: YOLO, raw, label \"cat\", 64x64 letterbox, JPEG")

	s.queued(cats)
}

// queued shows that Triton drops requests that waited too long in its queue, and that this is a
// timeout.
func (s *triton) queued(o Options) {
	s.t.Helper()
	o.Model = "queued"
	s.put(o.Model, "1", "FP32", "3, 64, 64", 84)
	s.write(filepath.Join(s.models, o.Model, "config.pbtxt"), `backend: "python"
max_batch_size: 1
input [{ name: "images" data_type: TYPE_FP32 dims: [3, 64, 64] }]
output [{ name: "output0" data_type: TYPE_FP32 dims: [5, 84] }]
dynamic_batching { default_queue_policy { timeout_action: REJECT default_timeout_microseconds: 60000000 allow_timeout_override: true } }
`)
	first, second := detector(s.t, o), detector(s.t, o)
	looks{first, s, s.t}.answers("a queue", "queued 1")
	looks{second, s, s.t}.answers("a queue", "queued 1")
	s.behave("slow")
	ask := func(ctx context.Context, d *Detector, timeout time.Duration) error {
		if err := d.model.fill(nil, timeout); err != nil {
			return err
		}
		return d.server.infer(ctx, d.model.request, &d.answer, d.model.limit)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), soon)
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			_ = ask(ctx, first, 0) // it keeps the model busy
		}
	})
	var err error
	for err == nil && ctx.Err() == nil { // as when it came before the other one
		err = ask(ctx, second, 100*time.Millisecond)
	}
	if detectors.ReasonOf(err) != detectors.ReasonTimeout || !strings.Contains(err.Error(), "too long in the server's queue") {
		s.t.Errorf("what waited too long in the queue: %v", err)
	}
	cancel()
	wg.Wait()
}
