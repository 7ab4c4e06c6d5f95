package clips

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"rvo-tui/internal/text"
)

// resume publishes a complete clip left by a dead process, completes another one up to its
// last fragment, or removes it. It logs either with the event's ID. It keeps a clip for which the disk has no space
// at present.
func (s *store) resume(root *os.Root, dir *os.File, name string) {
	job, whole := readWhole(root, name)
	var err error
	if !whole {
		job, err = readJob(root, path.Join(name, jobFile))
	}
	if err != nil {
		s.discard(root, name)
		s.log.Warn("removed a clip that had no content yet when the program ended", "path", name, "error", err)
		return
	}
	var e Entry
	err = guard(func() (err error) {
		if !whole {
			e, err = s.complete(root, dir, name, job)
		} else if err = strip(root, name); err == nil {
			e, err = s.publish(root, dir, name, job)
		}
		return err
	})
	if noSpace(err) {
		if !s.warned[name] {
			s.warned[name] = true
			s.log.Warn("a clip that was not finished when the program ended waits for free disk space", "event", text.Visible(job.EventID), "camera", text.Visible(job.Camera), "path", name)
		}
		return
	}
	if err != nil {
		s.discard(root, name)
		s.log.Warn("a clip is lost: it was not finished when the program ended, and no part of it is playable", "event", text.Visible(job.EventID), "camera", text.Visible(job.Camera), "error", err)
		return
	}
	what := "recovered a clip up to the point where the program ended"
	if whole {
		what = "recovered a clip that was complete when the program ended"
	}
	s.log.Warn(what, "event", text.Visible(job.EventID), "camera", text.Visible(job.Camera), "path", e.Path)
}

// readWhole returns the metadata of a clip that lacks only its final name.
func readWhole(root *os.Root, name string) (*Meta, bool) {
	m, err := readMeta(root, path.Join(name, metaFile))
	return m, err == nil && m.verify(context.Background(), root, name) == nil
}

// readJob reads the request for a clip.
func readJob(root *os.Root, name string) (*Meta, error) {
	data, err := readBounded(root, name, maxMeta)
	if err != nil {
		return nil, err
	}
	var m Meta
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("read %s: %w", jobFile, err)
	}
	return &m, m.plausible()
}

func (s *store) complete(root *os.Root, dir *os.File, name string, m *Meta) (e Entry, err error) {
	names, err := readNames(root, name)
	if err != nil {
		return e, err
	}
	where := openPath(dir, filepath.Join(s.cfg.Dir, name))
	zero := time.Duration(m.EventTS) - m.Time.Sub(m.Start)
	b := &building{root: root, dir: dir, name: name, film: s.newFilm(s.muxer, where, 0)}
	b.clip = &clip{jobs: []Job{{}}}
	b.clip.jobs[0].At = time.Duration(m.EventTS)
	var bad error
	for _, grown := range names {
		rest, ok := strings.CutPrefix(grown, grownPrefix)
		if !ok {
			if grown != jobFile {
				_ = root.Remove(path.Join(name, grown)) // partly finished; it is made again
			}
			continue
		}
		if info, err := root.Lstat(path.Join(name, grown)); err != nil || !info.Mode().IsRegular() {
			continue // not one of our files
		}
		p := &part{grown: grown, final: strings.TrimPrefix(rest, mutePrefix), zero: zero}
		if err := s.completePart(where, p); noSpace(err) {
			return e, err
		} else if err != nil {
			bad = errors.Join(bad, err)
			_ = root.Remove(path.Join(name, grown))
			continue
		}
		zero += p.movie.Duration
		b.film.parts = append(b.film.parts, p)
	}
	if len(b.film.parts) == 0 {
		return e, errors.Join(errNoFrames, bad)
	}
	m.describe(b.film, nil, nil, nil, s.epoch)
	m.Complete = false
	if err := s.fill(b, m, nil, nil); err != nil {
		return e, err
	}
	return s.publish(root, dir, name, m)
}

func (s *store) completePart(where string, p *part) (err error) {
	path := filepath.Join(where, p.final)
	if err := s.muxer.Finish(filepath.Join(where, p.grown), path); err != nil {
		return err
	}
	if p.movie, err = s.muxer.Read(path); err != nil {
		return err
	}
	if p.movie.Hidden == len(p.movie.Times) {
		return errNoFrames
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	p.size = info.Size()
	return nil
}

// Verify checks every file of a clip below dir against its metadata and returns the
// differences.
func Verify(ctx context.Context, dir string, e Entry) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("verify clip: %w", err)
	}
	defer root.Close()
	m, err := readMeta(root, path.Join(e.Path, metaFile))
	if err != nil {
		return fmt.Errorf("verify clip: %w", err)
	}
	return m.verify(ctx, root, e.Path)
}

// verify checks every file in a clip's directory.
func (m *Meta) verify(ctx context.Context, root *os.Root, dir string) error {
	var wrong []error
	for _, want := range m.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		got, err := hashFile(root, path.Join(dir, want.Name))
		switch {
		case err != nil:
			wrong = append(wrong, fmt.Errorf("verify clip: %w", err))
		case got.Bytes != want.Bytes:
			wrong = append(wrong, fmt.Errorf("verify clip: %s has %d bytes instead of %d", want.Name, got.Bytes, want.Bytes))
		case got.SHA256 != want.SHA256:
			wrong = append(wrong, fmt.Errorf("verify clip: %s was changed", want.Name))
		}
	}
	return errors.Join(wrong...)
}
