package capture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rvo-tui/internal/text"
)

// A Connection is what an Opener opens: a PacketSource, or a Source where there
// are no packets.
type Connection interface {
	Live() bool
	Close() error
}

// A Source is one open connection that gives uncompressed frames: drawn scenes
// and raw devices. One goroutine at a time uses it. When a call fails the
// connection is over: Close it and open another one.
type Source interface {
	// Grab waits for the next frame and takes it without decoding it. It
	// returns io.EOF at the end of a file. A live source must not wait longer
	// than the camera's stall timeout. A *CorruptError means that what came
	// is not a frame; the source goes on.
	Grab() (Stamp, error)
	// Retrieve decodes the frame that Grab took into dst, as packed BGR rows
	// from the top; len(dst) is width*height*3 of Size. When the stream has
	// changed its size it writes nothing and returns ErrSizeChanged: ask for
	// Size again and call Retrieve with a fitting dst. A *CorruptError means
	// that this one frame could not be decoded; the source goes on.
	Retrieve(dst []byte) error
	// Size returns the size of the frame that Retrieve will write.
	Size() (width, height int)
	// Live reports whether the source runs at its own pace (a camera). One that
	// does not (a file, a synthetic scene) is read as fast as it is asked, so
	// the Camera paces it by its presentation times.
	Live() bool
	// Close ends the connection and frees what it holds.
	Close() error
}

// Stamp is what is known of when a frame was taken.
type Stamp struct {
	// PTS is the presentation time, on a clock of the source's own. It is
	// meaningful only where HasPTS.
	PTS    time.Duration
	HasPTS bool
	// Arrived is when the frame reached this machine.
	Arrived time.Time
}

// ErrSizeChanged is what Retrieve returns when the stream's size is no longer
// that of dst.
var ErrSizeChanged = errors.New("stream changed its size")

// Errors that say why a source does not open, for errors.Is. A camera that
// meets them is Failed and is retried slowly, because waiting alone rarely fixes
// them. A KindFile source that is missing (os.ErrNotExist) or may not be
// read (os.ErrPermission) counts likewise.
var (
	// ErrUnauthorized: the source wants another user or password.
	ErrUnauthorized = errors.New("wrong user or password")
	// ErrUntrusted: the certificate of the server is not trusted (see Trust).
	ErrUntrusted = errors.New("the certificate of the server is not trusted")
	// ErrUnsupported: what answers is not video that this build can read.
	ErrUnsupported = errors.New("not supported")
)

// A Skipper is a Source that itself drops frames that were not grabbed before a
// newer one came. The Camera asks it after each Grab and counts them under
// DropLag.
type Skipper interface {
	// Skipped returns how many frames were dropped since it was last asked.
	Skipped() uint64
}

// CorruptError reports one frame that could not be decoded.
type CorruptError struct{ Err error }

func (e *CorruptError) Error() string { return "decode frame: " + e.Err.Error() }

// Unwrap returns the decoder's own error.
func (e *CorruptError) Unwrap() error { return e.Err }

// An Opener opens a source, within cfg.OpenTimeout. The context ends the whole
// life of the source: when it is done, a Grab under way returns soon where the
// source can be interrupted at all. Errors say what to do and hold no password.
type Opener func(ctx context.Context, cfg Config, addr Address) (Connection, error)

// Opens makes an Opener of a function that returns a connection of its own kind.
func Opens[C Connection](open func(context.Context, Config, Address) (C, error)) Opener {
	return func(ctx context.Context, cfg Config, addr Address) (Connection, error) {
		c, err := open(ctx, cfg, addr)
		if err != nil {
			return nil, err
		}
		return c, nil
	}
}

// Drivers is what can be opened, by kind of address. The program fills it: a
// build without FFmpeg has entries that say so.
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

// Probe waits for the first frame or packet of a connection and returns its
// display size; 0x0 when the source does not say.
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
