package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// halves returns the brightest pixel of each half of a frame, 0 to 255. Compression blurs the
// edge of a private zone.
func halves(img image.Image) (left, right uint32) {
	const slack = 8
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			red, green, blue, _ := img.At(x, y).RGBA()
			switch brightest := max(red, green, blue) >> 8; {
			case x < b.Dx()/2-slack:
				left = max(left, brightest)
			case x > b.Dx()/2+slack:
				right = max(right, brightest)
			}
		}
	}
	return left, right
}

// A camera sends only white. In everything that leaves the program, the private half is black.
func TestPrivateZone(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	needGRPC(t)
	tool(t, "ffprobe", "ffmpeg")
	tool(t, "curl", "curl")
	server := serveRTSP(t, 0, "--launch", "videotestsrc is-live=true pattern=white ! video/x-raw,format=I420,width=320,height=180,framerate=25/1 ! "+
		"x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph264pay name=pay0 pt=96 config-interval=-1")
	config := nice + fmt.Sprintf(`
[[camera]]
name   = "yard"
source = "rtsp://127.0.0.1:%d/stream"

[[zone]]
name    = "window"
cameras = ["yard"]
rect    = [0.0, 0.0, 0.5, 1.0]
privacy = true

[[detector]]
name     = "halves"
kind     = "command"
command  = [%q, "-B", %q]
signals  = ["left", "right"]
timeout  = "20s"
ttl      = "20s"
max_fps  = 5

[[rule]]
event    = "seen"
when     = "right >= 0"
for      = "3s"
cooldown = "1h"
before   = "2s"
after    = "2s"

[metrics]
listen = "127.0.0.1:0"
`, server.port, python, path(t, "testdata/halves.py"))

	refused := run(t, setup{config: config + "\n[clips]\nmode = \"copy\"\n", args: []string{"check"}}, patience)
	if told := refused.stdout.String() + refused.stderr.String(); refused.status(0) != 2 || !strings.Contains(told, "which shows the private zone \"window\"") {
		t.Errorf("with mode copy, check exits with status %d: %s", refused.status(0), told)
	}

	dir := t.TempDir()
	d := startDaemon(t, runtimeDir(t), dir, config)
	d.until(patience, "a clip", func() bool { return len(directories(t, dir)) == 1 })
	all := d.metrics()
	left, right := all[`rvo_signal_value{camera="yard",signal="left"}`], all[`rvo_signal_value{camera="yard",signal="right"}`]
	if !known(all, "left") || !known(all, "right") || left > 0.02 || right < 0.9 {
		t.Errorf("a service got a frame with a brightness of %v in the private half, %v in the other", left, right)
	}
	black := func(what string, data []byte) {
		t.Helper()
		img, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return
		}
		if left, right := halves(img); left > 24 || right < 200 {
			t.Errorf("%s has %d in the private half, %d in the other", what, left, right)
		}
	}
	for _, query := range []string{"", "?width=64"} {
		shown, problem, ok := d.curl(dir, "api '/cameras/yard/frame.jpg"+query+"'", "")
		if !ok {
			t.Fatal(problem)
		}
		black("the preview"+query, []byte(shown))
	}
	d.stop()

	c := checkClips(t, d.program, 1)[0]
	clip := filepath.Join(dir, "evidence", c.Path)
	var said struct {
		Private []string `json:"private_zones"`
	}
	if err := json.Unmarshal([]byte(read(t, filepath.Join(clip, "meta.json"))), &said); err != nil {
		t.Fatal(err)
	}
	if m := c.meta.Movie; m.Copied || m.Codec != "h264" || m.Frames < 20 || !slices.Equal(said.Private, []string{"window"}) {
		t.Errorf("meta.json says %+v, private zones %q", m, said.Private)
	}
	black("the thumbnail", []byte(read(t, filepath.Join(clip, "thumb.jpg"))))
	frames, err := exec.Command("ffmpeg", "-v", "error", "-i", filepath.Join(clip, c.meta.Movie.File), "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgba", "-").Output()
	size := c.meta.Movie.Width * c.meta.Movie.Height * 4
	if err != nil || len(frames) != size*c.meta.Movie.Frames {
		t.Fatalf("%d bytes of frames, want %d of %d: %v", len(frames), c.meta.Movie.Frames, size, err)
	}
	for i := range c.meta.Movie.Frames {
		img := &image.NRGBA{Pix: frames[i*size : (i+1)*size], Stride: c.meta.Movie.Width * 4, Rect: image.Rect(0, 0, c.meta.Movie.Width, c.meta.Movie.Height)}
		if left, right := halves(img); left > 24 || right < 200 {
			t.Errorf("frame %d of the clip has %d in the private half, %d in the other", i, left, right)
		}
	}
}
