package clips

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// FuzzResume starts on the directory of a dead process with any content: it becomes a whole clip,
// or is removed.
func FuzzResume(f *testing.F) {
	f.Add([]byte(`{"version":1,"event_id":"a","camera":"door","time":"2026-01-02T03:04:05Z","event_ts_ns":5,"start_time":"2026-01-02T03:04:04Z"}`),
		[]byte(`{"Tracks":["h264"]}`+"\n"+`{"PTS":0,"Duration":40000000,"Key":true}`+"\n"))
	f.Add([]byte(`{"version":1,"event_id":"../a","camera":"../..","time":"2026-01-02T03:04:05Z"}`), []byte(`{"Tracks":["h264","aac"]}`))
	f.Add([]byte("{"), []byte{})
	f.Fuzz(func(t *testing.T, job, grown []byte) {
		cfg := DefaultConfig()
		cfg.Dir, cfg.MinFree = filepath.Join(t.TempDir(), "evidence"), 0
		left := filepath.Join(cfg.Dir, buildingPrefix+"x")
		if err := os.MkdirAll(left, 0o750); err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{jobFile: job, grownPrefix + "clip.lines": grown} {
			if err := os.WriteFile(filepath.Join(left, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := New(Options{Config: cfg, Epoch: time.Now(), Muxer: lines{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}).store
		if err := s.refresh(time.Now()); err != nil {
			t.Fatal(err)
		}
		if names := hidden(t, cfg.Dir); len(names) > 0 {
			t.Errorf("left: %v", names)
		}
		entries, err := List(cfg.Dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Damaged != "" {
				t.Errorf("made a clip that is damaged: %s", e.Damaged)
			} else if err := Verify(t.Context(), cfg.Dir, e); err != nil {
				t.Error(err)
			}
		}
	})
}
