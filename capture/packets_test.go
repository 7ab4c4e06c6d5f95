package capture

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// stream is a scripted PacketSource: 25 frames per second, and a key frame every gop frames until
// those end.
type stream struct {
	ctx   context.Context
	file  bool
	gop   int
	first int
	count int // packets; 0: without end
	sound bool
	track *Track
	began time.Time
	n     int
	bad   int // index of a packet that is not valid; 0: none
}

const frameStep = 40 * time.Millisecond

var soundTrack = &Track{Codec: AAC, SampleRate: 48000, Channels: 1}

func (s *stream) Tracks() []*Track { return []*Track{s.track} }
func (s *stream) Live() bool       { return !s.file }
func (s *stream) Close() error     { return nil }

func (s *stream) Read() (*Packet, error) {
	if s.began.IsZero() {
		s.began = time.Now()
	}
	if s.count > 0 && s.n == s.count {
		return nil, io.EOF
	}
	at := time.Duration(s.n) * frameStep
	if !s.file {
		select {
		case <-time.After(time.Until(s.began.Add(at))):
		case <-s.ctx.Done():
			return nil, s.ctx.Err()
		}
	}
	s.n++
	if s.bad > 0 && s.n == s.bad {
		return nil, &CorruptError{errors.New("not a frame")}
	}
	if s.sound && s.n%2 == 0 {
		return &Packet{Track: soundTrack, Data: []byte{1}, PTS: at, DTS: at, Key: true}, nil
	}
	return &Packet{Track: s.track, Data: []byte{1}, PTS: at, DTS: at, Key: (s.n-1+s.first)%s.gop == 0}, nil
}

// fakeDecoder returns a frame for each packet after a while.
type fakeDecoder struct {
	t       *testing.T
	takes   time.Duration
	decoded *atomic.Int64
	open    bool // a key frame was fed
	bad     error
	refuse  bool
}

func (d *fakeDecoder) Decode(packets []*Packet, drain bool) (Decoded, error) {
	for _, p := range packets {
		if !d.open && !p.Key {
			d.t.Error("a decoder begins with a packet that is no key frame")
		}
		d.open = true
	}
	time.Sleep(time.Duration(len(packets)) * d.takes)
	d.decoded.Add(int64(len(packets)))
	d.open = !drain
	if d.refuse {
		return Decoded{Refused: len(packets)}, d.bad
	}
	return Decoded{Image: fakeImage{}, Packet: packets[len(packets)-1], Frames: len(packets)}, d.bad
}

func (d *fakeDecoder) Drain() (Decoded, error) { d.open = false; return Decoded{}, nil }
func (d *fakeDecoder) Flush()                  { d.open = false }
func (d *fakeDecoder) Close()                  {}

type fakeImage struct{}

func (fakeImage) Size() (int, int)             { return 64, 48 }
func (fakeImage) Luma() (Luma, bool)           { return Luma{}, false }
func (fakeImage) Convert([]byte, Target) error { return nil }
func (fakeImage) Free()                        {}

// packetHarness runs a camera on a stream in a synctest bubble.
type packetHarness struct {
	cam     *Camera
	decoded atomic.Int64
	mu      sync.Mutex // guards the fields below
	frames  []time.Duration
	age     []time.Duration
	packets []*Packet
	offered []time.Time // the packets
	ended   chan error
	start   time.Time
}

func (r *packetHarness) OfferPacket(p *Packet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.packets, r.offered = append(r.packets, p), append(r.offered, time.Now())
}

func (r *packetHarness) shown() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.frames)
}

func runPackets(t *testing.T, cfg Config, s *stream, takes time.Duration, d Demand) *packetHarness {
	t.Helper()
	r := &packetHarness{ended: make(chan error, 1), start: time.Now()}
	if s.gop == 0 {
		s.gop = 25
	}
	s.track = &Track{Video: true, Codec: H264, Width: 64, Height: 48}
	pool := NewPool(4, nil)
	cfg.Name = "door"
	log := discard{}
	r.cam = NewCamera(cfg, func(ctx context.Context, _ Config) (Connection, error) {
		s.ctx = ctx
		return s, nil
	}, pool, func(f *Frame) {
		r.mu.Lock()
		r.frames = append(r.frames, f.Captured.Sub(r.start))
		r.age = append(r.age, f.Arrived.Sub(f.Captured))
		r.mu.Unlock()
		f.Release()
	}, log)
	r.cam.DecodeWith(func(*Track, Config) (Decoder, error) {
		return &fakeDecoder{t: t, takes: takes, decoded: &r.decoded}, nil
	}, r)
	r.cam.Want(d)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(func() { cancel(); <-r.ended })
	go func() { r.ended <- r.cam.Run(ctx); close(r.ended) }()
	return r
}

