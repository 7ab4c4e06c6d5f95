//go:build cgo

package film

import (
	"log/slog"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/capture/libav"
)

// The brightness of each frame of the movie is its number, whatever its frames refer to.
func TestRealMovie(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
	video := libav.New(libav.Options{Log: slog.New(slog.DiscardHandler)})
	for _, frames := range []string{"0", "2"} { // that refer to later ones
		path := filepath.Join(t.TempDir(), "clip.mp4")
		out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=black:s=64x48:r=10:d=5,geq=lum='20+4*N':cb=128:cr=128", "-c:v", "libx264",
			"-g", "20", "-bf", frames, "-movflags", "+faststart", path).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		src, err := video.OpenFile(t.Context(), capture.DefaultConfig(), capture.Address{Kind: capture.KindFile, Path: path})
		if err != nil {
			t.Fatal(err)
		}
		f := New(video.OpenDecoder)
		if err := f.Add(src); err != nil {
			t.Fatal(err)
		}
		if d := f.Length() - 5*time.Second; d.Abs() > 200*time.Millisecond {
			t.Errorf("%v long, want 5 s", f.Length())
		}
		for _, n := range []int{0, 7, 31, 12, 49, 20, 19} {
			at, err := f.Seek(time.Duration(n)*100*time.Millisecond+time.Millisecond, true)
			if err != nil {
				t.Fatal(err)
			}
			shows(t, f, at, n)
		}
		last := time.Duration(-1)
		for n := range 60 { // it plays
			at, err := f.Seek(time.Duration(n)*100*time.Millisecond, false)
			if err != nil {
				t.Fatal(err)
			}
			if at < last && n > 3 {
				t.Errorf("with %s: it goes back from %v to %v", frames, last, at)
			}
			last = at
		}
		if last != 4900*time.Millisecond {
			t.Errorf("with %s: it ends at %v", frames, last)
		}
		f.Close()
	}
}

// shows fails unless the frame has a number, or that of a frame that refers to it.
func shows(t *testing.T, f *Film, at time.Duration, n int) {
	t.Helper()
	p, err := f.Scale(4, 4)
	if err != nil {
		t.Fatal(err)
	}
	got := int(at / (100 * time.Millisecond))
	want := (20 + 4*float64(got) - 16) * 255 / 219
	if d := float64(p.Pixels[0]) - want; d > 6 || d < -6 {
		t.Errorf("frame %d has %d, want %.0f", got, p.Pixels[0], want)
	}
	if got < n || got > n+3 {
		t.Errorf("frame %d is shown instead of %d", got, n)
	}
}

// Two movies of different sizes play as one, forwards and backwards.
func TestRealMoviesPlayAsOne(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
	video := libav.New(libav.Options{Log: slog.New(slog.DiscardHandler)})
	f := New(video.OpenDecoder)
	defer f.Close()
	for _, source := range []string{"color=black:s=64x48:r=10:d=2", "color=white:s=32x24:r=10:d=2"} {
		path := filepath.Join(t.TempDir(), "clip.mp4")
		if out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-c:v", "libx264", path).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		src, err := video.OpenFile(t.Context(), capture.DefaultConfig(), capture.Address{Kind: capture.KindFile, Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Add(src); err != nil {
			t.Fatal(err)
		}
	}
	for n, exactly := range []bool{false, true, false, true} {
		for _, second := range []bool{false, true} {
			to := time.Duration(n)*300*time.Millisecond + 50*time.Millisecond
			width := 64
			if second {
				to, width = to+2*time.Second, 32
			}
			at, err := f.Seek(to, exactly)
			if err != nil {
				t.Fatal(err)
			}
			w, _ := f.Size()
			p, err := f.Scale(4, 4)
			if err != nil || w != width || (p.Pixels[0] > 127) != second || (at-to).Abs() > time.Second {
				t.Errorf("to %v: %d wide, at %v, pixel %d, %v", to, w, at, p.Pixels[0], err)
			}
		}
	}
}
