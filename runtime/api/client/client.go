// Package client is the Go client of the HTTP API, used by connect, ctl and other
// programs to talk to a running rvo-tui.
package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/logging"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
	"rvo-tui/runtime/api"
)

// maxAnswer is the maximum size of a response, or of one message of a stream, in bytes.
const maxAnswer = 16 << 20

// Codec encodes the keys of a [[detector]] or [[camera]] as a JSON object.
type Codec struct {
	Detector func(detectors.Config) ([]byte, error)
	Camera   func(capture.Config) ([]byte, error)
}

// Client talks to a server. It connects when needed and reconnects after a loss: a call
// that fails with ErrUnreachable can simply be repeated. It is safe for concurrent use.
type Client struct {
	link  *link
	codec Codec
}

// Dial returns a client for the server at addr: "" is this machine's socket, a path or
// unix:///path a socket, and host:port TLS over TCP. It does not connect, and fails
// only for an address or options that can never work.
func Dial(addr string, opts DialOptions) (*Client, error) {
	l, err := newLink(addr, opts)
	if err != nil {
		return nil, err
	}
	return &Client{link: l, codec: opts.Codec}, nil
}

// Addr returns the server's address, for display.
func (c *Client) Addr() string { return c.link.where }

// Close closes idle connections.
func (c *Client) Close() error {
	c.link.http.CloseIdleConnections()
	return nil
}

// About returns information about the server.
func (c *Client) About(ctx context.Context) (api.About, error) {
	var a api.About
	err := c.get(ctx, "/about", &a)
	return a, err
}

// State returns the snapshot.
func (c *Client) State(ctx context.Context) (*runtime.Snapshot, error) {
	s := new(runtime.Snapshot)
	if err := c.get(ctx, "/state", s); err != nil {
		return nil, err
	}
	return s, nil
}

// Events returns the stored events after the one numbered after, oldest first.
func (c *Client) Events(ctx context.Context, after uint64) ([]runtime.RecentEvent, error) {
	var a api.Events
	err := c.get(ctx, "/events?after="+strconv.FormatUint(after, 10), &a)
	return a.Events, err
}

// Log returns the stored log lines after the one numbered after, oldest first.
func (c *Client) Log(ctx context.Context, after uint64) ([]logging.Line, error) {
	var a api.Log
	err := c.get(ctx, "/log?after="+strconv.FormatUint(after, 10), &a)
	for i := range a.Lines {
		a.Lines[i].Text = text.Visible(a.Lines[i].Text)
	}
	return a.Lines, err
}

// Alerts returns the current alerts.
func (c *Client) Alerts(ctx context.Context) ([]runtime.Alert, error) {
	var a api.Alerts
	err := c.get(ctx, "/alerts", &a)
	return a.Alerts, err
}

// Clips returns the newest limit clips (0: 100), newest first, and their directory on
// the server.
func (c *Client) Clips(ctx context.Context, limit int) ([]clips.Entry, string, error) {
	list := "/clips"
	if limit > 0 {
		list += "?limit=" + strconv.Itoa(limit)
	}
	var a api.Clips
	err := c.get(ctx, list, &a)
	return a.Clips, a.Dir, err
}

// Clip returns the clip of an event.
func (c *Client) Clip(ctx context.Context, eventID string) (clips.Clip, error) {
	var a api.Clip
	at := "/clips/" + url.PathEscape(eventID)
	if err := c.get(ctx, at, &a); err != nil {
		return clips.Clip{}, err
	}
	clip := clips.Clip{Entry: a.Entry, Path: a.File}
	res, err := c.open(ctx, http.MethodGet, at+"/thumb.jpg", nil, nil)
	if err != nil {
		return clip, nil // there may be none
	}
	defer res.Body.Close()
	if clip.Thumb, err = io.ReadAll(io.LimitReader(res.Body, clips.MaxThumb)); err != nil {
		return clips.Clip{}, c.link.explain(ctx, err)
	}
	return clip, nil
}

// Diff returns the difference between the running state and the configuration file.
func (c *Client) Diff(ctx context.Context) (runtime.FileDiff, error) {
	var d runtime.FileDiff
	err := c.get(ctx, "/config/diff", &d)
	return d, err
}

// Write writes the difference with this ID to the configuration file.
func (c *Client) Write(ctx context.Context, id string) error {
	body, err := json.Marshal(api.FileWrite{ID: id})
	if err != nil {
		return err
	}
	return c.call(ctx, http.MethodPost, "/config/write", body, nil)
}

