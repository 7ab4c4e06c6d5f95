package ui

import (
	"context"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"rvo-tui/runtime"
	"rvo-tui/ui/remote"
)

// demand is what the model asks of the feed. It is safe for concurrent use.
type demand struct {
	mu     sync.Mutex            // guards what follows; held for a few instructions
	views  []runtime.PreviewSpec // not changed once it is here
	frozen bool
	// numbers of the newest event and line of the log that the model has
	events, log uint64
}

// begin says behind which event and line of the log a feed goes on.
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

// set says which cameras to preview.
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

// linkTime is how often a link that is not live is checked.
const linkTime = 500 * time.Millisecond

// feed brings snapshots to the program, no more of them than the configured
// rate and bandwidth allow, until the context ends or there are none any more.
// While the program is busy with one it takes no other. It reports a link that is not
// live twice a second.
func feed(ctx context.Context, backend Backend, opts Options, want *demand, out *meter, send func(tea.Msg)) {
	cfg := opts.Config
	snapshots, cancel := backend.Subscribe()
	defer cancel()
	var quiet <-chan time.Time
	if opts.Link != nil {
		ticker := time.NewTicker(linkTime)
		defer ticker.Stop()
		quiet = ticker.C
	}
	events, log := want.begun()
	var last time.Time
	interval := time.Duration(float64(time.Second) / cfg.Rate)
	pace := pace{limit: float64(cfg.Bandwidth)}
	var shots previewPace
	var turn turns
	for {
		select {
		case <-ctx.Done():
			return
		case <-quiet:
			if link := opts.Link(); link.State != remote.LinkLive {
				send(feedMsg{link: link})
			}
		case s, ok := <-snapshots:
			if !ok {
				return
			}
			now := time.Now()
			views, frozen := want.get()
			// A tenth of tolerance: a snapshot that is slightly early would else be skipped.
			if frozen || now.Sub(last) < interval-interval/10 || !pace.ready(now, out.sent()) {
				continue
			}
			last = now
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
			if i := turn.next(now, len(views)); i >= 0 && shots.ready(now, views, out.sent()) {
				if frame, ok := backend.Preview(views, i); ok && frame.Frame != 0 {
					msg.frames = map[string]runtime.Preview{views[i].Camera: frame}
				}
			}
			send(msg)
		}
	}
}

// turns says whose frame is fetched next: a single preview with every redraw, several in
// turn, each of them remote.TileRate times a second at most.
type turns struct {
	i   int
	due time.Time
}

// next returns an index below n; -1: no frame is due.
func (t *turns) next(now time.Time, n int) int {
	if n == 0 {
		return -1
	}
	if n > 1 {
		if now.Before(t.due) {
			return -1
		}
		pause := time.Second / time.Duration(remote.TileRate*n)
		if t.due = t.due.Add(pause); t.due.Before(now) {
			t.due = now
		}
	}
	t.i = (t.i + 1) % n
	return t.i
}

// previewPace bounds what a single preview costs: one in which much moves is redrawn less
// often than the rest of the screen. Several have their own rate: see turns.
type previewPace struct{ pace }

// ready reports whether the preview may be redrawn, given the bytes sent so far.
func (p *previewPace) ready(now time.Time, views []runtime.PreviewSpec, sent uint64) bool {
	if len(views) != 1 {
		*p = previewPace{}
		return true
	}
	// For the text of the screen, and for each cell. At 120x40 that is some 16 kB/s.
	p.limit = 4_000 + 16*float64(views[0].Width*views[0].Height/2)
	return p.pace.ready(now, sent)
}

// pace keeps the bytes sent to the terminal within a limit, by deciding when to
// redraw.
type pace struct {
	limit float64 // bytes a second; 0: none
	rate  float64 // bytes a second, of the last second or so

	began time.Time
	last  time.Time
	seen  uint64  // bytes so far
	debt  float64 // bytes beyond what the limit allowed by now
	mark  uint64
}

// ready reports whether the screen may be redrawn, given the bytes sent so far. A limit's worth of a second may be sent at once.
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
