//go:build cgo

package opencv

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Movie writes H.264 in MP4 through FFmpeg, at a constant rate. Odd sizes lose
// their last row or column. It holds nothing and is safe for concurrent use.
type Movie struct{}

// Ext returns ".mp4".
func (Movie) Ext() string { return ".mp4" }

// Encode writes JPEG pictures, each with how many places of the grid it fills,
// to a new file at path. It returns soon after ctx ends. errors.ErrUnsupported
// means that this machine has no H.264 encoder.
//
// OpenCV does not report errors of writing, not even a full disk: Verify tells.
func (Movie) Encode(ctx context.Context, path string, fps float64, frames iter.Seq2[[]byte, int]) error {
	if err := encode(ctx, path, fps, frames); err != nil {
		return fmt.Errorf("encode movie %q: %w", path, err)
	}
	return nil
}

func encode(ctx context.Context, path string, fps float64, frames iter.Seq2[[]byte, int]) error {
	if fps <= 0 || fps > 1000 {
		return fmt.Errorf("rate of %g pictures a second", fps)
	}
	// OpenCV's error would not say why a file cannot be made.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return bare(err)
	}
	f.Close()
	full, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	name := C.CString(full)
	defer C.free(unsafe.Pointer(name))
	var why [C.RVO_WHY]C.char
	m := C.rvo_movie_new(name, C.double(fps), &why[0])
	if m == nil {
		return errors.New(cleanLine(C.GoString(&why[0])))
	}
	defer C.rvo_movie_end(m)
	n := 0
	for jpeg, repeat := range frames {
		// A picture is written in slices of the grid, so that a long still does
		// not hold the end of the context up.
		for left := max(repeat, 1); left > 0; left -= 8 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := add(m, jpeg, min(left, 8), &why); err != nil {
				if errors.Is(err, errors.ErrUnsupported) && diskFull(full) {
					return unix.ENOSPC
				}
				return fmt.Errorf("picture %d: %w", n+1, err)
			}
		}
		n++
	}
	if n == 0 {
		return errors.New("no pictures")
	}
	return nil
}

func add(m *C.rvo_movie, jpeg []byte, repeat int, why *[C.RVO_WHY]C.char) error {
	if len(jpeg) == 0 {
		return errors.New("picture is empty")
	}
	switch C.rvo_movie_add(m, (*C.uchar)(unsafe.Pointer(&jpeg[0])), C.size_t(len(jpeg)), C.int(repeat), &why[0]) {
	case C.RVO_OK:
		return nil
	case C.RVO_NONE:
		return fmt.Errorf("FFmpeg has no H.264 encoder for this (%s): install libx264: %w", lastLine(C.GoString(&why[0])), errors.ErrUnsupported)
	}
	return errors.New(cleanLine(C.GoString(&why[0])))
}

func diskFull(path string) bool {
	var fs unix.Statfs_t
	return unix.Statfs(filepath.Dir(path), &fs) == nil && fs.Bavail*uint64(fs.Bsize) < 1<<20
}

// How long Verify waits for the disk, at the most, for one picture.
const verifyTimeout = 10 * time.Second

// Verify opens a movie again, decodes it to its end and converts its first and
// its last picture. It returns how many there are and how long they play. A
// file that is cut short is an error.
func (Movie) Verify(ctx context.Context, path string) (frames int, duration time.Duration, err error) {
	if frames, duration, err = verify(ctx, path); err != nil {
		return frames, duration, fmt.Errorf("verify movie %q: %w", path, err)
	}
	return frames, duration, nil
}

func verify(ctx context.Context, path string) (frames int, duration time.Duration, err error) {
	uri, err := fileURI(path)
	if err != nil {
		return 0, 0, err
	}
	s := source{timeout: verifyTimeout}
	began := time.Now()
	if _, log := s.open(ctx, options{device: -1, uri: uri, open: verifyTimeout, read: verifyTimeout}); s.c == nil {
		return 0, 0, explain(log, time.Since(began), verifyTimeout, errNoVideo)
	}
	defer s.Close()
	if s.fps <= 0 || s.width <= 0 || s.height <= 0 || s.width > maxSide || s.height > maxSide {
		return 0, 0, fmt.Errorf("no rate or size in it: %w", errCutShort)
	}
	length := func() time.Duration { return time.Duration(float64(frames) / s.fps * float64(time.Second)) }
	pix := make([]byte, s.width*s.height*3)
	for ; ; frames++ {
		if err := ctx.Err(); err != nil {
			return frames, length(), err
		}
		_, err := s.Grab()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return frames, length(), err
		}
		if frames == 0 || float64(frames) == s.frames-1 {
			if err := s.Retrieve(pix); err != nil {
				return frames, length(), err
			}
		}
	}
	if frames == 0 || float64(frames) < s.frames {
		return frames, length(), fmt.Errorf("%d pictures of %.0f: %w", frames, s.frames, errCutShort)
	}
	return frames, length(), nil
}
