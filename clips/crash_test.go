package clips

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/rules"
)

// crashEnv names the clips directory of a child of this test binary that saves
// clips until it is killed.
const crashEnv = "RVO_CLIPS_CRASH_DIR"

// crashChild saves and deletes clips as fast as it can.
func crashChild(dir string) {
	cfg := DefaultConfig()
	cfg.Dir, cfg.MinFree, cfg.MaxBytes, cfg.MaxWidth, cfg.Frames = dir, 0, 1<<20, 160, true
	epoch := time.Now()
	rec := New(Options{Config: cfg, Epoch: epoch})
	ring := rec.Ring("door", time.Second)
	go rec.Run(context.Background()) // until the process is killed
	pool := capture.NewPool(16, nil)
	for id := uint64(1); ; id++ {
		f, err := pool.Get("door", id, 160, 120, time.Now())
		if err != nil || f == nil {
			panic("no frame")
		}
		ring.Offer(f)
		if f.TryRetain() {
			at := time.Now()
			_ = rec.Save(Job{Event: rules.Event{ID: fmt.Sprintf("%d-%d", os.Getpid(), id), Type: "x", Camera: "door", At: at.Sub(epoch), Time: at}, Before: time.Second, Confirming: f})
		}
		f.Release()
		time.Sleep(5 * time.Millisecond)
	}
}

func TestKillLeavesOnlyWholeClips(t *testing.T) {
	if testing.Short() {
		t.Skip("kills real processes for some seconds")
	}
	dir := t.TempDir()
	seen, leftovers := 0, 0
	// A busy machine needs longer to come as far as a whole clip.
	for round := 0; round < 20 || (seen == 0 || leftovers == 0) && round < 100; round++ {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashEnv+"="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// It is under way once it has begun a clip of its own, however long a busy
		// machine takes for that.
		old := hidden(t, dir)
		late, look := time.After(time.Minute), time.NewTicker(time.Millisecond)
		for slices.Equal(hidden(t, dir), old) {
			select {
			case <-look.C:
			case <-late:
				_ = cmd.Process.Kill()
				t.Fatal("no clip was begun within a minute")
			}
		}
		look.Stop()
		<-time.After(rand.N(time.Duration(20+round) * 10 * time.Millisecond))
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		seen += len(wholeClips(t, dir))
		leftovers += len(hidden(t, dir))
	}
	if seen == 0 || leftovers == 0 {
		t.Fatalf("%d clips and %d leftovers seen: the kills did not hit the work", seen, leftovers)
	}
	cfg := DefaultConfig()
	cfg.Dir, cfg.MinFree = dir, 0
	s := New(Options{Config: cfg, Epoch: time.Now()}).store
	if err := s.refresh(time.Now()); err != nil {
		t.Fatal(err)
	}
	if left := hidden(t, dir); len(left) > 0 {
		t.Errorf("leftovers stay: %v", left)
	}
	sameAsIndex(t, dir)
}
