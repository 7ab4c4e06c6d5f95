package mqtt

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
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

	"go.uber.org/goleak"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
	"rvo-tui/runtime/sink/outbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds the wait for something that must happen.
const patience = 40 * time.Second

// broker is mosquitto with a user.
type broker struct {
	t    *testing.T
	addr string
	file string
	cmd  *exec.Cmd

	password string
}

func newBroker(t *testing.T) *broker {
	t.Helper()
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto"
	}
	if _, err := os.Stat(path); err != nil {
		t.Skip("mosquitto is missing: apt install mosquitto mosquitto-clients")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	addr := ln.Addr().String()
	ln.Close()
	_, port, _ := net.SplitHostPort(addr)
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o777))
	passwords := filepath.Join(dir, "passwords")
	must(t, exec.Command("mosquitto_passwd", "-b", "-c", passwords, "me", "sesame").Run())
	must(t, os.Chmod(passwords, 0o644))
	b := &broker{t: t, addr: addr, password: "sesame", file: filepath.Join(dir, "mosquitto.conf")}
	must(t, os.WriteFile(b.file, fmt.Appendf(nil, "listener %s 127.0.0.1\npassword_file %s\npersistence true\npersistence_location %s/\nmax_queued_messages 0\nuser root\n", port, passwords, dir), 0o644))
	b.cmd = exec.Command(path, "-c", b.file)
	b.start()
	t.Cleanup(b.stop)
	return b
}

func (b *broker) start() {
	b.t.Helper()
	b.cmd = exec.Command(b.cmd.Path, b.cmd.Args[1:]...)
	must(b.t, b.cmd.Start())
	until(b.t, "the broker", func() bool {
		c, err := net.Dial("tcp", b.addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func (b *broker) stop() {
	_ = b.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	_ = b.cmd.Wait()
}

// subscriber collects "topic payload" lines.
type subscriber struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *subscriber) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *subscriber) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Split(strings.TrimSpace(s.buf.String()), "\n")
}

// subscribe returns once the broker keeps what is published from now on.
func (b *broker) subscribe(topic string) *subscriber {
	b.t.Helper()
	s := new(subscriber)
	_, port, _ := net.SplitHostPort(b.addr)
	args := []string{"-V", "mqttv5", "-h", "127.0.0.1", "-p", port, "-u", "me", "-P", b.password, "-i", "test", "-c", "-x", "3600", "-q", "1", "-t", topic, "-F", "%t %p"}
	// -E ends once the subscription is acknowledged; its session stays.
	acknowledged := exec.Command("mosquitto_sub", append(args, "-E")...)
	acknowledged.Stdout = s
	must(b.t, acknowledged.Run())
	cmd := exec.Command("mosquitto_sub", args...)
	cmd.Stdout = s
	must(b.t, cmd.Start())
	b.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	over := time.After(patience)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !ok() {
		select {
		case <-over:
			t.Fatalf("not within %v: %s", patience, what)
		case <-look.C:
		}
	}
}

func (b *broker) config() Config {
	c := DefaultConfig()
	c.Server, c.User, c.Password, c.KeepAlive = "mqtt://"+b.addr, "me", "sesame", 1_000_000_000
	return c
}

func event(n int) rules.Event {
	return rules.Event{
		ID: fmt.Sprintf("%04d", n), Type: "person", Camera: "door", Phase: rules.PhaseConfirmed, Confidence: 1, Time: time.Now().UTC(), Clauses: []rules.Clause{},
	}
}

// box is a program whose state a test sets.
type box struct {
	mu   sync.Mutex
	snap runtime.Snapshot
	did  []string
	err  error
	jpeg []byte // of previews
}

// Snapshot implements Runtime.
func (b *box) Snapshot() *runtime.Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.snap
	s.At = time.Now()
	s.Cameras = slices.Clone(s.Cameras)
	return &s
}

// set changes the state.
func (b *box) set(change func(s *runtime.Snapshot)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.snap)
}

// Stills implements Runtime.
func (b *box) Stills(ctx context.Context, cameras []string, _ int, fps float64, give func(runtime.Still) error) error {
	tick := time.NewTicker(time.Duration(float64(time.Second) / fps))
	defer tick.Stop()
	for {
		for _, name := range cameras {
			if err := give(runtime.Still{Camera: name, JPEG: b.jpeg}); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// do executes commands.
func (b *box) do(_ context.Context, words []string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.did = append(b.did, strings.Join(words, " "))
	return b.err
}

func (b *box) orders() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.did)
}

func (b *box) options() Options {
	return Options{Runtime: b, Do: b.do, Version: "1.2", Log: slog.New(slog.DiscardHandler)}
}

// newBox returns a program with the camera "door": a detector, its signal and a rule.
func newBox() *box {
	b := &box{jpeg: []byte("\xff\xd8preview")}
	b.snap = runtime.Snapshot{Started: time.Unix(1_800_000_000, 0), Cameras: []runtime.CameraView{cameraView("door")}}
	return b
}

func cameraView(name string) runtime.CameraView {
	ages := new(engine.Histogram)
	ages.Record(40 * time.Millisecond)
	return runtime.CameraView{
		Status: capture.Status{Name: name, State: capture.Live, Since: time.Unix(1_800_000_100, 0), Width: 640, Height: 360, FPS: 29.97},
		View: engine.View{
			FrameID: 7, FrameAge: 30 * time.Millisecond,
			Detectors: []engine.DetectorView{{Spec: detectors.Spec{Name: "person", Kind: "person"}, State: engine.DetectorWaiting, FPS: 5, Age: time.Millisecond, AgeHist: ages}},
			Signals:   []engine.SignalView{{Name: "person", Detector: "person", Value: 2}},
			Rules:     []engine.RuleView{{Event: "visitor", Status: rules.Status{State: rules.Idle, Truth: rules.False}}},
		},
	}
}

// alone runs an output without an outbox.
func alone(t *testing.T, cfg Config, b *box) outbox.Output {
	t.Helper()
	out, err := Output(cfg, b.options())
	must(t, err)
	must(t, out.Open())
	t.Cleanup(out.Close)
	return out
}

// running runs an outbox with an output until stop is called.
func running(t *testing.T, cfg Config, b *box, file string) (o *outbox.Outbox, stop func()) {
	t.Helper()
	out, err := Output(cfg, b.options())
	must(t, err)
	out.RetryMax = 300 * time.Millisecond
	store := outbox.DefaultConfig()
	store.File = file
	o = outbox.New(outbox.Options{Config: store, Outputs: []outbox.Output{out}, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); must(t, <-done) })
	t.Cleanup(stop)
	return o, stop
}
