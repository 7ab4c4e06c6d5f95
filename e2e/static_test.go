package e2e

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The program without cgo is one file, and does everything but OpenCV's part.
func TestStatic(t *testing.T) {
	t.Parallel()
	bin := filepath.Join(t.TempDir(), "rvo-tui")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", bin, "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build without cgo: %v\n%s", err, out)
	}
	file, err := elf.Open(bin)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
			t.Errorf("it is linked dynamically: it has a part %v", part.Type)
		}
	}

	web := serveMJPEG(t, 25)
	jpegs, h264 := serveRTSP(t, 0, "--size", "320x240", "--codec", "mjpeg"), serveRTSP(t, 0, "--size", "320x240")
	p := start(t, setup{bin: bin, config: fmt.Sprintf(`
[runtime]
nice = 0 # its clips are waited for

[[camera]]
name   = "web"
source = %q

[[camera]]
name   = "drawn"
source = "synthetic:street"
width  = 320
height = 180

[[camera]]
name   = "yard"
source = "rtsp://127.0.0.1:%d/stream"

[[camera]]
name   = "door"
source = "rtsp://127.0.0.1:%d/stream"

[[detector]]
name = "motion"
kind = "motion"

[[rule]]
event    = "any"
when     = "motion >= 0"
cooldown = "5s"
before   = "300ms"
after    = "500ms"
`, web.url, jpegs.port, h264.port), args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	for _, camera := range []string{"web", "drawn", "yard"} {
		p.until(patience, camera+" to be live", func() bool { return p.state(camera, "live") })
		p.until(patience, "an event of "+camera, func() bool {
			return strings.Contains(p.stdout.String(), fmt.Sprintf("%q", camera))
		})
	}
	p.logs("built without FFmpeg", patience) // H.264 is received, and not decoded
	p.until(2*patience, "clips", func() bool { return len(directories(t, p.dir)) >= 3 })
	p.stop()
	for _, c := range checkClips(t, p, -1) {
		if c.meta.Movie.File != "clip.avi" {
			t.Errorf("a movie %s without an H.264 encoder", c.meta.Movie.File)
		}
	}
}
