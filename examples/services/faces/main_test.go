//go:build cgo

package main

import (
	"bytes"
	"context"
	"errors"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
)

// Images of the distribution's opencv-doc package.
const images = "/usr/share/doc/opencv-doc/examples/data/"

// load returns an image file as a frame.
func load(t *testing.T, name string) *capture.Frame {
	t.Helper()
	data, err := os.ReadFile(images + name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("needs the package opencv-doc")
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	size := img.Bounds().Size()
	pool := capture.NewPool(1, nil)
	frame, err := pool.Get("test", 1, size.X, size.Y, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { frame.Release(); pool.Close() })
	pix := frame.Pixels()
	for y := range size.Y {
		for x := range size.X {
			r, g, b, _ := img.At(img.Bounds().Min.X+x, img.Bounds().Min.Y+y).RGBA()
			copy(pix[(y*size.X+x)*3:], []byte{byte(b >> 8), byte(g >> 8), byte(r >> 8)})
		}
	}
	return frame
}

// ask calls a detector until the service is up.
func ask(t *testing.T, cfg detectors.Config, frame *capture.Frame) map[string]detectors.Reading {
	t.Helper()
	pool := remote.NewPool(nil)
	defer pool.Close()
	kind := remote.Kind(pool)
	d, err := kind.New(cfg.Fill(kind))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		out, err := d.Detect(ctx, frame)
		if reason := detectors.ReasonOf(err); reason == remote.ReasonRefused && ctx.Err() == nil {
			// The connection is retried every 0.2 s or more; calls fail at once meanwhile.
			tick, end := context.WithTimeout(ctx, 50*time.Millisecond)
			<-tick.Done()
			end()
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[string]detectors.Reading)
		for _, r := range out {
			seen[r.Signal] = r
		}
		return seen
	}
}

// The images: several players, the face of one footballer, a house.
var looks = []struct {
	frame        string
	person, face bool
}{
	{"basketball2.png", true, false},
	{"messi5.jpg", false, true},
	{"home.jpg", false, false},
}

func TestGoService(t *testing.T) {
	const cascade = "/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml"
	if _, err := os.Stat(cascade); err != nil {
		t.Skip("needs the package opencv-data")
	}
	ctx, cancel := context.WithCancel(t.Context())
	endpoint := defaultAddress(filepath.Join(t.TempDir(), "s"))
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, endpoint, "face", cascade) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for _, look := range looks {
		for _, format := range []string{"jpeg", "bgr"} {
			seen := ask(t, detectors.Config{Name: "face", Options: remote.Options{Connection: remote.Connection{Endpoint: endpoint}, Sending: remote.Sending{Format: format}}}, load(t, look.frame))
			if got := seen["face"]; look.face && got.Value != 1 || !look.face && !look.person && got.Value != 0 || len(got.Detections) != int(got.Value) {
				t.Errorf("%s as %s: %v", look.frame, format, got)
			}
		}
	}
}

func TestPythonService(t *testing.T) {
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import grpc, cv2, google.protobuf").Run() != nil {
		t.Skip("needs the packages python3-grpcio, python3-opencv and python3-protobuf")
	}
	socket := filepath.Join(t.TempDir(), "s")
	endpoint := "unix://" + socket
	cmd := exec.CommandContext(t.Context(), python, "-B", "../python/service.py")
	cmd.Env = append(os.Environ(), "RVO_SOCKET="+socket) // as rvo-tui starts it
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() != 0 {
			t.Errorf("service ended with %v", err)
		}
	})
	for _, look := range looks {
		for _, format := range []string{"jpeg", "bgr"} {
			seen := ask(t, detectors.Config{Name: "vision", Options: remote.Options{Connection: remote.Connection{Endpoint: endpoint}, Sending: remote.Sending{Signals: []string{"face", "person"}, Format: format}}}, load(t, look.frame))
			if look.person && !(seen["person"].Value > 0) || look.face && !(seen["face"].Value > 0) || !look.person && !look.face && len(seen) != 0 {
				t.Errorf("%s as %s: %v", look.frame, format, seen)
			}
			for _, r := range seen {
				if len(r.Detections) != int(r.Value) {
					t.Errorf("%s as %s: %v", look.frame, format, r)
				}
			}
		}
	}
}
