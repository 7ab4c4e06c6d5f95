package remote

import (
	"context"
	"slices"
	"sync"
	"time"

	"rvo-tui/runtime"
)

const (
	previewIdle  = 2 * time.Second // the stream is closed after this time without a request
	previewRetry = time.Second     // delay after a stream has ended
	previewSide  = 640             // longest side of a frame sent over a connection, in pixels
	previewRate  = 10              // frames a second, at most

	// TileRate is the maximum frame rate of each preview if there are several.
	TileRate = 1
)

// previewer keeps one stream with all previews that the dashboard shows. It is safe for
// concurrent use.
type previewer struct {
	rate   float64
	change chan struct{} // signals that wanted has changed

	mu     sync.Mutex // guards the fields below; held briefly
	wanted []runtime.PreviewSpec
	asked  time.Time         // last call of want
	frames []runtime.Preview // one for each of wanted; a Frame of 0: none yet
}

// want requests the previews of a list and returns the newest frame of its i-th entry, if any.
func (p *previewer) want(now time.Time, list []runtime.PreviewSpec, i int) (runtime.Preview, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := now.Sub(p.asked) > previewIdle
	p.asked = now
	if idle || !slices.Equal(list, p.wanted) {
		p.wanted, p.frames = slices.Clone(list), make([]runtime.Preview, len(list))
		select {
		case p.change <- struct{}{}:
		default:
		}
	}
	return p.frames[i], p.frames[i].Frame != 0
}

// current returns the previews wanted at a time; nil if none was requested lately.
func (p *previewer) current(now time.Time) []runtime.PreviewSpec {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.asked) > previewIdle {
		return nil
	}
	return p.wanted
}

func (p *previewer) show(list []runtime.PreviewSpec, i int, frame runtime.Preview) {
	frame = stretch(frame, list[i].Width, list[i].Height)
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.Equal(list, p.wanted) {
		p.frames[i] = frame
	}
}

// run receives the wanted previews until the context ends. After a failure there is no frame, and
// it retries.
func (p *previewer) run(ctx context.Context, daemon daemon) {
	look := time.NewTicker(previewRetry)
	defer look.Stop()
	for ctx.Err() == nil {
		if list := p.current(time.Now()); len(list) > 0 {
			p.stream(ctx, daemon, list)
		}
		select {
		case <-ctx.Done():
		case <-p.change:
		case <-look.C:
		}
	}
}

// stream receives the previews of a list until a different list is wanted.
func (p *previewer) stream(ctx context.Context, daemon daemon, list []runtime.PreviewSpec) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	rate, small := min(p.rate, previewRate), slices.Clone(list)
	if len(list) > 1 {
		rate = min(rate, TileRate)
	}
	for i := range small {
		small[i].Width, small[i].Height = fitted(small[i].Width, small[i].Height, previewSide)
	}
	go func() { // waited for below
		defer close(done)
		_ = daemon.Preview(ctx, small, rate, func(i int, frame runtime.Preview) { p.show(list, i, frame) })
	}()
	look := time.NewTicker(previewIdle / 2)
	defer look.Stop()
	for slices.Equal(p.current(time.Now()), list) {
		select {
		case <-done:
			return
		case <-p.change:
		case <-look.C:
		}
	}
	cancel()
	<-done
	select { // the caller looks at the newest list anyway
	case p.change <- struct{}{}:
	default:
	}
}

// fitted shrinks a size so that no side exceeds most, keeping the aspect ratio.
func fitted(w, h, most int) (int, int) {
	if long := max(w, h); long > most {
		w, h = max(w*most/long, 1), max(h*most/long, 1)
	}
	return w, h
}

// stretch scales a preview to a size, repeating pixels to enlarge it.
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
