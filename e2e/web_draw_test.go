package e2e

import (
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// drawConfig has a zone and a line that were written by hand.
const drawConfig = webConfig + `
[control]
write = true

[[zone]] # by hand
name    = "door"     # of the shed
cameras = ["street"]
points  = [[0.1, 0.5], [0.3, 0.5], [0.3, 0.9], [0.1, 0.8]] # four corners

[[line]]
name    = "kerb"
cameras = ["street"]
points  = [[0.2, 0.9], [0.8, 0.9]]
directions = ["up", "down"] # as seen from the house
`

// mouse presses, moves or releases the left button at a position in the frame, in fractions of
// its width and height.
func (p *page) mouse(at [2]float64, kinds ...string) {
	p.t.Helper()
	area := evaluate[[4]float64](p, "(r => [r.left, r.top, r.width, r.height])(document.querySelector('.overlay').getBoundingClientRect())")
	x, y := area[0]+at[0]*area[2], area[1]+at[1]*area[3]
	for _, kind := range kinds {
		switch kind {
		case "press":
			p.do(kind, chromedp.MouseEvent(chromedp.MousePressed, x, y, chromedp.Button("left"), chromedp.ClickCount(1)))
		case "move":
			p.do(kind, chromedp.MouseEvent(chromedp.MouseMoved, x, y, chromedp.Button("left")))
		case "release":
			p.do(kind, chromedp.MouseEvent(chromedp.MouseReleased, x, y, chromedp.Button("left"), chromedp.ClickCount(1)))
		}
	}
}

// choose chooses what to draw or change.
func (p *page) choose(what string) {
	p.t.Helper()
	p.until(what, fmt.Sprintf("[...document.querySelectorAll('#o-draw option')].some(o => o.value === %q)", what))
	evaluate[any](p, fmt.Sprintf("(s => { s.value = %q; s.dispatchEvent(new Event('input', {bubbles: true})); })(document.querySelector('#o-draw'))", what))
}

// types replaces the text of a field, as by typing.
func (p *page) types(selector, text string) {
	p.t.Helper()
	evaluate[any](p, fmt.Sprintf("(f => { f.focus(); f.select(); })(document.querySelector(%q))", selector))
	p.keys(text)
}

// writes waits until the page shows the TOML, and writes it to the file.
func (p *page) writes(toml string) {
	p.t.Helper()
	p.until(toml, fmt.Sprintf("[...document.querySelectorAll('form pre')].some(e => e.textContent.match(%s))", toml))
	p.until("it can be written", "!document.querySelector('form .tools button').disabled")
	p.click("form .tools button")
}

// drawn waits until a file has changed and returns what was inserted. It fails the test if
// anything else changed.
func drawn(t *testing.T, file, before string) string {
	t.Helper()
	var after string
	wait(t, patience, "the file written", func() bool {
		after = read(t, file)
		return after != before
	})
	n := 0
	for n < min(len(before), len(after)) && before[n] == after[n] {
		n++
	}
	come, kept := strings.CutSuffix(after[n:], before[n:])
	if !kept {
		t.Errorf("what was in the file is changed:\n%s", after)
	}
	return come
}

// near fails the test unless a text has these numbers, within the precision of a mouse, each with
// at most three decimals.
func near(t *testing.T, text string, want ...float64) {
	t.Helper()
	got := regexp.MustCompile(`\d(\.\d{1,3})?\b`).FindAllString(text, -1)
	if len(got) != len(want) {
		t.Fatalf("%q has not the numbers %v", text, want)
	}
	for i, n := range got {
		var v float64
		if _, err := fmt.Sscan(n, &v); err != nil || math.Abs(v-want[i]) > 0.004 {
			t.Errorf("%q has not the numbers %v", text, want)
		}
	}
}

// A polygon drawn with the mouse is written to the file as by hand, and takes effect at once;
// problems are shown at their field; and it can be undone.
func TestWebDrawsPolygon(t *testing.T) {
	t.Parallel()
	prog, url := startWeb(t, drawConfig)
	file := filepath.Join(prog.dir, "rvo.toml")
	p := openPage(t, url+"/#/live/street?draw=yes")
	p.until("a frame", "document.querySelector('.screen canvas')?.dataset.frame > 0")
	for _, at := range [][2]float64{{0.2, 0.2}, {0.6, 0.6}, {0.6, 0.2}, {0.2, 0.6}, {0.2, 0.2}} {
		p.mouse(at, "move", "press", "release") // the last one closes it
	}
	p.types("#o-name", "yard")
	p.shows("#o-points-help .bad", "cross at")
	p.until("nothing to write", "document.querySelector('form .tools button').disabled")
	p.accessible("")

	p.mouse([2]float64{0.6, 0.6}, "press")
	p.mouse([2]float64{0.5, 0.3}, "move")
	p.mouse([2]float64{0.4, 0.1}, "move", "release")
	p.writes(`/name += "yard"\n\+ cameras += \["street"\]\n\+ points += \[\[0\.\d+, 0\.\d+\], \[0\.[34]/`)
	zone := drawn(t, file, drawConfig)
	got := regexp.MustCompile(`\bname += "yard"\ncameras += \["street"\]\npoints += (\[.*\])\n`).FindStringSubmatch(zone)
	if got == nil || strings.Count(zone, "\n") != 5 {
		t.Fatalf("what has come into the file is %q", zone)
	}
	near(t, got[1], 0.2, 0.2, 0.4, 0.1, 0.6, 0.2, 0.2, 0.6)

	p.choose("zone yard") // it has taken effect
	p.keys("u")
	p.shows(".notices", "undone: zone yard added")
	if got := read(t, file); got != drawConfig {
		t.Errorf("taken back, the file is\n%s", got)
	}
}

// A rectangle is drawn and moved with the keyboard alone.
func TestWebDrawsByKeyboard(t *testing.T) {
	t.Parallel()
	prog, url := startWeb(t, drawConfig)
	file := filepath.Join(prog.dir, "rvo.toml")
	p := openPage(t, url+"/#/live/street")
	p.until("a frame", "document.querySelector('.screen canvas')?.dataset.frame > 0")
	p.keys("d")
	p.tabTo("#o-draw")
	p.do("the next kind", chromedp.KeyEvent(kb.ArrowDown))
	p.until("a rectangle", "document.querySelector('#o-draw').value === 'a new rectangle'")
	p.tabTo("#o-name")
	p.keys("gate")
	p.tabTo("form button[type=button]")
	p.keys("\r")
	p.until("a point with the focus", "document.activeElement.dataset.point === '1'")
	evaluate[any](p, "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', shiftKey: true, bubbles: true}))")
	for range 2 {
		p.do("down", chromedp.KeyEvent(kb.ArrowDown))
	}
	p.tabTo("form .tools button:enabled")
	p.writes(`/rect += \[0\.5, 0\.5, 0\.05, 0\.01\]/`)
	if got := drawn(t, file, drawConfig); !regexp.MustCompile(`\bname += "gate"\ncameras += \["street"\]\nrect += \[0\.5, 0\.5, 0\.05, 0\.01\]\n`).MatchString(got) || strings.Count(got, "\n") != 5 {
		t.Errorf("what has come into the file is %q", got)
	}
}

// Existing zones and lines are changed in place, with their comments, and removed.
func TestWebDrawsChanges(t *testing.T) {
	t.Parallel()
	prog, url := startWeb(t, drawConfig)
	file := filepath.Join(prog.dir, "rvo.toml")
	p := openPage(t, url+"/#/live/street?draw=yes")
	p.until("a frame", "document.querySelector('.screen canvas')?.dataset.frame > 0")

	p.choose("zone door")
	p.mouse([2]float64{0.2, 0.5}, "press", "release") // a point in the upper edge
	p.mouse([2]float64{0.2, 0.5}, "press")
	p.mouse([2]float64{0.2, 0.4}, "move", "release")
	p.do("the last one", chromedp.Focus(chromedp.CSS("[data-point='4']")), chromedp.KeyEvent(kb.Delete))
	p.writes(`/\+ points +=.*# four corners/`)
	var text string
	wait(t, patience, "the file written", func() bool {
		text = read(t, file)
		return text != drawConfig
	})
	line := regexp.MustCompile(`(?s)\[\[zone\]\] # by hand\nname    = "door"     # of the shed\ncameras = \["street"\]\npoints  = (\[\[.*?\]\]) # four corners\n`).FindStringSubmatch(text)
	if line == nil {
		t.Fatalf("the file is\n%s", text)
	}
	near(t, line[1], 0.1, 0.5, 0.2, 0.4, 0.3, 0.5, 0.3, 0.9)
	if other := strings.Replace(text, line[1], "[[0.1, 0.5], [0.3, 0.5], [0.3, 0.9], [0.1, 0.8]]", 1); other != drawConfig {
		t.Errorf("more than the points is changed:\n%s", text)
	}

	p.choose("line kerb")
	p.types("#o-points", "-0.1 0.9, 0.8 0.9")
	p.shows("#o-points-help .bad", "-0.1")
	p.types("#o-points", "0.2 0.9, 0.8 0.9")
	p.types("#o-directions", "up up")
	p.shows("#o-directions-help .bad", "is the same as the first name")
	p.types("#o-directions", "in out")
	p.types("#o-name", "street")
	p.writes(`/\+ directions = \["in", "out"\] # as seen from the house/`)
	wait(t, patience, "the line changed", func() bool {
		got := read(t, file)
		return strings.Contains(got, "name    = \"street\"\n") && strings.Contains(got, `directions = ["in", "out"] # as seen from the house`)
	})
	p.choose("line street")
	p.click("form .danger")
	wait(t, patience, "the line gone", func() bool { return !strings.Contains(read(t, file), "[[line]]") })
	p.until("nothing to change any more", "![...document.querySelectorAll('#o-draw option')].some(o => o.value === 'line street')")

	// A line that is dragged.
	p.choose("a new line")
	p.mouse([2]float64{0.1, 0.2}, "press")
	p.mouse([2]float64{0.9, 0.3}, "move", "release")
	p.types("#o-name", "fence")
	p.writes(`/directions += \["in", "out"\]/`)
	wait(t, patience, "the line in the file", func() bool { return strings.Contains(read(t, file), "\"fence\"") })
	points := regexp.MustCompile(`name += "fence"\ncameras += \["street"\]\npoints += (\[.*\])\n`).FindStringSubmatch(read(t, file))
	if points == nil {
		t.Fatalf("the file is\n%s", read(t, file))
	}
	near(t, points[1], 0.1, 0.2, 0.9, 0.3)
}