type discard struct{}

func (discard) Debug(string, ...any) {}
func (discard) Info(string, ...any)  {}
func (discard) Warn(string, ...any)  {}
func (discard) Error(string, ...any) {}

func TestDecodeOnDemand(t *testing.T) {
	for _, c := range []struct {
		name     string
		setting  string
		demand   Demand
		gop      int
		takes    time.Duration
		decoded  [2]int64 // in ten seconds
		shown    [2]int
		decoding Decoding
	}{
		{"nobody", DecodeAuto, Demand{}, 25, 0, [2]int64{1, 1}, [2]int{1, 1}, DecodeNone},
		{"everything", DecodeAuto, Demand{FPS: 100}, 25, 0, [2]int64{249, 251}, [2]int{249, 251}, DecodeAll},
		{"ten a second", DecodeAuto, Demand{FPS: 10}, 25, 0, [2]int64{247, 251}, [2]int{80, 126}, DecodeAll},
		{"one a second, a key frame a second", DecodeAuto, Demand{FPS: 1}, 25, 0, [2]int64{10, 80}, [2]int{9, 25}, DecodeKeys},
		{"one a second, a key frame in four", DecodeAuto, Demand{FPS: 1}, 100, 0, [2]int64{247, 251}, [2]int{50, 70}, DecodeAll},
		{"soon, and slow to begin again", DecodeAuto, Demand{Soon: true}, 100, 10 * time.Millisecond, [2]int64{140, 251}, [2]int{100, 251}, DecodeAll},
		{"soon, and quick", DecodeAuto, Demand{Soon: true}, 25, time.Millisecond, [2]int64{1, 2}, [2]int{1, 2}, DecodeNone},
		{"key frames by configuration", string(DecodeKeys), Demand{FPS: 100}, 25, 0, [2]int64{10, 11}, [2]int{10, 11}, DecodeKeys},
		{"all by configuration", string(DecodeAll), Demand{}, 25, 0, [2]int64{249, 251}, [2]int{249, 251}, DecodeAll},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := live()
				cfg.Decode = c.setting
				r := runPackets(t, cfg, &stream{gop: c.gop}, c.takes, c.demand)
				time.Sleep(10 * time.Second)
				synctest.Wait()
				if n := r.decoded.Load(); n < c.decoded[0] || n > c.decoded[1] {
					t.Errorf("%d packets decoded, want %d to %d", n, c.decoded[0], c.decoded[1])
				}
				if n := r.shown(); n < c.shown[0] || n > c.shown[1] {
					t.Errorf("%d frames, want %d to %d", n, c.shown[0], c.shown[1])
				}
				st := r.cam.Status()
				if st.State != Live || st.Decoding != c.decoding || st.Packets < 249 {
					t.Errorf("%v, decoding %v (%s), %d packets", st.State, st.Decoding, st.DecodingWhy, st.Packets)
				}
				if st.Codec != H264 || st.Bitrate < 150 || st.Bitrate > 250 { // 25 packets of a byte
					t.Errorf("%s at %.0f bits a second", st.Codec, st.Bitrate)
				}
				r.mu.Lock()
				defer r.mu.Unlock()
				if len(r.packets) < 249 {
					t.Errorf("%d packets handed on", len(r.packets))
				}
			})
		})
	}
}

// When frames are needed again, they come within 150 ms: decoding starts at the last key frame.
func TestDecodingBeginsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runPackets(t, live(), &stream{gop: 50}, 2*time.Millisecond, Demand{})
		time.Sleep(5*time.Second + 100*time.Millisecond) // in the middle of a group
		synctest.Wait()
		before := r.shown()
		r.cam.Want(Demand{FPS: 25})
		time.Sleep(150 * time.Millisecond)
		synctest.Wait()
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.frames) <= before {
			t.Fatal("no frame within 150 ms")
		}
		if at := r.frames[before]; at < 5*time.Second+100*time.Millisecond {
			t.Errorf("the first frame is from %v, which is too old", at)
		}
	})
}

