package clips

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
)

// building is an unfinished clip: a hidden directory that holds its movie so far.
type building struct {
	clip  *clip
	root  *os.Root // clips directory
	dir   *os.File // the hidden directory, locked
	name  string   // below root
	film  *film
	began bool // something has been written to the film
	took  time.Duration
}

// work does the next step of a clip. After the last step or an error, no unfinished
// files are left.
func (s *store) work(ctx context.Context, t task) (e Entry, err error) {
	b := s.films[t.clip]
	defer func() {
		switch {
		case err == nil && !t.last:
		case errors.Is(err, context.Canceled): // at shutdown: the next start continues it
			s.leave(t.clip)
		default:
			delete(s.films, t.clip)
			if b != nil && reasonOf(ctx, err) == DropDisk {
				err = s.explain(b.root, err)
				s.need.files, s.need.bytes = dirSize(b.root, b.name)
			}
			s.abort(b)
		}
	}()
	if b == nil {
		if b, err = s.begin(&t.view); err != nil {
			return e, err
		}
		s.films[t.clip] = b
	}
	b.clip, b.film.end = &t.view, t.view.end
	if t.last {
		err = guard(func() error { e, err = s.finish(ctx, b, t.cut); return err })
		return e, err
	}
	return e, s.grow(ctx, b, t.cut)
}

// leave closes an unfinished clip and keeps its hidden directory.
func (s *store) leave(c *clip) {
	b := s.films[c]
	if b == nil {
		return
	}
	delete(s.films, c)
	_ = b.film.close(0)
	b.dir.Close()
	b.root.Close()
}

// begin creates the hidden directory of a clip.
func (s *store) begin(c *clip) (_ *building, err error) {
	root, err := s.open()
	if err != nil {
		return nil, err
	}
	b := &building{clip: c, root: root, name: buildingPrefix + token()}
	defer func() {
		if err != nil {
			err = s.explain(root, err)
			s.abort(b)
		}
	}()
	if err := s.room(root); err != nil {
		return nil, err
	}
	if err := root.Mkdir(b.name, 0o750); err != nil {
		return nil, onDisk("build clip", err)
	}
	if b.dir, err = root.Open(b.name); err != nil {
		return nil, onDisk("build clip", err)
	}
	lock(b.dir)
	text, err := json.Marshal(newMeta(c))
	if err != nil {
		return nil, fmt.Errorf("build clip: %w", err)
	}
	if err := writeFile(root, path.Join(b.name, jobFile), text); err != nil {
		return nil, onDisk("build clip", err)
	}
	b.film = s.newFilm(s.muxer, openPath(b.dir, filepath.Join(s.cfg.Dir, b.name)), c.end)
	return b, nil
}

func (s *store) newFilm(mux Muxer, where string, end time.Duration) *film {
	return &film{mux: mux, cfg: s.cfg, where: where, end: end}
}

// abort removes an unfinished clip.
func (s *store) abort(b *building) {
	if b == nil {
		return
	}
	if b.film != nil {
		_ = b.film.close(0) // removed with its directory
	}
	if b.dir != nil {
		b.dir.Close()
	}
	if _, err := b.root.Lstat(b.name); err == nil {
		s.discard(b.root, b.name)
	}
	b.root.Close()
}

// grow appends new samples of a clip to its movie.
func (s *store) grow(ctx context.Context, b *building, got cut) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	began := time.Now()
	defer func() { b.took += time.Since(began) }()
	b.film.needKey = b.film.needKey || got.lost
	if len(got.samples) == 0 {
		return nil
	}
	err := guard(func() error { return b.film.add(ctx, got.samples, b.clip.zero) })
	if err != nil && !b.began && errors.Is(err, capture.ErrUnsupported) && s.fallsBack(err) {
		err = s.again(ctx, b, got)
	}
	b.began = true
	return s.named(b, err)
}

// again restarts the movie as AVI. It needs all samples so far.
func (s *store) again(ctx context.Context, b *building, got cut) error {
	_ = b.film.close(0)
	for _, p := range b.film.parts {
		_ = b.root.Remove(path.Join(b.name, p.grown)) // may not exist
		_ = b.root.Remove(path.Join(b.name, p.final))
	}
	b.film = s.newFilm(AVI{}, b.film.where, b.film.end)
	return guard(func() error { return b.film.add(ctx, got.samples, b.clip.zero) })
}

