package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
	"rvo-tui/runtime/live"
)

// filmed is a Runtime with one camera, "door", whose packets the test sends.
type filmed struct {
	Runtime
	hub   *live.Hub
	track *capture.Track
	sent  uint64
}

func newFilmed() *filmed {
	config := []byte("\x00\x00\x01\x67\x64\x00\x28\x00\x00\x01\x68\xee")
	return &filmed{hub: live.NewHub("door"), track: &capture.Track{Video: true, Codec: capture.H264, Config: config, Width: 64, Height: 48}}
}

// send sends a packet; a GOP has ten.
func (f *filmed) send(size int) {
	f.sent++
	now := time.Now()
	f.hub.OfferPacket(&capture.Packet{ID: f.sent, Track: f.track, Data: bytes.Repeat([]byte{byte(f.sent)}, size), Captured: now, Arrived: now, Key: f.sent%10 == 1})
}

func (f *filmed) Snapshot() *runtime.Snapshot {
	return &runtime.Snapshot{Cameras: []runtime.CameraView{{Status: capture.Status{Name: "still", State: capture.Paused, Reason: "paused by command"}}}}
}

func (f *filmed) View(video string, others []string) (*live.Viewer, func(), error) {
	for _, name := range append(others, video) {
		if name != "door" && name != "" {
			return nil, nil, runtime.ErrNoCamera
		}
	}
	v := live.NewViewer()
	if !v.Watch(f.hub, video == "door") {
		return nil, nil, runtime.ErrNoCamera
	}
	return v, func() { v.Leave(f.hub) }, nil
}

func (f *filmed) Stills(ctx context.Context, cameras []string, width int, fps float64, give func(runtime.Still) error) error {
	for id := uint64(1); ; id++ {
		for _, c := range cameras {
			if c != "door" {
				return runtime.ErrNoCamera
			}
			if err := give(runtime.Still{Camera: c, Frame: id, Captured: time.Now(), JPEG: []byte("jpeg")}); err != nil {
				return err
			}
		}
		select {
		case <-time.After(time.Duration(float64(time.Second) / fps)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *filmed) Still(ctx context.Context, camera string, _ int) (runtime.Still, error) {
	switch camera {
	case "door":
		return runtime.Still{Camera: camera, Frame: 7, Captured: time.UnixMilli(5000), JPEG: []byte("jpeg")}, nil
	case "dark", "still":
		<-ctx.Done()
		return runtime.Still{}, ctx.Err()
	}
	return runtime.Still{}, runtime.ErrNoCamera
}

// piped serves over in-memory connections with full access, in the time of the bubble.
type piped struct {
	conns chan net.Conn
	over  chan struct{}
}

func (p *piped) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.over:
		return nil, net.ErrClosed
	}
}
func (p *piped) Close() error   { return nil }
func (p *piped) Addr() net.Addr { return &net.UnixAddr{} }

// client returns a client of a server that ends with the test.
func (p *piped) client(t *testing.T, s *Server) *http.Client {
	ending := make(chan struct{})
	s.ending = ending
	srv := http.Server{Handler: s.Handler(), ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, peerKey{}, &peer{uid: func() (int, bool) { return os.Geteuid(), true }, prove: func() {}})
	}}
	var wg sync.WaitGroup
	wg.Go(func() { _ = srv.Serve(p) })
	tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		p.conns <- theirs
		return ours, nil
	}}
	t.Cleanup(func() {
		close(ending)
		tr.CloseIdleConnections()
		close(p.over)
		_ = srv.Close()
		wg.Wait()
	})
	return &http.Client{Transport: tr}
}

func newPiped() *piped { return &piped{conns: make(chan net.Conn), over: make(chan struct{})} }

// watchMedia opens a media stream.
func watchMedia(t *testing.T, c *http.Client, query string) io.ReadCloser {
	t.Helper()
	res, err := c.Get("http://rvo/api/media?" + query)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		t.Fatalf("GET /api/media?%s: %s", query, res.Status)
	}
	return res.Body
}

