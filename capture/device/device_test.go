package device

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
)

var webcamModes = []Mode{
	{Format: "MJPG", Width: 1920, Height: 1080, Rates: []float64{30, 15}},
	{Format: "MJPG", Width: 1280, Height: 720, Rates: []float64{30}},
	{Format: "YUYV", Width: 1920, Height: 1080, Rates: []float64{5}},
	{Format: "YUYV", Width: 640, Height: 480, Rates: []float64{30, 15}},
	{Format: "BA81", Width: 640, Height: 480, Rates: []float64{90}},
}

func TestPick(t *testing.T) {
	grey := []Mode{{Format: "GREY", Width: 160, Height: 120}, {Format: "Y16 ", Width: 320, Height: 240}}
	wide := []Mode{{Format: "YUYV", Width: 4096, Height: 2160, least: [2]int{64, 64}, step: [2]int{16, 8}}}
	fine := []Mode{{Format: "YUYV", Width: 8192, Height: 8192, least: [2]int{2, 1}, step: [2]int{1, 1}}}
	h264 := []Mode{{Format: "H264", Width: 1280, Height: 720, Rates: []float64{30}}, {Format: "YUYV", Width: 1280, Height: 720, Rates: []float64{10}}}
	for name, c := range map[string]struct {
		modes []Mode
		w, h  int
		fps   float64
		want  string
		size  [2]int
	}{
		"nothing asked":           {webcamModes, 0, 0, 0, "MJPG", [2]int{1280, 720}},
		"small, raw alone":        {webcamModes, 640, 480, 30, "YUYV", [2]int{640, 480}},
		"large":                   {webcamModes, 1920, 1080, 30, "MJPG", [2]int{1920, 1080}},
		"large and slow":          {webcamModes, 1920, 1080, 5, "MJPG", [2]int{1920, 1080}},
		"width alone":             {webcamModes, 1920, 0, 0, "MJPG", [2]int{1920, 1080}},
		"no such size":            {webcamModes, 800, 600, 0, "YUYV", [2]int{640, 480}},
		"rates unknown":           {grey, 0, 0, 30, "GREY", [2]int{160, 120}},
		"a range":                 {wide, 1000, 999, 0, "YUYV", [2]int{992, 992}},
		"a range, nothing asked":  {wide, 0, 0, 0, "YUYV", [2]int{1280, 720}},
		"a range, beyond its end": {wide, 7680, 4320, 0, "YUYV", [2]int{4096, 2160}},
		"a range of odd sizes":    {fine, 641, 481, 0, "YUYV", [2]int{640, 480}},
		"the one that keeps up":   {h264, 1280, 720, 30, "H264", [2]int{1280, 720}},
	} {
		m, ok := pick(c.modes, c.w, c.h, c.fps)
		if !ok || m.Format != c.want || m.Width != c.size[0] || m.Height != c.size[1] {
			t.Errorf("%s: %+v, %v; want %s of %v", name, m, ok, c.want, c.size)
		}
	}
	if m, ok := pick(grey[1:], 0, 0, 0); ok {
		t.Errorf("%+v of a device without a format that is known", m)
	}
}

func TestListIn(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"video10", "video2", "video3", "video4", "videoX", "video", "null", "video99999"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(path string) (string, []Mode, error) {
		switch filepath.Base(path) {
		case "video3":
			return "metadata", nil, nil
		case "video4":
			return "", nil, os.ErrPermission
		}
		return "cam", webcamModes, nil
	}
	want := []Device{
		{Number: 2, Path: dir + "/video2", Name: "cam", Modes: webcamModes},
		{Number: 4, Path: dir + "/video4", Err: os.ErrPermission},
		{Number: 10, Path: dir + "/video10", Name: "cam", Modes: webcamModes},
	}
	if got := listIn(dir, ask); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := listIn(dir+"/none", ask); got != nil {
		t.Errorf("no directory: %v", got)
	}
}

// fake is a device with a steady frame rate.
type fake struct {
	frames   [][]byte
	every    time.Duration
	err      error // after the last frame
	n        int
	held     bool
	released int
	started  Mode
	fps      float64
	refuses  error // of Start
	closed   bool
}

func (f *fake) Start(m Mode, fps float64) error { f.started, f.fps = m, fps; return f.refuses }

func (f *fake) Wait() (bool, error) {
	if f.n == len(f.frames) && f.err == nil {
		time.Sleep(time.Second)
		return false, nil
	}
	time.Sleep(f.every)
	return true, nil
}

func (f *fake) Frame() ([]byte, uint32, error) {
	if f.n == len(f.frames) {
		return nil, 0, f.err
	}
	f.n++
	f.held = true
	return f.frames[f.n-1], uint32(f.n % 4), nil
}

func (f *fake) Release(uint32) error {
	clear(f.frames[f.n-1]) // the driver writes there again
	f.held = false
	f.released++
	return nil
}

func (f *fake) Close() error { f.closed = true; return nil }

func TestPacketsAreWhatTheDeviceSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			format string
			frame  string
			key    bool
		}{
			{"MJPG", "\xff\xd8 image", true},
			{"H264", "\x00\x00\x00\x01\x67sps\x00\x00\x01\x65idr", true},
			{"H264", "\x00\x00\x00\x01\x41slice", false},
		} {
			dev := &fake{frames: [][]byte{[]byte(c.frame), {}, []byte(c.frame)}, every: 40 * time.Millisecond, err: syscall.ENODEV}
			src, err := start(t.Context(), dev, []Mode{{Format: c.format, Width: 640, Height: 480}}, capture.Config{FPS: 25, StallTimeout: text.Duration(5 * time.Second)})
			if err != nil {
				t.Fatal(err)
			}
			p := src.(capture.PacketSource)
			if tracks := p.Tracks(); len(tracks) != 1 || !tracks[0].Video || tracks[0].Width != 640 || dev.fps != 25 {
				t.Errorf("tracks %+v at %v", tracks, dev.fps)
			}
			first, err := p.Read()
			if err != nil || string(first.Data) != c.frame || first.Key != c.key || first.Arrived.IsZero() {
				t.Errorf("%s: %+v, %v", c.format, first, err)
			}
			if _, err := p.Read(); !errors.As(err, new(*capture.CorruptError)) {
				t.Errorf("an empty frame: %v", err)
			}
			third, err := p.Read()
			if err != nil || third.PTS-first.PTS != 80*time.Millisecond || dev.held || dev.released != 3 {
				t.Errorf("%+v, %v, held %v after %d", third, err, dev.held, dev.released)
			}
			if _, err := p.Read(); err == nil || !strings.Contains(err.Error(), "unplugged") {
				t.Errorf("a device that is gone: %v", err)
			}
			if p.Close(); !dev.closed {
				t.Error("the device stays open")
			}
		}
	})
}

func TestRawFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// A red pixel in limited-range BT.601.
		const y, u, v = 81, 90, 240
		w, h := 6, 4
		planes := func(chroma ...byte) []byte { return append(bytes.Repeat([]byte{y}, w*h), chroma...) }
		for format, frame := range map[string][]byte{
			"YUYV": bytes.Repeat([]byte{y, u, y, v}, w*h/2),
			"UYVY": bytes.Repeat([]byte{u, y, v, y}, w*h/2),
			"NV12": planes(bytes.Repeat([]byte{u, v}, w*h/4)...),
			"YU12": planes(append(bytes.Repeat([]byte{u}, w*h/4), bytes.Repeat([]byte{v}, w*h/4)...)...),
			"GREY": planes(),
		} {
			dev := &fake{frames: [][]byte{bytes.Clone(frame[1:]), frame}}
			src, err := start(t.Context(), dev, []Mode{{Format: format, Width: w, Height: h}}, capture.Config{StallTimeout: text.Duration(5 * time.Second)})
			if err != nil {
				t.Fatal(err)
			}
			s := src.(capture.Source)
			if _, err := s.Grab(); !errors.As(err, new(*capture.CorruptError)) {
				t.Errorf("%s: a frame that is cut short: %v", format, err)
			}
			if _, err := s.Grab(); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			dst := make([]byte, w*h*3)
			if err := s.Retrieve(dst); err != nil {
				t.Fatal(err)
			}
			want := []byte{0, 0, 254}
			if format == "GREY" {
				want = []byte{y, y, y}
			}
			for i, b := range dst {
				if d := int(b) - int(want[i%3]); d < -2 || d > 2 {
					t.Errorf("%s: byte %d is %d, want %d", format, i, b, want[i%3])
					break
				}
			}
			if err := s.Retrieve(dst[1:]); !errors.Is(err, capture.ErrSizeChanged) {
				t.Errorf("%s: another size: %v", format, err)
			}
		}
	})
}

func TestDeviceThatFallsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cfg := capture.Config{StallTimeout: text.Duration(3 * time.Second)}
		modes := []Mode{{Format: "MJPG", Width: 640, Height: 480}}
		src, err := start(ctx, &fake{}, modes, cfg)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := src.(capture.PacketSource).Read(); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		time.AfterFunc(1500*time.Millisecond, cancel)
		began = time.Now()
		if _, err := src.(capture.PacketSource).Read(); !errors.Is(err, context.Canceled) || time.Since(began) > 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		// A device that announces frames but has none.
		src, _ = start(t.Context(), &fake{err: syscall.EAGAIN}, modes, cfg)
		if _, err := src.(capture.PacketSource).Read(); !errors.Is(err, syscall.EAGAIN) {
			t.Errorf("announced frames: %v", err)
		}
	})
}

func TestDeviceThatDoesNotStart(t *testing.T) {
	modes := []Mode{{Format: "MJPG", Width: 640, Height: 480}}
	dev := &fake{refuses: syscall.EBUSY}
	if _, err := start(t.Context(), dev, modes, capture.Config{}); !errors.Is(err, syscall.EBUSY) || !strings.Contains(err.Error(), "another program") || !dev.closed {
		t.Errorf("busy: %v, closed %v", err, dev.closed)
	}
	dev = &fake{}
	if _, err := start(t.Context(), dev, []Mode{{Format: "BA81", Width: 640, Height: 480}}, capture.Config{}); !errors.Is(err, capture.ErrUnsupported) || !strings.Contains(err.Error(), "BA81") || !dev.closed {
		t.Errorf("no known format: %v, closed %v", err, dev.closed)
	}
}

func TestDeviceMissing(t *testing.T) {
	_, err := Open(t.Context(), capture.DefaultConfig(), capture.Address{Kind: capture.KindDevice, Device: 9999})
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "--list-cameras") || !strings.Contains(err.Error(), "device:9999") {
		t.Errorf("error %v", err)
	}
	plain := filepath.Join(t.TempDir(), "video1")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, modes, err := ask(plain); modes != nil || err != nil {
		t.Errorf("a plain file has modes %v, %v", modes, err)
	}
}
