//go:build cgo

package opencv_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
)

func TestFile(t *testing.T) {
	path := testVideo(t, "test.mp4", "320x240", "2", "-bf", "2")
	src := mustOpen(t, config(path))
	if w, h := src.Size(); w != 320 || h != 240 || src.Live() {
		t.Fatalf("size %dx%d, live %v", w, h, src.Live())
	}
	n := 0
	for ; ; n++ {
		pix, stamp, resized, err := picture(src)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || resized {
			t.Fatal("picture", n, err, resized)
		}
		if want := time.Duration(n) * 40 * time.Millisecond; !stamp.HasPTS || (stamp.PTS-want).Abs() > time.Millisecond {
			t.Errorf("picture %d at %v, want %v", n, stamp.PTS, want)
		}
		// testsrc has a red bar at four fifths of the width, and BGR has red last.
		at := (40*320 + 256) * 3
		if n == 0 && (pix[at+2] < 200 || pix[at] > 60) {
			t.Errorf("pixel %v: want red", pix[at:at+3])
		}
	}
	if n != 50 {
		t.Errorf("%d pictures of 50", n)
	}
	if err := errors.Join(src.Close(), src.Close()); err != nil {
		t.Error("close twice:", err)
	}
}

// A raw stream has no times: it is played at the rate that its header says.
func TestFileWithoutTimes(t *testing.T) {
	src := mustOpen(t, config(testVideo(t, "test.h264", "64x64", "0.4", "-bf", "0")))
	last := -time.Millisecond
	for n := range 10 {
		_, stamp, _, err := picture(src)
		if err != nil {
			t.Fatal(n, err)
		}
		if !stamp.HasPTS || stamp.PTS <= last || stamp.PTS > time.Second {
			t.Errorf("picture %d: %+v after %v", n, stamp, last)
		}
		last = stamp.PTS
	}
}

func TestFileScaled(t *testing.T) {
	path := testVideo(t, "test.avi", "320x240", "0.4", "-c:v", "mjpeg")
	for _, c := range []struct{ w, h, wantW, wantH int }{{160, 0, 160, 120}, {0, 60, 80, 60}, {640, 100, 640, 100}, {320, 240, 320, 240}} {
		cfg := config(path)
		cfg.Width, cfg.Height = c.w, c.h
		src := mustOpen(t, cfg)
		if w, h := src.Size(); w != c.wantW || h != c.wantH {
			t.Errorf("size %dx%d, want %dx%d", w, h, c.wantW, c.wantH)
		}
		pix, _, _, err := picture(src)
		if err != nil {
			t.Fatal(err)
		}
		at := (c.wantH/6*c.wantW + c.wantW*80/100) * 3
		if pix[at+2] < 180 || pix[at] > 80 {
			t.Errorf("%dx%d: pixel %v: want red", c.wantW, c.wantH, pix[at:at+3])
		}
		if err := src.Retrieve(pix[:10]); err == nil || errors.Is(err, capture.ErrSizeChanged) {
			t.Errorf("a buffer too small: %v", err)
		}
	}
}

// A stream may change its size in the middle, to larger and to smaller.
func TestFileChangesSize(t *testing.T) {
	var all []byte
	for _, size := range []string{"640x480", "320x240", "800x600", "640x480"} {
		data, err := os.ReadFile(testVideo(t, "part.ts", size, "0.6", "-bf", "0"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	path := filepath.Join(t.TempDir(), "sizes.ts")
	if err := os.WriteFile(path, all, 0o600); err != nil {
		t.Fatal(err)
	}
	src := mustOpen(t, config(path))
	var sizes []int
	n := 0
	for ; ; n++ {
		pix, _, resized, err := picture(src)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal("picture", n, err)
		}
		w, h := src.Size()
		if resized {
			sizes = append(sizes, w)
		}
		// The red bar is where it is in every size.
		at := (h/6*w + w*80/100) * 3
		if pix[at+2] < 180 || pix[at] > 80 {
			t.Fatalf("picture %d, %dx%d: pixel %v: want red", n, w, h, pix[at:at+3])
		}
	}
	// The decoder may lose a picture or two where one size ends.
	if n < 52 || n > 60 || len(sizes) != 3 || sizes[0] != 320 || sizes[1] != 800 || sizes[2] != 640 {
		t.Errorf("%d pictures of 60, widths changed to %v", n, sizes)
	}
}

func TestFileErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole, err := os.ReadFile(testVideo(t, "test.mp4", "320x240", "2"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path string
		is   error
		says string
	}{
		"missing":       {dir + "/none.mp4", os.ErrNotExist, "check the path"},
		"directory":     {dir, capture.ErrUnsupported, "not a regular file"},
		"empty":         {write("empty.mp4", nil), capture.ErrUnsupported, "empty"},
		"text":          {write("text.mp4", []byte(strings.Repeat("not a video ", 500))), capture.ErrUnsupported, "no video file"},
		"cut at half":   {write("cut.mp4", whole[:len(whole)/2]), nil, "cut short"},
		"without video": {ffmpeg(t, "tone.wav", "-f", "lavfi", "-i", "sine", "-t", "1"), capture.ErrUnsupported, "not a video file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, config(c.path))
			if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v: want %v, saying %q", err, c.is, c.says)
			}
		})
	}
}

func TestFileCutShort(t *testing.T) {
	path := testVideo(t, "test.avi", "320x240", "2", "-c:v", "mjpeg")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	src := mustOpen(t, config(path))
	n := 0
	for ; err == nil; n++ {
		_, _, _, err = picture(src)
	}
	if errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "cut short") || n < 10 || n > 40 {
		t.Errorf("after %d pictures of 50: %v", n, err)
	}
}

// A playlist in a file must not make the program connect to anywhere.
func TestFileOpensNothingElse(t *testing.T) {
	var asked atomic.Int32
	addr := faultServer(t, func(c net.Conn) { asked.Add(1); c.Close() })
	for name, list := range map[string]string{
		"list.m3u8":   "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://" + addr + "/a.ts\n#EXT-X-ENDLIST\n",
		"list.concat": "ffconcat version 1.0\nfile http://" + addr + "/a.ts\n",
		"list.sdp":    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(list), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg := config(path)
		cfg.OpenTimeout = text.Duration(2 * time.Second)
		if _, err := open(t, cfg); err == nil {
			t.Errorf("%s opened", name)
		} else if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v: it waited for something", name, err)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func TestEndedContextEndsFile(t *testing.T) {
	path := testVideo(t, "test.mp4", "64x64", "0.4")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := drivers()
	if src, err := d.Open(ctx, config(path)); !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v, %v", src, err)
	}
}

func TestDeviceMissing(t *testing.T) {
	_, err := open(t, config("device:9999"))
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "--list-cameras") {
		t.Errorf("error %v", err)
	}
}
