package mqtt

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/sink/outbox"
)

// Every event arrives in order, though the broker is restarted and stopped meanwhile, and the
// availability of the program is right.
func TestBroker(t *testing.T) {
	b := newBroker(t)
	sub := b.subscribe("rvo-tui/#")
	o, stop := running(t, b.config(), newBox(), filepath.Join(t.TempDir(), "outbox.db"))

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
	stop()
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
		out, err := Output(cfg, newBox().options())
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
		{func(c *Config) { c.Server = "broker" }, "server: is not the address"},
		{func(c *Config) { c.Server = "mqtt://me:sesame@broker" }, "server: contains a login"},
		{func(c *Config) { c.Password = "x" }, "user: is missing"},
		{func(c *Config) { c.Prefix = "a/#" }, "prefix: must be"},
		{func(c *Config) { c.Prefix = "/a" }, "prefix: must be"},
		{func(c *Config) { c.QoS = 0 }, "qos: must be 1 or 2"},
		{func(c *Config) { c.KeepAlive = 0 }, "keep_alive: must be"},
		{func(c *Config) { c.CA = "/nonexistent" }, "ca: cannot be read"},
		{func(c *Config) { c.Cert = "/nonexistent" }, "key: is missing"},
		{func(c *Config) { c.Key = "/nonexistent" }, "cert: is missing"},
		{func(c *Config) { c.Cert, c.Key = "/nonexistent", "/nonexistent" }, "key: cannot be used"},
		{func(c *Config) { c.Server, c.CA = "mqtt://broker", "ca.pem" }, "ca: requires TLS"},
		{func(c *Config) { c.Preview = 1 }, "preview: must be at least 1s"},
		{func(c *Config) { c.Commands = []string{"enabel"} }, `commands: unknown command "enabel"; did you mean "enable"?`},
		{func(c *Config) { c.Discovery = "a+b" }, "discovery: must be a topic"},
		{func(c *Config) { c.Discovery = "rvo-tui/ha" }, "discovery: must not be below prefix"},
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
