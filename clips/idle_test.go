package clips

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/rules"
)

// Until evidence is requested, there is no directory, no worker, and nothing that Drain or the
// end waits for.
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
		job := Job{Event: rules.Event{ID: "e", Type: Manual, Camera: "door", At: 10 * time.Minute, Time: time.Now()}, Confirming: f}
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
		if err := rec.Save(Job{Event: rules.Event{ID: "e", Camera: "door"}}); err == nil || rec.Active() {
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

// A worker that gets no processor time in the middle of a frame must not delay the end.
func TestEndsWithoutAWorkerThatHangs(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		cfg := testConfig(t)
		rec := New(Options{Config: cfg, Epoch: time.Now(), Grace: time.Second, Log: slog.New(slog.DiscardHandler)})
		ring := rec.Ring("door", time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- rec.Run(ctx) }()
		free := make(chan struct{})
		encoded := 0
		pool := capture.NewPool(4, func([]byte, int, int, int, int) ([]byte, error) {
			encoded++
			<-free
			return nil, errors.New("too late")
		})
		for id := range uint64(2) {
			f := takeFrame(t, pool, id+1, 64, 48, time.Now())
			ring.Offer(f)
			f.Release()
			time.Sleep(time.Second)
		}
		began := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != abandonTime {
			t.Errorf("took %v, want %v", took, abandonTime)
		}
		close(free)
		synctest.Wait()
		if out := pool.Stats().Out; out != 0 || encoded != 1 {
			t.Errorf("in the end %d frames are held, %d were encoded", out, encoded)
		}
		pool.Close()
	})
}
