package film

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var track = &capture.Track{Video: true, Codec: capture.H264, Width: 64, Height: 48}

// movie is a source of n packets, 10 per second, with a key frame every second.
type movie struct {
	n, next int
	bytes   int
	err     error // instead of the end
	closed  bool
}

func (s *movie) Tracks() []*capture.Track { return []*capture.Track{track} }
func (s *movie) Live() bool               { return false }
func (s *movie) Close() error             { s.closed = true; return nil }

func (s *movie) Read() (*capture.Packet, error) {
	if s.next >= s.n {
		if s.err != nil {
			return nil, s.err
		}
		return nil, io.EOF
	}
	i := s.next
	s.next++
	at := time.Duration(i) * 100 * time.Millisecond
	return &capture.Packet{Track: track, Data: make([]byte, max(s.bytes, 1)), PTS: at, DTS: at, Duration: 100 * time.Millisecond, Key: i%10 == 0}, nil
}

// decoder returns a frame for each packet, two packets late.
type decoder struct {
	t      *testing.T
	held   []*capture.Packet
	fresh  bool // the next packet must be a key one
	images *int // that are not freed
	broken bool
}

type picture struct {
	at     time.Duration
	images *int
}

func (p *picture) Size() (int, int)           { return 64, 48 }
func (p *picture) Luma() (capture.Luma, bool) { return capture.Luma{}, false }
func (p *picture) Free()                      { *p.images-- }

func (p *picture) Convert(dst []byte, t capture.Target) error {
	for i := range t.Width * t.Height * 3 {
		dst[i] = byte(p.at / (100 * time.Millisecond))
	}
	return nil
}

func (d *decoder) Decode(packets []*capture.Packet, drain bool) (out capture.Decoded, err error) {
	if d.broken {
		return out, errors.New("bad data")
	}
	for _, p := range packets {
		if d.fresh && !p.Key {
			d.t.Error("a decoder begins with a packet that is no key frame")
		}
		d.fresh = false
		d.held = append(d.held, p)
	}
	keep := 2
	if drain {
		keep, d.fresh = 0, true
	}
	if n := len(d.held) - keep; n > 0 {
		out.Frames, out.Packet = n, d.held[n-1]
		*d.images++
		out.Image = &picture{out.Packet.PTS, d.images}
		d.held = d.held[n:]
	}
	return out, nil
}

func (d *decoder) Drain() (capture.Decoded, error) { return capture.Decoded{}, nil }
func (d *decoder) Flush()                          { d.held, d.fresh = nil, true }
func (d *decoder) Close()                          { d.held = nil }

// opener opens decoders, and counts the images that are not freed.
func opener(t *testing.T, images *int, broken bool) capture.DecoderOpener {
	return func(*capture.Track, capture.Config) (capture.Decoder, error) {
		return &decoder{t: t, fresh: true, images: images, broken: broken}, nil
	}
}

func TestFilmSeeks(t *testing.T) {
	images := 0
	f := New(opener(t, &images, false))
	for _, n := range []int{50, 20} {
		if err := f.Add(&movie{n: n}); err != nil {
			t.Fatal(err)
		}
	}
	if f.Length() != 7*time.Second {
		t.Errorf("%v long", f.Length())
	}
	ms := time.Millisecond
	for _, tt := range []struct {
		to      time.Duration
		exactly bool
		at      time.Duration
	}{
		{0, true, 0},
		{2350 * ms, true, 2300 * ms},
		{2350 * ms, true, 2300 * ms},
		{2390 * ms, false, 2300 * ms}, // already at that frame
		{2500 * ms, false, 2300 * ms}, // two are held back
		{2500 * ms, true, 2500 * ms},
		{1000 * ms, true, 1000 * ms},
		{4200 * ms, false, 4000 * ms}, // from the key frame before
		{4990 * ms, false, 4900 * ms},
		{5050 * ms, false, 5000 * ms}, // the second movie
		{6200 * ms, true, 6200 * ms},
		{4900 * ms, true, 4900 * ms},
		{9 * time.Second, false, 6900 * ms},
		{-time.Second, true, 0},
	} {
		at, err := f.Seek(tt.to, tt.exactly)
		if err != nil || at != tt.at {
			t.Errorf("to %v, exactly %v: at %v, %v; want %v", tt.to, tt.exactly, at, err, tt.at)
		}
		p, err := f.Scale(8, 6)
		if err != nil || len(p.Pixels) != 8*6*3 || p.Pixels[0] != byte(tt.at%(5*time.Second)/(100*ms)) {
			t.Errorf("to %v: a frame of %d, %v", tt.to, p.Pixels[0], err)
		}
	}
	f.Close()
	if images != 0 {
		t.Errorf("%d images are not freed", images)
	}
}

