package mqtt

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho"

	"rvo-tui/internal/backoff"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
	"rvo-tui/runtime/sink/outbox"
)

const (
	attempt   = 10 * time.Second // timeout for the broker
	retryMax  = time.Minute
	closeWait = time.Second
	// steadyTime is how long a connection must last for the next attempt to be
	// immediate.
	steadyTime = 10 * time.Second
)

// errDown is the error of publishing without a connection, errLost the reason why there is
// none, and errBrief the same if it lasted less than steadyTime.
var (
	errDown  = errors.New("no connection to the broker")
	errLost  = errors.New("the connection was lost")
	errBrief = errors.New("the connection was lost soon after it was made")
)

// link is a connection to a broker that is restored whenever it is lost. It is safe for
// concurrent use.
type link struct {
	cfg      Config
	log      *slog.Logger
	will     *paho.WillMessage
	received func(*paho.Publish) // must not block

	up chan struct{} // capacity 1: there is a new connection

	mu       sync.Mutex // guards the fields below
	manager  *autopaho.ConnectionManager
	cancel   context.CancelFunc
	closed   bool
	live     bool
	joined   time.Time  // start of the last connection; zero: none yet
	fault    error      // why there is no connection
	conn     *attempted // the newest connection
	old      bool       // version 3.1.1 is used
	spoke    bool       // a version was agreed on before
	switched bool       // the other version is to be tried, at once
	largest  uint32     // bytes of a packet that the broker accepts; 0: no limit is known
}

// attempted is a connection and its outcome.
type attempted struct {
	net.Conn

	wire *wire
	told atomic.Int32 // of the first read: 1 means a response, 2 that the version is not supported
}

// Read implements net.Conn.
func (a *attempted) Read(p []byte) (int, error) {
	n, err := a.wire.Read(p)
	switch {
	case err == nil:
		a.told.CompareAndSwap(0, 1)
	case errors.Is(err, errOldBroker):
		a.told.Store(2)
	}
	return n, err
}

// Write implements net.Conn.
func (a *attempted) Write(p []byte) (int, error) { return a.wire.Write(p) }

// open starts connecting, and keeps connecting until close.
func (l *link) open() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.manager != nil || l.closed {
		return nil
	}
	u, err := l.cfg.address()
	if err != nil {
		return err
	}
	if warning, do := l.cfg.Exposed(); warning != "" {
		l.log.Warn(warning, "output", Name, "server", text.Clean(u.Host), "do", do)
	}
	id := l.cfg.ClientID
	if id == "" {
		host, _ := os.Hostname() // the ID works without a host name
		id = "rvo-tui-" + text.Clean(host)
	}
	waits := backoff.Backoff{First: time.Second, Last: retryMax, Jitter: 0.3}
	ctx, cancel := context.WithCancel(context.Background())
	manager, err := autopaho.NewConnection(ctx, autopaho.ClientConfig{
		ServerUrls: []*url.URL{u}, KeepAlive: uint16(time.Duration(l.cfg.KeepAlive).Seconds()), CleanStartOnInitialConnection: true,
		ReconnectBackoff: func(n int) time.Duration { return l.wait(n, &waits) },
		ConnectTimeout:   attempt, ConnectUsername: l.cfg.User, ConnectPassword: []byte(l.cfg.Password),
		WillMessage: l.will, AttemptConnection: l.dial,
		OnConnectionUp: l.connected, OnConnectError: l.failed,
		OnConnectionDown: func() bool { l.failed(errLost); return true },
		ClientConfig: paho.ClientConfig{
			ClientID: id, PacketTimeout: attempt, Session: newSession(),
			OnPublishReceived: []func(paho.PublishReceived) (bool, error){func(m paho.PublishReceived) (bool, error) {
				l.received(m.Packet)
				return true, nil
			}},
		},
	})
	if err != nil {
		cancel()
		return fmt.Errorf("connect to broker: %w", err)
	}
	l.manager, l.cancel = manager, cancel
	return nil
}

// wait returns the delay before attempt n since the last connection. A broker that
// accepts connections and drops them is not retried in a tight loop.
func (l *link) wait(n int, waits *backoff.Backoff) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.switched:
		l.switched = false
		return 0
	case n == 0 && (l.joined.IsZero() || time.Since(l.joined) >= steadyTime):
		waits.Reset()
		return 0
	}
	return waits.Next()
}