// fallsBack reports whether to make movies as AVI after an error. It logs the change
// once.
func (s *store) fallsBack(why error) bool {
	if _, last := s.muxer.(AVI); last {
		return false
	}
	if s.fellTo != why.Error() {
		s.fellTo = why.Error()
		s.log.Warn("saving clips of sources without H.264 as Motion JPEG in AVI, which browsers do not play", "error", why)
	}
	return true
}

// named adds the clips directory to an error and marks disk errors.
func (s *store) named(b *building, err error) error {
	if err == nil {
		return nil
	}
	err = inDir(err, b.film.where, s.cfg.Dir)
	if fullDisk(err) {
		return disk(err)
	}
	return err
}

// finish completes the clip and gives it its final name. Only a complete clip ever gets
// a final name, even if a step fails or the process is killed.
func (s *store) finish(ctx context.Context, b *building, got cut) (e Entry, err error) {
	began := time.Now()
	fresh := !b.began
	if err := s.grow(ctx, b, got); err != nil {
		return e, err
	}
	err = guard(func() error { return s.movie(b) })
	if err != nil && ctx.Err() == nil && fresh && !fullDisk(err) && onlyJPEG(got.samples) && s.fallsBack(err) {
		if err = s.again(ctx, b, got); err == nil {
			err = s.movie(b)
		}
	} else if err == nil && s.fellTo != "" && b.film.mux == s.muxer && b.film.parts[0].encode {
		s.fellTo = ""
		s.log.Info("clips are saved by the preferred encoder again", "ext", s.muxer.Ext())
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return e, s.named(b, err)
	}
	if b.film.mute != nil {
		s.log.Warn("clip saved without sound", "event", b.clip.jobs[0].ID, "error", b.film.mute)
	}
	b.took += time.Since(began)
	m := newMeta(b.clip)
	m.describe(b.film, b.clip.confirm, got.stills, got.notes, s.epoch)
	m.EncodeMS, m.Complete = b.took.Milliseconds(), true
	if err := s.fill(b, m, got.stills, b.clip.jobs[0].Detections); err != nil {
		return e, err
	}
	if e, err = s.publish(b.root, b.dir, b.name, m); err == nil {
		s.own[e.Path] = true
	}
	return e, err
}

// movie finishes the film.
func (s *store) movie(b *building) error {
	until := b.film.end
	if b.clip.ring != nil && b.clip.ring.ended.Load() {
		until = 0 // the camera has ended, so its last frame is not extended
	}
	if err := b.film.close(until); err != nil {
		return err
	}
	return b.film.finish()
}

// onlyJPEG reports whether all samples were encoded here, so that the movie can be made
// again from them.
func onlyJPEG(samples []sample) bool {
	for i := range samples {
		if samples[i].frame == 0 {
			return false
		}
	}
	return true
}

// errTooLarge rejects a clip that max_bytes would delete at once.
var errTooLarge = errors.New("the clip alone exceeds the limit for all clips")

// publish gives a finished directory its final name and adds it to the index.
func (s *store) publish(root *os.Root, dir *os.File, tmp string, m *Meta) (e Entry, err error) {
	if err := dir.Sync(); err != nil {
		return e, onDisk("build clip", err)
	}
	_, size := dirSize(root, tmp)
	if s.cfg.MaxBytes > 0 && size > int64(s.cfg.MaxBytes) {
		return e, fmt.Errorf("build clip: %w: %s, and clips.max_bytes is %s; raise it, or shorten before and after", errTooLarge, text.Bytes(size), s.cfg.MaxBytes)
	}
	final, err := rename(root, tmp, clipPath(m.Camera, m.Time, m.EventID))
	if err != nil {
		return e, onDisk("build clip", err)
	}
	e = m.entry(final, size)
	s.entries = append(s.entries, e)
	s.need = need{}
	if err := appendIndex(root, e); err != nil {
		// A scan still finds the clip, and the next refresh repairs the index.
		s.log.Warn("clip saved, but not added to the index", "path", final, "error", err)
	}
	return e, nil
}
