package mqtt

import (
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/packets"

	"rvo-tui/runtime"
)

// strict is a broker that rejects some topics.
type strict struct {
	mu    sync.Mutex
	deny  string            // topics that contain it; empty: none
	subs  []string          // accepted subscriptions
	tried int               // SUBSCRIBE packets
	kept  map[string][]byte // by topic
}

func newStrict(t *testing.T, deny string) (*strict, Config) {
	t.Helper()
	b := &strict{deny: deny, kept: map[string][]byte{}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	serve(t, ln, b.serve)
	cfg := DefaultConfig()
	cfg.Server = "mqtt://" + ln.Addr().String()
	return b, cfg
}

func (b *strict) change(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

func (b *strict) reason(topic string, good byte) byte {
	if b.deny != "" && strings.Contains(topic, b.deny) {
		return packets.PubackNotAuthorized
	}
	return good
}

func (b *strict) serve(c net.Conn) {
	for {
		p, err := packets.ReadPacket(c)
		if err != nil {
			return
		}
		var answer *packets.ControlPacket
		b.mu.Lock()
		switch v := p.Content.(type) {
		case *packets.Connect:
			answer = packets.NewControlPacket(packets.CONNACK)
		case *packets.Subscribe:
			b.tried++
			answer = packets.NewControlPacket(packets.SUBACK)
			ack := answer.Content.(*packets.Suback)
			ack.PacketID = v.PacketID
			for _, s := range v.Subscriptions {
				reason := b.reason(s.Topic, 1)
				if reason == 1 {
					b.subs = append(b.subs, s.Topic)
				}
				ack.Reasons = append(ack.Reasons, reason)
			}
		case *packets.Publish:
			answer = packets.NewControlPacket(packets.PUBACK)
			ack := answer.Content.(*packets.Puback)
			ack.PacketID, ack.ReasonCode = v.PacketID, b.reason(v.Topic, 0)
			if ack.ReasonCode == 0 {
				b.kept[v.Topic] = v.Payload
			}
		case *packets.Pingreq:
			answer = packets.NewControlPacket(packets.PINGRESP)
		}
		b.mu.Unlock()
		if answer != nil {
			if _, err := answer.WriteTo(c); err != nil {
				return
			}
		}
	}
}

// What a broker rejects is retried with growing delays, and is one line in the log at each end.
func TestRejectedTopicsAreRetried(t *testing.T) {
	b, cfg := newStrict(t, "status") // of Home Assistant
	cfg.Discovery, cfg.Commands = "homeassistant", []string{AllVerbs}
	var log strings.Builder
	box := newBox()
	opts := box.options()
	opts.Log = slog.New(slog.NewTextHandler(&log, nil))
	c := newClient(cfg, opts)
	must(t, c.link.open())
	defer c.link.close(retained("x", nil))
	<-c.link.up
	m, now := newMirror(c), time.Now()
	m.begin(t.Context())
	step := func(d time.Duration) {
		now = now.Add(d)
		m.step(t.Context(), now)
	}
	trouble := func(want string) {
		t.Helper()
		_, err := c.connection()
		if got := ""; err != nil {
			if got = err.Reason; want == "" || !strings.Contains(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		} else if want != "" {
			t.Errorf("no trouble, want %q", want)
		}
	}
	trouble("rejects the subscription to homeassistant/status (0x87)")
	for range 60 {
		step(time.Second)
	}
	b.change(func() {
		if n := len(c.subscriptions()) - 1; len(b.subs) != n || b.tried < 5 || b.tried > 8 {
			t.Errorf("%d of %d subscriptions, %d attempts in a minute", len(b.subs), n, b.tried)
		}
		b.deny = ""
	})
	step(2 * retryMax)
	trouble("")
	b.change(func() {
		if !slices.Contains(b.subs, "homeassistant/status") {
			t.Errorf("subscribed to %q", b.subs)
		}
		b.deny, b.tried = "rvo-tui/door", 0
	})
	box.set(func(s *runtime.Snapshot) { s.Cameras[0].Width = 1 })
	step(2 * time.Second)
	trouble("rejects the message (0x87): rvo-tui/door/state")
	b.change(func() { b.deny = "" })
	step(2 * retryMax)
	trouble("")
	b.change(func() {
		if got := string(b.kept["rvo-tui/door/state"]); !strings.Contains(got, `"width":1`) || b.tried != 0 {
			t.Errorf("kept %s, %d subscriptions", got, b.tried)
		}
	})
	if lines := strings.Split(strings.TrimSpace(log.String()), "\n"); len(lines) != 4 || !strings.Contains(lines[0], "level=WARN") || !strings.Contains(lines[1], "level=INFO") {
		t.Errorf("logged %q", lines)
	}
}

// The reason with which a broker closes a connection is shown.
func TestBrokerSaysWhy(t *testing.T) {
	for reason, want := range map[byte]string{
		packets.DisconnectSessionTakenOver:   "another client with the same ID connected to the broker (0x8e); check the broker, and that no other",
		packets.DisconnectServerShuttingDown: "the broker closed the connection (0x8b); check server",
	} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		serve(t, ln, func(c net.Conn) {
			if welcome(c) {
				_, _ = c.Write([]byte{0xe0, 2, reason, 0})
				_, _ = io.Copy(io.Discard, c) // closing with unread data would discard the reason
			}
		})
		cfg := DefaultConfig()
		cfg.Server = "mqtt://" + ln.Addr().String()
		out := alone(t, cfg, newBox())
		until(t, want, func() bool {
			_, err := out.Connection()
			return err != nil && strings.Contains(err.Error(), want)
		})
	}
}
