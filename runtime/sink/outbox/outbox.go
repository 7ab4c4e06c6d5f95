// Package outbox stores events in a file until every output has delivered them: at
// least once, in order for each output, even after crashes. Offer and ClipDone never
// block. One goroutine writes the file in groups, and one per output delivers.
package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"rvo-tui/clips"
	"rvo-tui/internal/backoff"
	"rvo-tui/rules"
	"rvo-tui/runtime"
)

const (
	// Capacity is the number of events that can wait for the store.
	Capacity = 1024
	// Group is the maximum time for which events are collected for one write.
	Group = 50 * time.Millisecond
	// Flush is how long outputs keep delivering after the context of Run has ended.
	Flush = 2 * time.Second

	// abandonTime is how long an output may then take to end, as to say goodbye to a broker. One
	// that reads a clip from a disk that hangs takes longer.
	abandonTime = 2500 * time.Millisecond

	groupMax  = 48   // events per write; below the capacity of the sinks behind the outbox
	tailMax   = 1024 // records kept in memory while nothing can be stored
	asideMax  = 1000 // refused messages that are kept
	clipsMax  = 1024 // clips waited for, and finished clips remembered
	pageSize  = 64   // records read at a time
	sweepTime = time.Minute
	storeWait = 500 * time.Millisecond // initial delay before the store is retried
	storeLast = 5 * time.Second
)

// Options are the settings of an Outbox.
type Options struct {
	Config  Config
	Outputs []Output
	// ClipsDir is the directory of clips.
	ClipsDir string
	Log      *slog.Logger
}

// Outbox is a runtime.Sink and a runtime.Outbox. It is safe for concurrent use.
type Outbox struct {
	cfg     Config
	clips   string
	log     *slog.Logger
	started time.Time
	behind  []runtime.Sink // sinks that get events once they are stored
	in      *intake
	written chan struct{} // closed after the last write
	asked   chan func()   // functions that the writer calls, until shutdown starts

	// of the writer
	deliver context.Context // of workers
	running sync.WaitGroup  // workers
	stored  index
	opened  bool // the store has been open before
	wrote   time.Time
	waits   backoff.Backoff
	blocked error     // why the last attempt to store failed; nil: it succeeded
	retryAt time.Time // when to retry

	mu       sync.Mutex // guards the fields below, and the positions and views of workers
	workers  []*worker  // only changed by the writer
	store    *store     // nil: not open
	damaged  error      // why the open file must be moved aside; nil: it need not
	degraded bool       // outputs also read the tail
	gen      int        // changes when sequence numbers do
	last     uint64     // last sequence number assigned
	tail     []Record   // not stored yet
	shown    int        // number of tail records that outputs could already read
	aside    map[uint64]aside
	earlier  uint64            // last sequence number of earlier runs
	expected map[string]Record // events whose clip is being saved
	// unfinished are the IDs of those that earlier runs were saving.
	unfinished []string
	clipOf     map[string]Clip // by event, the newest clipsMax
	clipIDs    []string        // in order of arrival
	pending    change          // next write
	flushed    chan struct{}   // closed when pending has been written, or writing it has failed
	state      runtime.OutboxView
	failures   uint64
}

// New returns an outbox. Nothing is opened before Run.
func New(opts Options) *Outbox {
	o := &Outbox{
		cfg: opts.Config, clips: opts.ClipsDir, log: opts.Log, started: time.Now(),
		in: &intake{wake: make(chan struct{}, 1)}, written: make(chan struct{}), asked: make(chan func()), flushed: make(chan struct{}),
		waits: backoff.Backoff{First: storeWait, Last: storeLast, Jitter: 0.2},
		aside: map[uint64]aside{}, expected: map[string]Record{}, clipOf: map[string]Clip{},
		state: runtime.OutboxView{File: opts.Config.File, State: runtime.SinkOK, MaxBytes: int64(opts.Config.MaxBytes)},
	}
	for _, out := range opts.Outputs {
		o.workers = append(o.workers, newWorker(o, out))
	}
	return o
}

// Name implements runtime.Sink.
func (o *Outbox) Name() string { return "outbox" }

// Offer implements runtime.Sink.
func (o *Outbox) Offer(event rules.Event) bool { return o.in.put(item{event: event}) }

// ClipDone reports the result of an event's clip: its entry, or why it is lost. It
// never blocks.
func (o *Outbox) ClipDone(event rules.Event, entry *clips.Entry, lost string) {
	if event.Phase != rules.PhaseConfirmed {
		return // requested by a person
	}
	o.in.put(item{event: event, clip: o.clip(entry, lost)})
}

