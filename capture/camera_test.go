package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"rvo-tui/internal/text"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shot is one scripted frame.
type shot struct {
	after time.Duration // Grab takes this long
	pts   time.Duration
	noPTS bool
	err   error // of Grab
	bad   error // of Retrieve
	hang  bool  // Grab does not return until the test ends
	size  int   // from here on the frame is size x 1; 0: as before
}

// fakeSource plays shots. Unless it is deaf, a running Grab ends with the context.
type fakeSource struct {
	ctx    context.Context
	shots  []shot
	paced  bool
	decode time.Duration
	deaf   <-chan struct{}
	now    shot
	told   int // size that Size has returned
	size   int
	closed *atomic.Int64
}

func (s *fakeSource) Grab() (Stamp, error) {
	if len(s.shots) == 0 {
		return Stamp{}, io.EOF
	}
	s.now, s.shots = s.shots[0], s.shots[1:]
	if s.now.size != 0 {
		s.size = s.now.size
	}
	done := s.ctx.Done()
	if s.deaf != nil {
		done = s.deaf
	}
	var tick <-chan time.Time
	if !s.now.hang {
		tick = time.After(s.now.after)
	}
	select {
	case <-tick:
	case <-done:
		return Stamp{}, errors.New("interrupted")
	}
	return Stamp{PTS: s.now.pts, HasPTS: !s.now.noPTS, Arrived: time.Now()}, s.now.err
}

func (s *fakeSource) Retrieve(dst []byte) error {
	if len(dst) != s.size*3 {
		s.told = s.size
		return ErrSizeChanged
	}
	time.Sleep(s.decode)
	for i := range dst {
		dst[i] = byte(s.size)
	}
	return s.now.bad
}

func (s *fakeSource) Size() (int, int) { return s.told, 1 }
func (s *fakeSource) Live() bool       { return !s.paced }
func (s *fakeSource) Close() error     { s.closed.Add(1); return nil }

// seen is one published frame.
type seen struct {
	id           uint64
	at, captured time.Duration
	width        int
}

// harness runs one camera on scripted sources in a synctest bubble.
type harness struct {
	t      *testing.T
	start  time.Time
	cam    *Camera
	pool   *Pool
	log    *strings.Builder
	hold   bool // keep the frames that are published
	closed atomic.Int64
	cancel context.CancelFunc
	ended  chan error

	mu     sync.Mutex // guards the fields below
	frames []seen
	held   []*Frame
	openAt []time.Duration
}

func newHarness(t *testing.T, cfg Config, open func(ctx context.Context, r *harness, n int) (Connection, error)) *harness {
	t.Helper()
	r := &harness{t: t, start: time.Now(), pool: NewPool(2, nil), log: &strings.Builder{}, ended: make(chan error, 1)}
	cfg.Name = "door"
	opener := func(ctx context.Context, cfg Config) (Connection, error) {
		r.mu.Lock()
		r.openAt = append(r.openAt, time.Since(r.start))
		n := len(r.openAt)
		r.mu.Unlock()
		return open(ctx, r, n)
	}
	r.cam = NewCamera(cfg, opener, r.pool, func(f *Frame) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.frames = append(r.frames, seen{f.ID, time.Since(r.start), f.Captured.Sub(r.start), f.Width})
		if r.hold {
			r.held = append(r.held, f)
			return
		}
		f.Release()
	}, slog.New(slog.NewTextHandler(r.log, nil)))
	r.cam.random = func() float64 { return 0.5 } // no jitter
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() { r.ended <- r.cam.Run(ctx) }()
	return r
}

// stop ends the camera and returns the result of Run.
func (r *harness) stop() error {
	r.cancel()
	err := <-r.ended
	r.pool.Close()
	return err
}

// is fails unless the camera is in this state at this time since the start.
func (r *harness) is(at time.Duration, state State, reason string) {
	r.t.Helper()
	time.Sleep(at - time.Since(r.start))
	synctest.Wait()
	if st := r.cam.Status(); st.State != state || !strings.Contains(st.Reason, reason) {
		r.t.Errorf("after %v: %s (%s), want %s (%s)", at, st.State, st.Reason, state, reason)
	}
}