func next(t *testing.T, from io.Reader) live.Message {
	t.Helper()
	m, err := live.ReadMessage(from)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMediaStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFilmed()
		c := newPiped().client(t, NewServer(Options{Runtime: f}))
		for range 14 {
			f.send(5)
		}
		body := watchMedia(t, c, "video=door")
		defer body.Close()
		var about live.Camera
		for _, want := range []string{"", "avc1.640028"} {
			m := next(t, body)
			if err := json.Unmarshal(m.Payload, &about); m.Type != live.MessageCamera || err != nil || about.Camera != "door" || about.CodecString != want {
				t.Fatalf("got %+v, %v, want the camera with codec %q", m, err, want)
			}
		}
		if !bytes.Equal(about.Config, f.track.Config) || about.Width != 64 {
			t.Errorf("the camera is described as %+v", about)
		}
		for id := uint64(11); id <= 14; id++ {
			m := next(t, body)
			if m.Type != live.MessagePacket || m.Frame != id || (m.Flags&live.FlagKey != 0) != (id == 11) || string(m.Payload) != strings.Repeat(string(rune(id)), 5) || m.Captured.IsZero() {
				t.Fatalf("got %+v, want packet %d", m, id)
			}
		}
		f.hub.OfferResult("people", []string{"person_count"}, engine.FrameRef{ID: 13}, time.Now(), &engine.Answer{
			Values: []float64{1}, Detections: [][]detectors.Detection{{{Label: "person", Score: 0.5}}},
		})
		m := next(t, body)
		var found live.Result
		if err := json.Unmarshal(m.Payload, &found); m.Type != live.MessageResult || m.Frame != 13 || err != nil ||
			found.Detector != "people" || found.Signals[0].Value != 1 || found.Signals[0].Detections[0].Label != "person" {
			t.Fatalf("got %+v, %v", m, err)
		}
		began := time.Now()
		if m := next(t, body); m.Type != live.MessageIdle || time.Since(began) > time.Second {
			t.Errorf("got %+v after %v, want a sign of life", m, time.Since(began))
		}
		f.hub.Close()
		if _, err := live.ReadMessage(body); !errors.Is(err, io.EOF) {
			t.Errorf("the camera has ended: %v", err)
		}
	})
}

func TestMediaStills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newPiped().client(t, NewServer(Options{Runtime: newFilmed()}))
		body := watchMedia(t, c, "jpeg=door&rate=10")
		began, frames := time.Now(), uint64(0)
		for time.Since(began) < 5*time.Second {
			if m := next(t, body); m.Type == live.MessageJPEG {
				if frames++; m.Frame != frames || string(m.Payload) != "jpeg" {
					t.Fatalf("got %+v, want frame %d", m, frames)
				}
			}
		}
		if frames < 49 || frames > 51 {
			t.Errorf("%d frames came in 5 s, want ten a second", frames)
		}
		body.Close()
		synctest.Wait() // the encoder ends with the client: the bubble has no goroutine left
	})
}

// A client that reads too slowly continues with a key frame, and learns what it lost. One that
// reads nothing is disconnected.
func TestMediaForSlowClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFilmed()
		s := NewServer(Options{Runtime: f})
		c := newPiped().client(t, s)
		slow, stopped := watchMedia(t, c, "video=door"), watchMedia(t, c, "video=door")
		defer stopped.Close()
		defer slow.Close()
		next(t, slow)
		var read, lost, last uint64
		got := func(m live.Message) {
			switch m.Type {
			case live.MessageGap:
				var l live.Lost
				if err := json.Unmarshal(m.Payload, &l); err != nil || l.GOPs == 0 {
					t.Fatalf("%s: %v", m.Payload, err)
				}
				lost += l.Frames
				last = 0
			case live.MessagePacket:
				if last == 0 && m.Flags&live.FlagKey == 0 || last != 0 && m.Frame != last+1 {
					t.Fatalf("packet %d follows %d", m.Frame, last)
				}
				last = m.Frame
				read++
			}
		}
		for i := range 200 {
			f.send(64 << 10)
			time.Sleep(40 * time.Millisecond)
			if i%4 == 0 {
				got(next(t, slow))
			}
		}
		if taken := s.views.taken.Load(); taken != 2 {
			t.Errorf("%d streams are open before the deadline, want 2", taken)
		}
		time.Sleep(sendTimeout)
		for s.views.taken.Load() > 1 {
			time.Sleep(time.Second)
		}
		for range 200 {
			m, err := live.ReadMessage(slow)
			if err != nil {
				break
			}
			got(m)
		}
		if lost == 0 || read == 0 || read+lost > f.sent {
			t.Errorf("%d packets came, %d were lost of %d", read, lost, f.sent)
		}
	})
}

