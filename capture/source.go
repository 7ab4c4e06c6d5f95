package capture

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Source is one open connection to where pictures come from. One goroutine at
// a time uses it. When a call fails the connection is over: Close it and open
// another one.
type Source interface {
	// Grab waits for the next picture and takes it without decoding it. It
	// returns io.EOF at the end of a file. A live source must not wait longer
	// than the camera's stall timeout.
	Grab() (Stamp, error)
	// Retrieve decodes the picture that Grab took into dst, as packed BGR rows
	// from the top; len(dst) is width*height*3 of Size. When the stream has
	// changed its size it writes nothing and returns ErrSizeChanged: ask for
	// Size again and call Retrieve with a fitting dst. A *CorruptError means
	// that this one picture could not be decoded; the source goes on.
	Retrieve(dst []byte) error
	// Size returns the size of the picture that Retrieve will write.
	Size() (width, height int)
	// Live tells a source that runs at its own pace (a camera) from one that is
	// read as fast as it is asked (a file, a synthetic scene) and that the
	// Camera therefore paces by its presentation times.
	Live() bool
	// Close ends the connection and frees what it holds.
	Close() error
}

// Stamp is what is known of when a picture was taken.
type Stamp struct {
	// PTS is the presentation time, on a clock of the source's own. It is
	// meaningful only where HasPTS.
	PTS    time.Duration
	HasPTS bool
	// Arrived is when the picture reached this machine.
	Arrived time.Time
}

// ErrSizeChanged is what Retrieve returns when the stream's size is no longer
// that of dst.
var ErrSizeChanged = errors.New("stream changed its size")

// CorruptError reports one picture that could not be decoded.
type CorruptError struct{ Err error }

func (e *CorruptError) Error() string { return "decode picture: " + e.Err.Error() }

// Unwrap returns the decoder's own error.
func (e *CorruptError) Unwrap() error { return e.Err }

// An Opener opens a source, within cfg.OpenTimeout. The context ends the whole
// life of the source: when it is done, a Grab under way returns soon where the
// source can be interrupted at all. Errors say what to do and hold no password.
type Opener func(ctx context.Context, cfg Config, addr Address) (Source, error)

// Drivers is what can be opened, by kind of address. The program fills it: a
// build without OpenCV has entries that answer so.
type Drivers map[Kind]Opener

// Kind is what an Address leads to.
type Kind string

// The kinds of address.
const (
	KindDevice    Kind = "device"    // a local capture device
	KindRTSP      Kind = "rtsp"      // an RTSP or RTSPS stream
	KindHTTP      Kind = "http"      // multipart MJPEG over HTTP or HTTPS
	KindFile      Kind = "file"      // a video file
	KindSynthetic Kind = "synthetic" // a drawn scene
)

// Address is a parsed Config.Source.
type Address struct {
	Kind   Kind
	Device int    // KindDevice
	URL    string // KindRTSP, KindHTTP: with its password
	Path   string // KindFile
	Scene  string // KindSynthetic
	Seed   uint64 // KindSynthetic: "synthetic:street?seed=7"
}

// Open opens the source of cfg with the driver of its kind.
func (d Drivers) Open(ctx context.Context, cfg Config) (Source, error) {
	addr, err := ParseAddress(cfg.Source)
	if err != nil {
		return nil, err
	}
	open := d[addr.Kind]
	if open == nil {
		return nil, fmt.Errorf("open source %s: this build has no driver for %s sources", Redact(cfg.Source), addr.Kind)
	}
	return open(ctx, cfg, addr)
}
