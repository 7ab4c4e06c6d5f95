package mqtt

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eclipse/paho.golang/paho"

	"rvo-tui/clips"
	"rvo-tui/internal/fileio"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
	"rvo-tui/runtime/sink/outbox"
)

const (
	maxTries   = 5
	maxPicture = 1 << 20 // bytes; larger ones are left out
	maxKept    = 256     // pictures kept to restore those lost by a broker
	online     = "online"
	offline    = "offline"
)

// Runtime is the source of states and previews. It is safe for concurrent use.
type Runtime interface {
	Snapshot() *runtime.Snapshot
	// Stills is that of a runtime.Runtime.
	Stills(ctx context.Context, cameras []string, width int, fps float64, give func(runtime.Still) error) error
}

// Options are the dependencies of an output.
type Options struct {
	// Runtime is not used before Output.Open.
	Runtime Runtime
	// Do carries out the words of a command, as they follow "ctl", with the rules of
	// the API. Its errors may be displayed. Nil: commands are refused.
	Do      func(ctx context.Context, words []string) error
	Version string
	Log     *slog.Logger
}

// client is an output that publishes to a broker. It is safe for concurrent use.
type client struct {
	cfg    Config
	opts   Options
	topics topics
	link   link
	counts counts
	orders chan order  // queued commands
	disk   fileio.Disk // of clips

	cancel context.CancelFunc // for the goroutines; set by open
	wg     sync.WaitGroup
	obeyed chan struct{} // closed when no more commands are carried out

	mu       sync.Mutex // guards the fields below
	opened   bool
	closed   bool
	pictures map[string]picture // newest one of each camera
	found    map[string][]byte  // retained messages found at the broker, by topic
	again    bool               // publish everything again
	refused  *outbox.Error      // why a state is not published
}

// picture is the thumbnail of an event.
type picture struct {
	event string
	jpeg  []byte
}

// counts are counters for the metrics.
type counts struct {
	states, previews, pictures, large, commands, failed, ignored, dropped atomic.Uint64
}

// Output returns the output of a valid configuration. It connects when opened, and
// stays connected until Close.
func Output(cfg Config, opts Options) (outbox.Output, error) {
	u, err := cfg.address()
	if err != nil {
		return outbox.Output{}, fmt.Errorf("server: %w", err)
	}
	c := newClient(cfg, opts)
	return outbox.Output{
		Name: Name, To: u.Scheme + "://" + text.Clean(u.Host), Settings: cfg, Wants: func(*outbox.Record) bool { return true }, Clips: true,
		Attach: outbox.AttachNone, MaxTries: maxTries, RetryMax: retryMax, Open: c.open, Send: c.send, Close: c.close,
		Connection: c.connection, Traffic: c.traffic,
	}, nil
}

func newClient(cfg Config, opts Options) *client {
	c := &client{
		cfg: cfg, opts: opts, topics: topics{cfg.Prefix}, orders: make(chan order, maxOrders),
		pictures: map[string]picture{}, found: map[string][]byte{},
	}
	c.link = link{
		cfg: cfg, log: opts.Log, up: make(chan struct{}, 1), received: c.received,
		will: &paho.WillMessage{Topic: c.topics.availability(), Payload: []byte(offline), QoS: 1, Retain: true},
	}
	return c
}

// open starts connecting and publishing states, until close.
func (c *client) open() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.opened || c.closed {
		return nil
	}
	if err := c.link.open(); err != nil {
		return err
	}
	c.opened = true
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.wg.Go(func() { c.mirror(ctx) })
	c.obeyed = make(chan struct{})
	go func() { // waited for by close, except for a command that waits for close
		defer close(c.obeyed)
		c.obey(ctx)
	}()
	if c.cfg.Preview > 0 {
		c.wg.Go(func() { c.preview(ctx) })
	}
	return nil
}

// close publishes that the program is offline, closes the connection, and waits for the
// goroutines. A command in progress may itself wait for close, as a reload does that
// changes this output, so it has closeWait to end.
func (c *client) close() {
	c.mu.Lock()
	c.closed = true
	cancel := c.cancel
	c.mu.Unlock()
	if cancel == nil {
		return
	}
	cancel()
	c.link.close(retained(c.topics.availability(), []byte(offline)))
	c.wg.Wait()
	select {
	case <-c.obeyed:
	case <-time.After(closeWait):
	}
}

