//go:build cgo

package opencv

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
)

// Drivers returns the openers for devices, RTSP streams and files. What an
// opening found, such as hardware decoding that the machine has not, goes to
// log as a line for each time it changes anything for the user.
//
// Openings do not wait for each other, and need no environment variable:
// OpenCV, which opens one capture at a time and takes options only from
// OPENCV_FFMPEG_CAPTURE_OPTIONS, is given streams that are open already.
func Drivers(log *slog.Logger) capture.Drivers {
	d := drivers{log}
	return capture.Drivers{
		capture.KindRTSP: capture.Opens(d.openRTSP),
		capture.KindFile: capture.Opens(d.openFile),
	}
}

// What is left to say when FFmpeg logged no cause.
var (
	errNoStream = errors.New("the server does not answer with a video stream: check the address")
	errNoVideo  = fmt.Errorf("%w: not a video file that FFmpeg can read", capture.ErrUnsupported)
)

type drivers struct{ log *slog.Logger }

// cv::VideoAccelerationType
var accels = map[string]int{"none": 0, "any": 1, "d3d11": 2, "vaapi": 3, "mfx": 4}

func (d drivers) openRTSP(ctx context.Context, cfg capture.Config, addr capture.Address) (capture.Source, error) {
	began := time.Now()
	src, err := d.rtsp(ctx, cfg, addr, began)
	if err != nil {
		return nil, fmt.Errorf("open stream %s: %w", text.Redact(addr.URL), err)
	}
	return src, nil
}

func (d drivers) rtsp(ctx context.Context, cfg capture.Config, addr capture.Address, began time.Time) (capture.Source, error) {
	uri, host, err := streamURI(addr.URL)
	if err != nil {
		return nil, err
	}
	limit := time.Duration(cfg.OpenTimeout)
	if err := resolve(ctx, host, limit); err != nil {
		return nil, err
	}
	// What resolving took is gone from the time there is, but FFmpeg takes a
	// timeout of 0 for none.
	left := max(limit-time.Since(began), 50*time.Millisecond)
	return d.ffmpeg(ctx, cfg, &source{cfg: cfg, live: true}, uri, left, errNoStream)
}

// streamURI returns the address for FFmpeg, and the host's name.
func streamURI(address string) (uri, host string, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "rtsp" && u.Scheme != "rtsps" || u.Hostname() == "" {
		return "", "", fmt.Errorf("%w: not an rtsp:// or rtsps:// address", capture.ErrUnsupported)
	}
	uri, _, _ = strings.Cut(address, "#")
	return uri, u.Hostname(), nil
}

// resolve looks a host's name up, because FFmpeg does it again without a time
// limit: a dead name server must not hold a camera's thread.
func resolve(ctx context.Context, host string, limit time.Duration) error {
	if net.ParseIP(host) != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_, err := net.DefaultResolver.LookupHost(ctx, host)
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Errorf("there is no host %q: check the address", host)
	case err != nil:
		return fmt.Errorf("look up host %q: %w", host, err)
	}
	return nil
}

func (d drivers) openFile(ctx context.Context, cfg capture.Config, addr capture.Address) (capture.Source, error) {
	src, err := d.file(ctx, cfg, addr.Path)
	if err != nil {
		return nil, fmt.Errorf("open file %q: %w", addr.Path, err)
	}
	return src, nil
}

func (d drivers) file(ctx context.Context, cfg capture.Config, path string) (capture.Source, error) {
	uri, err := fileURI(path)
	if err != nil {
		return nil, err
	}
	s := &source{cfg: cfg}
	return d.ffmpeg(ctx, cfg, s, uri, time.Duration(cfg.OpenTimeout), errNoVideo)
}

// fileURI returns the address of a regular file for FFmpeg. Its file protocol
// lets a playlist open nothing but other files.
func fileURI(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("%w: check the path", os.ErrNotExist)
	case err != nil:
		return "", bare(err)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%w: not a regular file", capture.ErrUnsupported)
	case info.Size() == 0:
		return "", fmt.Errorf("%w: the file is empty", capture.ErrUnsupported)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", bare(err)
	}
	f.Close()
	full, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return "file:" + full, nil
}

func (d drivers) ffmpeg(ctx context.Context, cfg capture.Config, s *source, uri string, limit time.Duration, otherwise error) (capture.Source, error) {
	s.scaled, s.timeout = true, time.Duration(cfg.StallTimeout)
	o := options{device: -1, uri: uri, open: limit, read: s.timeout, accel: accels[cfg.HWAccel]}
	began := time.Now()
	accel, log := s.open(ctx, o)
	// FFmpeg that is interrupted late in an opening calls it open nevertheless.
	elapsed := time.Since(began)
	if err := ctx.Err(); err != nil {
		s.Close()
		return nil, err
	}
	if s.c == nil || late(elapsed, limit) {
		s.Close()
		return nil, explain(log, elapsed, limit, otherwise)
	}
	if o.accel != 0 && accel == 0 {
		d.log.Warn("no hardware decoding here: decoding in software", "camera", cfg.Name, "hwaccel", cfg.HWAccel)
	}
	return d.checked(s)
}

func (d drivers) checked(s *source) (capture.Source, error) {
	if s.width <= 0 || s.height <= 0 || s.width > maxSide || s.height > maxSide {
		err := fmt.Errorf("%w: pictures of %dx%d", capture.ErrUnsupported, s.width, s.height)
		s.Close()
		return nil, err
	}
	return s, nil
}

// bare takes the path out of an error whose caller names it.
func bare(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