// dial opens a connection.
func (l *link) dial(ctx context.Context, _ autopaho.ClientConfig, u *url.URL) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	dialer := &net.Dialer{}
	var conn net.Conn
	var err error
	if u.Scheme == "mqtts" {
		var secure *tls.Config
		if secure, err = l.cfg.tls(u.Hostname()); err != nil {
			return nil, err
		}
		conn, err = (&tls.Dialer{NetDialer: dialer, Config: secure}).DialContext(ctx, "tcp", u.Host)
	} else {
		conn, err = dialer.DialContext(ctx, "tcp", u.Host)
	}
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn = &attempted{Conn: conn, wire: newWire(conn, l.old)}
	return packets.NewThreadSafeConn(l.conn), nil
}

// connected records a new connection. It must not block.
func (l *link) connected(_ *autopaho.ConnectionManager, hello *paho.Connack) {
	l.mu.Lock()
	l.fault, l.live, l.joined, l.largest = nil, true, time.Now(), 0
	if p := hello.Properties; p != nil && p.MaximumPacketSize != nil {
		l.largest = *p.MaximumPacketSize
	}
	if l.old && !l.spoke {
		l.log.Info("the broker does not support MQTT 5; using 3.1.1, without properties and reason codes", "output", Name)
	}
	l.spoke = true
	l.mu.Unlock()
	select {
	case l.up <- struct{}{}:
	default:
	}
}

// failed records why there is no connection, and which version to try next.
func (l *link) failed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.live = false
	if c := l.conn; c != nil {
		l.conn = nil
		var late net.Error
		timeout := errors.As(err, &late) && late.Timeout() || errors.Is(err, context.DeadlineExceeded)
		switch told := c.told.Load(); {
		case told == 2:
			l.old, l.switched = true, !l.old
			return // expected
		case told == 0 && !l.spoke && !timeout:
			// Some brokers close the connection if they do not know the version.
			l.old, l.switched = !l.old, !l.old
			err = errors.New("the broker closes the connection without a response")
		}
		switch reason := c.wire.left.Load(); {
		case reason != 0:
			err = farewell(reason)
		case errors.Is(err, errLost) && time.Since(l.joined) < steadyTime:
			err = errBrief
		}
	}
	l.fault = err
}

// publish sends a message and waits for the acknowledgement.
func (l *link) publish(ctx context.Context, m *paho.Publish) error {
	l.mu.Lock()
	manager, live := l.manager, l.live
	l.mu.Unlock()
	if manager == nil || !live {
		return errDown
	}
	if !l.fits(m) {
		return refused{&outbox.Error{Reason: "the message is larger than the broker accepts", Remedy: "raise its limit", Refused: true}}
	}
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	answer, err := manager.Publish(ctx, m)
	switch {
	case answer != nil && answer.ReasonCode >= 0x80:
		return refused{refusal(answer.ReasonCode)}
	case errors.Is(err, context.DeadlineExceeded):
		return &outbox.Error{Reason: fmt.Sprintf("the broker has not acknowledged within %v", attempt), Remedy: "check the broker"}
	case err != nil:
		return &outbox.Error{Reason: "the broker does not acknowledge: " + text.Clean(err.Error()), Remedy: "check the broker"}
	}
	return nil
}

// fits reports whether the broker accepts the size of a message. A larger one would end
// the connection.
func (l *link) fits(m *paho.Publish) bool {
	l.mu.Lock()
	largest := l.largest
	l.mu.Unlock()
	if largest == 0 {
		return true
	}
	n, err := m.Packet().WriteTo(io.Discard)
	return err == nil && n <= int64(largest)
}

