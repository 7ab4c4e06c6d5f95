package clips

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"rvo-tui/capture"
	"rvo-tui/rules"
)

// Environment variables of a child of this test binary that saves a few clips, step by step.
const (
	savingEnv   = "RVO_CLIPS_SAVING_DIR"
	savingMuxer = "RVO_CLIPS_SAVING_MUXER"
)

// The child prints what must be kept from then on.
const (
	kept  = "kept "  // if the process is killed, the next start finds or completes the clip of the event
	saved = "saved " // the clip is whole, even after a power cut
	gone  = "gone"   // nothing: clips are deleted
)

// savingMuxers are the muxers that the child may use.
func savingMuxers() map[string]Muxer {
	muxers := map[string]Muxer{"AVI": AVI{}, "packets": lines{}}
	if realMuxer != nil {
		muxers["MP4"] = realMuxer
	}
	return muxers
}

// savingChild saves two clips, the second one after a restart in the middle of it, and deletes
// both.
func savingChild(dir string) {
	muxer := os.Getenv(savingMuxer)
	cfg := DefaultConfig()
	cfg.Dir, cfg.MinFree, cfg.MaxWidth = dir, 0, 64
	o := Options{Config: cfg, Epoch: time.Now(), Muxer: savingMuxers()[muxer], Redraw: realRedraw, Log: slog.New(slog.DiscardHandler)}
	start := func() *store {
		s := New(o).store
		check(s.refresh(time.Now()))
		return s
	}
	grows := muxer == "packets" // an encoder holds back more than this
	s := start()
	grow(s, "first", false, grows)
	fmt.Println(saved + "first")
	if !grows {
		grow(s, "second", false, grows)
	} else {
		s.leave(grow(s, "second", true, grows))
		s = start()
	}
	fmt.Println(saved + "second")
	fmt.Println(gone)
	s.cfg.MaxBytes = 1
	check(s.tidy(time.Now()))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// grow makes a clip of six seconds in four parts. It leaves out the last one if part is set.
func grow(s *store, id string, part, grows bool) *clip {
	const each = 5
	at := time.Now().UTC()
	c := &clip{jobs: []Job{{Event: rules.Event{ID: id, Type: "x", Camera: "door", At: time.Second, Time: at}}}, end: 6 * time.Second}
	packets := &capture.Track{Video: true, Codec: capture.H264, Width: 64, Height: 48, Config: []byte{1}}
	all := testFrames(4 * each).samples
	for i := range all {
		all[i].ts *= 3
		all[i].PTS, all[i].DTS = all[i].ts, all[i].ts
		if _, ok := s.muxer.(lines); ok {
			all[i].Track, all[i].frame, all[i].Key = packets, 0, i%each == 0
		}
	}
	for n := range 4 {
		last := n == 3
		if part && last {
			return c
		}
		_, err := s.work(context.Background(), task{clip: c, view: *c, cut: cut{samples: all[n*each : (n+1)*each]}, last: last})
		check(err)
		if n == 2 && grows {
			fmt.Println(kept + id)
		}
	}
	return c
}
