package clips

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// fill puts every file of a clip into its directory and syncs it.
func (s *store) fill(ctx context.Context, root *os.Root, dir *os.File, tmp string, c *clip, pictures []picture, notes []Note) (*Meta, error) {
	began := time.Now()
	movie, places := layOut(pictures, s.cfg.step(), c.confirm)
	lead := c.lead(movie)
	if err := unify(movie, lead); err != nil {
		return nil, fmt.Errorf("build clip: %w", err)
	}
	m := newMeta(c, len(pictures), movie, notes, s.cfg, s.epoch)
	m.Movie.FPS, m.Movie.Width, m.Movie.Height = s.cfg.FPS, lead.width, lead.height
	where := openPath(dir, filepath.Join(s.cfg.Dir, tmp))
	if err := s.encode(ctx, root, tmp, where, movie, places, &m.Movie); err != nil {
		return nil, err
	}
	m.EncodeMS = time.Since(began).Milliseconds()
	if s.cfg.Frames {
		for i, p := range movie {
			if err := writeFile(root, path.Join(tmp, fmt.Sprintf("frame_%04d.jpg", i)), p.jpeg); err != nil {
				return nil, disk(fmt.Errorf("build clip: %w", err))
			}
		}
	}
	small, err := thumb(lead.jpeg, c.jobs[0].Detections)
	if err != nil {
		return nil, fmt.Errorf("build clip: %w", err)
	}
	if err := writeFile(root, path.Join(tmp, thumbFile), small); err != nil {
		return nil, disk(fmt.Errorf("build clip: %w", err))
	}
	if err := writeFile(root, path.Join(tmp, metaFile), m.marshal()); err != nil {
		return nil, disk(fmt.Errorf("build clip: %w", err))
	}
	return m, nil
}

// encode makes the movie, reads it back and syncs it. Where the encoder cannot,
// and not for want of disk or time, the pictures become an AVI, and the log says
// so once.
func (s *store) encode(ctx context.Context, root *os.Root, tmp, where string, movie []shown, places int, into *Movie) error {
	why := s.tryEncode(ctx, s.encoder, root, tmp, where, movie, places, into)
	if why == nil {
		if s.fellTo != "" && !s.noCodec {
			s.fellTo = ""
			s.log.Info("clips are saved by the preferred encoder again", "ext", s.encoder.Ext())
		}
		return nil
	}
	var onDisk *diskError
	if _, last := s.encoder.(AVI); last || ctx.Err() != nil || errors.As(why, &onDisk) {
		return why
	}
	if err := s.tryEncode(ctx, AVI{}, root, tmp, where, movie, places, into); err != nil {
		return err
	}
	if errors.Is(why, errors.ErrUnsupported) {
		s.encoder, s.noCodec = AVI{}, true // no other try will go better
	}
	if s.fellTo != why.Error() {
		s.fellTo = why.Error()
		s.log.Warn("clips are saved as Motion JPEG in AVI, which browsers do not play; install an H.264 encoder", "error", why)
	}
	return nil
}

func (s *store) tryEncode(ctx context.Context, enc Encoder, root *os.Root, tmp, where string, movie []shown, places int, into *Movie) error {
	into.File = movieName + enc.Ext()
	name := path.Join(tmp, into.File)
	err := inDir(guard(func() error { return s.writeMovie(ctx, enc, where, movie, places, into) }), where, s.cfg.Dir)
	if err == nil {
		into.Bytes, err = syncFile(root, name)
	}
	if err == nil {
		return nil
	}
	_ = root.Remove(name) // it goes with its directory, where this fails
	if fullDisk(err) {
		return disk(err)
	}
	return err
}

// writeMovie encodes and verifies.
func (s *store) writeMovie(ctx context.Context, enc Encoder, where string, movie []shown, places int, into *Movie) error {
	file := filepath.Join(where, into.File)
	if err := enc.Encode(ctx, file, s.cfg.FPS, func(yield func([]byte, int) bool) {
		for _, p := range movie {
			if !yield(p.jpeg, p.repeat) {
				return
			}
		}
	}); err != nil {
		return fmt.Errorf("encode clip: %w", err)
	}
	frames, length, err := enc.Verify(ctx, file)
	if err != nil {
		return fmt.Errorf("verify clip: %w", err)
	}
	want := time.Duration(float64(places) / s.cfg.FPS * float64(time.Second))
	if frames != places || (length-want).Abs() > s.cfg.step()+want/100 {
		return fmt.Errorf("verify clip: it has %d frames of %s, not %d of %s", frames, length, places, want)
	}
	into.Frames, into.DurationMS = frames, length.Milliseconds()
	return nil
}

// inDir makes an error name the clips directory, which people know, where it
// names the path to the open one.
func inDir(err error, where, dir string) error {
	if err == nil {
		return nil
	}
	return &placed{err, strings.ReplaceAll(err.Error(), where, dir)}
}

// placed is an error in other words.
type placed struct {
	err  error
	text string
}

func (p *placed) Error() string { return p.text }

func (p *placed) Unwrap() error { return p.err }
