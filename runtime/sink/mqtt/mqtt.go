package mqtt

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"

	"rvo-tui/internal/backoff"
	"rvo-tui/internal/text"
	"rvo-tui/runtime/sink/outbox"
)

const (
	attempt    = 10 * time.Second // that a broker may take to acknowledge a message
	retryMax   = time.Minute
	maxTries   = 5
	closeWait  = time.Second
	statusName = "availability"
	online     = "online"
	offline    = "offline"
)

// publisher is a connection to a broker. It is safe for concurrent use.
type publisher struct {
	cfg Config
	log *slog.Logger

	mu      sync.Mutex // guards what follows
	manager *autopaho.ConnectionManager
	cancel  context.CancelFunc
	closed  bool
	fault   error // why there is no connection
}

// Output returns the output of a valid configuration. It connects with the first
// message, and stays connected until Close.
func Output(cfg Config, log *slog.Logger) (outbox.Output, error) {
	u, err := cfg.address()
	if err != nil {
		return outbox.Output{}, fmt.Errorf("server: %w", err)
	}
	p := &publisher{cfg: cfg, log: log}
	return outbox.Output{
		Name: Name, To: u.Scheme + "://" + text.Clean(u.Host), Settings: cfg, Wants: func(*outbox.Record) bool { return true }, Clips: true,
		Attach: outbox.AttachNone, MaxTries: maxTries, RetryMax: retryMax, Open: p.open, Send: p.send, Close: p.close,
	}, nil
}

// open begins to connect, and goes on until close.
func (p *publisher) open() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.manager != nil || p.closed {
		return nil
	}
	u, err := p.cfg.address()
	if err != nil {
		return err
	}
	if warning, do := p.cfg.Exposed(); warning != "" {
		p.log.Warn(warning, "output", Name, "server", text.Clean(u.Host), "do", do)
	}
	secure, err := p.cfg.tls()
	if err != nil {
		return err
	}
	id := p.cfg.ClientID
	if id == "" {
		host, _ := os.Hostname() // without a name the ID is still one
		id = "rvo-tui-" + text.Clean(host)
	}
	waits := backoff.Backoff{First: time.Second, Last: retryMax, Jitter: 0.3}
	ctx, cancel := context.WithCancel(context.Background())
	cfg := autopaho.ClientConfig{
		TlsCfg: secure, KeepAlive: uint16(time.Duration(p.cfg.KeepAlive).Seconds()), CleanStartOnInitialConnection: true,
		ReconnectBackoff: func(n int) time.Duration {
			if n == 0 {
				waits.Reset()
				return 0
			}
			return waits.Next()
		},
		ConnectTimeout: attempt, ConnectUsername: p.cfg.User, ConnectPassword: []byte(p.cfg.Password),
		WillMessage:    &paho.WillMessage{Topic: p.cfg.Prefix + "/" + statusName, Payload: []byte(offline), QoS: 1, Retain: true},
		OnConnectionUp: p.up, OnConnectError: p.failed,
		OnConnectionDown: func() bool { p.failed(errors.New("the connection was lost")); return true },
		ClientConfig:     paho.ClientConfig{ClientID: id, PacketTimeout: attempt},
	}
	cfg.ServerUrls = append(cfg.ServerUrls, u)
	p.manager, err = autopaho.NewConnection(ctx, cfg)
	if err != nil {
		cancel()
		return fmt.Errorf("connect to broker: %w", err)
	}
	p.cancel = cancel
	return nil
}

// up tells the broker that this program is there. It must not block.
func (p *publisher) up(m *autopaho.ConnectionManager, _ *paho.Connack) {
	p.mu.Lock()
	p.fault = nil
	p.mu.Unlock()
	go func() { // ends with the answer, or attempt
		ctx, cancel := context.WithTimeout(context.Background(), attempt)
		defer cancel()
		if _, err := m.Publish(ctx, p.status(online)); err != nil {
			p.log.Warn("availability is not published", "output", Name, "error", text.Clean(err.Error()))
		}
	}()
}

func (p *publisher) status(state string) *paho.Publish {
	return &paho.Publish{Topic: p.cfg.Prefix + "/" + statusName, Payload: []byte(state), QoS: 1, Retain: true}
}

