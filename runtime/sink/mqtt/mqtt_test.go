package mqtt

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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

	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/sink/outbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 40 * time.Second

// broker is mosquitto with a user.
type broker struct {
	t    *testing.T
	addr string
	file string
	cmd  *exec.Cmd
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
	b := &broker{t: t, addr: addr, file: filepath.Join(dir, "mosquitto.conf")}
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

func (b *broker) subscribe(topic string) *subscriber {
	b.t.Helper()
	s := new(subscriber)
	_, port, _ := net.SplitHostPort(b.addr)
	cmd := exec.Command("mosquitto_sub", "-V", "mqttv5", "-h", "127.0.0.1", "-p", port, "-u", "me", "-P", "sesame", "-i", "test", "-c", "-x", "3600", "-q", "1", "-t", topic, "-F", "%t %p")
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

// Every event arrives in order, though the broker is restarted and stopped meanwhile,
// and the availability of the program is right.
func TestBroker(t *testing.T) {
	b := newBroker(t)
	sub := b.subscribe("rvo-tui/#")
	out, err := Output(b.config(), slog.New(slog.DiscardHandler))
	must(t, err)
	out.RetryMax = 300 * time.Millisecond
	cfg := outbox.DefaultConfig()
	cfg.File = filepath.Join(t.TempDir(), "outbox.db")
	o := outbox.New(outbox.Options{Config: cfg, Outputs: []outbox.Output{out}, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()

	ids := func() (list []string) {
		for _, line := range sub.lines() {
			if rest, ok := strings.CutPrefix(line, "rvo-tui/door/events/person "); ok {
				var e rules.Event
				must(t, json.Unmarshal([]byte(rest), &e))
				if !slices.Contains(list, e.ID) {
					list = append(list, e.ID)
				}
			}
		}
		return list
	}
	has := func(n int) func() bool { return func() bool { return len(ids()) >= n } }
	until(t, "availability", func() bool { return slices.Contains(sub.lines(), "rvo-tui/availability online") })
	var want []string
	offer := func(n int) {
		for range n {
			e := event(len(want))
			want = append(want, e.ID)
			o.Offer(e)
		}
	}
	offer(50)
	until(t, "50 events", has(50))
	b.stop()
	offer(50)
	b.start()
	until(t, "100 events", has(100))
	must(t, b.cmd.Process.Signal(syscall.SIGSTOP))
	offer(50)
	until(t, "trouble", func() bool { return o.Outputs().Outputs[0].Backlog == 50 })
	must(t, b.cmd.Process.Signal(syscall.SIGCONT))
	until(t, "150 events", has(150))
	e := event(0)
	e.ID = "clip"
	o.ClipDone(e, nil, "disk")
	until(t, "a clip", func() bool {
		return slices.ContainsFunc(sub.lines(), func(l string) bool {
			return strings.HasPrefix(l, "rvo-tui/door/clips/person ") && strings.Contains(l, `"lost":"disk"`)
		})
	})
	must(t, o.Do(t.Context(), runtime.Command{Do: runtime.Notify, Output: Name}))
	cancel()
	must(t, <-done)
	until(t, "the end", func() bool { l := sub.lines(); return slices.Contains(l, "rvo-tui/availability offline") })
	if got := ids(); !slices.Equal(got, want) && !slices.Equal(slices.DeleteFunc(got, func(id string) bool { return id == "clip" }), want) {
		t.Errorf("got %v", got)
	}
}

func TestTroubles(t *testing.T) {
	b := newBroker(t)
	tests := []struct {
		change func(c *Config)
		want   string
	}{
		{func(c *Config) { c.Password = "wrong" }, "correct user and password"},
		{func(c *Config) { c.Server = "mqtt://127.0.0.1:1" }, "connection refused; check server"},
		{func(c *Config) { c.Server = "mqtts://" + b.addr }, "; check server"},
	}
	for _, tt := range tests {
		cfg := b.config()
		tt.change(&cfg)
		out, err := Output(cfg, slog.New(slog.DiscardHandler))
		must(t, err)
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		err = out.Send(ctx, outbox.Delivery{ID: "1", Record: outbox.Record{Event: event(1)}})
		cancel()
		var e *outbox.Error
		if !errors.As(err, &e) || e.Refused || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "wrong") {
			t.Errorf("got %v, want %q", err, tt.want)
		}
		out.Close()
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		change func(c *Config)
		want   string
	}{
		{func(c *Config) { c.Server = "broker" }, "server: is no address"},
		{func(c *Config) { c.Server = "mqtt://me:sesame@broker" }, "server: has a login in it"},
		{func(c *Config) { c.Password = "x" }, "user: is missing"},
		{func(c *Config) { c.Prefix = "a/#" }, "prefix: must be"},
		{func(c *Config) { c.Prefix = "/a" }, "prefix: must be"},
		{func(c *Config) { c.QoS = 0 }, "qos: must be 1 or 2"},
		{func(c *Config) { c.KeepAlive = 0 }, "keep_alive: must be"},
		{func(c *Config) { c.CA = "/nonexistent" }, "ca: cannot be read"},
		{func(c *Config) { c.Cert = "/nonexistent" }, "ca: cert and key"},
		{func(c *Config) { c.ClientID = "a\nb" }, "client_id: must be"},
	}
	for _, tt := range tests {
		c := DefaultConfig()
		c.Server = "mqtts://broker"
		tt.change(&c)
		var got []string
		c.Validate(func(key, problem string) { got = append(got, key+": "+problem) })
		if len(got) != 1 || !strings.HasPrefix(got[0], tt.want) || strings.Contains(got[0], "sesame") {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
