package e2e

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

var webScreenshots = flag.String("web-screenshots", "", "write screenshots of the browser dashboard into this directory")

const squareConfig = `
[runtime]
nice = 0

[metrics]
listen = ""

[[camera]]
name   = "square"
source = "square.mp4"

[[camera]]
name   = "street"
source = "synthetic:street"

[[detector]]
name = "motion"
kind = "motion"

[[detector]]
name    = "persons"
kind    = "person"
max_fps = 1
cost    = "low"
timeout = "5s"
cameras = ["square"]

[[rule]]
event    = "crowded"
when     = "persons >= 2 && motion > 0.001"
for      = "2s"
cooldown = "1m"
before   = "2s"
after    = "3s"
cameras  = ["square"]

[clips]
min_free = "1MiB"
`

// TestWebScreenshots takes the screenshots that the documentation shows, of a real video:
//
//	go test ./e2e -run WebScreenshots -web-screenshots "$PWD/docs"
func TestWebScreenshots(t *testing.T) {
	if *webScreenshots == "" {
		t.Skip("no screenshots are asked for: -web-screenshots DIR")
	}
	needOpenCV(t)
	dir := t.TempDir()
	out, err := exec.Command(tool(t, "ffmpeg", "ffmpeg"), "-v", "error", "-i", "/usr/share/doc/opencv-doc/examples/data/vtest.avi",
		"-c:v", "libx264", "-g", "20", "-bf", "0", "-pix_fmt", "yuv420p", filepath.Join(dir, "square.mp4")).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	prog := start(t, setup{dir: dir, config: squareConfig, args: []string{"--no-ui", "--web", "127.0.0.1:0"}})
	prog.until(patience, "the browser dashboard", func() bool { return webAt.MatchString(prog.stderr.String()) })
	url := "http://" + webAt.FindStringSubmatch(prog.stderr.String())[1]
	p := openPage(t, url+"/#/live/square")
	p.do("widen", chromedp.EmulateViewport(1280, 860))
	over := time.After(20 * time.Second) // histories fill
	<-over
	p.colours("dark")
	p.until("persons on their frame", "document.querySelector('.screen canvas').ariaLabel.includes('persons')")
	p.picture("web-live.jpg")
	p.colours("light")
	p.open(url + "/#/events")
	p.shows("tbody th", "crowded")
	p.click("tbody th a")
	p.until("the movie", "document.querySelector('video')?.readyState >= 2")
	evaluate[any](p, `fetch(document.querySelector('video').src.replace('clip.mp4', 'meta.json')).then(r => r.json()).then(meta => {
		const [most] = meta.detections.filter(d => d.signal === 'persons').sort((a, b) => b.detections.length - a.detections.length);
		document.querySelector('video').currentTime = (most.movie_ms + 20) / 1000;
	})`)
	over = time.After(5 * time.Second) // the browser's own signs go
	<-over
	p.picture("web-event.jpg")
}

// picture saves a screenshot of the page for the documentation.
func (p *page) picture(name string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	jpeg, err := chromedp.Run(ctx, chromedp.FullScreenshot(80))
	if err == nil {
		err = os.WriteFile(filepath.Join(*webScreenshots, name), jpeg, 0o644)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}
