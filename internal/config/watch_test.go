package config

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watched is a file whose changes are followed in virtual time.
type watched struct {
	text   string
	err    error
	told   []string // when, and what the file held
	events chan fsnotify.Event
	faults chan error
	began  time.Time
}

func (f *watched) read() ([]byte, error) { return []byte(f.text), f.err }

func (f *watched) changed(context.Context) {
	text := f.text
	if f.err != nil {
		text = f.err.Error()
	}
	f.told = append(f.told, time.Since(f.began).String()+" "+text)
}

func TestFileWatchFollows(t *testing.T) {
	const dir = "/none/etc"
	event := func(name string, op fsnotify.Op) fsnotify.Event {
		return fsnotify.Event{Name: filepath.Join(dir, name), Op: op}
	}
	tests := []struct {
		name string
		do   func(f *watched, step func(time.Duration)) // from 1 s on
		want []string
	}{
		{"nothing", func(_ *watched, step func(time.Duration)) { step(time.Hour) }, nil},
		{"touched", func(f *watched, _ func(time.Duration)) { f.events <- event("rvo.toml", fsnotify.Chmod) }, nil},
		{"written in two parts", func(f *watched, step func(time.Duration)) {
			f.text = "half"
			f.events <- event("rvo.toml", fsnotify.Write)
			step(200 * time.Millisecond)
			f.text = "whole"
			f.events <- event("rvo.toml", fsnotify.Write)
			step(time.Second)
		}, []string{"1.5s whole"}},
		{"written without end", func(f *watched, step func(time.Duration)) {
			for range 30 {
				f.text += "x"
				f.events <- event("rvo.toml", fsnotify.Write)
				step(150 * time.Millisecond)
			}
		}, []string{"3s a" + strings.Repeat("x", 14), "5.1s a" + strings.Repeat("x", 28), "5.65s a" + strings.Repeat("x", 30)}},
		{"a neighbour that is written", func(f *watched, step func(time.Duration)) {
			f.text = "b" // which nobody can know
			f.events <- event("rvo.log", fsnotify.Write)
			step(time.Minute)
		}, nil},
		{"a link that is turned", func(f *watched, step func(time.Duration)) {
			f.text = "b"
			f.events <- event("..data", fsnotify.Create)
			step(time.Second)
		}, []string{"1.3s b"}},
		{"gone and back", func(f *watched, step func(time.Duration)) {
			f.err = errors.New("gone")
			f.events <- event("rvo.toml", fsnotify.Remove)
			step(time.Second)
			f.events <- event("other", fsnotify.Remove)
			step(time.Second)
			f.err = nil
			f.events <- event("rvo.toml", fsnotify.Create)
			step(time.Second)
		}, []string{"1.3s gone", "3.3s a"}},
		{"too many events", func(f *watched, step func(time.Duration)) {
			f.text = "b"
			f.faults <- fsnotify.ErrEventOverflow
			step(time.Second)
		}, []string{"1.3s b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &watched{text: "a", events: make(chan fsnotify.Event, 1), faults: make(chan error, 1), began: time.Now()}
				w := &Watcher{
					Path: func() string { return filepath.Join(dir, "rvo.toml") },
					Read: f.read, Changed: f.changed, Log: slog.New(slog.DiscardHandler), Sum: sumOf("a"),
				}
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- w.follow(ctx, f.events, f.faults, func(string) error { return nil }) }()
				step := func(d time.Duration) {
					time.Sleep(d)
					synctest.Wait()
				}
				step(time.Second)
				tt.do(f, step)
				step(time.Second)
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
				if !slices.Equal(f.told, tt.want) {
					t.Errorf("told %q, want %q", f.told, tt.want)
				}
			})
		})
	}
}

func sumOf(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }

// What has changed before there was a watch, or while it was lost, counts.
func TestFileWatchCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &watched{text: "b", began: time.Now()}
		w := &Watcher{Path: func() string { return "/none/rvo.toml" }, Read: f.read, Changed: f.changed, Log: slog.New(slog.DiscardHandler), Sum: sumOf("a")}
		for range 2 {
			faults := make(chan error, 1)
			faults <- errors.New("lost")
			if err := w.follow(t.Context(), nil, faults, func(string) error { return nil }); err == nil {
				t.Error("the watch was not lost")
			}
		}
		if want := []string{"0s b"}; !slices.Equal(f.told, want) {
			t.Errorf("told %q, want %q", f.told, want)
		}
	})
}

// A watch that is lost is told once and taken up again, ever more slowly.
func TestFileWatchIsTakenUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		var tries []string
		began := time.Now()
		w := &Watcher{
			Path: func() string {
				tries = append(tries, time.Since(began).String())
				return "/none/rvo.toml"
			},
			Log: slog.New(slog.NewTextHandler(&log, nil)),
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		w.retry(ctx, func(ctx context.Context) error {
			return w.follow(ctx, nil, nil, func(string) error { return errors.New("no watches are left") })
		})
		if want := []string{"0s", "1s", "3s", "7s", "15s", "31s", "1m1s", "1m31s"}; !slices.Equal(tries, want) {
			t.Errorf("tried at %v, want %v", tries, want)
		}
		if n := strings.Count(log.String(), "level=WARN"); n != 1 || !strings.Contains(log.String(), "SIGHUP") {
			t.Errorf("the log says:\n%s", &log)
		}
	})
}

func TestChain(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	in := func(names ...string) (paths []string) {
		for _, n := range names {
			paths = append(paths, filepath.Join(dir, n))
		}
		return paths
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(dir, "etc", "..2026"), 0o700))
	must(os.WriteFile(filepath.Join(dir, "etc", "..2026", "rvo.toml"), nil, 0o600))
	must(os.Symlink("..2026", filepath.Join(dir, "etc", "..data")))
	must(os.Symlink("..data/rvo.toml", filepath.Join(dir, "etc", "rvo.toml")))
	must(os.Symlink(filepath.Join(dir, "etc"), filepath.Join(dir, "conf")))
	must(os.Symlink("round", filepath.Join(dir, "round")))
	must(os.WriteFile(filepath.Join(dir, "plain"), nil, 0o600))
	for _, c := range []struct {
		path string
		want []string
	}{
		{"plain", in("plain")},
		{"none/rvo.toml", in("none/rvo.toml")},
		{"etc/rvo.toml", in("etc/rvo.toml", "etc/..data", "etc/..2026/rvo.toml")},
		{"conf/../conf/rvo.toml", in("conf", "etc/rvo.toml", "etc/..data", "etc/..2026/rvo.toml")},
		{"round", nil},
		{"plain/rvo.toml", nil},
	} {
		got, err := chain(filepath.Join(dir, c.path))
		if !slices.Equal(got, c.want) || (err != nil) != (c.want == nil) {
			t.Errorf("%s: got %q, %v; want %q", c.path, got, err, c.want)
		}
	}
}
