//go:build cgo

package libav

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"rvo-tui/capture"
)

var library = New(Options{Log: slog.New(slog.DiscardHandler)})

func config(source string) capture.Config {
	cfg := capture.DefaultConfig()
	cfg.Name, cfg.Source = "test", source
	return cfg
}

// mustOpen opens a file until the end of the test.
func mustOpen(t testing.TB, path string) capture.PacketSource {
	t.Helper()
	src, err := library.OpenFile(t.Context(), config(path), capture.Address{Kind: capture.KindFile, Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

// play decodes a whole file and calls each with every frame.
func play(t testing.TB, path string, each func(d capture.Decoded)) {
	t.Helper()
	src := mustOpen(t, path)
	var dec *decoder
	var track *capture.Track
	show := func(d capture.Decoded, err error) bool {
		if err != nil {
			t.Fatal(err)
		}
		if d.Image == nil {
			return false
		}
		each(d)
		d.Image.Free()
		return true
	}
	drain := func() {
		for show(dec.Drain()) {
			continue
		}
		dec.Close()
	}
	for {
		p, err := src.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !p.Track.Video {
			continue
		}
		if p.Track != track {
			if dec != nil {
				drain()
			}
			track = p.Track
			if dec, _, err = library.newDecoder(track, "none"); err != nil {
				t.Fatal(err)
			}
		}
		show(dec.Decode([]*capture.Packet{p}, false))
	}
	drain()
}

// packed returns a frame as ffmpeg's bgr24.
func packed(t testing.TB, m capture.Image) (pix []byte, width, height int) {
	t.Helper()
	w, h := m.Size()
	pix = make([]byte, w*h*3+capture.Slack)
	if err := m.Convert(pix, capture.Target{Order: capture.BGR, Width: w, Height: h, Stride: w * 3}); err != nil {
		t.Fatal(err)
	}
	return pix[:w*h*3], w, h
}

// ffmpeg runs the ffmpeg program and returns its standard output.
func ffmpeg(t testing.TB, args ...string) []byte {
	t.Helper()
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is missing: apt install ffmpeg")
	}
	var out, bad bytes.Buffer
	cmd := exec.Command(program, append([]string{"-v", "error", "-y"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &bad
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, &bad)
	}
	return out.Bytes()
}

// made makes a file with the ffmpeg program and returns its path.
func made(t testing.TB, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	ffmpeg(t, append(args, path)...)
	return path
}

// psnr returns the similarity of two frames in decibels.
func psnr(a, b []byte) float64 {
	if len(a) != len(b) {
		return math.NaN()
	}
	sum := 0.0
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	if sum == 0 {
		return math.Inf(1)
	}
	return 10 * math.Log10(255*255/(sum/float64(len(a))))
}

// likeFFmpeg compares the first frames of a file with ffmpeg's, scaled to the display size.
func likeFFmpeg(t *testing.T, path string, frames int, vf string) {
	t.Helper()
	var got [][]byte
	var w, h int
	play(t, path, func(d capture.Decoded) {
		if len(got) == frames {
			return
		}
		pix, pw, ph := packed(t, d.Image)
		w, h = pw, ph
		got = append(got, pix)
	})
	args := []string{"-i", path, "-frames:v", fmt.Sprint(frames)}
	if vf != "" {
		args = append(args, "-vf", vf)
	}
	want := ffmpeg(t, append(args, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "bgr24", "-")...)
	size := w * h * 3
	if size == 0 || len(want) != frames*size || len(got) != frames {
		t.Fatalf("%d frames of %dx%d, ffmpeg gives %d bytes", len(got), w, h, len(want))
	}
	for i, pix := range got {
		if db := psnr(pix, want[i*size:(i+1)*size]); !(db >= 40) {
			t.Errorf("frame %d: %.1f dB", i, db)
		}
	}
}

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