// Movie copies a movie of an event's clip to to. It fails if the movie is larger than
// most bytes. part counts from 1.
func (c *Client) Movie(ctx context.Context, eventID string, part int, most int64, to io.Writer) error {
	path := "/clips/" + url.PathEscape(eventID) + "/clip.mp4"
	if part > 1 {
		path += "?part=" + strconv.Itoa(part)
	}
	res, err := c.open(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.ContentLength > most {
		return fmt.Errorf("fetch clip: it has %d MiB, but at most %d are allowed", res.ContentLength>>20, most>>20)
	}
	n, err := io.Copy(to, io.LimitReader(res.Body, most+1))
	switch {
	case err != nil:
		return c.link.explain(ctx, err)
	case n > most:
		return fmt.Errorf("fetch clip: it has more than %d MiB", most>>20)
	}
	return nil
}

// Meta returns the metadata of an event's clip.
func (c *Client) Meta(ctx context.Context, eventID string) (*clips.Meta, error) {
	m := new(clips.Meta)
	err := c.get(ctx, "/clips/"+url.PathEscape(eventID)+"/meta.json", m)
	return m, err
}

// Edit returns the effect of edits on the configuration file, and makes them if write
// is set.
func (c *Client) Edit(ctx context.Context, edits []runtime.FileEdit, write bool) (runtime.FileDiff, error) {
	var d runtime.FileDiff
	body, err := json.Marshal(api.FileEdits{Edits: edits, Write: write})
	if err != nil {
		return d, err
	}
	err = c.call(ctx, http.MethodPost, "/config/edit", body, &d)
	return d, err
}

// Revert undoes an edit of the configuration file.
func (c *Client) Revert(ctx context.Context, id string) error {
	body, err := json.Marshal(api.FileRevert{ID: id})
	if err != nil {
		return err
	}
	return c.call(ctx, http.MethodPost, "/config/revert", body, nil)
}

// Sources returns the devices and scenes that cameras can be added from.
func (c *Client) Sources(ctx context.Context) ([]capture.Choice, error) {
	var a api.Sources
	err := c.get(ctx, "/sources", &a)
	return a.Sources, err
}

// Try has the server open the source of a camera, to test it, and close it.
func (c *Client) Try(ctx context.Context, cfg capture.Config) error {
	body, err := c.codec.Camera(cfg)
	if err != nil {
		return err
	}
	return c.call(ctx, http.MethodPost, "/sources/try", body, nil)
}

// Stop starts the shutdown of the program.
func (c *Client) Stop(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/stop", nil, nil)
}

// Do carries out a command. Reload makes the server reload its own configuration; a
// Setup is not sent.
func (c *Client) Do(ctx context.Context, cmd runtime.Command) error {
	var body []byte
	var err error
	switch {
	case cmd.Attached != nil && c.codec.Detector != nil:
		body, err = c.codec.Detector(*cmd.Attached)
	case cmd.Added != nil && c.codec.Camera != nil:
		body, err = c.codec.Camera(*cmd.Added)
	case cmd.Attached != nil || cmd.Added != nil:
		return fmt.Errorf("%s: this client cannot send detectors and cameras", cmd.Do)
	case cmd.Do == runtime.SetRate:
		body, err = json.Marshal(api.Rate{FPS: cmd.FPS})
	}
	if err != nil {
		return err
	}
	for _, v := range cli.List() {
		if v.Name == string(cmd.Do) {
			return c.call(ctx, v.Method, routeOf(v.Path, cmd), body, nil)
		}
	}
	return fmt.Errorf("unknown command %q: use one of %v", cmd.Do, runtime.Verbs())
}

// routeOf fills in the path of a verb.
func routeOf(path string, cmd runtime.Command) string {
	camera := cmd.Camera
	if camera == "" {
		camera = cli.AllCameras
	}
	message := cmp.Or(cmd.Message, cli.AllMessages)
	return strings.NewReplacer(
		"{camera}", url.PathEscape(camera), "{detector}", url.PathEscape(cmd.Detector),
		"{rule}", url.PathEscape(cmd.Rule), "{alert}", url.PathEscape(cmd.Alert),
		"{output}", url.PathEscape(cmd.Output), "{message}", url.PathEscape(message),
	).Replace(path)
}

// get decodes a JSON response into a value.
func (c *Client) get(ctx context.Context, path string, into any) error {
	return c.call(ctx, http.MethodGet, path, nil, into)
}

// call sends a request and decodes its JSON response into a value, unless that is nil.
func (c *Client) call(ctx context.Context, method, path string, body []byte, into any) error {
	res, err := c.open(ctx, method, path, body, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return c.link.explain(ctx, err)
	case len(data) > maxAnswer:
		return fmt.Errorf("read response of %s: it has more than %d bytes", c.link.where, maxAnswer)
	case into == nil:
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("read response of %s: %w; is it another version?", c.link.where, err)
	}
	return nil
}

// open sends a request and returns its successful response. The caller closes the body.
func (c *Client) open(ctx context.Context, method, path string, body []byte, header http.Header) (*http.Response, error) {
	l := c.link
	req, err := http.NewRequestWithContext(ctx, method, l.base+api.Prefix+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", l.where, err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	if l.token != "" {
		req.Header.Set("Authorization", "Bearer "+l.token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := l.http.Do(req)
	if err != nil {
		return nil, l.explain(ctx, err)
	}
	if res.StatusCode == http.StatusOK {
		l.met.Store(true)
		return res, nil
	}
	defer res.Body.Close()
	p := new(api.Problem)
	data, err := io.ReadAll(io.LimitReader(res.Body, maxHeaders))
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil || kind != api.ProblemType || json.Unmarshal(data, p) != nil {
		if !l.met.Load() {
			return nil, &fault{l.stranger(), ErrUnreachable}
		}
		return nil, fmt.Errorf("rvo-tui at %s: it responds with %s; is it another version?", l.where, res.Status)
	}
	l.met.Store(true)
	p.Status = res.StatusCode
	return nil, l.refusal(p)
}
