package film

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/runtime"
)

// A Source has the movies of clips.
type Source interface {
	// Movie returns the path of a movie of a clip on this machine, and what is to be called
	// when it is not needed any more. Part counts from 1. It may take its time.
	Movie(ctx context.Context, clip clips.Clip, part int) (path string, done func(), err error)
	// Meta returns the metadata of a clip.
	Meta(ctx context.Context, clip clips.Clip) (*clips.Meta, error)
}

// Opener opens movies. The zero value opens none.
type Opener struct {
	Open    func(ctx context.Context, path string) (capture.PacketSource, error)
	Decoder capture.DecoderOpener
}

// Wanted is which clip is to be shown, and how.
type Wanted struct {
	Clip          clips.Clip // without an event: none
	Event         string     // of those that the clip shows
	Width, Height int        // room in pixels
	From          time.Duration
	Since         time.Time // when it plays on from From; zero: it stands there
}

// at returns where the clip stands at a time.
func (w Wanted) at(now time.Time) time.Duration {
	if w.Since.IsZero() {
		return w.From
	}
	return w.From + now.Sub(w.Since)
}

// Shot is a frame of a clip.
type Shot struct {
	Event  string // of the clip
	Err    error  // why there is no frame; what follows is then empty
	Frame  runtime.Preview
	At     time.Duration // its place in the movie
	Length time.Duration
	Mark   time.Duration // when the event was; below 0: not known
	Found  []clips.MetaFound
	Ended  bool // there is nothing after it
}

// Player shows one clip at a time. It is safe for concurrent use.
type Player struct {
	source Source
	open   Opener
	turned chan struct{} // something else is wanted

	mu     sync.Mutex // guards wanted, for a moment
	wanted Wanted
}

// NewPlayer returns a player that shows nothing yet.
func NewPlayer(source Source, open Opener) *Player {
	return &Player{source: source, open: open, turned: make(chan struct{}, 1)}
}

// Want says what is to be shown from now on.
func (p *Player) Want(w Wanted) {
	p.mu.Lock()
	p.wanted = w
	p.mu.Unlock()
	select {
	case p.turned <- struct{}{}:
	default:
	}
}

func (p *Player) want() Wanted {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wanted
}

// reel is a clip that is loaded.
type reel struct {
	event string
	film  *Film
	meta  *clips.Meta // nil: there is none
	err   error

	loaded time.Time // before that nothing plays
	shown  Shot      // the last one
	w, h   int
}

func (r *reel) close() {
	if r.film != nil {
		r.film.Close()
		r.film = nil
	}
}

// nice is the priority of decoding: the live path comes first.
const nice = 19

// Run shows what is wanted until the context ends, rate times a second at most and only
// when ready says so. With the first clip it ties its goroutine to a thread of low
// priority, with which it must end.
func (p *Player) Run(ctx context.Context, rate float64, ready func(now time.Time) bool, send func(Shot)) {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer ticker.Stop()
	loaded := make(chan *reel)
	stop := func() {} // loading
	var low sync.Once
	now := new(reel)
	defer func() { now.close() }()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer func() { stop() }()
	for {
		w := p.want()
		if event := w.Clip.Entry.EventID; event != now.event {
			stop()
			now.close()
			now = &reel{event: event}
			if event != "" {
				low.Do(func() { capture.LowPriority(nice) })
				load, cancel := context.WithCancel(ctx)
				stop = cancel
				wg.Go(func() {
					r := p.load(load, w.Clip)
					select {
					case loaded <- r:
					case <-load.Done():
						r.close()
					}
				})
			}
		}
		var tick <-chan time.Time
		if now.film != nil {
			tick = ticker.C
		}
		select {
		case <-ctx.Done():
			return
		case <-p.turned:
			continue
		case r := <-loaded:
			if r.event != now.event {
				r.close()
				continue
			}
			now = r
			now.loaded = time.Now()
			if now.err != nil {
				send(Shot{Event: now.event, Err: now.err})
			}
		case at := <-tick:
			if w = p.want(); w.Clip.Entry.EventID == now.event && ready(at) {
				now.show(w, time.Now(), send)
			}
		}
	}
}

