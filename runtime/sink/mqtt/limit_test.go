package mqtt

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rvo-tui/clips"
	"rvo-tui/runtime/engine"
	"rvo-tui/runtime/sink/outbox"
)

// A message that is larger than the broker accepts would end the connection, each time it is sent.
func TestTooLargeForTheBroker(t *testing.T) {
	b := newBroker(t)
	b.stop()
	conf, err := os.ReadFile(b.file)
	must(t, err)
	must(t, os.WriteFile(b.file, append(conf, "max_packet_size 20000\n"...), 0o644))
	b.start()
	o, _ := running(t, b.config(), newBox(), filepath.Join(t.TempDir(), "outbox.db"))
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, clips.ThumbFileName), make([]byte, 30_000), 0o600))
	o.ClipDone(event(1), &clips.Entry{Path: dir, Movie: "clip.mp4"}, "")
	large := event(2)
	large.Type = strings.Repeat("x", 30_000)
	o.Offer(large)
	o.Offer(event(3))
	until(t, "delivery of what follows", func() bool {
		v := o.Outputs().Outputs[0]
		return v.Delivered == 2 && v.AsideCount == 1 && slices.Contains(v.Traffic, engine.Count{Reason: "pictures_too_large", N: 1})
	})
}

// Two programs with one client ID take the connection from each other.
func TestSharedClientID(t *testing.T) {
	b := newBroker(t)
	cfg := b.config()
	cfg.ClientID = "twin"
	first, second := alone(t, cfg, newBox()), alone(t, cfg, newBox())
	until(t, "the reason", func() bool {
		for _, out := range []func() (string, *outbox.Error){first.Connection, second.Connection} {
			if _, err := out(); err != nil && strings.Contains(err.Error(), "no other program uses this client_id") {
				return true
			}
		}
		return false
	})
}
