package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
	"rvo-tui/runtime/live"
)

const (
	maxViewed  = 64 // cameras of one stream
	stillRate  = 2  // default JPEG frames per second of a camera
	stillWidth = 640
	maxWidth   = 3840
	maxStills  = 30              // per second
	stillTime  = 5 * time.Second // limit for a camera to deliver a frame
)

// mediaRoutes returns the routes of live frames and packets.
func (s *Server) mediaRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/media", Doc: "A stream of packets, JPEG frames and results, each message with a header of 24 bytes.", Serve: s.media},
		{Method: "GET", Path: "/cameras/{camera}/frame.jpg", Doc: "The current frame of a camera.", Serve: s.frame},
		{Method: "GET", Path: "/cameras/{camera}/preview.mjpeg", Doc: "Frames of a camera as a stream of JPEG files (multipart/x-mixed-replace).", Serve: s.preview},
	}
}

// mediaQuery is the query of GET /api/media.
type mediaQuery struct {
	video string
	stills
}

// stills is the part of a query that selects JPEG frames.
type stills struct {
	cameras []string
	width   int
	rate    float64
}

// stillsOf parses width and rate.
func stillsOf(q url.Values) (st stills, err error) {
	st.width, st.rate = stillWidth, stillRate
	if q.Has("width") {
		given := q.Get("width")
		n, err := strconv.ParseUint(given, 10, 16)
		if err != nil || n < 16 || n > maxWidth {
			return st, problem(http.StatusBadRequest, fmt.Sprintf("width %q is out of range", text.Clean(given)), fmt.Sprintf("give 16 to %d pixels", maxWidth))
		}
		st.width = int(n)
	}
	if q.Has("rate") {
		st.rate, err = rateOf(q.Get("rate"), maxStills)
	}
	return st, err
}

func mediaQueryOf(q url.Values) (m mediaQuery, err error) {
	if err := onlyKeys(q, "video", "jpeg", "width", "rate"); err != nil {
		return m, err
	}
	if m.stills, err = stillsOf(q); err != nil {
		return m, err
	}
	m.video = q.Get("video")
	for name := range strings.SplitSeq(q.Get("jpeg"), ",") {
		if name != "" && !slices.Contains(m.cameras, name) {
			m.cameras = append(m.cameras, name)
		}
	}
	switch {
	case m.video == "" && len(m.cameras) == 0:
		return m, problem(http.StatusBadRequest, "no camera is named", "give video=CAMERA, jpeg=CAMERA,CAMERA or both")
	case len(m.cameras) > maxViewed:
		return m, problem(http.StatusBadRequest, fmt.Sprintf("%d cameras are named", len(m.cameras)), fmt.Sprintf("name %d at most", maxViewed))
	}
	return m, nil
}

// media serves GET /api/media. The stream ends when one of its cameras is removed or
// restarted.
func (s *Server) media(w http.ResponseWriter, r *http.Request) error {
	q, err := mediaQueryOf(r.URL.Query())
	if err != nil {
		return err
	}
	if err := s.views.acquire(); err != nil {
		return err
	}
	defer s.views.release()
	view, leave, err := s.opts.Runtime.View(q.video, q.cameras)
	if err != nil {
		return err
	}
	defer leave()
	frames, stop := s.watch(r.Context(), q.stills)
	defer stop()
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("X-Accel-Buffering", "no") // proxies must not buffer messages
	if r.Method == http.MethodHead {
		return nil
	}
	m := mediaWriter{sender: newSender(w), index: map[string]uint16{}, began: time.Now()}
	for _, name := range append(q.cameras, q.video) {
		if _, known := m.index[name]; !known && name != "" {
			m.index[name] = uint16(len(m.index))
			if err := m.camera(name, nil); err != nil {
				return err
			}
		}
	}
	return s.left(r, s.pump(r.Context(), &m, view, frames))
}

// pump writes messages until the client disconnects, a camera ends or the program ends.
func (s *Server) pump(ctx context.Context, m *mediaWriter, view *live.Viewer, frames <-chan still) error {
	idle := time.NewTicker(beatEvery)
	defer idle.Stop()
	for {
		if err := m.rc.Flush(); err != nil {
			return err
		}
		select {
		case <-view.Ready():
			for {
				e, ok, ended := view.Next()
				if ended {
					return nil
				}
				if !ok {
					break
				}
				if err := m.entry(e); err != nil {
					return err
				}
			}
		case f := <-frames:
			if f.err != nil {
				return f.err
			}
			if err := m.write(live.Message{Type: live.MessageJPEG, Camera: m.index[f.Camera], Captured: f.Captured, Frame: f.Frame, Payload: f.JPEG}); err != nil {
				return err
			}
		case <-idle.C:
			if err := m.write(live.Message{Type: live.MessageIdle}); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		case <-s.ending:
			return nil
		}
	}
}

// still is a frame, or the error that ended the frames.
type still struct {
	runtime.Still
	err error
}

