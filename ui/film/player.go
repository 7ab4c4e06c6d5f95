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

// Source gives access to the files of clips.
type Source interface {
	// Movie returns a local path of one of a clip's movie files, and a function to call when
	// the file is no longer needed. Part counts from 1. It may block on disk or network.
	Movie(ctx context.Context, clip clips.Clip, part int) (path string, done func(), err error)
	// Meta returns the metadata of a clip.
	Meta(ctx context.Context, clip clips.Clip) (*clips.Meta, error)
}

// Opener opens and decodes movie files. The zero value means that clips cannot be played.
type Opener struct {
	Open    func(ctx context.Context, path string) (capture.PacketSource, error)
	Decoder capture.DecoderOpener
}

// Wanted is the clip to show, and where and how.
type Wanted struct {
	Clip          clips.Clip // without an event: show nothing
	Event         string     // the event to mark, if the clip has several
	Width, Height int        // available pixels
	From          time.Duration
	Since         time.Time // when playback started at From; zero: paused there
}

// at returns the position in the clip at a time.
func (w Wanted) at(now time.Time) time.Duration {
	if w.Since.IsZero() {
		return w.From
	}
	return w.From + now.Sub(w.Since)
}

// Shot is a frame of a clip.
type Shot struct {
	Event  string // ID of the event, from Wanted
	Err    error  // why there is no frame; the fields below are then empty
	Frame  runtime.Preview
	At     time.Duration // position of the frame
	Length time.Duration
	Mark   time.Duration // position of the event; below 0: unknown
	Found  []clips.MetaFound
	Ended  bool // it is the last frame
}

// Player shows one clip at a time. It is safe for concurrent use.
type Player struct {
	source Source
	open   Opener
	turned chan struct{} // signals that wanted has changed

	mu     sync.Mutex // guards wanted; held briefly
	wanted Wanted
}

// NewPlayer returns a player with nothing to show. Call Run and Want.
func NewPlayer(source Source, open Opener) *Player {
	return &Player{source: source, open: open, turned: make(chan struct{}, 1)}
}

// Want changes what is shown.
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

// reel is a loaded clip.
type reel struct {
	event string
	film  *Film
	meta  *clips.Meta // nil: there is none
	err   error

	loaded time.Time // playback starts no earlier
	shown  Shot      // last one sent
	w, h   int
}

func (r *reel) close() {
	if r.film != nil {
		r.film.Close()
		r.film = nil
	}
}

// nice is the niceness of the decoding thread, so that the live path comes first.
const nice = 19

// Run sends frames of the wanted clip until the context ends, at most rate a second and only
// while ready returns true. At the first clip it locks its goroutine to its thread and lowers
// that thread's priority for good, so call it in a goroutine of its own.
func (p *Player) Run(ctx context.Context, rate float64, ready func(now time.Time) bool, send func(Shot)) {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer ticker.Stop()
	loaded := make(chan *reel)
	stop := func() {} // loading
	var low sync.Once
	now := new(reel)
	defer func() { now.close() }()
	var loading sync.WaitGroup
	defer func() {
		stop()
		await(&loading)
	}()
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
				loading.Go(func() {
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

// abandonTime is how long Run waits at its end for a clip that is being read.
const abandonTime = time.Second

// await waits up to abandonTime. Reading from a disk that hangs ends only when the disk answers.
func await(loading *sync.WaitGroup) {
	ended := make(chan struct{})
	go func() { loading.Wait(); close(ended) }() // ends with the last one
	select {
	case <-ended:
	case <-time.After(abandonTime):
	}
}

// load reads the movie files and the metadata of a clip.
func (p *Player) load(ctx context.Context, clip clips.Clip) *reel {
	capture.LowPriority(nice)
	r := &reel{event: clip.Entry.EventID}
	if p.open.Open == nil || p.open.Decoder == nil {
		r.err = errors.New("play clip: this build has no video decoder")
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

// add reads one movie file of a clip.
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

// show sends the wanted frame, unless it was sent last.
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

// frame scales the frame to the available size and adds its detections.
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

// place returns the position in a clip of a time in nanoseconds since the start of its process, on
// the scale of MetaFound.MovieMS.
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

// foundFor is how long a detector's result is shown if no newer one follows.
const foundFor = time.Second

// Found returns the newest result of each signal at a position of a clip.
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