func TestWhatIsNoFilm(t *testing.T) {
	images := 0
	for want, src := range map[string]*movie{
		"no visible frame": {},
		"MiB":              {n: 40, bytes: 10 << 20},
		"cut short":        {n: 3, err: errors.New("cut short")},
	} {
		if err := New(opener(t, &images, false)).Add(src); err == nil || !strings.Contains(err.Error(), want) || !src.closed {
			t.Errorf("%v, closed %v; want %q", err, src.closed, want)
		}
	}
	f := New(opener(t, &images, true))
	if err := f.Add(&movie{n: 5}); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Seek(0, true); err == nil {
		t.Error("what cannot be decoded is shown")
	}
}

// shelf has the movies of clips, by the IDs of their events.
type shelf struct {
	mu    sync.Mutex
	slow  time.Duration
	given int
}

func (s *shelf) Movie(ctx context.Context, c clips.Clip, part int) (string, func(), error) {
	select {
	case <-time.After(s.slow):
	case <-ctx.Done():
		return "", nil, ctx.Err()
	}
	if c.Entry.EventID == "gone" || part > 2 {
		return "", nil, clips.ErrNoClip
	}
	s.add(1)
	return c.Entry.EventID, func() { s.add(-1) }, nil
}

func (s *shelf) add(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given += n
}

func (s *shelf) Meta(_ context.Context, c clips.Clip) (*clips.Meta, error) {
	if c.Entry.EventID == "long" { // the stream changed after five seconds
		return &clips.Meta{
			Events: []clips.MetaEvent{{EventID: "long", EventTS: int64(7 * time.Second)}}, Movie: clips.Movie{Start: int64(time.Second), DurationMS: 5000},
			Parts: []clips.Movie{{Start: int64(6500 * time.Millisecond), DurationMS: 5000}},
		}, nil
	}
	return &clips.Meta{
		Events: []clips.MetaEvent{{EventID: "a", EventTS: int64(3 * time.Second)}}, Movie: clips.Movie{Start: int64(time.Second)},
		Found: []clips.MetaFound{{MovieMS: 1000, Signal: "person", Detections: []detectors.Detection{{Label: "person"}}}},
	}, nil
}

