package capture

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func pacedSource(ctx context.Context, r *harness, n int) *fakeSource {
	shots := steady(n, 40*ms)
	for i := range shots {
		shots[i].after = 0
	}
	s := liveSource(ctx, r, shots...)
	s.paced = true
	return s
}

func TestFilePlaysAtItsRateAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t, file(), func(ctx context.Context, r *harness, n int) (Connection, error) { return pacedSource(ctx, r, 5), nil })
		if err := <-r.ended; err != nil {
			t.Errorf("Run: %v, want nil at the end of a file", err)
		}
		r.is(time.Second, Ended, "")
		for i, f := range r.seen() {
			if want := time.Duration(i) * 40 * ms; f.at != want || f.captured != want {
				t.Errorf("frame %d came at %v, captured at %v, want %v", i, f.at, f.captured, want)
			}
		}
		if n := len(r.seen()); n != 5 || r.closed.Load() != 1 {
			t.Errorf("%d frames, %d closed; want 5, 1", n, r.closed.Load())
		}
	})
}

func TestFileLoops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := file()
		cfg.Loop = true
		r := newHarness(t, cfg, func(ctx context.Context, r *harness, n int) (Connection, error) {
			if n > 1 {
				time.Sleep(10 * ms) // reopening takes a moment
			}
			return pacedSource(ctx, r, 3), nil
		})
		for at := range 50 {
			r.is(time.Duration(at)*10*ms, Live, "")
		}
		for i, f := range r.seen() {
			if want := time.Duration(i) * 40 * ms; f.captured != want {
				t.Errorf("frame %d captured at %v, want %v", i, f.captured, want)
			}
		}
		if st := r.cam.Status(); st.Frames != 13 || len(r.opens()) != 5 {
			t.Errorf("%d frames, opened %d times; want 13, 5", st.Frames, len(r.opens()))
		}
		r.stop()
	})
}

func TestFileFailures(t *testing.T) {
	for name, tc := range map[string]struct {
		shots  []shot
		reason string
	}{
		"no frames": {nil, "no frames"},
		"damaged":   {[]shot{{}, {err: errors.New("invalid data")}}, "invalid data"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newHarness(t, file(), func(ctx context.Context, r *harness, n int) (Connection, error) {
					s := liveSource(ctx, r, tc.shots...)
					s.paced = true
					return s, nil
				})
				r.is(time.Second, Failed, tc.reason)
				r.stop()
			})
		})
	}
}

func TestFileWithSlowDecoderSkips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t, file(), func(ctx context.Context, r *harness, n int) (Connection, error) {
			s := pacedSource(ctx, r, 100)
			s.decode = 60 * ms // every frame may take 40
			return s, nil
		})
		<-r.ended
		if took := time.Since(r.start); took > 4200*ms {
			t.Errorf("100 frames at 25 fps took %v", took)
		}
		st := r.cam.Status()
		if st.Frames+st.DropLag != 100 || st.Frames < 60 || st.Frames > 70 {
			t.Errorf("%d frames, %d dropped for lag; want about 66 of 100", st.Frames, st.DropLag)
		}
		for _, f := range r.seen() {
			if late := f.at - f.captured; late > 150*ms {
				t.Errorf("frame %d is %v old", f.id, late)
			}
		}
	})
}

func TestFileSlowerThanItsRateStillShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t, file(), func(ctx context.Context, r *harness, n int) (Connection, error) {
			s := pacedSource(ctx, r, 100)
			for i := range s.shots {
				s.shots[i].after = 80 * ms // grabbing takes twice the interval
			}
			return s, nil
		})
		<-r.ended
		if st := r.cam.Status(); st.Frames < 40 {
			t.Errorf("%d frames from a file that is too slow to read", st.Frames)
		}
	})
}

func TestFileAfterSuspend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t, file(), func(ctx context.Context, r *harness, n int) (Connection, error) {
			s := pacedSource(ctx, r, 20)
			s.shots[10].after = 4 * time.Second
			return s, nil
		})
		<-r.ended
		if st := r.cam.Status(); st.Frames != 20 || st.Stalls != 0 {
			t.Errorf("%d frames, %d stalls; want 20, 0", st.Frames, st.Stalls)
		}
	})
}

func TestPauseFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t, file(), func(ctx context.Context, r *harness, n int) (Connection, error) { return pacedSource(ctx, r, 10), nil })
		r.is(90*ms, Live, "")
		r.cam.Pause()
		r.is(time.Minute, Paused, "by command")
		if n := len(r.seen()); n > 4 {
			t.Errorf("%d frames, the camera paused after 3", n)
		}
		r.cam.Resume()
		r.is(time.Minute+50*ms, Live, "")
		<-r.ended
		if st := r.cam.Status(); st.Frames != 10 || st.Stalls != 0 || len(r.opens()) != 1 {
			t.Errorf("%d frames, %d stalls, opened %d times; want 10, 0, 1", st.Frames, st.Stalls, len(r.opens()))
		}
		r.cancel()
		if out := r.pool.Stats().Out; out != 0 {
			t.Errorf("%d frames are still out", out)
		}
	})
}

func TestPauseLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t, live(), func(ctx context.Context, r *harness, n int) (Connection, error) {
			return liveSource(ctx, r, steady(1000, 40*ms)...), nil
		})
		r.cam.Resume() // nothing to resume
		r.is(time.Second, Live, "")
		r.cam.Pause()
		r.cam.Pause()
		r.is(time.Second, Paused, "by command")
		if r.closed.Load() != 1 {
			t.Error("a paused live source stays open")
		}
		r.is(time.Minute, Paused, "")
		r.cam.Resume()
		r.is(time.Minute, Connecting, "")
		r.is(time.Minute+40*ms, Live, "")
		r.cam.Pause()
		r.is(time.Minute+50*ms, Paused, "")
		if err := r.stop(); !errors.Is(err, context.Canceled) {
			t.Errorf("Run of a paused camera: %v", err)
		}
	})
}

func TestPauseCutsWaitShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t, live(), func(context.Context, *harness, int) (Connection, error) { return nil, ErrUnauthorized })
		r.cam.Pause()
		r.is(time.Second, Paused, "")
		r.cam.Resume()
		r.is(2*time.Second, Failed, "wrong user or password")
		r.cam.Pause()
		r.is(3*time.Second, Paused, "")
		r.cam.Resume()
		r.is(3*time.Second, Failed, "")
		if n := len(r.opens()); n < 2 {
			t.Errorf("opened %d times: Resume must try again at once", n)
		}
		r.stop()
	})
}

func TestPoolExhaustion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t, live(), func(ctx context.Context, r *harness, n int) (Connection, error) {
			return liveSource(ctx, r, steady(300, 40*ms)...), nil
		})
		r.mu.Lock()
		r.hold = true
		r.mu.Unlock()
		r.is(10*time.Second, Live, "") // unreleased frames are no stall
		st := r.cam.Status()
		if st.Frames != 2 || st.DropPool != 248 || st.Pool.Out != 2 {
			t.Errorf("%d frames, %d dropped, %d out; want 2, 248, 2", st.Frames, st.DropPool, st.Pool.Out)
		}
		r.stop()
		for _, f := range r.held {
			f.Release()
		}
	})
}

func TestRateCap(t *testing.T) {
	for _, tc := range []struct{ source, limit, want float64 }{
		{30, 10, 10}, {30, 30, 30}, {30, 25, 25}, {30, 60, 30}, {29.97, 30, 29.97}, {30, 0.5, 0.5}, {30, 0, 30},
	} {
		synctest.Test(t, func(t *testing.T) {
			cfg := live()
			cfg.FPS = tc.limit
			step := time.Duration(float64(time.Second) / tc.source)
			r := newHarness(t, cfg, func(ctx context.Context, r *harness, n int) (Connection, error) {
				return liveSource(ctx, r, steady(int(tc.source*60), step)...), nil
			})
			time.Sleep(20*time.Second + step/2)
			st := r.cam.Status()
			if got := float64(st.Frames) / 20; got < tc.want-0.06 || got > tc.want+0.06 {
				t.Errorf("%v fps held to %v: %v a second, want %v", tc.source, tc.limit, got, tc.want)
			}
			if tc.limit > 1 && (st.FPS < tc.want-0.6 || st.FPS > tc.want+0.6) {
				t.Errorf("%v fps held to %v: status says %v", tc.source, tc.limit, st.FPS)
			}
			if st.Frames+st.DropRate != uint64(20*time.Second/step) {
				t.Errorf("%d frames and %d dropped do not add up", st.Frames, st.DropRate)
			}
			r.stop()
		})
	}
}

func TestLiveCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t, live(), func(ctx context.Context, r *harness, n int) (Connection, error) {
			shots := steady(100, 40*ms)
			// The network stalls for two seconds; then 50 frames arrive at once.
			shots[20].after = 2040 * ms
			for i := 21; i <= 70; i++ {
				shots[i].after = 0
			}
			return liveSource(ctx, r, shots...), nil
		})
		time.Sleep(3800 * ms)
		synctest.Wait()
		st := r.cam.Status()
		if st.DropLag < 45 || st.DropLag > 50 {
			t.Errorf("%d skipped to catch up, want nearly 50", st.DropLag)
		}
		if st.Lagging || st.Lag > 40*ms {
			t.Errorf("lagging %v by %v after it caught up", st.Lagging, st.Lag)
		}
		old := 0
		for _, f := range r.seen() {
			if f.at-f.captured > 80*ms {
				old++
			}
		}
		if old > 1 { // the one that had to be waited for
			t.Errorf("%d stale frames published", old)
		}
		r.stop()
	})
}

func TestNetworkDelayIsNotSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t, live(), func(ctx context.Context, r *harness, n int) (Connection, error) {
			shots := steady(200, 40*ms)
			shots[20].after = 540 * ms // from here on half a second later
			return liveSource(ctx, r, shots...), nil
		})
		time.Sleep(4 * time.Second)
		st := r.cam.Status()
		if st.DropLag != 0 || !st.Lagging || st.Lag < 450*ms || st.Lag > 500*ms {
			t.Errorf("%d skipped, lagging %v by %v; want 0, true, 500ms", st.DropLag, st.Lagging, st.Lag)
		}
		r.stop()
	})
}

func TestPacer(t *testing.T) {
	start := time.Now()
	var p pacer
	var got []time.Duration
	at := func(pts time.Duration, has bool) {
		got = append(got, p.next(Stamp{PTS: pts, HasPTS: has}, start).Sub(start))
	}
	at(time.Second, true)            // the first is due at once
	at(1100*ms, true)                // 100 ms
	at(1000*time.Second, true)       // a break: the last interval again
	at(1000*time.Second+50*ms, true) // 50 ms
	at(10*ms, true)                  // backwards
	if sound := p.at(0, start).Sub(start); sound != 290*ms {
		t.Errorf("sound of 10 ms before is due at %v", sound)
	}
	p.restart()
	if sound := p.at(10*ms, start).Sub(start); sound != 360*ms { // ahead of the first frame
		t.Errorf("sound of a loop is due at %v", sound)
	}
	at(60*ms, true) // a loop
	at(0, false)    // without a time
	want := []time.Duration{0, 100 * ms, 200 * ms, 250 * ms, 300 * ms, 350 * ms, 400 * ms}
	if !slices.Equal(got, want) {
		t.Errorf("due at %v, want %v", got, want)
	}
}

func TestMeter(t *testing.T) {
	var m meter
	now := time.Now()
	if m.rate(now) != 0 {
		t.Error("a rate of nothing")
	}
	for range 300 {
		now = now.Add(10 * ms)
		m.add(now)
	}
	if got := m.rate(now); got < 99.9 || got > 100.1 {
		t.Errorf("rate %v, want 100", got)
	}
	if got := m.rate(now.Add(10 * time.Second)); got > 20 {
		t.Errorf("rate %v ten seconds after the last", got)
	}
}
