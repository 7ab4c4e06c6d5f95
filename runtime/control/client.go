package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	"rvo-tui/clips"
	"rvo-tui/internal/logging"
	"rvo-tui/internal/text"
	controlv1 "rvo-tui/proto/rvo/control/v1"
	"rvo-tui/rules"
	"rvo-tui/runtime"
)

// Client talks to a Server. It connects when it is first used and again whenever
// the connection is lost: a call that fails with ErrUnreachable can simply be
// made again. It is safe for concurrent use.
type Client struct {
	link *link
	api  controlv1.ControlClient
	text Codec
}

// Dial returns a client of the server at addr: "" is this machine's socket, a
// path or unix:///path a socket, host:port TLS over TCP. It fails for what can
// never work; nothing is connected yet.
func Dial(addr string, opts DialOptions) (*Client, error) {
	l, err := newLink(addr, opts)
	if err != nil {
		return nil, err
	}
	return &Client{link: l, api: controlv1.NewControlClient(l.conn), text: opts.Codec}, nil
}

// Addr returns what the client talks to, for people.
func (c *Client) Addr() string { return c.link.where }

// Close ends the connection and all calls.
func (c *Client) Close() error { return c.link.conn.Close() }

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

// Picture is a small preview of a frame.
type Picture = runtime.Preview

// About asks who answers.
func (c *Client) About(ctx context.Context) (About, error) {
	r, err := c.api.About(ctx, new(controlv1.AboutRequest))
	if err != nil {
		return About{}, c.link.explain(ctx, err)
	}
	a := About{
		Version: r.GetVersion(), Instance: r.GetInstance(), PID: int(r.GetPid()), Host: r.GetHost(), Config: r.GetConfig(),
		Started: time.Unix(0, int64(r.GetStartedNs())), ReadOnly: r.GetReadOnly(),
	}
	for _, cam := range r.GetCameras() {
		a.Cameras = append(a.Cameras, Camera{cam.GetName(), cam.GetSource()})
	}
	for _, k := range r.GetKinds() {
		a.Kinds = append(a.Kinds, Kind{k.GetName(), k.GetDoc(), k.GetKeys()})
	}
	return a, nil
}

// Watch calls show with how everything stands, rate times a second (0: as often
// as it is published), until ctx ends or the connection is lost. A slow show
// misses snapshots.
func (c *Client) Watch(ctx context.Context, rate float64, show func(*runtime.Snapshot)) error {
	stream, err := c.api.Watch(ctx, &controlv1.WatchRequest{Rate: rate})
	return receive(ctx, c.link, stream, err, func(r *controlv1.WatchResponse) error {
		s := new(runtime.Snapshot)
		if err := json.Unmarshal(r.GetSnapshot(), s); err != nil {
			return fmt.Errorf("read snapshot of %s: %w; is it of another version?", c.link.where, err)
		}
		show(s)
		return nil
	})
}

// Do carries a command out. Reload makes the server read its own configuration
// again; no Setup travels.
func (c *Client) Do(ctx context.Context, cmd runtime.Command) error {
	req := &controlv1.DoRequest{Verb: string(cmd.Do), Camera: cmd.Camera, Detector: cmd.Detector, Rule: cmd.Rule, Fps: cmd.FPS}
	var err error
	if cmd.Attached != nil {
		if c.text.DetectorText == nil {
			return errors.New("attach: this client writes no detectors")
		}
		if req.Attach, err = c.text.DetectorText(*cmd.Attached); err != nil {
			return err
		}
	}
	if cmd.Added != nil {
		if c.text.CameraText == nil {
			return errors.New("add_camera: this client writes no cameras")
		}
		if req.AddCamera, err = c.text.CameraText(*cmd.Added); err != nil {
			return err
		}
	}
	_, err = c.api.Do(ctx, req)
	return c.link.explain(ctx, err)
}

