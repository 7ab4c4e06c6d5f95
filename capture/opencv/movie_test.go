//go:build cgo

package opencv_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/capture/opencv"
)

// pictures returns n JPEG pictures of a growing brightness, each for repeat places.
func pictures(t testing.TB, n, width, height, repeat int) iter.Seq2[[]byte, int] {
	return func(yield func([]byte, int) bool) {
		for i := range n {
			pix := bytes.Repeat([]byte{byte(i * 5), byte(i * 5), byte(i * 5)}, width*height)
			data, err := capture.EncodeJPEG(pix, width, height, width, height)
			if err != nil {
				t.Error(err)
				return
			}
			if !yield(data, repeat) {
				return
			}
		}
	}
}

func TestMovie(t *testing.T) {
	var m opencv.Movie
	for _, c := range []struct{ n, w, h, repeat int }{{20, 320, 240, 1}, {5, 321, 241, 3}, {1, 64, 48, 1}, {2, 64, 48, 20}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "clip"+m.Ext())
			err := m.Encode(t.Context(), path, 10, pictures(t, c.n, c.w, c.h, c.repeat))
			if errors.Is(err, errors.ErrUnsupported) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			frames, duration, err := m.Verify(t.Context(), path)
			want := c.n * c.repeat
			if err != nil || frames != want || duration != time.Duration(want)*100*time.Millisecond {
				t.Errorf("%d pictures, %v, %v; want %d", frames, duration, err, want)
			}
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			// A full disk leaves less of the file, and OpenCV does not say so.
			for _, part := range []int{0, len(whole) / 2, len(whole) - len(whole)/8} {
				if err := os.WriteFile(path, whole[:part], 0o600); err != nil {
					t.Fatal(err)
				}
				if n, _, err := m.Verify(t.Context(), path); err == nil {
					t.Errorf("%d of %d bytes verify, with %d pictures", part, len(whole), n)
				}
			}
		})
	}
}

func TestMovieErrors(t *testing.T) {
	var m opencv.Movie
	dir := t.TempDir()
	mixed := func(yield func([]byte, int) bool) {
		for data, n := range pictures(t, 1, 64, 48, 1) {
			_ = yield(data, n)
		}
		for data, n := range pictures(t, 1, 80, 48, 1) {
			_ = yield(data, n)
		}
	}
	one := func(data []byte) iter.Seq2[[]byte, int] {
		return func(yield func([]byte, int) bool) { yield(data, 1) }
	}
	huge := []byte("\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xd9")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx    context.Context
		path   string
		fps    float64
		frames iter.Seq2[[]byte, int]
		says   string
	}{
		"no pictures":    {t.Context(), dir + "/a.mp4", 10, pictures(t, 0, 8, 8, 1), "no pictures"},
		"no directory":   {t.Context(), dir + "/none/a.mp4", 10, pictures(t, 1, 64, 48, 1), "no such file"},
		"no rate":        {t.Context(), dir + "/b.mp4", 0, pictures(t, 1, 64, 48, 1), "rate"},
		"differing size": {t.Context(), dir + "/c.mp4", 10, mixed, "differ"},
		"not a picture":  {t.Context(), dir + "/d.mp4", 10, one([]byte("hello")), "not a JPEG"},
		"empty picture":  {t.Context(), dir + "/e.mp4", 10, one(nil), "empty"},
		"huge picture":   {t.Context(), dir + "/f.mp4", 10, one(huge), "picture 1"},
		"ended context":  {ended, dir + "/g.mp4", 10, pictures(t, 2, 64, 48, 1), "canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			err := m.Encode(c.ctx, c.path, c.fps, c.frames)
			if errors.Is(err, errors.ErrUnsupported) {
				t.Skip(err)
			}
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v: want it to say %q", err, c.says)
			}
		})
	}
}

func TestEncodeJPEG(t *testing.T) {
	pix := make([]byte, 64*48*3)
	for i := range pix {
		if i%3 == 2 {
			pix[i] = 250 // red comes last
		}
	}
	for _, size := range []image.Point{{64, 48}, {32, 24}, {65, 1}, {128, 96}} {
		data, err := capture.EncodeJPEG(pix, 64, 48, size.X, size.Y)
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil || img.Bounds().Size() != size {
			t.Fatalf("%v: %v, %v", size, img, err)
		}
		if r, g, b, _ := img.At(0, 0).RGBA(); r < 0xf000 || g > 0x1000 || b > 0x1000 {
			t.Errorf("%v: pixel %x %x %x: want red", size, r, g, b)
		}
	}
	for _, bad := range [][4]int{{64, 49, 8, 8}, {0, 0, 8, 8}, {64, 48, 0, 8}, {64, 48, 8, -1}} {
		if _, err := capture.EncodeJPEG(pix, bad[0], bad[1], bad[2], bad[3]); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
	if _, err := capture.EncodeJPEG(pix, 64, 48, 70000, 8); err == nil {
		t.Error("wider than JPEG allows: no error")
	}
}

func BenchmarkEncodeJPEG(b *testing.B) {
	pix := make([]byte, 1280*720*3)
	for i := range pix {
		pix[i] = byte(i * 7 / 5)
	}
	for name, encode := range map[string]capture.Encoder{"opencv": capture.EncodeJPEG, "std": capture.EncodeJPEG} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := encode(pix, 1280, 720, 640, 360); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