// Decoding is reduced only after a GOP in which less was needed.
func TestDecodingGoesOnForAGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runPackets(t, live(), &stream{gop: 25}, 0, Demand{FPS: 25})
		time.Sleep(5*time.Second + 500*time.Millisecond)
		r.cam.Want(Demand{})
		before := r.decoded.Load()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := r.decoded.Load() - before; n < 25 || n > 60 {
			t.Errorf("%d more packets decoded, want those of one group", n)
		}
	})
}

// Timestamps that go back, as when those of MPEG-TS wrap, do not keep decoding going on.
func TestDecodingIsReducedWhenTimesGoBack(t *testing.T) {
	p := planner{setting: DecodeAuto}
	plan := func(at time.Duration, fps float64) Decoding {
		key := at%time.Second == 0
		p.saw(at, key)
		return p.plan(Demand{FPS: fps}, at, key)
	}
	for at := 26 * time.Hour; at < 26*time.Hour+5*time.Second; at += frameStep {
		plan(at, 25)
	}
	plan(26*time.Hour+5*time.Second+frameStep, 0)
	var mode Decoding
	for at := time.Duration(0); at < 5*time.Second; at += frameStep {
		mode = plan(at, 0)
	}
	if mode != DecodeNone {
		t.Errorf("decodes %s, want none", mode)
	}
}

// Packets without a key frame show that the camera is alive.
func TestWaitsForAKeyFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runPackets(t, live(), &stream{gop: 300, first: 1}, 0, Demand{FPS: 25})
		time.Sleep(10 * time.Second)
		synctest.Wait()
		st := r.cam.Status()
		if st.State != Connecting || !strings.Contains(st.Reason, "waiting for a key frame") || st.Connects != 1 {
			t.Errorf("%v, %q after %d connects", st.State, st.Reason, st.Connects)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if st := r.cam.Status(); st.State != Live || st.Reason != "" || st.Connects != 1 {
			t.Errorf("%v, %q after %d connects", st.State, st.Reason, st.Connects)
		}
	})
}

// A file is played at its own rate and ends, with sound on the same clock.
func TestPacketsOfAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := live()
		cfg.Source = "a.mp4"
		r := runPackets(t, cfg, &stream{file: true, count: 100, sound: true}, 0, Demand{FPS: 100})
		if err := <-r.ended; err != nil {
			t.Fatal(err)
		}
		if took := time.Since(r.start); took < 3900*time.Millisecond || took > 4100*time.Millisecond {
			t.Errorf("it took %v, want about 4 s", took)
		}
		if n := r.shown(); n != 50 || r.cam.Status().State != Ended {
			t.Errorf("%d frames, %v", n, r.cam.Status().State)
		}
		for _, p := range r.packets {
			if at := p.Captured.Sub(r.start); (at - p.PTS).Abs() > time.Millisecond {
				t.Errorf("packet at %v was captured at %v", p.PTS, at)
			}
		}
	})
}

// Packets of a file that give no frame are waited for in groups, a moment ahead of time, unless
// somebody watches them. Frames are never ahead of time.
func TestFileIsReadAhead(t *testing.T) {
	for _, tt := range []struct {
		name   string
		demand Demand
		wakes  int // times at which packets came, in 100 of them
	}{
		{"nobody looks", Demand{}, 35},
		{"every third frame", Demand{FPS: 25.0 / 3}, 35},
		{"every frame", Demand{FPS: 25}, 100},
		{"nobody looks, somebody watches", Demand{Live: true}, 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := live()
				cfg.Source = "a.mp4"
				r := runPackets(t, cfg, &stream{file: true, count: 100}, 0, tt.demand)
				if err := <-r.ended; err != nil {
					t.Fatal(err)
				}
				times := map[time.Time]bool{}
				for i, p := range r.packets {
					times[r.offered[i]] = true
					if ahead := p.Captured.Sub(r.offered[i]); ahead > readAhead {
						t.Errorf("a packet came %v ahead of its time", ahead)
					}
				}
				if n := len(times); n > tt.wakes || n < tt.wakes-10 {
					t.Errorf("packets came at %d times, want %d at most", n, tt.wakes)
				}
				for _, age := range r.age {
					if age < 0 {
						t.Errorf("a frame was published %v before it was captured", -age)
					}
				}
			})
		})
	}
}