func TestMediaQueries(t *testing.T) {
	at := served(t, NewServer(Options{Runtime: newFilmed()}))
	for query, want := range map[string]int{
		"media":                              400,
		"media?video=":                       400,
		"media?video=yard":                   404,
		"media?jpeg=door,yard":               404,
		"media?jpeg=door&width=9999":         400,
		"media?jpeg=door&width=x":            400,
		"media?jpeg=door&rate=1000":          400,
		"media?jpeg=door&rate=NaN":           400,
		"media?jpeg=door&rate=":              400,
		"media?jpeg=door&rate=0":             400,
		"media?video=door&token=x":           400,
		"media?jpeg=" + many():               400,
		"cameras/yard/frame.jpg":             404,
		"cameras/door/frame.jpg?width=5":     400,
		"cameras/door/frame.jpg?width=":      400,
		"cameras/door/frame.jpg?width=%2B99": 400,
		"cameras/door/frame.jpg?rate=5":      400,
		"cameras/door/frame.jpg?width=100":   200,
		"cameras/yard/preview.mjpeg":         404,
		"cameras/door/preview.mjpeg?rate=-1": 400,
	} {
		res, err := http.Get(at + "/api/" + query)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("GET /api/%.60s: %s, want %d", query, res.Status, want)
		}
	}
}

// many returns the names of too many cameras.
func many() string {
	var names strings.Builder
	for i := range maxViewed + 1 {
		names.WriteString(strings.Repeat("c", i+1) + ",")
	}
	return names.String()
}

func TestFrameAndPreview(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newPiped().client(t, NewServer(Options{Runtime: newFilmed()}))
		res, err := c.Get("http://rvo/api/cameras/door/frame.jpg")
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(res.Body)
		if err != nil || string(data) != "jpeg" || res.Header.Get("Content-Type") != "image/jpeg" || res.Header.Get("X-Frame-Id") != "7" || res.Header.Get("Last-Modified") != "Thu, 01 Jan 1970 00:00:05 GMT" {
			t.Errorf("frame.jpg: %q, %v, %v", data, err, res.Header)
		}
		began := time.Now()
		if res, err = c.Get("http://rvo/api/cameras/dark/frame.jpg"); err != nil {
			t.Fatal(err)
		}
		data, _ = io.ReadAll(res.Body)
		if res.StatusCode != http.StatusServiceUnavailable || time.Since(began) != stillTime || !strings.Contains(string(data), "no longer there") {
			t.Errorf("a camera without frames: %s after %v: %s", res.Status, time.Since(began), data)
		}
		if res, err = c.Get("http://rvo/api/cameras/still/frame.jpg"); err != nil {
			t.Fatal(err)
		}
		data, _ = io.ReadAll(res.Body)
		if res.StatusCode != http.StatusConflict || !strings.Contains(string(data), "resume it") {
			t.Errorf("a paused camera: %s: %s", res.Status, data)
		}
		if res, err = c.Get("http://rvo/api/cameras/door/preview.mjpeg?rate=10"); err != nil {
			t.Fatal(err)
		}
		part := make([]byte, 150)
		if _, err := io.ReadFull(res.Body, part); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
		if want := "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 4\r\nX-Frame-Id: 1\r\n\r\njpeg\r\n--frame\r\n"; !strings.HasPrefix(string(part), want) {
			t.Errorf("preview begins with %q", part)
		}
		res.Body.Close()
		synctest.Wait()
	})
}

// Messages of one stream have comparable times, whatever the wall clock was when each was taken.
func TestMediaTimesFollowOneClock(t *testing.T) {
	now := time.Now()
	before := now.Add(-time.Second)
	// A time of a clock that was an hour behind: the seconds are above 30 bits of nanoseconds.
	*(*uint64)(unsafe.Pointer(&before)) -= 3600 << 30
	if now.Sub(before) != time.Second || now.Unix()-before.Unix() != 3601 {
		t.Fatalf("a time before the clock was set is %v", before)
	}
	w := httptest.NewRecorder()
	m := mediaWriter{sender: newSender(w), began: now}
	for _, at := range []time.Time{before, now} {
		if err := m.write(live.Message{Type: live.MessageJPEG, Captured: at}); err != nil {
			t.Fatal(err)
		}
	}
	first, second := next(t, w.Body), next(t, w.Body)
	if gap := second.Captured.Sub(first.Captured); gap != time.Second {
		t.Errorf("a second becomes %v", gap)
	}
}
