package e2e

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// webConfig is the configuration of most browser dashboard tests.
const webConfig = `
[runtime]
nice = 0

[metrics]
listen = ""

[[camera]]
name   = "street"
source = "synthetic:street"
width  = 320
height = 180
fps    = 10

[[camera]]
name   = "yard"
source = "synthetic:empty"
width  = 160
height = 90
fps    = 5

[[detector]]
name = "motion"
kind = "motion"

[[detector]]
name  = "light"
kind  = "quality"
needs = ["motion > 2"]

[[rule]]
event    = "moved"
when     = "motion >= 0 && !(light_brightness > 2 || motion > 2)"
cooldown = "2s"
before   = "1s"
after    = "1s"

[[rule]]
event    = "seen"
when     = "motion >= 0"
cooldown = "2s"
before   = "1s"
after    = "1s"

[clips]
min_free = "1MiB"
`

var webAt = regexp.MustCompile(`the browser dashboard is served" address=(\S+)`)

// startWeb starts a program that serves the browser dashboard, and returns its address as
// http://127.0.0.1:PORT.
func startWeb(t testing.TB, config string) (p *program, url string) {
	t.Helper()
	p = start(t, setup{config: config, args: []string{"--no-ui", "--web", "127.0.0.1:0"}})
	p.until(patience, "the browser dashboard", func() bool { return webAt.MatchString(p.stderr.String()) })
	return p, "http://" + webAt.FindStringSubmatch(p.stderr.String())[1]
}

// colours sets the preferred colour scheme, light or dark.
func (p *page) colours(scheme string) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	}); err != nil {
		p.t.Fatal(err)
	}
}

// tabTo presses tab until an element has the focus.
func (p *page) tabTo(selector string) {
	p.t.Helper()
	for range 200 {
		if evaluate[bool](p, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
			return
		}
		p.keys("\t")
	}
	p.t.Fatalf("the tab key does not reach %s; the page shows:\n%s", selector, p.text())
}

// Each view has a URL and a heading, and axe finds no serious violation in it.
func TestWebViews(t *testing.T) {
	t.Parallel()
	prog, url := startWeb(t, webConfig)
	prog.until(patience, "events", func() bool { return strings.Count(prog.stdout.String(), `"seen"`) >= 2 })
	id := regexp.MustCompile(`"event_id":"([^"]+)","event_type":"seen"`).FindStringSubmatch(prog.stdout.String())[1]
	p := newPage(t)
	for _, v := range []struct{ hash, selector, text string }{
		{"/fleet", "h1", "Fleet"},
		{"/fleet?add=yes", "label", "evidence_source"},
		{"/live/street", "section dd", "synthetic:street"},
		{"/alerts", "h1", "Alerts"},
		{"/detectors/street", "tbody th", "motion"},
		{"/detectors/street/light", "section h2", "light on street"},
		{"/detectors/street?attach=yes", "label", "max_fps"},
		{"/signals/street", "tbody th", "motion"},
		{"/signals/street/motion", "section h2", "motion on street"},
		{"/rules/street", "tbody th", "moved"},
		{"/rules/street/moved", ".tree li", "light_brightness > 2"},
		{"/latency/street", "figcaption", "inference p50"},
		{"/queues/street", "tbody th", "evidence"},
		{"/queues/street/pool", "section dd", "frames that detectors, clips and previews hold"},
		{"/events", "tbody th", "seen"},
		{"/events?filter=camera%3Dyard", "tbody td", "yard"},
		{"/events/*/" + id, "section", "motion >= 0"},
		{"/timeline", ".row .name", "seen"},
		{"/timeline?span=7d", "[aria-pressed=true]", "7d"},
		{"/log", ".lines li", "camera live"},
		{"/log?level=ERROR", "option:checked", "error"},
		{"/detectors/nowhere", ".empty", "There is no camera nowhere."},
		{"/rules/street/none", ".empty", "There is no rule for none"},
	} {
		p.open("about:blank")
		p.colours("light")
		p.open(url + "/#" + v.hash)
		p.shows(v.selector, v.text)
		p.accessible("")
		p.colours("dark")
		p.accessible("color-contrast")
	}
	p.open(url + "/#/live/nowhere")
	p.keys("p")
	p.shows(".notices", "there is no camera")
	p.colours("light")
	p.open(url + "/#/live/street")
	p.shows("tbody, section dd", "synthetic:street")
	p.keys("p")
	p.shows(".over", "paused")
	p.until("its state legible on black", "getComputedStyle(document.querySelector('.over .state')).color === 'rgb(155, 162, 174)'")
}