// watch encodes frames for a client in its own goroutine; stop ends it and waits for
// it. A frame is encoded only after the previous one was received.
func (s *Server) watch(ctx context.Context, st stills) (frames <-chan still, stop func()) {
	if len(st.cameras) == 0 {
		return nil, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	out, done := make(chan still), make(chan struct{})
	give := func(f still) error {
		select {
		case out <- f:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	go func() {
		defer close(done)
		err := s.opts.Runtime.Stills(ctx, st.cameras, st.width, st.rate, func(f runtime.Still) error { return give(still{Still: f}) })
		_ = give(still{err: err}) // a client that is gone needs no reason
	}()
	return out, func() { cancel(); <-done }
}

// mediaWriter writes messages.
type mediaWriter struct {
	sender
	index map[string]uint16 // index of each camera
	track *capture.Track    // last track described to the client
	began time.Time         // start of the stream
}

// write writes a message. It fails if the client does not accept it within sendTimeout.
func (m *mediaWriter) write(msg live.Message) error {
	if !msg.Captured.IsZero() {
		// Packets, results and frames have times from different clock readings. Within
		// a stream they stay comparable even if the wall clock is set.
		msg.Captured = m.began.Add(msg.Captured.Sub(m.began))
	}
	_ = m.rc.SetWriteDeadline(time.Now().Add(sendTimeout)) // connections without deadlines need none
	head := msg.Header()
	if _, err := m.w.Write(head[:]); err != nil {
		return err
	}
	_, err := m.w.Write(msg.Payload)
	return err
}

// object writes a message whose payload is JSON.
func (m *mediaWriter) object(msg live.Message, v any) (err error) {
	if msg.Payload, err = json.Marshal(v); err != nil {
		return fmt.Errorf("write media: %w", err)
	}
	return m.write(msg)
}

// entry writes an entry of a live view.
func (m *mediaWriter) entry(e live.Entry) error {
	msg := live.Message{Camera: m.index[e.Camera]}
	switch {
	case e.Packet != nil:
		return m.packet(e.Camera, e.Packet)
	case e.Result != nil:
		msg.Type, msg.Captured, msg.Frame = live.MessageResult, e.Result.Captured, e.Result.Frame
		return m.object(msg, e.Result)
	default:
		msg.Type = live.MessageGap
		return m.object(msg, e.Lost)
	}
}

// packet writes a packet, preceded by the description of its track if that has changed.
func (m *mediaWriter) packet(camera string, p *capture.Packet) error {
	if p.Track != m.track {
		m.track = p.Track
		if err := m.camera(camera, p.Track); err != nil {
			return err
		}
	}
	msg := live.Message{Type: live.MessagePacket, Camera: m.index[camera], Captured: p.Captured, Frame: p.ID, Payload: p.Data}
	if p.Key {
		msg.Flags |= live.FlagKey
	}
	if p.Damaged {
		msg.Flags |= live.FlagDamaged
	}
	if p.Hidden {
		msg.Flags |= live.FlagHidden
	}
	return m.write(msg)
}

// camera writes the description of a camera and the track of its packets; nil: unknown.
func (m *mediaWriter) camera(name string, t *capture.Track) error {
	i := m.index[name]
	return m.object(live.Message{Type: live.MessageCamera, Camera: i}, live.DescribeTrack(name, i, t))
}

// frame serves one JPEG file.
func (s *Server) frame(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if err := onlyKeys(q, "width"); err != nil {
		return err
	}
	st, err := stillsOf(q)
	if err != nil {
		return err
	}
	if !q.Has("width") {
		st.width = 0
	}
	if err := s.views.acquire(); err != nil {
		return err
	}
	defer s.views.release()
	camera := r.PathValue("camera")
	ctx, cancel := context.WithTimeout(r.Context(), stillTime)
	defer cancel()
	f, err := s.opts.Runtime.Still(ctx, camera, st.width)
	if ctx.Err() != nil {
		return s.noFrame(camera)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Last-Modified", f.Captured.UTC().Format(http.TimeFormat))
	w.Header().Set("X-Frame-Id", strconv.FormatUint(f.Frame, 10))
	return writeBytes(w, "image/jpeg", f.JPEG)
}

// noFrame is the problem of a camera that delivers no frames.
func (s *Server) noFrame(camera string) error {
	status, standing, remedy := http.StatusServiceUnavailable, "no longer there", "see its state and alerts, and try again"
	for _, c := range s.opts.Runtime.Snapshot().Cameras {
		if c.Name != camera {
			continue
		}
		standing = string(c.State)
		if c.Reason != "" {
			standing += " (" + c.Reason + ")"
		}
		if c.State == capture.Paused {
			status, remedy = http.StatusConflict, "resume it, and try again"
		}
	}
	return problem(status, fmt.Sprintf("camera %q delivers no frames: it is %s", text.Clean(camera), standing), remedy)
}

// preview serves JPEG frames as multipart/x-mixed-replace.
func (s *Server) preview(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if err := onlyKeys(q, "width", "rate"); err != nil {
		return err
	}
	st, err := stillsOf(q)
	if err != nil {
		return err
	}
	if err := s.views.acquire(); err != nil {
		return err
	}
	defer s.views.release()
	st.cameras = []string{r.PathValue("camera")}
	frames, stop := s.watch(r.Context(), st)
	defer stop()
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=frame")
	w.Header().Set("X-Accel-Buffering", "no")
	out := newSender(w)
	for {
		select {
		case f := <-frames:
			if f.err != nil {
				return f.err
			}
			if r.Method == http.MethodHead {
				return nil
			}
			head := fmt.Sprintf("--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\nX-Frame-Id: %d\r\n\r\n", len(f.JPEG), f.Frame)
			if err := out.send([]byte(head), f.JPEG, []byte("\r\n")); err != nil {
				return err
			}
		case <-r.Context().Done():
			return nil
		case <-s.ending:
			return nil
		}
	}
}
