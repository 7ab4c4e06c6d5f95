package clips

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
)

// Until somebody asks for evidence there is none: no directory, no worker, nothing
// that Drain or the end would wait for.
func TestIdleUntilTheFirstRing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		cfg := testConfig(t)
		rec := New(Options{Config: cfg, Epoch: time.Now(), Grace: time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- rec.Run(ctx) }()
		time.Sleep(10 * time.Minute)
		if err := rec.Drain(ctx); err != nil || rec.Active() {
			t.Errorf("idle: drained with %v, active %v", err, rec.Active())
		}
		if _, err := os.Stat(cfg.Dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the directory is there: %v", err)
		}
		ring := rec.Ring("door", time.Second)
		synctest.Wait()
		if _, err := os.Stat(cfg.Dir); err != nil || !rec.Active() {
			t.Errorf("asked for evidence: active %v, %v", rec.Active(), err)
		}
		pool := capture.NewPool(4, nil)
		defer pool.Close()
		f := takeFrame(t, pool, 1, 64, 48, time.Now())
		ring.Offer(f)
		job := Job{EventID: "e", EventType: Manual, Camera: "door", TS: 10 * time.Minute, Time: time.Now(), Confirming: f}
		if err := rec.Save(job); err != nil {
			t.Error(err)
		}
		if err := rec.Drain(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if clips := wholeClips(t, cfg.Dir); len(clips) != 1 {
			t.Errorf("clips %+v", clips)
		}
	})
}

func TestEndsIdle(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		cfg := testConfig(t)
		rec := New(Options{Config: cfg, Epoch: time.Now(), Grace: time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := rec.Run(ctx); err != nil {
			t.Error(err)
		}
		ring := rec.Ring("door", time.Second) // too late
		if err := rec.Save(Job{EventID: "e", Camera: "door"}); err == nil || rec.Active() {
			t.Errorf("after the end a job is taken: %v; active %v", err, rec.Active())
		}
		pool := capture.NewPool(1, nil)
		defer pool.Close()
		f := takeFrame(t, pool, 1, 64, 48, time.Now())
		ring.Offer(f)
		f.Release()
		ring.Close()
		if out := pool.Stats().Out; out != 0 {
			t.Errorf("%d frames are held", out)
		}
		if _, err := os.Stat(cfg.Dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the directory is there: %v", err)
		}
	})
}
