//go:build cgo

package libav

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/fileio"
)

// errNoVideo is used if FFmpeg logged no cause.
var errNoVideo = fmt.Errorf("%w: not a video file that FFmpeg can read", capture.ErrUnsupported)

// OpenFile opens a file in any container that FFmpeg supports.
func (l *Library) OpenFile(ctx context.Context, cfg capture.Config, addr capture.Address) (capture.PacketSource, error) {
	src, err := file(ctx, cfg, addr.Path, l.noSound)
	if err != nil {
		return nil, fmt.Errorf("open file %q: %w", addr.Path, err)
	}
	return src, nil
}

func file(ctx context.Context, cfg capture.Config, path string, noSound bool) (capture.PacketSource, error) {
	url, err := fileURL(path)
	if err != nil {
		return nil, err
	}
	// A playlist must not make the program open network connections.
	return open(ctx, url, map[string]string{"protocol_whitelist": "file"}, opening{noSound: noSound, limit: time.Duration(cfg.OpenTimeout), otherwise: errNoVideo})
}

// opening is how to open an input.
type opening struct {
	live      bool
	noSound   bool
	limit     time.Duration
	otherwise error    // used if FFmpeg logged no cause
	fetcher   *fetcher // nil: FFmpeg reads by itself
}

// open opens a URL within the time limit.
func open(ctx context.Context, url string, options map[string]string, o opening) (capture.PacketSource, error) {
	within, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(o.limit, cancel)
	if o.fetcher != nil {
		o.fetcher.ctx = within
	}
	d, log, err := newDemuxer(within, url, options, o)
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case err != nil && o.fetcher != nil && o.fetcher.failed() != nil && within.Err() == nil:
		err = o.fetcher.failed()
	case err != nil:
		err = explain(log, err, o.limit, o.otherwise)
	case !timer.Stop():
		err = fmt.Errorf("no answer within %v (open_timeout): %w", o.limit, os.ErrDeadlineExceeded)
	}
	if err != nil {
		cancel()
		if d != nil {
			d.Close()
		}
		return nil, err
	}
	return &source{d, cancel}, nil
}

// source is a demuxer that cancels its context on Close.
type source struct {
	*demuxer
	cancel func()
}

// Close closes the connection. It is idempotent.
func (s *source) Close() error {
	s.cancel()
	return s.demuxer.Close()
}

// fileURL returns the address of a regular file for FFmpeg's file protocol, in which a
// playlist can only open other files.
func fileURL(path string) (string, error) {
	f, err := fileio.Open(path, os.O_RDONLY, 0)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("%w: check the path", os.ErrNotExist)
	case errors.Is(err, fileio.ErrIrregular):
		return "", fmt.Errorf("%w: %w", capture.ErrUnsupported, fileio.ErrIrregular)
	case err != nil:
		return "", fileio.Bare(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() == 0 {
		return "", fmt.Errorf("%w: the file is empty", capture.ErrUnsupported)
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return "file:" + full, nil
}