// A slow reader skips old packets.
func TestPacketsCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runPackets(t, live(), &stream{}, 60*time.Millisecond, Demand{FPS: 25})
		time.Sleep(20 * time.Second)
		synctest.Wait()
		st := r.cam.Status()
		if st.DropLag == 0 || st.Lag > 3*time.Second {
			t.Errorf("lag %v, %d skipped", st.Lag, st.DropLag)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if age := r.age[len(r.age)-1]; age > 3*time.Second {
			t.Errorf("frames are %v old", age)
		}
	})
}

// If nothing can be decoded, packets continue.
func TestPacketsWithoutADecoder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &packetHarness{ended: make(chan error, 1)}
		s := &stream{gop: 25, track: &Track{Video: true, Codec: HEVC, Width: 64, Height: 48}}
		r.cam = NewCamera(live(), func(ctx context.Context, _ Config) (Connection, error) { s.ctx = ctx; return s, nil },
			NewPool(1, nil), (*Frame).Release, discard{})
		r.cam.DecodeWith(func(*Track, Config) (Decoder, error) { return nil, ErrUnsupported }, r)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { r.ended <- r.cam.Run(ctx) }()
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if st := r.cam.Status(); st.State != Live || len(r.packets) < 70 {
			t.Errorf("%v %q with %d packets", st.State, st.Reason, len(r.packets))
		}
		cancel()
		if err := <-r.ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// An invalid packet does not end a stream that goes on without being decoded.
func TestInvalidPacketWhileNothingIsDecoded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runPackets(t, live(), &stream{bad: 60}, 0, Demand{})
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if st := r.cam.Status(); st.State != Live || st.Connects != 1 || st.Stalls != 0 || st.DropBroken != 1 || st.Decoding != DecodeNone {
			t.Errorf("%v %q, %d connects, %d stalls, %d invalid, decoding %s", st.State, st.Reason, st.Connects, st.Stalls, st.DropBroken, st.Decoding)
		}
	})
}

// heldBack returns the frame of the packet before, like a decoder that waits for B-frames.
type heldBack struct {
	fakeDecoder
	last *Packet
}

func (d *heldBack) Decode(packets []*Packet, _ bool) (Decoded, error) {
	before := d.last
	if n := len(packets); n > 1 {
		before = packets[n-2]
	}
	d.last = packets[len(packets)-1]
	if before == nil {
		return Decoded{}, nil
	}
	return Decoded{Image: fakeImage{}, Packet: before, Frames: len(packets)}, nil
}

// A frame has the ID of the packet from which it was decoded, however long the decoder held it
// back.
func TestFrameHasIDOfItsPacket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &packetHarness{ended: make(chan error, 1)}
		s := &stream{gop: 25, sound: true, track: &Track{Video: true, Codec: H264, Width: 64, Height: 48}}
		frames := map[uint64]time.Time{}
		r.cam = NewCamera(live(), func(ctx context.Context, _ Config) (Connection, error) { s.ctx = ctx; return s, nil },
			NewPool(1, nil), func(f *Frame) { frames[f.ID] = f.Captured; f.Release() }, discard{})
		r.cam.DecodeWith(func(*Track, Config) (Decoder, error) { return &heldBack{}, nil }, r)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { r.ended <- r.cam.Run(ctx) }()
		time.Sleep(3 * time.Second)
		cancel()
		<-r.ended
		matched := 0
		for _, p := range r.packets {
			at, shown := frames[p.ID]
			switch {
			case p.Track.Video == (p.ID == 0):
				t.Errorf("packet has the ID %d, video %v", p.ID, p.Track.Video)
			case shown && !at.Equal(p.Captured):
				t.Errorf("frame %d was captured at %v, its packet at %v", p.ID, at, p.Captured)
			case shown:
				matched++
			}
		}
		if matched < 20 || matched != len(frames) {
			t.Errorf("%d of %d frames have a packet of their ID", matched, len(frames))
		}
	})
}
