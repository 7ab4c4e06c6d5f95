package mqtt

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/paho"

	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
	"rvo-tui/runtime/sink/outbox"
)

func TestWordsOfCommands(t *testing.T) {
	tests := []struct{ topic, payload, want, err string }{
		{"rvo-tui/set", "set_rate person 5 --camera door", "set_rate|person|5|--camera|door", ""},
		{"rvo-tui/set", ` ["attach", "remote", "needs=motion > 0.01"]`, "attach|remote|needs=motion > 0.01", ""},
		{"rvo-tui/set", `["attach", 1]`, "", "not a JSON list of words"},
		{"rvo-tui/set", "", "", ""},
		{"rvo-tui/door/detectors/person/set", "ON", "enable|person|--camera|door", ""},
		{"rvo-tui/door/detectors/person/set", "OFF", "disable|person|--camera|door", ""},
		{"rvo-tui/door/detectors/person/set", "on", "", `"on" is not supported here; send ON or OFF`},
		{"rvo-tui/door/rules/visitor/set", "OFF", "rule_off|visitor|--camera|door", ""},
		{"rvo-tui/door/rules/visitor/armed/set", "OFF", "disarm|visitor|--camera|door", ""},
		{"rvo-tui/door/set", "ON", "resume|--camera|door", ""},
		{"rvo-tui/door/signals/person/set", "ON", "", "does not accept commands"},
		{"other/door/set", "ON", "", "does not accept commands"},
	}
	c := newClient(DefaultConfig(), newBox().options())
	for _, tt := range tests {
		words, err := c.words(order{topic: tt.topic, payload: tt.payload})
		if got := strings.Join(words, "|"); got != tt.want || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s %s: got %q, %v", tt.topic, tt.payload, got, err)
		}
	}
}

func FuzzCommand(f *testing.F) {
	f.Add("rvo-tui/set", `["a"]`)
	f.Add("rvo-tui/door/set", "ON")
	c := newClient(DefaultConfig(), newBox().options())
	f.Fuzz(func(t *testing.T, topic, payload string) {
		c.received(&paho.Publish{Topic: topic, Payload: []byte(payload), Retain: len(payload)%2 == 0})
		for len(c.orders) > 0 {
			o := <-c.orders
			if words, err := c.words(o); err == nil && c.permit(words) == nil {
				t.Errorf("%q is allowed", words)
			}
		}
	})
}

// Only verbs allowed by the configuration run, each gets a response, and neither a retained
// command nor one too many runs.
func TestCommands(t *testing.T) {
	b := newBroker(t)
	sub := b.subscribe("rvo-tui/responses/#")
	b.publish("-r", "-t", "rvo-tui/set", "-m", "disable person")
	cfg := b.config()
	cfg.Commands = []string{"enable", "disable", "rule_off"}
	box := newBox()
	out := alone(t, cfg, box)
	until(t, "the retained command", func() bool {
		return slices.Contains(out.Traffic(), engine.Count{Reason: "commands_ignored", N: 1})
	})
	answered := func(topic string) answer {
		t.Helper()
		n := len(sub.lines())
		until(t, "an answer at "+topic, func() bool { return sub.last(topic) != "" || len(sub.lines()) > n })
		var a answer
		must(t, json.Unmarshal([]byte(sub.last(topic)), &a))
		described(t, "response", []byte(sub.last(topic)))
		return a
	}
	b.publish("-V", "mqttv5", "-t", "rvo-tui/door/detectors/person/set", "-m", "OFF")
	if a := answered("rvo-tui/responses"); !a.OK || !slices.Equal(a.Command, []string{"disable", "person", "--camera", "door"}) {
		t.Errorf("got %+v", a)
	}
	b.publish("-V", "mqttv5", "-D", "publish", "response-topic", "rvo-tui/responses/me", "-t", "rvo-tui/set", "-m", "reload")
	if a := answered("rvo-tui/responses/me"); a.OK || a.Error != "reload: not allowed; add it to commands in [mqtt]" {
		t.Errorf("got %+v", a)
	}
	box.mu.Lock()
	box.err = errors.New("there is no such rule")
	box.mu.Unlock()
	b.publish("-V", "mqttv5", "-D", "publish", "response-topic", "homeassistant/device/x/config", "-t", "rvo-tui/door/rules/none/set", "-m", "OFF")
	until(t, "a refusal", func() bool { return strings.Contains(sub.last("rvo-tui/responses"), "no such rule") })
	if k := b.kept("homeassistant/#"); len(k) > 0 {
		t.Errorf("a sender chose where this program publishes: %v", k)
	}
	if got := box.orders(); !slices.Equal(got, []string{"disable person --camera door", "rule_off none --camera door"}) {
		t.Errorf("got %q", got)
	}
	want := []engine.Count{{Reason: "commands", N: 3}, {Reason: "commands_refused", N: 2}, {Reason: "commands_ignored", N: 1}, {Reason: "commands_dropped"}}
	if got := out.Traffic(); !slices.Equal(got[len(got)-4:], want) {
		t.Errorf("got %v", got)
	}
}

