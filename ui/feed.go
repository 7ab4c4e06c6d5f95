package ui

import (
	"context"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"rvo-tui/ui/remote"
)

// demanded is what the feed fetches besides snapshots.
type demanded struct {
	camera string // to preview; empty: none
	w, h   int    // pixels of the preview
}

// demand is what the model asks of the feed. It is safe for concurrent use.
type demand struct {
	mu     sync.Mutex // guards what follows; held for a few instructions
	view   demanded
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

func (d *demand) set(v demanded) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.view = v
}

func (d *demand) freeze(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.frozen = on
}

func (d *demand) get() (demanded, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.view, d.frozen
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
			view, frozen := want.get()
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
			if view.camera != "" {
				msg.frame, _ = backend.Preview(view.camera, view.w, view.h)
			}
			send(msg)
		}
	}
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
