// Package remote is the dashboard's backend for a Runtime in another process. It connects to that
// process's API, reconnects when the connection is lost, and keeps the data received.
package remote

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/internal/backoff"
	"rvo-tui/internal/logging"
	"rvo-tui/runtime"
	"rvo-tui/runtime/api"
	"rvo-tui/runtime/api/client"
)

// daemon is the part of client.Client that Backend uses.
type daemon interface {
	Addr() string
	About(ctx context.Context) (api.About, error)
	Follow(ctx context.Context, s client.Stream) error
	Do(ctx context.Context, c runtime.Command) error
	Preview(ctx context.Context, list []runtime.PreviewSpec, rate float64, show func(i int, p runtime.Preview)) error
	Clip(ctx context.Context, eventID string) (clips.Clip, error)
	Movie(ctx context.Context, eventID string, part int, most int64, to io.Writer) error
	Meta(ctx context.Context, eventID string) (*clips.Meta, error)
}

const (
	aboutTimeout = 5 * time.Second
	clipTimeout  = 10 * time.Second
	maxMovie     = 512 << 20 // maximum size of a fetched movie file in bytes
)

// Backend implements ui.Backend for a Runtime in another process. Run connects, and reconnects
// without limit when the connection is lost. The last snapshot, events and log lines stay
// available meanwhile, even if the other process restarts. It is safe for concurrent use.
type Backend struct {
	daemon daemon
	rate   float64
	kinds  detectors.Kinds // known to this program
	host   string          // this program runs on

	view previewer

	mu       sync.Mutex // guards the fields below; held briefly
	wire     wire
	instance string
	snap     *runtime.Snapshot
	watchers runtime.Broadcast
	events   mirror[runtime.RecentEvent]
	log      mirror[logging.Line]
}

// New returns a Backend that requests at most rate snapshots a second from the client's server.
// Kinds are the detector kinds of this program, host is the host it runs on.
func New(c *client.Client, rate float64, kinds detectors.Kinds, host string) *Backend {
	return newBackend(c, rate, kinds, host)
}

func newBackend(d daemon, rate float64, kinds detectors.Kinds, host string) *Backend {
	return &Backend{
		daemon: d, rate: rate, kinds: kinds, host: host,
		view: previewer{rate: rate, change: make(chan struct{}, 1)},
		wire: wire{
			link:  Link{State: LinkConnecting, Addr: d.Addr()},
			waits: backoff.Backoff{First: firstWait, Last: lastWait, Jitter: 0.2},
		},
		events: newMirror[runtime.RecentEvent](runtime.RecentEvents),
		log:    newMirror[logging.Line](logging.MaxLines),
	}
}

// Run keeps the connection until the context ends.
func (r *Backend) Run(ctx context.Context) error {
	defer r.watchers.Close()
	for ctx.Err() == nil {
		r.mu.Lock()
		r.wire.try()
		r.mu.Unlock()
		err := r.session(ctx)
		if ctx.Err() != nil {
			break
		}
		r.mu.Lock()
		wait := r.wire.fail(time.Now(), err.Error())
		r.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return nil
}

// session is one connection, from the first call to the first error.
func (r *Backend) session(ctx context.Context) error {
	ask, cancel := context.WithTimeout(ctx, aboutTimeout)
	about, err := r.daemon.About(ask)
	cancel()
	if err != nil {
		return err
	}
	events, log := r.meet(about)
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	var wg sync.WaitGroup
	wg.Go(func() {
		end(r.daemon.Follow(ctx, client.Stream{
			Rate: r.rate, State: r.show, AfterEvent: events, Event: r.event, AfterLine: log, Line: r.logLine, Beat: r.beat,
		}))
	})
	wg.Go(func() { r.view.run(ctx, r.daemon) })
	wg.Wait()
	return context.Cause(ctx)
}

// meet records which process answered, and returns the event and log numbers to continue after.
func (r *Backend) meet(a api.About) (events, log uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.instance != a.Instance {
		r.instance = a.Instance
		r.events.there = 0
		r.log.there = 0
	}
	r.wire.met(time.Now())
	k := &r.wire.link
	k.Host, k.PID, k.Version, k.ReadOnly, k.Kinds = a.Host, a.PID, a.Version, a.ReadOnly, r.attachable(a.Kinds)
	return r.events.there, r.log.there
}

// attachable returns the kinds that a daemon accepts, with this program's knowledge of their
// options. What is installed on the daemon's host is unknown.
func (r *Backend) attachable(list []api.Kind) detectors.Kinds {
	kinds := make(detectors.Kinds, len(list))
	for _, k := range list {
		kind := r.kinds[k.Name]
		if !kind.Remote {
			kind.Check = nil
		}
		kind.Name, kind.Doc, kind.Keys = k.Name, k.Doc, make([]string, len(k.Options))
		for i, o := range k.Options {
			kind.Keys[i] = o.Name
		}
		kinds[k.Name] = kind
	}
	return kinds
}

// beat records that data has arrived.
func (r *Backend) beat() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wire.beat(time.Now())
}