// With the keyboard alone, a detector is attached by the form for its kind, its signal becomes
// known, it is disabled, and both are undone.
func TestWebAttachByKeyboard(t *testing.T) {
	t.Parallel()
	_, url := startWeb(t, webConfig)
	p := openPage(t, url+"/#/detectors/street")
	p.shows("tbody th", "motion")
	p.tabTo("a[href*=attach]")
	p.keys("\r")
	p.shows("h1", "Attach a detector")
	p.until("the focus on the first field", "document.activeElement.id === 'o-kind'")
	p.keys("dummy")
	p.until("kind dummy", "document.querySelector('#o-kind').value === 'dummy'")
	p.tabTo("#o-name")
	p.keys("seen by nobody")
	p.tabTo("form button")
	p.keys("\r")
	p.shows("[role=alert]", "name") // a name with a blank is refused, and its field gets the focus
	p.said("400 (Bad Request)")
	p.until("the focus on the name", "document.activeElement.id === 'o-name'")
	p.do("clear the name", chromedp.Evaluate[chromedp.Void]("document.activeElement.select()"))
	p.keys("extra")
	p.tabTo("#o-max_fps")
	p.keys("7")
	p.keys("\r")
	p.shows("section h2", "extra on street")
	p.shows(".facts dd", "max_fps 7")
	p.until("the detector running", "document.querySelector('tr.selected').innerText.includes('running')")

	p.tabTo("section a[href*=signals]")
	p.keys("\r")
	p.shows("section h2", "extra on street")
	p.until("its signal known", "document.querySelector('tr[data-name=extra]').innerText.match(/\\s1\\s/)")

	p.tabTo("section a[href*=detectors]")
	p.keys("\r")
	toggle := "[role=switch][aria-label=\"extra enabled\"]"
	p.until("the switch", fmt.Sprintf("document.querySelector(%q)", toggle))
	p.tabTo(toggle)
	p.keys(" ")
	p.until("it switched off", fmt.Sprintf("document.querySelector(%q).getAttribute('aria-checked') === 'false'", toggle))
	p.shows("tr.selected", "disabled")
	p.keys("u")
	p.until("it switched on again", fmt.Sprintf("document.querySelector(%q).getAttribute('aria-checked') === 'true'", toggle))
	p.keys("u")
	p.until("it detached again", "[...document.querySelectorAll('tbody th')].every(e => e.textContent !== 'extra')")
	p.shows(".notices", "undone: extra attached")
}

