package capture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rvo-tui/internal/text"
)

// A Connection is what an Opener opens: a PacketSource, or a Source if there are no
// packets.
type Connection interface {
	Live() bool
	Close() error
}

// A Source is an open connection that delivers uncompressed frames: synthetic scenes
// and raw devices. It is used by one goroutine at a time. After an error the connection
// is over: close it and open another one.
type Source interface {
	// Grab waits for the next frame and takes it without decoding it. It returns io.EOF
	// at the end of a file. A live source must not wait longer than the camera's stall
	// timeout. A *CorruptError means that the data was not a valid frame; the source
	// continues.
	Grab() (Stamp, error)
	// Retrieve decodes the frame taken by Grab into dst, as packed BGR rows, top row
	// first; len(dst) is width*height*3 of Size. If the stream's size has changed, it
	// writes nothing and returns ErrSizeChanged: call Size again and retry with a
	// fitting dst. A *CorruptError means that this frame could not be decoded; the
	// source continues.
	Retrieve(dst []byte) error
	// Size returns the size of the frame that Retrieve will write.
	Size() (width, height int)
	// Live reports whether the source has its own pace (a camera). Other sources (a
	// file, a synthetic scene) can be read at any speed, and Camera paces them by their
	// timestamps.
	Live() bool
	// Close closes the connection and frees its resources.
	Close() error
}

// Stamp is the timing information of a frame.
type Stamp struct {
	// PTS is the presentation time on the source's own clock. It is valid only if
	// HasPTS is set.
	PTS    time.Duration
	HasPTS bool
	// Arrived is when the frame reached this machine.
	Arrived time.Time
}

// ErrSizeChanged is returned by Retrieve if dst no longer fits the stream's size.
var ErrSizeChanged = errors.New("stream changed its size")

// Errors of opening a source, for errors.Is. They rarely go away by themselves, so the
// camera becomes Failed and retries slowly. The same applies to a KindFile source that
// is missing (os.ErrNotExist) or not readable (os.ErrPermission).
var (
	// ErrUnauthorized: the source rejects the user or password.
	ErrUnauthorized = errors.New("wrong user or password")
	// ErrUntrusted: the server's certificate is not trusted (see Trust).
	ErrUntrusted = errors.New("the certificate of the server is not trusted")
	// ErrUnsupported: the source is not video that this build can read.
	ErrUnsupported = errors.New("not supported")
)

// A Skipper is a Source that drops frames itself when a newer one arrives before they
// were grabbed. Camera calls Skipped after each Grab and counts them under DropLag.
type Skipper interface {
	// Skipped returns the number of frames dropped since the last call.
	Skipped() uint64
}

// CorruptError reports one frame that could not be decoded.
type CorruptError struct{ Err error }

func (e *CorruptError) Error() string { return "decode frame: " + e.Err.Error() }

// Unwrap returns the decoder's own error.
func (e *CorruptError) Unwrap() error { return e.Err }

// An Opener opens a source within cfg.OpenTimeout. The context covers the whole life of
// the source: when it is done, a pending Grab returns soon, if the source can be
// interrupted at all. Errors say what to do and contain no password.
type Opener func(ctx context.Context, cfg Config, addr Address) (Connection, error)

// Opens makes an Opener from a function that returns a specific type.
func Opens[C Connection](open func(context.Context, Config, Address) (C, error)) Opener {
	return func(ctx context.Context, cfg Config, addr Address) (Connection, error) {
		c, err := open(ctx, cfg, addr)
		if err != nil {
			return nil, err
		}
		return c, nil
	}
}

// Drivers maps each kind of address to its Opener. The program fills it; a build
// without FFmpeg has entries that return ErrUnsupported.
type Drivers map[Kind]Opener

// Open opens the source of cfg with the driver of its kind.
func (d Drivers) Open(ctx context.Context, cfg Config) (Connection, error) {
	addr, err := ParseAddress(cfg.Source)
	if err != nil {
		return nil, err
	}
	open := d[addr.Kind]
	if open == nil {
		return nil, fmt.Errorf("open source %s: %s sources are %w by this build", text.Redact(cfg.Source), addr.Kind, ErrUnsupported)
	}
	return open(ctx, cfg, addr)
}

// Probe waits for the first frame or packet and returns its display size; 0x0 if
// unknown.
func Probe(c Connection) (width, height int, err error) {
	switch c := c.(type) {
	case Source:
		_, err := c.Grab()
		width, height = c.Size()
		return width, height, err
	case PacketSource:
		for {
			p, err := c.Read()
			if err != nil {
				return 0, 0, err
			}
			if t := p.Track; t.Video {
				if t.Width <= 0 || t.Height <= 0 {
					return 0, 0, nil
				}
				width, height = DisplaySize(t.Width, t.Height, t.AspectNum, t.AspectDen, t.Rotation)
				return width, height, nil
			}
		}
	}
	return 0, 0, ErrUnsupported
}

// A Choice is a source that a user may choose for a camera.
type Choice struct {
	Source string `json:"source"` // as in Config
	Label  string `json:"label"`  // readable name
}

// tryTime bounds Try beyond the opening timeout of the source.
const tryTime = 3 * time.Second

// Try opens the source of cfg, waits for a frame or packet and closes it, to see whether it
// works. It returns the display size; 0x0 when the source does not say. It takes
// cfg.OpenTimeout and 3 s at most, as far as the source can be interrupted.
func Try(ctx context.Context, cfg Config, open func(context.Context, Config) (Connection, error)) (width, height int, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(cfg.OpenTimeout)+tryTime)
	defer cancel()
	c, err := open(ctx, cfg)
	if err != nil {
		return 0, 0, err
	}
	width, height, err = Probe(c)
	if closing := c.Close(); err == nil {
		err = closing
	}
	return width, height, err
}
