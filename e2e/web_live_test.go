package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// bars is a movie with a bar code that counts frames, in colour only, so that motion detection
// does not see it, and a white square that moves by 30 pixels per frame.
func bars(t testing.TB, file string) {
	t.Helper()
	const code = "color=black:size=12x2:rate=25:duration=240,format=yuv444p,geq=lum=60:cb='90+80*mod(floor(N/pow(2,X)),2)':cr=128,scale=600:60:flags=neighbor"
	out, err := exec.Command(tool(t, "ffmpeg", "ffmpeg"), "-v", "error", "-f", "lavfi", "-i", code,
		"-f", "lavfi", "-i", "color=black:size=640x360:rate=25:duration=240", "-f", "lavfi", "-i", "color=white:size=100x60:rate=25:duration=240",
		"-filter_complex", "[1][0]overlay=0:0:format=yuv444[b];[b][2]overlay=x='mod(n*30,540)':y=200:format=yuv444:shortest=1",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25", "-bf", "0", "-pix_fmt", "yuv420p", file).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
}

const barsConfig = `
[runtime]
nice = 0

[metrics]
listen = ""

[[camera]]
name   = "lab"
source = "bars.mp4"

[[detector]]
name    = "motion"
kind    = "motion"
max_fps = 30
`

// probe reads the next frames off the canvas as they are drawn: the bar code, the page's frame
// ID, the age in milliseconds, whether a result of this very frame is drawn on it, and the right
// edges of the square and of the last box across it.
const probe = `new Promise(done => {
	const canvas = document.querySelector('.screen canvas'), seen = [];
	const g = new OffscreenCanvas(640, 360).getContext('2d', {willReadFrequently: true});
	let last = canvas.dataset.frame;
	const look = () => {
		if (canvas.dataset.frame !== last) {
			last = canvas.dataset.frame;
			const age = performance.timeOrigin + performance.now() - canvas.dataset.captured;
			g.drawImage(canvas, 0, 0, 640, 360);
			const code = g.getImageData(0, 30, 640, 1).data, row = g.getImageData(0, 230, 640, 1).data;
			let n = 0, square = -1, box = -1;
			for (let i = 0; i < 12; i++) if (code[(i * 50 + 25) * 4 + 2] > 90) n += 2 ** i;
			for (let x = 0; x < 640; x++) {
				const [red, green, blue] = row.subarray(x * 4, x * 4 + 3);
				if (blue > 225) square = x;
				if (red > 150 && red - blue > 60) box = x;
			}
			seen.push({n, id: Number(last), age, exact: canvas.dataset.boxes === last, square, box});
		}
		if (seen.length < 25) requestAnimationFrame(look);
		else done(seen);
	};
	look();
})`

// probed is a frame that was read off the canvas.
type probed struct {
	N, ID       int
	Age         float64 // milliseconds since its capture
	Exact       bool
	Square, Box int
}

// A page shows what the camera sent, soon, and the boxes on a frame belong to it: the bar code,
// the ID, the square and its box agree.
func TestWebLive(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	dir := t.TempDir()
	bars(t, filepath.Join(dir, "bars.mp4"))
	prog := start(t, setup{dir: dir, config: barsConfig, args: []string{"--no-ui", "--web", "127.0.0.1:0"}})
	prog.until(patience, "the browser dashboard", func() bool { return webAt.MatchString(prog.stderr.String()) })
	url := "http://" + webAt.FindStringSubmatch(prog.stderr.String())[1]
	p := openPage(t, url+"/#/live/lab?delay=off")
	p.until("a frame", "document.querySelector('.screen canvas')?.dataset.frame")

	ages := []float64{}
	over := time.Now().Add(patience)
	for median := 1e9; median > 150; {
		frames := evaluate[[]probed](p, probe)
		ages = ages[:0]
		for _, f := range frames {
			ages = append(ages, f.Age)
		}
		slices.Sort(ages)
		if median = ages[len(ages)/2]; median > 150 && time.Now().After(over) {
			t.Fatalf("the median latency stays above 150 ms: %.0f", ages)
		}
	}
	t.Logf("latency: p50 %.0f ms, p95 %.0f ms", ages[len(ages)/2], ages[len(ages)*95/100])
	p.shows("[data-delay]", "not delayed")

	p.click(".tools button")
	p.shows("[data-delay]", "delayed by")
	boxed := 0
	for boxed < 10 {
		frames := evaluate[[]probed](p, probe)
		first := frames[0]
		for _, f := range frames {
			if (f.ID-f.N-first.ID+first.N)%4096 != 0 {
				t.Errorf("what is shown as frame %d is %d, counted from frame %d and %d", f.ID, f.N, first.ID, first.N)
			}
			if moved := (f.Square - first.Square - (f.ID-first.ID)*30) % 540; (moved+546)%540 > 12 {
				t.Errorf("frame %d: the square is %d pixels away", f.ID, moved)
			}
			if !f.Exact || f.Box < 0 || f.Square < 250 { // it has just jumped back
				continue
			}
			if boxed++; f.Box < f.Square-12 || f.Box > f.Square+12 {
				t.Errorf("frame %d: the box ends at %d, the square at %d", f.ID, f.Box, f.Square)
			}
		}
		if time.Now().After(over.Add(patience)) {
			t.Fatalf("only %d frames have boxes of their own", boxed)
		}
	}

	p.keys("b") // boxes off
	p.until("no box on a frame", fmt.Sprintf("(%s).then(all => all.every(f => f.box < 0))", probe))
}

// A camera whose packets are lost on the network is shown again from the next key frame on.
func TestWebLiveLosses(t *testing.T) {
	t.Parallel()
	server := serveRTSP(t, 0, "--size", "320x240", "--fps", "25")
	var losing atomic.Bool
	n := 0
	proxy := newRTSPProxy(t, &rtspProxy{target: fmt.Sprintf("127.0.0.1:%d", server.port), rtp: func([]byte, time.Duration) bool {
		n++
		return !losing.Load() || n%20 != 0
	}})
	_, url := startWeb(t, fmt.Sprintf("[metrics]\nlisten = \"\"\n[[camera]]\nname = \"ball\"\nsource = %q\n", proxy.url()))
	p := openPage(t, url+"/#/live/ball")
	frame := "Number(document.querySelector('.screen canvas')?.dataset.frame ?? 0)"
	p.until("frames", frame+" > 0")
	losing.Store(true)
	p.until("losses", "document.querySelector('[data-shown]').textContent.includes('frames lost')")
	lossy := evaluate[int](p, frame)
	p.until("frames while packets are lost", fmt.Sprintf("%s > %d", frame, lossy))
	losing.Store(false)
	whole := evaluate[int](p, frame)
	p.until("frames afterwards", fmt.Sprintf("%s > %d + 30", frame, whole))
}

// Without video, or without a decoder in this browser, frames come as JPEG, and the page says so.
func TestWebLiveWithoutVideo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out, err := exec.Command(tool(t, "ffmpeg", "ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=10:duration=120",
		"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", filepath.Join(dir, "hevc.mp4")).CombinedOutput()
	if err != nil {
		t.Skipf("ffmpeg has no H.265: %v\n%s", err, out)
	}
	prog := start(t, setup{dir: dir, args: []string{"--no-ui", "--web", "127.0.0.1:0"}, config: webConfig + `
[[camera]]
name   = "hevc"
source = "hevc.mp4"
`})
	prog.until(patience, "the browser dashboard", func() bool { return webAt.MatchString(prog.stderr.String()) })
	url := "http://" + webAt.FindStringSubmatch(prog.stderr.String())[1]
	p := openPage(t, url+"/#/live/street")
	p.until("a frame", "document.querySelector('.screen canvas')?.dataset.frame")
	p.shows("[data-shown]", "JPEG 320x180")
	p.shows("[data-shown]", "the source has no encoded video")
	p.accessible("")
	needOpenCV(t) // and with it FFmpeg, which reads the file
	p.open(url + "/#/live/hevc")
	if evaluate[bool](p, "VideoDecoder.isConfigSupported({codec: 'hvc1.1.6.L63.90'}).then(s => s.supported)") {
		t.Skip("this browser decodes H.265")
	}
	p.shows("[data-shown]", "this browser cannot decode hevc")
	p.until("a frame", "document.querySelector('.screen canvas').dataset.frame > 0")
}

// The wall shows every camera, and the chosen one as live video.
func TestWebWall(t *testing.T) {
	t.Parallel()
	_, url := startWeb(t, webConfig)
	p := openPage(t, url+"/#/wall")
	p.until("a frame of each camera", "[...document.querySelectorAll('.tile canvas')].filter(c => c.dataset.frame > 0).length === 2")
	p.accessible("")
	p.click(".tile a")
	p.until("the chosen one", "document.querySelector('.tile.chosen canvas')?.dataset.frame > 0")
	p.click(".tile.chosen a")
	p.shows("h1", "Live")
}

// A failed request is shown, and not taken for nothing there.
func TestWebShowsFailures(t *testing.T) {
	t.Parallel()
	_, url := startWeb(t, webConfig)
	p := openPage(t, url+"/#/events")
	p.until("a clip", "fetch('api/clips?limit=1').then(r => r.json()).then(a => a.clips[0]?.event_id)")
	id := evaluate[string](p, `fetch('api/clips?limit=1').then(r => r.json()).then(a => {
		const real = fetch;
		window.fetch = (at, options) => (String(at).match(failing) ? Promise.resolve(Response.json({ detail: 'the disk hangs' }, { status: 503 })) : real(at, options));
		window.failing = /meta.json/;
		return a.clips[0].event_id;
	})`)
	evaluate[any](p, fmt.Sprintf("location.hash = '/events/*/%s'", id))
	p.shows("[aria-labelledby=evidence]", "the disk hangs")
	for _, view := range []string{"wall", "timeline"} {
		evaluate[any](p, "(failing = /clips|media/, location.hash = '/"+view+"')")
		p.shows("main[data-view="+view+"] .bad", "the disk hangs")
	}
	evaluate[any](p, "(failing = /about/, document.dispatchEvent(new Event('visibilitychange')))") // it connects again
	p.shows("[role=alert]", "Connection lost")
	p.shows("[role=alert]", "the disk hangs")
}

// A view closes what it has opened: after many views, no media stream is left, and the page holds
// one place in this browser.
func TestWebLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	_, url := startWeb(t, webConfig)
	p := openPage(t, url+"/#/fleet")
	p.shows("tbody th", "street")
	evaluate[any](p, `(() => {
		const real = fetch;
		window.opened = window.ended = 0;
		window.fetch = (at, options) => {
			if (String(at).includes('media')) {
				opened++;
				options.signal.addEventListener('abort', () => ended++);
			}
			return real(at, options);
		};
		return 1;
	})()`)
	for range 3 {
		for _, view := range []string{"live/street", "wall", "live/yard", "signals/street", "fleet"} {
			before := evaluate[int](p, "opened")
			evaluate[any](p, fmt.Sprintf("location.hash = '/%s'", view))
			p.until(view, fmt.Sprintf("document.querySelector('main').dataset.view === %q", strings.Split(view, "/")[0]))
			if view == "wall" || strings.HasPrefix(view, "live") {
				p.until("its stream", fmt.Sprintf("opened > %d", before)) // a view that is left at once opens none
			}
		}
	}
	p.until("streams opened and ended", "opened >= 9 && opened === ended")
	if held := evaluate[int](p, "navigator.locks.query().then(all => all.held.length)"); held != 1 {
		t.Errorf("the page holds %d places, want one", held)
	}
}