// squares is a movie that is black for a second, and then has a white square that moves by 40
// pixels per frame, ten frames per second.
func squares(t testing.TB, file string) {
	t.Helper()
	out, err := exec.Command(tool(t, "ffmpeg", "ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "color=black:size=640x360:rate=10:duration=120",
		"-f", "lavfi", "-i", "color=white:size=60x60:rate=10:duration=120", "-filter_complex", "overlay=x='mod(n*40,560)':y=150:enable='gte(n,10)':shortest=1",
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-bf", "0", "-pix_fmt", "yuv420p", file).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
}

const squaresConfig = `
[runtime]
nice = 0

[metrics]
listen = ""

[[camera]]
name   = "lab"
source = "squares.mp4"

[[detector]]
name    = "motion"
kind    = "motion"
max_fps = 30

[[rule]]
event    = "moved"
when     = "motion >= 0"
for      = "4s"
cooldown = "1h"
before   = "2s"
after    = "2s"

[clips]
min_free = "1MiB"
`

// measure seeks to the frame of a detection in a clip, and returns the positions of the white
// square and of the box drawn over it, as [left, right] in fractions of the width.
const measure = `async ms => {
	const v = document.querySelector('video'), overlay = document.querySelector('.player canvas');
	const shown = new Promise(done => v.requestVideoFrameCallback((_, frame) => done(frame.mediaTime * 1000)));
	v.currentTime = (ms + 20) / 1000;
	const at = await shown;
	await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
	const edges = (of, width, height, is) => {
		const canvas = new OffscreenCanvas(width, height), context = canvas.getContext('2d', {willReadFrequently: true});
		context.drawImage(of, 0, 0);
		const {data} = context.getImageData(0, 0, width, height);
		const columns = new Array(width).fill(0);
		for (let i = 0; i < data.length; i += 4) if (is(data[i], data[i + 1], data[i + 2], data[i + 3])) columns[(i / 4) % width]++;
		const most = Math.max(...columns), full = columns.map((n, x) => [n, x]).filter(([n]) => n > most * 0.8);
		return most === 0 ? [-1, -1] : [full[0][1] / width, full.at(-1)[1] / width];
	};
	return {at,
		square: edges(v, v.videoWidth, v.videoHeight, (r, g, b) => r > 180 && g > 180 && b > 180),
		box: edges(overlay, overlay.width, overlay.height, (r, g, b, a) => a > 200 && r > 240 && g > 200 && b < 120),
	};
}`

// boxed reports whether anything is drawn on the canvas over a clip.
const boxed = `(canvas => {
	const context = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', {willReadFrequently: true});
	context.drawImage(canvas, 0, 0);
	return context.getImageData(0, 0, canvas.width, canvas.height).data.some(v => v > 0);
})(document.querySelector('.player canvas'))`

// The clip of an event plays in the page, and the boxes match the frame: with the boxes of a
// neighbouring frame, the square would not be within them.
func TestWebClip(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	dir := t.TempDir()
	squares(t, filepath.Join(dir, "squares.mp4"))
	prog := start(t, setup{dir: dir, config: squaresConfig, args: []string{"--no-ui", "--web", "127.0.0.1:0"}})
	prog.until(patience, "the browser dashboard", func() bool { return webAt.MatchString(prog.stderr.String()) })
	p := openPage(t, "http://"+webAt.FindStringSubmatch(prog.stderr.String())[1]+"/#/events")
	p.shows("tbody th", "moved")
	p.click("tbody th a")
	p.until("the movie", "document.querySelector('video')?.readyState >= 2")
	evaluate[any](p, "document.querySelector('video').play().then(() => 1)")
	p.until("the movie played", "document.querySelector('video').currentTime > 1 && document.querySelector('video').webkitDecodedFrameCount > 5")
	evaluate[any](p, "document.querySelector('video').pause()")

	type detection struct {
		MovieMS    float64 `json:"movie_ms"`
		Detections []struct{ Box struct{ X, W float64 } }
	}
	found := evaluate[[]detection](p, "fetch(document.querySelector('video').src.replace('clip.mp4', 'meta.json')).then(r => r.json()).then(m => m.detections)")
	looked := 0
	for _, d := range found {
		if len(d.Detections) != 1 || looked == 8 {
			continue // the square has jumped back, or the camera has just begun
		}
		looked++
		type place struct {
			At          float64
			Square, Box [2]float64
		}
		m := evaluate[place](p, fmt.Sprintf("(%s)(%v)", measure, d.MovieMS))
		const near = 0.02
		box := d.Detections[0].Box
		if m.At < d.MovieMS-2 || m.At > d.MovieMS+60 {
			t.Errorf("the frame shown is of %v ms, asked for %v", m.At, d.MovieMS)
		}
		if math.Abs(m.Box[0]-box.X) > near || math.Abs(m.Box[1]-box.X-box.W) > near {
			t.Errorf("at %v ms the box drawn is %v, and was found at %+v", d.MovieMS, m.Box, box)
		}
		if m.Square[0] < m.Box[0]-near || m.Square[1] > m.Box[1]+near || m.Box[1]-m.Box[0] > 0.25 {
			t.Errorf("at %v ms the square is at %v, and the box at %v", d.MovieMS, m.Square, m.Box)
		}
	}
	if looked < 8 {
		t.Errorf("only %d of %d results could be checked", looked, len(found))
	}

	p.click("label input[type=checkbox]")
	p.until("no boxes", "!("+boxed+")")
	p.until("the program reached", "[...document.querySelectorAll('button')].find(b => b.textContent === 'Verify').disabled === false")
	p.do("verify", chromedp.Evaluate[chromedp.Void]("[...document.querySelectorAll('button')].find(b => b.textContent === 'Verify').click()"))
	p.shows("[role=status]", "all files match their hashes")
	size := evaluate[int](p, "fetch(document.querySelector('a[download]').href, {headers: {Range: 'bytes=0-99'}}).then(async r => r.status * 1000 + (await r.arrayBuffer()).byteLength)")
	if size != 206_100 {
		t.Errorf("a range of 100 bytes is answered by status and bytes %d", size)
	}
}

// press clicks the button with a text once it is enabled.
func (p *page) press(text string) {
	p.t.Helper()
	button := fmt.Sprintf("[...document.querySelectorAll('button')].find(b => b.textContent === %q)", text)
	p.until("the button "+text, button+"?.disabled === false")
	evaluate[any](p, button+".click()")
}

// Changes are shown as they would be in the file, and written there: a disabled rule, and a
// camera that is added once its source has given a frame. A file that was edited by hand is
// neither compared nor written until it is reloaded.
func TestWebDiff(t *testing.T) {
	t.Parallel()
	prog, url := startWeb(t, webConfig+"\n[control]\nwrite = true # by the page, too\n")
	file := filepath.Join(prog.dir, "rvo.toml")
	p := openPage(t, url+"/#/rules/street")
	p.click("[role=switch][aria-label=\"rule for moved enabled\"]")
	p.shows("tr", "disabled")

	p.keys("A")
	p.shows("h1", "Add a camera")
	p.until("scenes to choose from", "[...document.querySelectorAll('datalist option')].some(o => o.value === 'synthetic:dark')")
	p.types("#o-name", "porch")
	p.types("#o-source", "rtsp://admin:geheim7@192.0.2.1/1")
	hidden := "getComputedStyle(document.querySelector('#o-source')).webkitTextSecurity === 'disc'"
	p.until("the password hidden", hidden)
	p.press("Show the password")
	p.until("the password shown", "!("+hidden+")")
	p.press("Hide the password")
	p.types("#o-source", "rtsp://admin:geheim7@192.0.2.1/2")
	p.keys("\r")
	p.shows("#o-source-help .bad", "is not the address of a configured camera")
	p.said("403 (Forbidden)")
	p.until("the password hidden", hidden)
	if html := evaluate[string](p, "document.documentElement.outerHTML"); strings.Contains(html, "geheim7") {
		t.Errorf("the page has the password:\n%s", html)
	}
	p.accessible("")
	p.types("#o-source", "synthetic:empty")
	p.types("#o-width", "160")
	p.keys("\r")
	p.shows("section dd", "160x90")
	p.until("its frames", "document.querySelector('.screen canvas')?.dataset.frame > 0")

	p.click("header a[href='#/diff']")
	p.shows("pre .good", "disabled_on")
	p.accessible("")
	p.press("Write to the file")
	p.shows(".empty", "The running configuration matches the file.")
	written := read(t, file)
	for _, want := range []string{"disabled_on", "# by the page, too", "\"porch\""} {
		if !strings.Contains(written, want) {
			t.Errorf("%s is not in the file:\n%s", want, written)
		}
	}

	if err := os.WriteFile(file, []byte(written+"# by hand\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.shows("header a.warn", "file changed")
	p.shows("main .bad", "reload it first")
	p.said("409 (Conflict)")
	p.keys("r")
	p.shows(".notices", "configuration reloaded")
	p.until("the file known", "!document.querySelector('header a.warn')")
	p.shows(".empty", "The running configuration matches the file.")
	p.written() // it asked in vain until then

	p.open(url + "/#/live/porch")
	p.press("Remove…")
	p.press("Remove porch")
	p.shows("tbody th", "street")
	p.until("the camera gone", "[...document.querySelectorAll('tbody th')].every(e => !e.textContent.includes('porch'))")
	for _, e := range p.written() { // the page may have opened the stream again before it knew
		if !strings.Contains(e, "404 (Not Found)") || !strings.Contains(e, "api/media?jpeg=porch") {
			t.Errorf("the console has: %s", e)
		}
	}
}

// Refused messages are set aside, and an alert leads to them; they are resent, or discarded, and
// a test message tells whether the receiver accepts them.
func TestWebOutputs(t *testing.T) {
	t.Parallel()
	var takes atomic.Bool
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !takes.Load() {
			http.Error(w, "no such room", http.StatusBadRequest)
		}
	}))
	t.Cleanup(receiver.Close)
	_, url := startWeb(t, webConfig+fmt.Sprintf("\n[[notify]]\nname = \"phone\"\nto = \"webhook:%s/\"\nmax_tries = 1\n", receiver.URL))
	p := openPage(t, url+"/#/alerts")
	p.shows("li h2", "messages were refused by phone")
	p.click("li h2 a[href*=phone]")
	p.shows("section tbody td", "no such room")
	p.shows(".facts dd", "the oldest events are dropped")
	p.until("its details in view", "document.querySelector('#shown').getBoundingClientRect().top < innerHeight")
	p.until("two messages set aside", "document.querySelectorAll('section tbody tr').length > 1")
	p.accessible("")
	p.press("Send a test message")
	p.shows(".notices", "no such room")
	p.said("409 (Conflict)")
	p.press("Discard…")
	p.press("Discard it")
	p.shows(".notices", "messages for phone discarded")
	takes.Store(true)
	p.press("Send a test message")
	p.shows(".notices", "phone accepted a test message")
	p.until("messages to send again", "[...document.querySelectorAll('section button')].some(b => b.textContent.startsWith('Resend all'))")
	evaluate[any](p, "[...document.querySelectorAll('section button')].find(b => b.textContent.startsWith('Resend all')).click()")
	p.shows("section .empty", "No refused messages.")
}