// opens returns the times at which the source was opened.
func (r *harness) opens() []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.openAt)
}

func (r *harness) seen() []seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.frames)
}

func liveSource(ctx context.Context, r *harness, shots ...shot) *fakeSource {
	return &fakeSource{ctx: ctx, shots: shots, told: 4, size: 4, closed: &r.closed}
}

// steady returns n frames at intervals of step.
func steady(n int, step time.Duration) []shot {
	out := make([]shot, n)
	for i := range out {
		out[i] = shot{after: step, pts: time.Duration(i) * step}
	}
	return out
}

func live() Config {
	c := DefaultConfig()
	c.Source = "rtsp://user:hunter22@h/s"
	return c
}

func file() Config {
	c := DefaultConfig()
	c.Source = "a.mp4"
	return c
}

func TestCameraStallsAndReconnects(t *testing.T) {
	for name, deaf := range map[string]bool{"source heeds the context": false, "source hangs": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				free := make(chan struct{})
				r := newHarness(t, live(), func(ctx context.Context, r *harness, n int) (Connection, error) {
					s := liveSource(ctx, r, append(steady(3, 100*ms), shot{hang: true})...)
					if deaf && n == 1 {
						s.deaf = free
					}
					return s, nil
				})
				r.is(50*ms, Connecting, "")
				r.is(100*ms, Live, "")
				r.is(5299*ms, Live, "")
				r.is(5300*ms, Stalled, "no frame for 5s")
				if deaf {
					r.is(7301*ms, Stalled, "hangs")
					r.is(20*time.Second, Stalled, "hangs")
					if len(r.opens()) != 1 {
						t.Errorf("opened %d times while a source hangs", len(r.opens()))
					}
					close(free)
					r.is(20499*ms, Stalled, "")
					r.is(20500*ms, Reconnecting, "")
					r.is(20600*ms, Live, "")
				} else {
					r.is(5799*ms, Stalled, "")
					r.is(5800*ms, Reconnecting, "no frame for 5s")
					r.is(5900*ms, Live, "")
				}
				if st := r.cam.Status(); st.Stalls != 1 || st.Connects != 2 || st.Failures != 0 {
					t.Errorf("%d stalls, %d connects, %d failures; want 1, 2, 0", st.Stalls, st.Connects, st.Failures)
				}
				if err := r.stop(); !errors.Is(err, context.Canceled) {
					t.Errorf("Run: %v", err)
				}
				if log := r.log.String(); !strings.Contains(log, `msg="camera live"`) || strings.Contains(log, `reason=""`) {
					t.Errorf("the log has an empty reason:\n%s", log)
				}
				if int(r.closed.Load()) != len(r.opens()) {
					t.Errorf("%d opened, %d closed", len(r.opens()), r.closed.Load())
				}
			})
		})
	}
}

func TestCameraBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t, live(), func(ctx context.Context, r *harness, n int) (Connection, error) {
			if n == 6 {
				return liveSource(ctx, r, steady(1, 0)...), nil
			}
			return nil, errors.New("dial rtsp://user:hunter22@h/s: connection\nrefused")
		})
		r.is(0, Reconnecting, "dial rtsp://user:***@h/s: connection refused")
		time.Sleep(12 * time.Second)
		synctest.Wait()
		// After the frame at 9.5 s, the retry delays start over.
		want := []time.Duration{0, 500 * ms, 1500 * ms, 3500 * ms, 6500 * ms, 9500 * ms, 10 * time.Second, 11 * time.Second}
		if !slices.Equal(r.opens(), want) {
			t.Errorf("opened at %v, want %v", r.opens(), want)
		}
		st := r.cam.Status()
		if st.Failures != 7 || st.Connects != 1 || st.Frames != 1 {
			t.Errorf("%d failures, %d connects, %d frames; want 7, 1, 1", st.Failures, st.Connects, st.Frames)
		}
		r.stop()
		if strings.Contains(r.log.String(), "hunter22") {
			t.Errorf("the log tells the password:\n%s", r.log)
		}
	})
}