func TestPlayer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		images := 0
		s := &shelf{slow: time.Second}
		p := NewPlayer(s, Opener{
			Open:    func(context.Context, string) (capture.PacketSource, error) { return &movie{n: 50}, nil },
			Decoder: opener(t, &images, false),
		})
		var mu sync.Mutex
		var given []Shot
		shown := func() []Shot {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return given
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			p.Run(ctx, 10, func(time.Time) bool { return true }, func(s Shot) {
				mu.Lock()
				defer mu.Unlock()
				given = append(given, s)
			})
		}()
		last := func() Shot {
			all := shown()
			if len(all) == 0 {
				return Shot{}
			}
			return all[len(all)-1]
		}
		clip := func(id string) clips.Clip { return clips.Clip{Entry: clips.Entry{EventID: id}} }
		p.Want(Wanted{Clip: clip("a"), Event: "a", Width: 32, Height: 32, Since: time.Now()})
		time.Sleep(900 * time.Millisecond)
		if len(shown()) != 0 {
			t.Error("a frame is shown before the movie is there")
		}
		time.Sleep(2150 * time.Millisecond)
		if l := last(); l.At < 1500*time.Millisecond || l.At > 2100*time.Millisecond || l.Mark != 2*time.Second || l.Length != 5*time.Second || l.Frame.Width != 32 || l.Frame.Height != 24 || l.Ended {
			t.Errorf("after two seconds it is at %v, the event is at %v of %v, %dx%d", l.At, l.Mark, l.Length, l.Frame.Width, l.Frame.Height)
		}
		n := 0
		for _, s := range shown() {
			if len(s.Found) > 0 {
				n++
			}
		}
		if n < 8 || n > 12 {
			t.Errorf("%d frames show what was found, want those of a second", n)
		}
		time.Sleep(4 * time.Second)
		if l := last(); !l.Ended || l.At != 4900*time.Millisecond {
			t.Errorf("at the end it is at %v", l.At)
		}
		count := len(shown())
		time.Sleep(time.Minute)
		if len(shown()) != count {
			t.Errorf("%d frames are shown after the end", len(shown())-count)
		}
		p.Want(Wanted{Clip: clip("a"), Event: "b", Width: 32, Height: 32, From: 1200 * time.Millisecond})
		time.Sleep(time.Second)
		if l := last(); l.At != 1200*time.Millisecond || l.Mark != -1 || len(shown()) != count+1 {
			t.Errorf("it stops at %v after %d frames, the event is at %v", l.At, len(shown())-count, l.Mark)
		}
		p.Want(Wanted{Clip: clip("long"), Event: "long", Width: 32, Height: 32, From: 7400 * time.Millisecond})
		time.Sleep(3 * time.Second)
		if l := last(); l.At != 7400*time.Millisecond || l.Length != 10*time.Second || l.Mark != 5500*time.Millisecond {
			t.Errorf("of two movies: it stops at %v of %v, the event is at %v: %v", l.At, l.Length, l.Mark, l.Err)
		}
		p.Want(Wanted{Clip: clip("gone"), Width: 32, Height: 32})
		time.Sleep(2 * time.Second)
		if l := last(); !errors.Is(l.Err, clips.ErrNoClip) || l.Event != "gone" {
			t.Errorf("got %+v", l)
		}
		p.Want(Wanted{Clip: clip("b"), Width: 32, Height: 32})
		time.Sleep(500 * time.Millisecond)
		p.Want(Wanted{}) // while it is loaded
		time.Sleep(time.Minute)
		p.Want(Wanted{Clip: clip("c"), Width: 32, Height: 32})
		time.Sleep(2 * time.Second)
		cancel()
		<-done
		if images != 0 || s.given != 0 {
			t.Errorf("%d images and %d files are left", images, s.given)
		}
	})
}

func TestPlayerWithoutDecoders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPlayer(new(shelf), Opener{})
		ctx, cancel := context.WithCancel(t.Context())
		var got error
		done := make(chan struct{})
		go func() {
			defer close(done)
			p.Run(ctx, 10, func(time.Time) bool { return true }, func(s Shot) { got = s.Err })
		}()
		p.Want(Wanted{Clip: clips.Clip{Entry: clips.Entry{EventID: "a"}}})
		time.Sleep(time.Second)
		cancel()
		<-done
		if got == nil {
			t.Error("nothing says why there is no frame")
		}
	})
}

// frozenShelf is on a disk that hangs.
type frozenShelf struct {
	shelf

	thaw chan struct{}
}

func (s *frozenShelf) Meta(context.Context, clips.Clip) (*clips.Meta, error) {
	<-s.thaw
	return nil, errors.New("gone")
}

// A clip that is read from a disk that hangs does not hold up the end.
func TestPlayerEndsWhileTheDiskHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &frozenShelf{thaw: make(chan struct{})}
		defer close(s.thaw)
		images := 0
		p := NewPlayer(s, Opener{
			Open:    func(context.Context, string) (capture.PacketSource, error) { return nil, errors.New("gone") },
			Decoder: opener(t, &images, false),
		})
		p.Want(Wanted{Clip: clips.Clip{Entry: clips.Entry{EventID: "a"}}})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			p.Run(ctx, 10, func(time.Time) bool { return true }, func(Shot) {})
		}()
		synctest.Wait()
		cancel()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Error("it waits for the disk")
			s.thaw <- struct{}{}
			<-ended
		}
	})
}