// load reads the movies and the metadata of a clip.
func (p *Player) load(ctx context.Context, clip clips.Clip) *reel {
	capture.LowPriority(nice)
	r := &reel{event: clip.Entry.EventID}
	if p.open.Open == nil || p.open.Decoder == nil {
		r.err = errors.New("play clip: this program has nothing to decode it with")
		return r
	}
	parts := 1
	if r.meta, _ = p.source.Meta(ctx, clip); r.meta != nil { // without it there are no boxes
		parts += len(r.meta.Parts)
	}
	film := New(p.open.Decoder)
	for part := 1; part <= parts && r.err == nil; part++ {
		r.err = p.add(ctx, film, clip, part)
	}
	if r.err == nil {
		r.film = film
	}
	return r
}

// add reads a movie of a clip.
func (p *Player) add(ctx context.Context, film *Film, clip clips.Clip, part int) error {
	path, done, err := p.source.Movie(ctx, clip, part)
	if err != nil {
		return err
	}
	defer done()
	src, err := p.open.Open(ctx, path)
	if err != nil {
		return fmt.Errorf("play clip: %w", err)
	}
	return film.Add(src)
}

// show sends the frame that is wanted, unless it was the last one.
func (r *reel) show(w Wanted, now time.Time, send func(Shot)) {
	if !w.Since.IsZero() && w.Since.Before(r.loaded) {
		w.Since = r.loaded
	}
	at := min(max(w.at(now), 0), r.film.Length())
	shot := Shot{Event: r.event, Length: r.film.Length(), Ended: at >= r.film.Length()}
	if shot.At, shot.Err = r.film.Seek(at, w.Since.IsZero()); shot.Err == nil {
		r.frame(&shot, w)
	}
	last := &r.shown
	if shot.Err == nil && last.Frame.Frame == shot.Frame.Frame && last.Ended == shot.Ended && w.Width == r.w && w.Height == r.h {
		return
	}
	r.shown, r.w, r.h = shot, w.Width, w.Height
	send(shot)
	if shot.Err != nil {
		r.close()
	}
}

// frame scales the frame to the room that there is, and adds what is known of it.
func (r *reel) frame(shot *Shot, w Wanted) {
	fw, fh := r.film.Size()
	width, height := w.Width, w.Width*fh/max(fw, 1)
	if height > w.Height {
		width, height = w.Height*fw/max(fh, 1), w.Height
	}
	width, height = max(width, 1), max(height/2*2, 2)
	shot.Frame, shot.Err = r.film.Scale(width, height)
	shot.Found, shot.Mark = Found(r.meta, shot.At), -1
	if r.meta == nil {
		return
	}
	for _, e := range r.meta.Events {
		if e.EventID == w.Event {
			shot.Mark = place(r.meta, e.EventTS)
		}
	}
}

// place returns where in the movies of a clip a time is, as MetaFound.MovieMS counts.
func place(m *clips.Meta, ts int64) (at time.Duration) {
	movie := m.Movie
	for _, next := range m.Parts {
		if ts < next.Start {
			break
		}
		at += time.Duration(movie.DurationMS) * time.Millisecond
		movie = next
	}
	return at + time.Duration(ts-movie.Start)
}

// foundFor is how long an answer of a detector is shown, unless another one follows.
const foundFor = time.Second

// Found returns the newest answer of each signal at a place of a clip's movie.
func Found(m *clips.Meta, at time.Duration) (list []clips.MetaFound) {
	if m == nil {
		return nil
	}
	for _, f := range m.Found {
		if age := at - time.Duration(f.MovieMS)*time.Millisecond; age < 0 || age > foundFor {
			continue
		}
		i := slices.IndexFunc(list, func(o clips.MetaFound) bool { return o.Signal == f.Signal })
		if i < 0 {
			list = append(list, f)
		} else if f.MovieMS >= list[i].MovieMS {
			list[i] = f
		}
	}
	return slices.DeleteFunc(list, func(f clips.MetaFound) bool { return len(f.Detections) == 0 })
}