func (p *publisher) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = err
}

// send implements outbox.Output.Send.
func (p *publisher) send(ctx context.Context, d outbox.Delivery) error {
	if err := p.open(); err != nil {
		return &outbox.Error{Reason: text.Clean(err.Error()), Remedy: "correct [mqtt]"}
	}
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	message, err := p.message(&d)
	if err != nil {
		return &outbox.Error{Reason: text.Clean(err.Error()), Refused: true}
	}
	p.mu.Lock()
	manager := p.manager
	p.mu.Unlock()
	if manager == nil {
		return &outbox.Error{Reason: "the program ends"}
	}
	if err := manager.AwaitConnection(ctx); err != nil {
		return p.unreachable()
	}
	answer, err := manager.Publish(ctx, message)
	switch {
	case answer != nil && answer.ReasonCode >= 0x80:
		return refusal(answer)
	case err != nil:
		return &outbox.Error{Reason: "the broker does not acknowledge: " + text.Clean(err.Error()), Remedy: "look after the broker"}
	}
	return nil
}

// unreachable explains why there is no connection.
func (p *publisher) unreachable() error {
	p.mu.Lock()
	err := p.fault
	p.mu.Unlock()
	e := &outbox.Error{Reason: "the broker does not answer", Remedy: "check server, the network and the broker"}
	var denied *autopaho.ConnackError
	switch {
	case errors.As(err, &denied):
		e.Reason = fmt.Sprintf("the broker refuses the connection (0x%02x %s)", denied.ReasonCode, text.Clean(denied.Reason))
		if denied.ReasonCode == 0x86 || denied.ReasonCode == 0x87 || denied.ReasonCode == 0x8c {
			e.Remedy = "correct user and password"
		}
	case err != nil:
		e.Reason = text.CleanTo(text.RedactLine(err.Error()), 200)
	}
	return e
}

// refusal explains an answer of the broker to a message.
func refusal(answer *paho.PublishResponse) error {
	e := &outbox.Error{Reason: fmt.Sprintf("the broker refuses the message (0x%02x)", answer.ReasonCode), Remedy: "look after the broker"}
	switch answer.ReasonCode {
	case 0x87:
		e.Remedy = "allow this user to publish below prefix"
	case 0x90, 0x95, 0x99: // topic name invalid, packet too large, payload format invalid
		e.Refused = true
	}
	return e
}

// message returns the message of a delivery.
func (p *publisher) message(d *outbox.Delivery) (*paho.Publish, error) {
	e := &d.Record.Event
	topic, payload := "events", []byte(nil)
	line, err := e.AppendLine(nil)
	if err != nil {
		return nil, err
	}
	payload = bytes.TrimSpace(line)
	if d.Record.Clip != nil {
		topic = "clips"
		if payload, err = json.Marshal(clip{payload, d.Record.Clip}); err != nil {
			return nil, err
		}
	}
	message := &paho.Publish{
		Topic: p.cfg.Prefix + "/" + e.Camera + "/" + topic + "/" + e.Type, Payload: payload, QoS: byte(p.cfg.QoS),
		Properties: &paho.PublishProperties{ContentType: "application/json"},
	}
	if d.Test {
		message.Topic = p.cfg.Prefix + "/test"
	}
	message.Properties.User.Add("event_id", e.ID)
	message.Properties.User.Add("delivery_id", d.ID)
	return message, nil
}

// clip is the payload of a clip that was saved, or lost.
type clip struct {
	Event json.RawMessage `json:"event"`
	Clip  *outbox.Clip    `json:"clip"`
}

// close says goodbye and ends the connection.
func (p *publisher) close() {
	p.mu.Lock()
	manager, cancel := p.manager, p.cancel
	p.manager, p.closed = nil, true
	p.mu.Unlock()
	if manager == nil {
		return
	}
	defer func() {
		cancel()
		<-manager.Done()
	}()
	ctx, stop := context.WithTimeout(context.Background(), closeWait)
	defer stop()
	if manager.AwaitConnection(ctx) == nil {
		_, _ = manager.Publish(ctx, p.status(offline)) // else the broker publishes the will
		_ = manager.Disconnect(ctx)
	}
}