// clip describes a clip, or its loss.
func (o *Outbox) clip(e *clips.Entry, lost string) *Clip {
	if e == nil {
		return &Clip{Lost: lost}
	}
	dir := filepath.Join(o.clips, filepath.FromSlash(e.Path))
	if full, err := filepath.Abs(dir); err == nil {
		dir = full
	}
	return &Clip{Dir: dir, Movie: e.Movie, DurationMS: e.DurationMS, Bytes: e.Bytes}
}

// Run implements runtime.Sink. When ctx ends it stores what was offered, and outputs
// keep delivering for up to Flush; the rest is delivered after the next start. An output
// that hangs is abandoned. The error reports what could neither be stored nor delivered.
func (o *Outbox) Run(ctx context.Context) error {
	o.write(time.Now()) // opens the store
	deliver, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	o.deliver = deliver
	for _, w := range o.workers {
		o.start(deliver, w)
	}
	finding, found := context.WithCancel(ctx)
	defer found()
	o.running.Go(func() { o.findOldClips(finding) })
	ended := make(chan struct{})

	tick := time.NewTicker(sweepTime)
	defer tick.Stop()
	var over, gone <-chan time.Time
	stopped, asked := ctx.Done(), o.asked
	for done := false; !done; {
		select {
		case <-o.in.wake:
			o.gather(stopped)
		case f := <-asked:
			f()
		case <-tick.C:
		case <-o.retry():
		case <-stopped:
			stopped, asked, over = nil, nil, time.After(Flush)
			o.in.close()
			o.writeAll()
			for _, w := range o.workers {
				close(w.finish)
			}
			go func() { o.running.Wait(); close(ended) }() // ends with the last worker
		case <-over:
			stop()
			gone = time.After(abandonTime)
		case <-gone:
			done = true
			o.log.Warn("outputs did not end and were abandoned: check their receivers and the disk of clips.dir; what they were delivering is repeated at the next start", "outputs", o.hanging())
		case <-ended:
			done = true
		}
		if done {
			o.retryAt = time.Time{} // last attempt
		}
		o.writeAll()
	}
	close(o.written)
	return o.end()
}

// hanging returns the names of the outputs that have not ended.
func (o *Outbox) hanging() (names []string) {
	for _, w := range o.workers {
		select {
		case <-w.ended:
		default:
			names = append(names, w.out.Name)
		}
	}
	return names
}

// writeAll writes everything queued, one group after the other.
func (o *Outbox) writeAll() {
	for more := true; more; {
		more = o.write(time.Now())
	}
}

// gather waits until the group of events is full, or its time is over.
func (o *Outbox) gather(stopped <-chan struct{}) {
	timer := time.NewTimer(Group - time.Since(o.wrote))
	defer timer.Stop()
	for {
		if depth, _ := o.in.state(); depth >= groupMax {
			return
		}
		select {
		case <-o.in.wake:
		case <-timer.C:
			return
		case <-stopped:
			return
		}
	}
}

// retry returns a channel that fires when the store should be retried.
func (o *Outbox) retry() <-chan time.Time {
	if o.blocked == nil {
		return nil
	}
	return time.After(time.Until(o.retryAt))
}

// end closes the store.
func (o *Outbox) end() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	lost := 0
	for i := range o.tail {
		n := len(o.workers)
		o.lose(&o.tail[i], func(d *drops) { d.memory++; n-- })
		if n < len(o.workers) {
			lost++
		}
	}
	o.tail, o.shown = nil, 0
	if o.store != nil {
		o.store.close()
		o.store = nil
	}
	if lost > 0 {
		return fmt.Errorf("end outbox: %d events neither stored nor delivered: %s", lost, o.state.Reason)
	}
	return nil
}

// Behind returns a sink that gets events from the outbox once they are stored, in
// groups, instead of by Offer. It runs until the outbox has stored its last event. Call
// Behind before Run.
func (o *Outbox) Behind(s runtime.Sink) runtime.Sink {
	o.behind = append(o.behind, s)
	return follower{s, o.written}
}

// follower is a sink that an outbox feeds.
type follower struct {
	runtime.Sink

	written <-chan struct{}
}

// Offer implements runtime.Sink. The outbox passes the event on later.
func (f follower) Offer(rules.Event) bool { return true }

// Run implements runtime.Sink.
func (f follower) Run(ctx context.Context) error {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-f.written:
			cancel()
		case <-own.Done():
		}
	})
	err := f.Sink.Run(own)
	cancel()
	wg.Wait()
	return err
}
