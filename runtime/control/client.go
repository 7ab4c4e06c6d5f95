package control

import (
	"context"
	"errors"
	"time"

	"rvo-tui/clips"
	"rvo-tui/runtime"
)

// What the errors of a Client are of: see errors.Is.
var (
	// ErrUnreachable: nobody answers there, or not any more. Trying again may help.
	ErrUnreachable = errors.New("no rvo-tui answers")
	// ErrDenied: the token is wrong or missing, or does not allow it.
	ErrDenied = errors.New("not allowed")
)

// DialOptions is how a Client reaches a server.
type DialOptions struct {
	Token string // over TCP; a secret
	CA    string // PEM file with the certificates to trust over TCP instead of the system's
	// Insecure uses no TLS over TCP, which is possible on loopback alone: for a
	// socket that is forwarded to a port, as by ssh -L PORT:SOCKET.
	Insecure bool
	Codec    Codec // DetectorText and CameraText, for attach and add_camera
}

// Client talks to a Server. It connects when it is first used and again whenever
// the connection is lost: a call that fails with ErrUnreachable can simply be
// made again. It is safe for concurrent use.
type Client struct{}

// Dial returns a client of the server at addr: "" is this machine's socket, a
// path or unix:///path a socket, host:port TLS over TCP. It fails for what can
// never work; nothing is connected yet.
func Dial(addr string, opts DialOptions) (*Client, error) { return &Client{}, nil }

// About is who answers.
type About struct {
	Version  string
	Instance string // changes with every start: numbers of events and log lines begin anew then
	PID      int
	Host     string
	Config   string // configuration in use, as its user named it
	Started  time.Time
	ReadOnly bool // the caller may only look
	Cameras  []Camera
	Kinds    []Kind // that may be attached by the caller
}

// Camera is a camera at work.
type Camera struct{ Name, Source string } // Source is redacted

// Kind is a sort of detector, as in detectors.Kind.
type Kind struct {
	Name, Doc string
	Keys      []string
}

// Picture is a small picture of what a camera sees.
type Picture = runtime.Picture

// Clip is the evidence of one event.
type Clip struct {
	Entry clips.Entry
	Path  string // of the movie, on the server's machine
	Thumb []byte // a JPEG file; empty: there is none
}

// Addr returns what the client talks to, for people.
func (c *Client) Addr() string { return "" }

// Close ends the connection and all calls.
func (c *Client) Close() error { return nil }

// About asks who answers.
func (c *Client) About(ctx context.Context) (About, error) { return About{}, errSkeleton }

// Watch calls show with how everything stands, rate times a second (0: as often
// as it is published), until ctx ends or the connection is lost. A slow show
// misses snapshots. Histograms keep their identity and are brought up to date in
// place, also across calls of Watch, as long as the server is the same instance;
// of several Watch at a time this holds for the first.
func (c *Client) Watch(ctx context.Context, rate float64, show func(*runtime.Snapshot)) error {
	return errSkeleton
}

// Do carries a command out. Reload makes the server read its own configuration
// again; no Setup travels.
func (c *Client) Do(ctx context.Context, cmd runtime.Command) error { return errSkeleton }

// Events calls show with the kept events after the one numbered after, oldest
// first; with follow it goes on with new ones until ctx ends or the connection is
// lost.
func (c *Client) Events(ctx context.Context, after uint64, follow bool, show func(runtime.RecentEvent)) error {
	return errSkeleton
}

// Log is as Events for lines of the log.
func (c *Client) Log(ctx context.Context, after uint64, follow bool, show func(runtime.LogLine)) error {
	return errSkeleton
}

// Preview calls show with what a camera sees, scaled to width x height pixels,
// rate times a second at most, until ctx ends, the camera has gone or the
// connection is lost.
func (c *Client) Preview(ctx context.Context, camera string, width, height int, rate float64, show func(Picture)) error {
	return errSkeleton
}

// Clips returns the newest limit clips (0: 100), newest first, and their
// directory on the server's machine.
func (c *Client) Clips(ctx context.Context, limit int) ([]clips.Entry, string, error) {
	return nil, "", errSkeleton
}

// Clip returns the evidence of an event.
func (c *Client) Clip(ctx context.Context, eventID string) (Clip, error) { return Clip{}, errSkeleton }