// Events calls show with the kept events after the one numbered after, oldest
// first; with follow it goes on with new ones until ctx ends or the connection is
// lost. Numbers begin anew with every About.Instance.
func (c *Client) Events(ctx context.Context, after uint64, follow bool, show func(runtime.RecentEvent)) error {
	stream, err := c.api.Events(ctx, &controlv1.EventsRequest{After: after, Follow: follow})
	return receive(ctx, c.link, stream, err, func(r *controlv1.EventsResponse) error {
		var e rules.Event
		if err := json.Unmarshal(r.GetEvent(), &e); err != nil {
			return fmt.Errorf("read event of %s: %w; is it of another version?", c.link.where, err)
		}
		show(runtime.RecentEvent{Seq: r.GetSeq(), Event: e})
		return nil
	})
}

// Log is as Events for lines of the log.
func (c *Client) Log(ctx context.Context, after uint64, follow bool, show func(logging.Line)) error {
	stream, err := c.api.Log(ctx, &controlv1.LogRequest{After: after, Follow: follow})
	return receive(ctx, c.link, stream, err, func(r *controlv1.LogResponse) error {
		show(logging.Line{Seq: r.GetSeq(), Time: time.Unix(0, int64(r.GetTimeNs())), Level: slog.Level(r.GetLevel()), Text: text.Visible(r.GetText())})
		return nil
	})
}

// Preview calls show with what a camera sees, scaled to width x height pixels,
// rate times a second at most (0: 10), until ctx ends, the camera has gone or the
// connection is lost.
func (c *Client) Preview(ctx context.Context, camera string, width, height int, rate float64, show func(Picture)) error {
	if width < 1 || height < 1 || width > maxPreview || height > maxPreview {
		return fmt.Errorf("preview of %d x %d pixels: from 1 to %d a side", width, height, maxPreview)
	}
	req := &controlv1.PreviewRequest{Camera: camera, Width: uint32(width), Height: uint32(height), Rate: rate}
	stream, err := c.api.Preview(ctx, req)
	return receive(ctx, c.link, stream, err, func(r *controlv1.PreviewResponse) error {
		p := Picture{Frame: r.GetFrameId(), Width: int(r.GetWidth()), Height: int(r.GetHeight()), Pixels: r.GetRgb()}
		if p.Width != width || p.Height != height || len(p.Pixels) != 3*width*height {
			return fmt.Errorf("read preview of %s: a picture of %d x %d pixels in %d bytes is none that was asked for", c.link.where, p.Width, p.Height, len(p.Pixels))
		}
		show(p)
		return nil
	})
}

// Clips returns the newest limit clips (0: 100), newest first, and their
// directory on the server's machine.
func (c *Client) Clips(ctx context.Context, limit int) ([]clips.Entry, string, error) {
	r, err := c.api.Clips(ctx, &controlv1.ClipsRequest{Limit: uint32(max(0, min(limit, maxClips)))})
	if err != nil {
		return nil, "", c.link.explain(ctx, err)
	}
	entries := make([]clips.Entry, len(r.GetClips()))
	for i, line := range r.GetClips() {
		if err := json.Unmarshal(line, &entries[i]); err != nil {
			return nil, "", fmt.Errorf("read clips of %s: %w; is it of another version?", c.link.where, err)
		}
	}
	return entries, r.GetDir(), nil
}

// Clip returns the evidence of an event.
func (c *Client) Clip(ctx context.Context, eventID string) (clips.Clip, error) {
	r, err := c.api.Clip(ctx, &controlv1.ClipRequest{EventId: eventID})
	if err != nil {
		return clips.Clip{}, c.link.explain(ctx, err)
	}
	clip := clips.Clip{Path: r.GetPath(), Thumb: r.GetThumb()}
	if err := json.Unmarshal(r.GetClip(), &clip.Entry); err != nil {
		return clips.Clip{}, fmt.Errorf("read clip of %s: %w; is it of another version?", c.link.where, err)
	}
	return clip, nil
}

// receive calls take with each answer of a stream until it ends or take fails.
func receive[T any](ctx context.Context, l *link, stream grpc.ServerStreamingClient[T], err error, take func(*T) error) error {
	if err != nil {
		return l.explain(ctx, err)
	}
	for {
		answer, err := stream.Recv()
		if err != nil {
			return l.explain(ctx, err)
		}
		l.met.Store(true)
		if err := take(answer); err != nil {
			return err
		}
	}
}