// connection implements outbox.Output.Connection.
func (c *client) connection() (string, *outbox.Error) {
	state, err := c.link.state()
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		err = c.refused
	}
	return state, err
}

// traffic implements outbox.Output.Traffic.
func (c *client) traffic() []engine.Count {
	n := &c.counts
	return []engine.Count{
		{Reason: "states", N: n.states.Load()},
		{Reason: "pictures", N: n.pictures.Load()},
		{Reason: "pictures_too_large", N: n.large.Load()},
		{Reason: "previews", N: n.previews.Load()},
		{Reason: "commands", N: n.commands.Load()},
		{Reason: "commands_refused", N: n.failed.Load()},
		{Reason: "commands_ignored", N: n.ignored.Load()},
		{Reason: "commands_dropped", N: n.dropped.Load()},
	}
}

// send implements outbox.Output.Send.
func (c *client) send(ctx context.Context, d outbox.Delivery) error {
	if err := c.open(); err != nil {
		return &outbox.Error{Reason: text.Clean(err.Error()), Remedy: "correct [mqtt]"}
	}
	message, err := c.message(&d)
	if err != nil {
		return &outbox.Error{Reason: text.Clean(err.Error()), Refused: true}
	}
	wait, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	if err := c.link.await(wait); err != nil {
		return err
	}
	if clip := d.Record.Clip; clip != nil && c.cfg.Pictures && clip.Dir != "" {
		if err := c.sendPicture(ctx, &d); err != nil {
			return err
		}
	}
	err = c.link.publish(ctx, message)
	if errors.Is(err, errDown) {
		return c.link.unreachable()
	}
	return err
}

// message returns the message of a delivery.
func (c *client) message(d *outbox.Delivery) (*paho.Publish, error) {
	e := &d.Record.Event
	line, err := e.AppendLine(nil)
	if err != nil {
		return nil, err
	}
	topic, payload := c.topics.event(e.Camera, e.Type), bytes.TrimSpace(line)
	if d.Record.Clip != nil {
		topic = c.topics.clip(e.Camera, e.Type)
		if payload, err = json.Marshal(clip{payload, d.Record.Clip}); err != nil {
			return nil, err
		}
	}
	if d.Test {
		topic = c.topics.test()
	}
	message := &paho.Publish{Topic: topic, Payload: payload, QoS: byte(c.cfg.QoS), Properties: &paho.PublishProperties{ContentType: "application/json"}}
	message.Properties.User.Add("event_id", e.ID)
	message.Properties.User.Add("delivery_id", d.ID)
	return message, nil
}

// clip is the payload of a clip that was saved or lost.
type clip struct {
	Event json.RawMessage `json:"event"`
	Clip  *outbox.Clip    `json:"clip"`
}

// sendPicture publishes the thumbnail of a clip.
func (c *client) sendPicture(ctx context.Context, d *outbox.Delivery) error {
	e := &d.Record.Event
	jpeg, err := fileio.Within(ctx, &c.disk, func() ([]byte, error) { return clips.Thumb(d.Record.Clip.Dir, clips.Entry{}), nil })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil || jpeg == nil {
		return nil // it has none or was deleted, or the disk hangs
	}
	p := picture{e.ID, jpeg}
	message := c.pictureOf(e.Camera, p)
	if len(jpeg) > maxPicture || !c.link.fits(message) {
		c.counts.large.Add(1)
		return nil
	}
	if err := c.link.publish(ctx, message); err != nil {
		if errors.Is(err, errDown) {
			return c.link.unreachable()
		}
		return err
	}
	c.counts.pictures.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.pictures[e.Camera]; known || len(c.pictures) < maxKept {
		c.pictures[e.Camera] = p
	}
	return nil
}

func (c *client) pictureOf(camera string, p picture) *paho.Publish {
	m := retained(c.topics.picture(camera), p.jpeg)
	m.Properties = &paho.PublishProperties{ContentType: "image/jpeg"}
	m.Properties.User.Add("event_id", p.event)
	return m
}

// retained returns a retained message. Without a payload it removes the stored one.
func retained(topic string, payload []byte) *paho.Publish {
	return &paho.Publish{Topic: topic, Payload: payload, QoS: 1, Retain: true}
}
