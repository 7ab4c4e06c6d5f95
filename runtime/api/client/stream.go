package client

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"rvo-tui/internal/logging"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
	"rvo-tui/runtime/api"
)

// Stream selects what the server streams. A nil function requests nothing. The
// functions are called one at a time. While one is slow, the server drops snapshots.
type Stream struct {
	Rate  float64 // states per second; 0: as they are published
	State func(*runtime.Snapshot)

	// Event and Line receive what comes after these numbers, which restart with every
	// api.About.Instance.
	AfterEvent, AfterLine uint64
	Event                 func(runtime.RecentEvent)
	Line                  func(logging.Line)

	Gap  func(api.Gap) // may be nil
	Beat func()        // called for incoming data, at least once a second; may be nil
}

// Follow reads a stream until ctx ends or the connection is lost.
func (c *Client) Follow(ctx context.Context, s Stream) error {
	q := url.Values{}
	if s.State != nil {
		q.Set("state", strconv.FormatFloat(s.Rate, 'g', -1, 64))
	}
	if s.Event != nil {
		q.Set("events", after(s.AfterEvent))
	}
	if s.Line != nil {
		q.Set("log", after(s.AfterLine))
	}
	header := http.Header{"Accept": {"text/event-stream"}}
	if c.link.far {
		header.Set("Accept-Encoding", "gzip")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(silenceTime, func() { cancel(errSilent) })
	defer silent.Stop()
	res, err := c.open(ctx, http.MethodGet, "/stream?"+q.Encode(), nil, header)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var body io.Reader = res.Body
	if res.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(body); err != nil {
			return c.link.explain(ctx, err)
		}
	}
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxAnswer)
	var event string
	for lines.Scan() {
		silent.Reset(silenceTime)
		if s.Beat != nil {
			s.Beat()
		}
		key, value, _ := bytes.Cut(lines.Bytes(), []byte(": "))
		switch string(key) {
		case "event":
			event = string(value)
		case "data":
			if err := s.take(event, value); err != nil {
				return fmt.Errorf("read stream of %s: %w; is it another version?", c.link.where, err)
			}
			event = ""
		}
	}
	if err := lines.Err(); err != nil {
		return c.link.explain(ctx, err)
	}
	return c.link.explain(ctx, errEnded)
}

// after formats a number for the query; "" requests everything stored.
func after(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// take passes on one message. Unknown messages are from a newer server.
func (s *Stream) take(event string, data []byte) error {
	switch {
	case event == "state" && s.State != nil:
		snap := new(runtime.Snapshot)
		return read(data, snap, func() { s.State(snap) })
	case event == "event" && s.Event != nil:
		var e runtime.RecentEvent
		return read(data, &e, func() { s.Event(e) })
	case event == "log" && s.Line != nil:
		var l logging.Line
		return read(data, &l, func() {
			l.Text = text.Visible(l.Text)
			s.Line(l)
		})
	case event == "gap" && s.Gap != nil:
		var g api.Gap
		return read(data, &g, func() { s.Gap(g) })
	}
	return nil
}

func read(data []byte, into any, then func()) error {
	if err := json.Unmarshal(data, into); err != nil {
		return err
	}
	then()
	return nil
}
