package ui

import (
	"context"
	"slices"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"rvo-tui/runtime"
	"rvo-tui/ui/remote"
)

// demand is what the model wants from the feed. It is safe for concurrent use.
type demand struct {
	mu     sync.Mutex            // guards the fields below; held briefly
	views  []runtime.PreviewSpec // immutable
	frozen bool
	// numbers of the newest event and log line that the model has
	events, log uint64
}

// begin sets the event and log line after which the feed continues.
func (d *demand) begin(events, log uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events, d.log = events, log
}

func (d *demand) begun() (events, log uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.events, d.log
}

// set chooses the cameras to preview.
func (d *demand) set(views []runtime.PreviewSpec) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.views = views
}

func (d *demand) freeze(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.frozen = on
}

func (d *demand) get() (views []runtime.PreviewSpec, frozen bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.views, d.frozen
}

// linkTime is how often the state of a link that is not live is reported.
const linkTime = 500 * time.Millisecond

// feed sends snapshots to the program, limited by the configured rate and bandwidth, until the
// context or the subscription ends. It takes a new snapshot only after the last one was
// handled. While the link is not live, and once when it is again, it also sends the link's state,
// every linkTime.
func feed(ctx context.Context, backend Backend, opts Options, want *demand, out *meter, send func(tea.Msg)) {
	cfg := opts.Config
	snapshots, cancel := backend.Subscribe()
	defer cancel()
	var quiet <-chan time.Time
	state := remote.LinkLive // at the last look
	if opts.Link != nil {
		ticker := time.NewTicker(linkTime)
		defer ticker.Stop()
		quiet = ticker.C
	}
	events, log := want.begun()
	var due time.Time
	interval := time.Duration(float64(time.Second) / cfg.Rate)
	pace := pace{limit: float64(cfg.Bandwidth)}
	shots := frames{limit: float64(cfg.Bandwidth) * frameShare}
	for {
		select {
		case <-ctx.Done():
			return
		case <-quiet:
			link := opts.Link()
			if link.State != remote.LinkLive || state != remote.LinkLive { // or no snapshot said so, as while frozen
				send(feedMsg{link: link})
			}
			state = link.State
		case s, ok := <-snapshots:
			if !ok {
				return
			}
			now := time.Now()
			views, frozen := want.get()
			// Half an interval of tolerance: without it, jitter on a busy machine would drop
			// the snapshot after a late one.
			if frozen || now.Before(due.Add(-interval/2)) || !pace.ready(now, out.sent()) {
				continue
			}
			if due = due.Add(interval); due.Before(now) {
				due = now.Add(interval)
			}
			msg := feedMsg{snap: s, log: backend.Log(log), events: backend.Events(events), sent: pace.rate}
			if opts.Link != nil {
				msg.link = opts.Link()
			}
			if n := len(msg.log); n > 0 {
				log = msg.log[n-1].Seq
			}
			if n := len(msg.events); n > 0 {
				events = msg.events[n-1].Seq
			}
			if i := shots.next(now, views, out.sent()); i >= 0 {
				if frame, ok := backend.Preview(views, i); ok && frame.Frame != 0 {
					msg.frames = map[string]runtime.Preview{views[i].Camera: frame}
				}
			}
			send(msg)
		}
	}
}

// frameShare is the share of the bandwidth above which camera frames are redrawn less often than
// the rest of the screen: 16 kB a second by default.
const frameShare = 0.2

// frames selects the preview to fetch for a redraw. A single preview is fetched every time;
// several take turns, each at most remote.TileRate times a second. All share one byte budget.
// The first frame of each preview is exempt from it.
type frames struct {
	limit float64 // bytes a second, counting all output; 0: no limit
	pace  pace
	views []runtime.PreviewSpec
	fresh int // number of views not fetched yet
	i     int
	due   time.Time
}

// next returns the index of the view to fetch now, given the bytes sent so far; -1: none.
func (f *frames) next(now time.Time, views []runtime.PreviewSpec, sent uint64) int {
	if !slices.Equal(views, f.views) {
		f.views, f.fresh, f.due = views, len(views), time.Time{}
	}
	if f.fresh > 0 {
		f.pace = pace{limit: f.limit}
	}
	ready := f.pace.ready(now, sent)
	n := len(views)
	if n == 0 || !ready || n > 1 && now.Before(f.due) {
		return -1
	}
	if f.due = f.due.Add(time.Second / time.Duration(remote.TileRate*n)); n == 1 || f.due.Before(now) {
		f.due = now
	}
	f.fresh = max(f.fresh-1, 0)
	f.i = (f.i + 1) % n
	return f.i
}

// pace limits the bytes sent to the terminal by delaying redraws.
type pace struct {
	limit float64 // bytes a second; 0: no limit
	rate  float64 // measured bytes a second, over about a second

	began time.Time
	last  time.Time
	seen  uint64  // bytes so far
	debt  float64 // bytes sent beyond the limit so far
	mark  uint64
}

// ready reports whether the screen may be redrawn, given the bytes sent so far. Bursts of one
// second's worth are allowed.
func (p *pace) ready(now time.Time, sent uint64) bool {
	if p.last.IsZero() {
		p.last, p.began, p.seen, p.mark = now, now, sent, sent
		return true
	}
	if d := now.Sub(p.began); d >= time.Second {
		p.rate = float64(sent-p.mark) / d.Seconds()
		p.began, p.mark = now, sent
	}
	if p.limit <= 0 {
		return true
	}
	p.debt += float64(sent-p.seen) - now.Sub(p.last).Seconds()*p.limit
	p.debt = max(p.debt, -p.limit)
	p.last, p.seen = now, sent
	return p.debt <= 0
}