func (r *Backend) show(s *runtime.Snapshot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wire.snapshot(time.Now())
	r.snap = s
	r.watchers.Publish(s)
}

func (r *Backend) event(e runtime.RecentEvent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.events.fresh(e.Seq) {
		r.events.Add(runtime.RecentEvent{Seq: r.events.Last() + 1, Event: e.Event})
	}
}

func (r *Backend) logLine(l logging.Line) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.log.fresh(l.Seq) {
		l.Seq = r.log.Last() + 1
		r.log.Add(l)
	}
}

// Link returns the state of the connection.
func (r *Backend) Link() Link {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.wire.at(time.Now())
}

// Subscribe implements ui.Backend. The channel holds the newest snapshot from the start, if
// there is one. It is closed when Run ends.
func (r *Backend) Subscribe() (<-chan *runtime.Snapshot, func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.watchers.Subscribe(r.snap)
}

// Do implements ui.Backend. It fails at once if the link is not live.
func (r *Backend) Do(ctx context.Context, c runtime.Command) error {
	if k := r.Link(); k.State != LinkLive {
		return fmt.Errorf("%s: not connected to %s; try again when it is", c.Do, k.Addr)
	}
	return r.daemon.Do(ctx, c)
}

// Log implements ui.Backend.
func (r *Backend) Log(after uint64) []logging.Line {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.After(after)
}

// Events implements ui.Backend.
func (r *Backend) Events(after uint64) []runtime.RecentEvent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events.After(after)
}

// Preview implements ui.Backend. It returns the newest frame received; frames are requested for as
// long as Preview is called.
func (r *Backend) Preview(list []runtime.PreviewSpec, i int) (runtime.Preview, bool) {
	return r.view.want(time.Now(), list, i)
}

// Clip implements ui.Backend. If the other process runs on another host, the path begins with
// the name of that host.
func (r *Backend) Clip(eventID string) (clips.Clip, error) {
	ctx, cancel := context.WithTimeout(context.Background(), clipTimeout)
	defer cancel()
	c, err := r.daemon.Clip(ctx, eventID)
	if err != nil {
		return clips.Clip{}, err
	}
	if k := r.Link(); k.Host != "" && k.Host != r.host {
		c.Path = k.Host + ":" + c.Path
	}
	return c, nil
}

// Movie implements film.Source. It downloads the file to a temporary file, which done removes.
func (r *Backend) Movie(ctx context.Context, clip clips.Clip, part int) (path string, done func(), err error) {
	file, err := os.CreateTemp("", "rvo-tui-clip-*") // 0600
	if err != nil {
		return "", nil, fmt.Errorf("fetch clip: %w", err)
	}
	done = func() { _ = os.Remove(file.Name()) }
	err = r.daemon.Movie(ctx, clip.Entry.EventID, part, maxMovie, file)
	if e := file.Close(); err == nil && e != nil {
		err = fmt.Errorf("fetch clip: %w", e)
	}
	if err != nil {
		done()
		return "", nil, err
	}
	return file.Name(), done, nil
}

// Meta implements film.Source.
func (r *Backend) Meta(ctx context.Context, clip clips.Clip) (*clips.Meta, error) {
	return r.daemon.Meta(ctx, clip.Entry.EventID)
}