func TestCameraFailsSlowly(t *testing.T) {
	for name, tc := range map[string]struct {
		source string
		err    error
		state  State
	}{
		"wrong password":      {"rtsp://h/", fmt.Errorf("open: %w", ErrUnauthorized), Failed},
		"unsupported":         {"http://h/", fmt.Errorf("open: %w", ErrUnsupported), Failed},
		"missing file":        {"a.mp4", fmt.Errorf("open: %w", os.ErrNotExist), Failed},
		"no permission":       {"device:0", fmt.Errorf("open: %w", os.ErrPermission), Failed},
		"malformed source":    {"pipe:0", errors.New("unknown kind"), Failed},
		"unplugged device":    {"device:0", fmt.Errorf("open: %w", os.ErrNotExist), Reconnecting},
		"connection refused":  {"http://h/", errors.New("connection refused"), Reconnecting},
		"connection closed":   {"rtsps://h/", fmt.Errorf("open: %w", io.EOF), Reconnecting},
		"a panic in a source": {"http://h/", nil, Reconnecting},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := live()
				cfg.Source = tc.source
				r := newHarness(t, cfg, func(context.Context, *harness, int) (Connection, error) {
					if tc.err == nil {
						panic("no such driver")
					}
					return nil, tc.err
				})
				r.is(0, tc.state, "")
				if r.cam.Status().Reason == "" {
					t.Error("no reason given")
				}
				r.is(29999*ms, tc.state, "")
				if fast := len(r.opens()) > 1; fast == (tc.state == Failed) {
					t.Errorf("opened at %v", r.opens())
				}
				if tc.state == Failed {
					r.is(30*time.Second, Failed, "")
					if len(r.opens()) != 2 {
						t.Errorf("opened at %v, want at 0 and 30 s", r.opens())
					}
				}
				r.stop()
			})
		})
	}
}

// Retries after refused logins are rare, because cameras lock accounts after several.
func TestCameraRefusedLoginsBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t, live(), func(ctx context.Context, r *harness, n int) (Connection, error) {
			if n == 9 {
				return nil, errors.New("connection refused")
			}
			return nil, fmt.Errorf("open: %w", ErrUnauthorized)
		})
		r.is(0, Failed, "wrong user or password (next attempt in 30s, or at once on resume)")
		r.is(449*time.Second, Failed, "next attempt in 4m0s")
		r.is(1055*time.Second, Failed, "next attempt in 5m0s")
		r.cam.Resume() // without a pause
		r.is(1056*time.Second, Failed, "next attempt in 30s")
		r.is(1085900*ms, Reconnecting, "refused")
		r.is(1090*time.Second, Failed, "next attempt in 30s") // another answer in between: it may have been put right
		var want []time.Duration
		for _, at := range []float64{0, 30, 90, 210, 450, 750, 1050, 1055, 1085, 1086} {
			want = append(want, time.Duration(at*float64(time.Second)))
		}
		if !slices.Equal(r.opens(), want) {
			t.Errorf("opened at %v, want %v", r.opens(), want)
		}
		r.stop()
	})
}

func TestCameraOpeningHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		r := newHarness(t, live(), func(ctx context.Context, r *harness, n int) (Connection, error) {
			<-free
			return nil, errors.New("late")
		})
		r.is(4999*ms, Connecting, "")
		r.is(5*time.Second, Reconnecting, "no answer within 5s")
		r.is(30*time.Second, Reconnecting, "hangs")
		r.cancel()
		<-r.ended
		if took := time.Since(r.start); took != 32*time.Second {
			t.Errorf("Run returned %v after the context ended, want 2s", took-30*time.Second)
		}
		if len(r.opens()) != 1 || r.cam.Status().Failures != 1 {
			t.Errorf("opened %d times, %d failures; want 1, 1", len(r.opens()), r.cam.Status().Failures)
		}
		if !strings.Contains(r.log.String(), "abandon") || !strings.Contains(r.log.String(), "doing=opening") {
			t.Errorf("the log does not name what hangs:\n%s", r.log)
		}
		close(free)
	})
}

func TestCameraAbandonedReaderPublishesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		r := newHarness(t, live(), func(ctx context.Context, r *harness, n int) (Connection, error) {
			s := liveSource(ctx, r, shot{}, shot{after: 10 * time.Second})
			s.deaf = free
			return s, nil
		})
		r.is(ms, Live, "")
		r.stop()
		time.Sleep(time.Minute)
		if n := len(r.seen()); n != 1 {
			t.Errorf("%d frames, want 1", n)
		}
		if r.closed.Load() != 1 {
			t.Error("the abandoned source was not closed when it returned")
		}
	})
}

func TestCameraShortStallAfterLongOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := live()
		cfg.OpenTimeout, cfg.StallTimeout = text.Duration(time.Minute), text.Duration(500*ms)
		r := newHarness(t, cfg, func(ctx context.Context, r *harness, n int) (Connection, error) {
			time.Sleep(time.Second)
			return liveSource(ctx, r, shot{hang: true}), nil
		})
		r.is(1499*ms, Connecting, "")
		r.is(1500*ms, Stalled, "no frame for 500ms")
		r.is(2*time.Second, Reconnecting, "no frame")
		r.stop()
	})
}

func TestCameraSourceTimesOutItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t, live(), func(ctx context.Context, r *harness, n int) (Connection, error) {
			return liveSource(ctx, r, shot{}, shot{after: 4990 * ms, err: errors.New("av_read_frame")}), nil
		})
		r.is(4990*ms, Stalled, "no frame for 5s")
		if n := r.cam.Status().Stalls; n != 1 {
			t.Errorf("%d stalls, want 1", n)
		}
		r.stop()
	})
}

func TestCameraGarbageIsNoSignOfLife(t *testing.T) {
	for name, garbage := range map[string]shot{
		"grab":     {after: 100 * ms, err: &CorruptError{errors.New("no frame")}},
		"retrieve": {after: 100 * ms, bad: &CorruptError{errors.New("bad Huffman code")}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := live()
				cfg.FPS = 5 // frames that the rate limit drops undecoded do not count
				r := newHarness(t, cfg, func(ctx context.Context, r *harness, n int) (Connection, error) {
					shots := append(steady(3, 100*ms), slices.Repeat([]shot{garbage}, 1000)...)
					for i := range shots {
						shots[i].noPTS = true
					}
					return liveSource(ctx, r, shots...), nil
				})
				r.is(5290*ms, Live, "") // the last good one arrived at 300 ms, the one at 400 ms was not decoded
				r.is(5410*ms, Stalled, "no frame for 5s")
				if st := r.cam.Status(); st.Frames != 2 || st.DropBroken < 40 {
					t.Errorf("%d frames, %d broken; want 2 and more than 40", st.Frames, st.DropBroken)
				}
				r.stop()
			})
		})
	}
}

func TestCameraStreamEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t, live(), func(ctx context.Context, r *harness, n int) (Connection, error) {
			return liveSource(ctx, r, steady(10, 40*ms)...), nil
		})
		r.is(500*ms, Reconnecting, "ended the stream")
		r.is(950*ms, Live, "")
		r.stop()
	})
}

func TestCameraIDsAndSizes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t, live(), func(ctx context.Context, r *harness, n int) (Connection, error) {
			shots := steady(4, 100*ms)
			shots[2].size = 7
			return liveSource(ctx, r, shots...), nil
		})
		time.Sleep(1500 * ms)
		synctest.Wait()
		var ids []uint64
		var widths []int
		for _, f := range r.seen() {
			ids, widths = append(ids, f.id), append(widths, f.width)
		}
		if !slices.Equal(ids, []uint64{1, 2, 3, 4, 5, 6, 7, 8}) {
			t.Errorf("IDs %v across a reconnection", ids)
		}
		if !slices.Equal(widths, []int{4, 4, 7, 7, 4, 4, 7, 7}) {
			t.Errorf("widths %v", widths)
		}
		if st := r.cam.Status(); st.Resizes != 2 || st.Width != 7 {
			t.Errorf("%d resizes, width %d; want 2, 7", st.Resizes, st.Width)
		}
		r.stop()
	})
}