// subscribe subscribes to topics. It returns those that the broker does not accept, and
// why.
func (l *link) subscribe(ctx context.Context, list []paho.SubscribeOptions) ([]paho.SubscribeOptions, error) {
	l.mu.Lock()
	manager := l.manager
	l.mu.Unlock()
	if manager == nil {
		return list, errDown
	}
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	answer, err := manager.Subscribe(ctx, &paho.Subscribe{Subscriptions: list})
	if answer == nil {
		return list, &outbox.Error{Reason: "the broker does not accept the subscriptions: " + text.Clean(err.Error()), Remedy: "check the broker"}
	}
	var rejected []paho.SubscribeOptions
	var why error
	for i, reason := range answer.Reasons {
		if reason < 0x80 || i >= len(list) {
			continue
		}
		if rejected = append(rejected, list[i]); why == nil {
			why = &outbox.Error{
				Reason: fmt.Sprintf("the broker rejects the subscription to %s (0x%02x)", list[i].Topic, reason),
				Remedy: "allow this user to subscribe below prefix, and to the status of Home Assistant",
			}
		}
	}
	return rejected, why
}

// await waits for a connection. The error says why there is none.
func (l *link) await(ctx context.Context) error {
	l.mu.Lock()
	manager := l.manager
	l.mu.Unlock()
	if manager == nil {
		return &outbox.Error{Reason: "the program is shutting down"}
	}
	if manager.AwaitConnection(ctx) != nil {
		return l.unreachable()
	}
	return nil
}

// state returns the state of the connection, and why there is none.
func (l *link) state() (string, *outbox.Error) {
	l.mu.Lock()
	live, fault := l.live, l.fault
	l.mu.Unlock()
	switch {
	case live:
		return runtime.OutputConnected, nil
	case fault == nil:
		return runtime.OutputConnecting, nil
	}
	return runtime.OutputConnecting, l.unreachable()
}

// unreachable explains why there is no connection.
func (l *link) unreachable() *outbox.Error {
	l.mu.Lock()
	err := l.fault
	l.mu.Unlock()
	e := &outbox.Error{Reason: "the broker does not respond", Remedy: "check server, the network and the broker"}
	var denied *autopaho.ConnackError
	switch {
	case errors.As(err, &denied):
		e.Reason = fmt.Sprintf("the broker rejects the connection (0x%02x %s)", denied.ReasonCode, text.Clean(denied.Reason))
		if denied.ReasonCode == 0x86 || denied.ReasonCode == 0x87 || denied.ReasonCode == 0x8c {
			e.Remedy = "correct user and password"
		}
	case err != nil:
		e.Reason = text.CleanTo(text.RedactLine(err.Error()), 200)
		if errors.Is(err, errTaken) || errors.Is(err, errBrief) {
			e.Remedy = "check the broker, and that no other program uses this client_id"
		}
	}
	return e
}

// farewell is the reason code with which a broker closed a connection.
type farewell byte

// errTaken means that another client connected with the same ID.
var errTaken = farewell(packets.DisconnectSessionTakenOver)

// Error implements error.
func (f farewell) Error() string {
	said := "the broker closed the connection"
	if f == errTaken {
		said = "another client with the same ID connected to the broker"
	}
	return fmt.Sprintf("%s (0x%02x)", said, byte(f))
}

// refused is the error of a message that the broker rejects.
type refused struct{ why *outbox.Error }

// Error implements error.
func (r refused) Error() string { return r.why.Error() }

// Unwrap returns the reason.
func (r refused) Unwrap() error { return r.why }

// refusal explains a broker's response to a message.
func refusal(reason byte) *outbox.Error {
	e := &outbox.Error{Reason: fmt.Sprintf("the broker rejects the message (0x%02x)", reason), Remedy: "check the broker"}
	switch reason {
	case 0x87:
		e.Remedy = "allow this user to publish below prefix and discovery"
	case 0x90, 0x95, 0x99: // topic name invalid, packet too large, payload format invalid
		e.Refused = true
	}
	return e
}

// close publishes last and closes the connection, within little more than closeWait.
func (l *link) close(last *paho.Publish) {
	l.mu.Lock()
	manager, cancel, live := l.manager, l.cancel, l.live
	l.manager, l.closed = nil, true
	l.mu.Unlock()
	if manager == nil {
		return
	}
	// Close the connection if a broker that reads nothing blocks writes.
	cut := time.AfterFunc(closeWait, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.conn != nil {
			_ = l.conn.Close() // given up
		}
	})
	defer cut.Stop()
	if live {
		ctx, stop := context.WithTimeout(context.Background(), closeWait)
		defer stop()
		_, _ = manager.Publish(ctx, last) // otherwise the broker publishes the will
		_ = manager.Disconnect(ctx)
	}
	cancel()
	<-manager.Done()
}
