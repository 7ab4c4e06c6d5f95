package remote

import (
	"context"
	"sync"
	"time"

	"rvo-tui/runtime"
)

const (
	previewIdle  = 2 * time.Second // without a request, after which the stream is closed
	previewRetry = time.Second     // after a stream has ended
	previewSide  = 640             // longest side of a frame sent over a connection, in pixels
	previewRate  = 10              // frames a second, at most
)

// wanted is which frames are wanted.
type wanted struct {
	camera string // empty: none
	w, h   int    // pixels
}

// previewer keeps one preview stream for what the dashboard shows. It is safe
// for concurrent use.
type previewer struct {
	rate   float64
	change chan struct{} // something else is wanted

	mu     sync.Mutex // guards what follows; nothing is called while it is held
	wanted wanted
	asked  time.Time       // when it was wanted last
	frame  runtime.Preview // of what is wanted; its Frame is 0: none yet
}

// want requests frames and returns the newest one, if any.
func (p *previewer) want(now time.Time, camera string, width, height int) (runtime.Preview, bool) {
	d := wanted{camera, width, height}
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := now.Sub(p.asked) > previewIdle
	p.asked = now
	if d != p.wanted || idle {
		p.wanted, p.frame = d, runtime.Preview{}
		select {
		case p.change <- struct{}{}:
		default:
		}
	}
	return p.frame, p.frame.Frame != 0
}

// current returns what is wanted at a time; its camera is empty: nothing.
func (p *previewer) current(now time.Time) wanted {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.asked) > previewIdle {
		return wanted{}
	}
	return p.wanted
}

func (p *previewer) show(d wanted, frame runtime.Preview) {
	frame = stretch(frame, d.w, d.h)
	p.mu.Lock()
	defer p.mu.Unlock()
	if d == p.wanted {
		p.frame = frame
	}
}

// run sends for what is wanted until the context ends. A failure shows
// as the absence of a frame.
func (p *previewer) run(ctx context.Context, daemon daemon) {
	look := time.NewTicker(previewRetry)
	defer look.Stop()
	for ctx.Err() == nil {
		if d := p.current(time.Now()); d.camera != "" {
			p.stream(ctx, daemon, d)
		}
		select {
		case <-ctx.Done():
		case <-p.change:
		case <-look.C:
		}
	}
}

// stream receives one preview until another one is wanted, or none.
func (p *previewer) stream(ctx context.Context, daemon daemon, d wanted) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	w, h := fitted(d.w, d.h, previewSide)
	go func() { // waited for below
		defer close(done)
		_ = daemon.Preview(ctx, d.camera, w, h, min(p.rate, previewRate), func(frame runtime.Preview) { p.show(d, frame) })
	}()
	look := time.NewTicker(previewIdle / 2)
	defer look.Stop()
	for p.current(time.Now()) == d {
		select {
		case <-done:
			return
		case <-p.change:
		case <-look.C:
		}
	}
	cancel()
	<-done
	select { // what has changed by now is looked at next anyway
	case p.change <- struct{}{}:
	default:
	}
}

// fitted shrinks a size to sides of at most most, its shape kept.
func fitted(w, h, most int) (int, int) {
	if long := max(w, h); long > most {
		w, h = max(w*most/long, 1), max(h*most/long, 1)
	}
	return w, h
}

// stretch returns a preview at a size, repeating pixels where it has fewer.
func stretch(p runtime.Preview, w, h int) runtime.Preview {
	if p.Width == w && p.Height == h || p.Width <= 0 || p.Height <= 0 || len(p.Pixels) < p.Width*p.Height*3 {
		return p
	}
	out := runtime.Preview{Frame: p.Frame, Width: w, Height: h, Pixels: make([]byte, w*h*3)}
	for y := range h {
		row := p.Pixels[y*p.Height/h*p.Width*3:]
		for x := range w {
			copy(out.Pixels[(y*w+x)*3:][:3], row[x*p.Width/w*3:])
		}
	}
	return out
}
