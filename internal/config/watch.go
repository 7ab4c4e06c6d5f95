package config

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"rvo-tui/internal/backoff"
)

// Times of watching a file.
const (
	watchQuiet    = 300 * time.Millisecond // without a change before the file is read
	watchPatience = 2 * time.Second        // after which it is read although changes go on
	watchRetryMin = time.Second
	watchRetryMax = 30 * time.Second
)

// maxLinks bounds the symbolic links on the way to a file, as Linux does.
const maxLinks = 40

// Watcher calls Changed when what a file holds has become something else, be
// it written in place, replaced by another one, or reached over symbolic links
// of which one now leads elsewhere. A file that was only touched has not changed.
type Watcher struct {
	Path    func() string          // of the file; it may become another one
	Read    func() ([]byte, error) // what the file holds
	Changed func(ctx context.Context)
	Log     *slog.Logger
	Sum     [sha256.Size]byte // of what Changed was told of last, or of what counts as known
}

// Run watches until the context ends. A watch that is lost is told in the log and
// taken up again after 1 s, growing to 30 s; what has changed meanwhile counts
// then.
func (w *Watcher) Run(ctx context.Context) { w.retry(ctx, w.watch) }

func (w *Watcher) retry(ctx context.Context, watch func(context.Context) error) {
	waits, told := backoff.Backoff{First: watchRetryMin, Last: watchRetryMax}, ""
	for ctx.Err() == nil {
		began := time.Now()
		err := watch(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > watchRetryMax {
			waits.Reset()
			told = ""
		}
		if err.Error() != told {
			told = err.Error()
			w.Log.Warn("changes of the configuration file are not seen; trying again", "error", err, "do", "send SIGHUP to have it read meanwhile")
		}
		waits.Wait(ctx)
	}
}

// watch watches until the context ends or the watch is lost.
func (w *Watcher) watch(ctx context.Context) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch the configuration file: %w", err)
	}
	defer watcher.Close()
	return w.follow(ctx, watcher.Events, watcher.Errors, watcher.Add)
}

// follow takes in events of the directories that it adds.
func (w *Watcher) follow(ctx context.Context, events <-chan fsnotify.Event, faults <-chan error, add func(dir string) error) error {
	names, err := w.cover(add)
	if err != nil {
		return err
	}
	w.check(ctx)        // from before there was a watch
	var since time.Time // of the first change that has not been looked at; zero: none
	timer := time.NewTimer(watchRetryMax)
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case event, open := <-events:
			if !open {
				return errors.New("watch the configuration file: the watch has ended")
			}
			if !concerns(event, names) {
				continue
			}
		case err := <-faults:
			if err != nil && !errors.Is(err, fsnotify.ErrEventOverflow) {
				return fmt.Errorf("watch the configuration file: %w", err)
			}
		case <-timer.C:
			since = time.Time{}
			if names, err = w.cover(add); err != nil {
				return err
			}
			w.check(ctx)
			continue
		}
		if since.IsZero() {
			since = time.Now()
		}
		timer.Reset(min(watchQuiet, time.Until(since.Add(watchPatience))))
	}
}

// cover adds every directory whose entries lead to the file, and returns those
// entries.
func (w *Watcher) cover(add func(dir string) error) (names []string, err error) {
	if names, err = chain(w.Path()); err != nil {
		return nil, err
	}
	var dirs []string
	for _, name := range names {
		if dir := filepath.Dir(name); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range dirs {
		if err := add(dir); err != nil {
			return nil, fmt.Errorf("watch directory %q: %w", dir, err)
		}
	}
	return names, nil
}

// concerns reports whether an event can mean that the file is another one. What
// is written to its neighbours, such as a log, does not.
func concerns(event fsnotify.Event, names []string) bool {
	if event.Has(fsnotify.Create) || event.Has(fsnotify.Rename) || event.Has(fsnotify.Remove) {
		return true
	}
	return slices.Contains(names, filepath.Clean(event.Name))
}

// check tells of what the file holds, where that is something else than before.
// A file that cannot be read is something else, too.
func (w *Watcher) check(ctx context.Context) {
	text, err := w.Read()
	sum := sha256.Sum256(text)
	if err != nil {
		sum = sha256.Sum256([]byte("unreadable: " + err.Error()))
	}
	if sum == w.Sum {
		return
	}
	w.Sum = sum
	w.Changed(ctx)
}

// chain returns the absolute path of a file and of everything that a symbolic
// link on the way to it makes of that: whatever replaces one of them replaces
// the file. The file itself need not exist.
func chain(path string) (names []string, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("find the configuration file: %w", err)
	}
	for range maxLinks {
		link, rest, err := firstLink(path)
		switch {
		case err != nil:
			return nil, fmt.Errorf("find the configuration file: %w", err)
		case link == "":
			return append(names, path), nil
		}
		names = append(names, link)
		to, err := os.Readlink(link)
		if err != nil {
			return nil, fmt.Errorf("find the configuration file: %w", err)
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(link), to)
		}
		path = filepath.Join(to, rest)
	}
	return nil, fmt.Errorf("find the configuration file: too many symbolic links on the way to %q", path)
}

// firstLink returns the first part of an absolute path that is a symbolic link,
// and what comes behind it. What does not exist is none.
func firstLink(path string) (link, rest string, err error) {
	for at := 1; ; at++ {
		end := strings.IndexByte(path[at:], filepath.Separator)
		if end < 0 {
			end = len(path)
		} else {
			end += at
		}
		info, err := os.Lstat(path[:end])
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return "", "", nil
		case err != nil:
			return "", "", err
		case info.Mode()&fs.ModeSymlink != 0:
			return path[:end], path[end:], nil
		case end == len(path):
			return "", "", nil
		}
		at = end
	}
}
