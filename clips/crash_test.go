package clips

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/rules"
)

// Environment variables of a child of this test binary that saves clips until it is killed: the
// clips directory, and a file of H.264 that it sends.
const (
	crashEnv    = "RVO_CLIPS_CRASH_DIR"
	crashStream = "RVO_CLIPS_CRASH_STREAM"
)

// crashChild sends packets of a file in a loop, at ten times their rate, and saves a clip of two
// seconds every half second.
func crashChild(dir string) {
	cfg := DefaultConfig()
	cfg.Dir, cfg.MinFree, cfg.MaxBytes = dir, 0, 4<<20
	stream, err := os.ReadFile(os.Getenv(crashStream))
	if err != nil {
		panic(err)
	}
	epoch := time.Now()
	rec := New(Options{Config: cfg, Epoch: epoch, Muxer: realMuxer})
	ring := rec.Ring("door", time.Second)
	go rec.Run(context.Background()) // until the process is killed
	frames := splitFrames(stream)
	track := &capture.Track{Video: true, Codec: capture.H264}
	for n := 0; ; n++ {
		at := time.Duration(n) * 4 * time.Millisecond
		data := frames[n%len(frames)]
		time.Sleep(time.Until(epoch.Add(at)))
		ring.OfferPacket(&capture.Packet{Track: track, Data: data, PTS: at, DTS: at, Captured: epoch.Add(at), Key: isKey(data)})
		if n%50 == 49 {
			_ = rec.Save(Job{Event: rules.Event{ID: fmt.Sprintf("%d-%d", os.Getpid(), n), Type: "x", Camera: "door", At: at, Time: epoch.Add(at)}, Before: time.Second, After: time.Second})
		}
	}
}

// splitFrames cuts a stream of H.264 at its access unit delimiters.
func splitFrames(stream []byte) (frames [][]byte) {
	mark := []byte{0, 0, 0, 1, 9}
	for _, part := range bytes.Split(stream, mark)[1:] {
		frames = append(frames, append(slices.Clone(mark), part...))
	}
	return frames
}

// isKey reports whether a frame has parameter sets.
func isKey(frame []byte) bool { return bytes.Contains(frame, []byte{0, 0, 0, 1, 0x67}) }

// TestKilledAnywhere is stricter, but its camera sends no real H.264, and nothing there runs at the
// same time.
func TestKillLeavesOnlyWholeClips(t *testing.T) {
	if testing.Short() {
		t.Skip("kills real processes for some seconds")
	}
	if realMuxer == nil {
		t.Skip("built without FFmpeg")
	}
	name := filepath.Join(t.TempDir(), "stream.h264")
	out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25", "-t", "10", "-c:v", "libx264",
		"-preset", "ultrafast", "-x264-params", "aud=1:repeat-headers=1:keyint=25:bframes=0", "-f", "h264", name).CombinedOutput()
	if err != nil {
		t.Skipf("ffmpeg: %v: %s", err, out)
	}
	killRounds(t, crashStream+"="+name)
}

// begun returns the names of unfinished clips in dir. There are other hidden files, such as that
// of a probe.
func begun(t *testing.T, dir string) []string {
	t.Helper()
	return slices.DeleteFunc(hidden(t, dir), func(name string) bool { return !strings.HasPrefix(name, buildingPrefix) })
}

// killRounds kills a child while it saves clips, and checks every clip that exists then, until
// there were finished and unfinished ones.
func killRounds(t *testing.T, env string) {
	t.Helper()
	dir := t.TempDir()
	seen, leftovers := 0, 0
	// A busy machine needs longer to save a whole clip.
	for round := 0; round < 3 || (seen == 0 || leftovers == 0) && round < 100; round++ {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashEnv+"="+dir, env)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// The child is busy once it has begun a clip of its own, however long a busy machine
		// takes.
		old := begun(t, dir)
		late, look := time.After(time.Minute), time.NewTicker(time.Millisecond)
		for slices.Equal(begun(t, dir), old) {
			select {
			case <-look.C:
			case <-late:
				_ = cmd.Process.Kill()
				t.Fatal("no clip was begun within a minute")
			}
		}
		look.Stop()
		<-time.After(rand.N(time.Duration(30+10*round) * 10 * time.Millisecond))
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		seen += len(wholeClips(t, dir))
		leftovers += len(begun(t, dir))
	}
	if seen == 0 || leftovers == 0 {
		t.Fatalf("%d clips and %d leftovers seen: the kills did not hit the work", seen, leftovers)
	}
	cfg := DefaultConfig()
	cfg.Dir, cfg.MinFree = dir, 0
	s := New(Options{Config: cfg, Epoch: time.Now(), Muxer: realMuxer}).store
	if err := s.refresh(time.Now()); err != nil {
		t.Fatal(err)
	}
	if left := hidden(t, dir); len(left) > 0 {
		t.Errorf("leftovers stay: %v", left)
	}
	sameAsIndex(t, dir)
}

// crowded is a Muxer on a disk that is full at first.
type crowded struct {
	lines
	full *bool
}

func (m crowded) Finish(from, to string) error {
	if *m.full {
		return fmt.Errorf("finish movie: %w", syscall.ENOSPC)
	}
	return m.lines.Finish(from, to)
}

// What a crash left is kept while the disk is too full to complete it.
func TestWhatACrashLeftWaitsForRoom(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		cfg := crashedConfig(t)
		crashed := cfg.Dir
		var log bytes.Buffer
		full := true
		again := New(Options{Config: cfg, Epoch: time.Now(), Muxer: crowded{full: &full}, Log: slog.New(slog.NewTextHandler(&log, nil))}).store
		for range 3 {
			if err := again.refresh(time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if left := hidden(t, crashed); len(left) != 1 || strings.Count(log.String(), "event=grown") != 1 {
			t.Fatalf("left: %v\n%s", left, log.String())
		}
		full = false
		if err := again.refresh(time.Now()); err != nil {
			t.Fatal(err)
		}
		if entries, err := List(crashed); err != nil || len(entries) != 1 || len(hidden(t, crashed)) != 0 {
			t.Errorf("%d clips, %v left: %v\n%s", len(entries), hidden(t, crashed), err, log.String())
		}
	})
}