// A command may wait for the end of its own output, as a reload does that changes [mqtt].
func TestCommandThatReplacesItsOutput(t *testing.T) {
	b := newBroker(t)
	sub := b.subscribe("rvo-tui/door/#")
	cfg := b.config()
	cfg.Commands = []string{string(runtime.Reload)}
	box, replaced := newBox(), make(chan error, 1)
	var o *outbox.Outbox
	opts := box.options()
	opts.Do = func(ctx context.Context, _ []string) error {
		changed := b.config()
		changed.Prefix = "other"
		next, err := Output(changed, box.options())
		if err == nil {
			err = o.Replace(ctx, []outbox.Output{next})
		}
		replaced <- err
		return err
	}
	out, err := Output(cfg, opts)
	must(t, err)
	store := outbox.DefaultConfig()
	store.File = t.TempDir() + "/outbox.db"
	o = outbox.New(outbox.Options{Config: store, Outputs: []outbox.Output{out}, Log: opts.Log})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	until(t, "a state", sub.has("rvo-tui/door/state", "live"))
	moved := b.subscribe("other/door/#")
	b.publish("-t", "rvo-tui/set", "-m", "reload")
	select {
	case err := <-replaced:
		must(t, err)
	case <-time.After(patience):
		t.Fatalf("the outputs are not replaced within %v", patience)
	}
	until(t, "a state of the new output", moved.has("other/door/state", "live"))
	cancel()
	must(t, <-ended)
}

func TestTooManyCommands(t *testing.T) {
	c := newClient(Config{Prefix: "rvo-tui", Commands: []string{AllVerbs}}, newBox().options())
	for range maxOrders + 3 {
		c.received(&paho.Publish{Topic: "rvo-tui/set", Payload: []byte("reload")})
	}
	c.received(&paho.Publish{Topic: "rvo-tui/set", Payload: make([]byte, maxOrder+1)})
	if n := c.counts.dropped.Load(); n != 3 || c.counts.ignored.Load() != 1 {
		t.Errorf("%d were dropped", n)
	}
}

// oldBroker forwards to a broker and does not know version 5: it responds like one of 3.1.1, or
// hangs up.
func oldBroker(t *testing.T, b *broker, answers string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	serve(t, ln, func(c net.Conn) {
		hello := make([]byte, 512)
		n, err := c.Read(hello)
		if err != nil || n < 10 {
			return
		}
		for i := range 4 { // the name of the protocol follows the length of the packet
			if string(hello[i+2:i+6]) == "MQTT" && hello[i+6] != 4 {
				_, _ = c.Write([]byte(answers))
				return
			}
		}
		up, err := net.Dial("tcp", b.addr)
		if err != nil {
			return
		}
		_, _ = up.Write(hello[:n])
		pipe(c, up)
	})
	return ln.Addr().String()
}

// Events, states and commands work with a broker that speaks only 3.1.1.
func TestOldVersion(t *testing.T) {
	for name, answers := range map[string]string{"refuses": "\x20\x02\x00\x01", "hangs up": ""} {
		t.Run(name, func(t *testing.T) {
			b := newBroker(t)
			sub := b.subscribe("rvo-tui/#")
			cfg := b.config()
			cfg.Server, cfg.Commands = "mqtt://"+oldBroker(t, b, answers), []string{AllVerbs}
			box := newBox()
			b.publish("-r", "-t", "rvo-tui/yard/availability", "-m", online) // of an earlier run
			o, stop := running(t, cfg, box, t.TempDir()+"/outbox.db")
			o.Offer(event(1))
			until(t, "an event", sub.has("rvo-tui/door/events/person", `"event_id":"0001"`))
			until(t, "a state", sub.has("rvo-tui/door/state", "live"))
			b.publish("-t", "rvo-tui/set", "-m", "reload")
			until(t, "an answer", sub.has("rvo-tui/responses", `"ok":true`))
			until(t, "the removal of an old camera", func() bool { return b.kept("rvo-tui/yard/#")["rvo-tui/yard/availability"] == "" })
			if v := o.Outputs().Outputs[0]; v.Connection != runtime.OutputConnected || v.State != runtime.SinkOK {
				t.Errorf("got %+v", v)
			}
			stop()
			until(t, "the end", sub.has("rvo-tui/availability", offline))
		})
	}
}

// The output continues once the broker knows the new password, and reports the error until then.
func TestPasswordIsChanged(t *testing.T) {
	b := newBroker(t)
	sub := b.subscribe("rvo-tui/door/events/#")
	o, _ := running(t, b.config(), newBox(), t.TempDir()+"/outbox.db")
	o.Offer(event(1))
	until(t, "an event", func() bool { return len(sub.lines()) == 1 && sub.lines()[0] != "" })
	b.setPassword("changed")
	o.Offer(event(2))
	until(t, "what is wrong", func() bool {
		v := o.Outputs().Outputs[0]
		return v.State == runtime.SinkDegraded && v.Connection == runtime.OutputConnecting && v.Remedy == "correct user and password" && v.Backlog == 1
	})
	b.setPassword("sesame")
	o.Offer(event(3))
	fresh := b.subscribe("rvo-tui/door/events/#")
	until(t, "the events since", func() bool {
		all := strings.Join(append(sub.lines(), fresh.lines()...), " ")
		return strings.Contains(all, "0002") && strings.Contains(all, "0003")
	})
	until(t, "no trouble", func() bool { return o.Outputs().Outputs[0].State == runtime.SinkOK })
}

// setPassword restarts the broker with another password for the user.
func (b *broker) setPassword(password string) {
	b.t.Helper()
	b.stop()
	must(b.t, exec.Command("mosquitto_passwd", "-b", strings.TrimSuffix(b.file, "mosquitto.conf")+"passwords", "me", password).Run())
	b.password = password
	b.start()
}
