package e2e

import (
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var screenshot = flag.String("screenshot", "", "write a screenshot of the dashboard to this SVG file")

// TestScreenshot takes the screenshot of the dashboard that the documentation shows,
// on the drawn street, when something moves after half a minute:
//
//	go test ./e2e -run Screenshot -screenshot "$PWD/docs/dashboard.svg"
func TestScreenshot(t *testing.T) {
	if *screenshot == "" {
		t.Skip("no screenshot is asked for: -screenshot FILE")
	}
	const width, height = 120, 40
	x := newTerminal(t, width, height)
	x.text("export TERM=xterm-direct COLORTERM=truecolor XDG_RUNTIME_DIR=$PWD")
	x.keys("Enter")
	x.dashboard()
	over := time.After(30 * time.Second)
	<-over
	x.sees("┌motion") // something moves
	text := x.tmux("capture-pane", "-ep", "-t", "t")
	x.keys("q", "y")
	if err := os.WriteFile(*screenshot, []byte(svg(text, width, height)), 0o644); err != nil {
		t.Fatal(err)
	}
}

var screens = flag.String("screens", "", "write the screen of each view to pages in this directory")

// TestScreens writes the pages with the screens of each view, on twelve drawn cameras of
// which three are in trouble:
//
//	make screens
func TestScreens(t *testing.T) {
	if *screens == "" {
		t.Skip("no screens are asked for: -screens DIR")
	}
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		name := fmt.Sprintf("%dx%d", size[0], size[1])
		t.Run(name, func(t *testing.T) {
			x := newTerminal(t, size[0], size[1])
			write(t, filepath.Join(x.dir, "rvo.toml"), troubledConfig())
			x.text("RVO_CONFIG= LC_ALL=C.UTF-8 " + binary + "; echo ended $?")
			x.keys("Enter")
			x.sees("+2 more")
			over := time.After(20 * time.Second) // something moves
			<-over
			var page strings.Builder
			fmt.Fprintf(&page, "# Screens of %s\n\nThe [dashboard](../dashboard.md) on twelve drawn cameras, of which three are in trouble. Made by `make screens`.\n", name)
			for _, v := range []struct {
				title string
				keys  []string
				sees  string
			}{
				{"All panes", []string{"3"}, "Detectors"},
				{"All cameras: `0`", []string{"0"}, "12 of 12 cameras"},
				{"Alerts: `!`", []string{"!"}, "Alerts"},
				{"Wall: `w`", []string{"w"}, "Wall"},
				{"Timeline: `t`", []string{"t"}, "moved"},
				{"A detector: `enter` on it", []string{"3", "Enter"}, "Detector parcels on cam02"},
				{"Why a rule does not fire: `enter` on it", []string{"3", "Tab", "Tab", "G", "Enter"}, "Rule left on cam02"},
				{"An event: `enter` on it", []string{":", "e", "v", "e", "n", "t", "s", "Enter", "g", "Enter"}, "Event moved"},
				{"Running configuration and file: `D`", []string{"3", "BTab", "e", "D"}, "Write this to the file"},
				{"Keys: `?`", []string{"?"}, "Actions"},
			} {
				x.keys(v.keys...)
				x.sees(v.sees)
				time.Sleep(time.Second) // until it is completely drawn
				text := strings.ReplaceAll(x.screen(), x.dir, "/srv/rvo")
				fmt.Fprintf(&page, "\n## %s\n\n```text\n", v.title)
				for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
					page.WriteString(strings.TrimRight(line, " \n") + "\n")
				}
				page.WriteString("```\n")
				x.keys("Escape")
				time.Sleep(300 * time.Millisecond) // so that escape is a key of its own
				x.keys("Escape")
				time.Sleep(300 * time.Millisecond)
			}
			x.quits()
			write(t, filepath.Join(*screens, name+".md"), page.String())
		})
	}
}

// look is the style of a cell.
type look struct {
	text, ground string // colours; empty: the page's
	bold         bool
}

const (
	cellWidth, cellHeight = 8.4, 18
	pageText, pageGround  = "#cdd2dc", "#12141a"
)

// svg draws what tmux captured with escape sequences.
func svg(text string, width, height int) string {
	var b strings.Builder
	w, h := float64(width)*cellWidth, height*cellHeight
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" viewBox="0 0 %.1f %d" font-family="'DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="14">`+"\n", w, h, w, h)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="6" fill="%s"/>`+"\n", pageGround)
	var l look
	for y, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		x := 0
		for line != "" {
			if strings.HasPrefix(line, "\x1b[") {
				codes, rest, found := strings.Cut(line[2:], "m")
				if !found {
					break
				}
				l.set(codes)
				line = rest
				continue
			}
			end := strings.IndexByte(line, '\x1b')
			if end < 0 {
				end = len(line)
			}
			drawRun(&b, x, y, line[:end], l)
			x += utf8.RuneCountInString(line[:end])
			line = line[end:]
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// drawRun draws text in one style. Half blocks are drawn as rectangles.
func drawRun(b *strings.Builder, x, y int, text string, l look) {
	left, top := float64(x)*cellWidth, y*cellHeight
	wide := float64(utf8.RuneCountInString(text)) * cellWidth
	if l.ground != "" {
		fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", left, top, wide+0.3, cellHeight, l.ground)
	}
	ink := l.text
	if ink == "" {
		ink = pageText
	}
	switch {
	case strings.Trim(text, " ") == "":
	case strings.Trim(text, "▀") == "":
		fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", left, top, wide+0.3, cellHeight/2, ink)
	default:
		weight := ""
		if l.bold {
			weight = ` font-weight="bold"`
		}
		fmt.Fprintf(b, `<text x="%.1f" y="%d" textLength="%.1f" fill="%s"%s xml:space="preserve">%s</text>`+"\n", left, top+14, wide, ink, weight, html.EscapeString(text))
	}
}

// set applies the numbers of an SGR sequence.
func (l *look) set(codes string) {
	list := strings.FieldsFunc(codes, func(r rune) bool { return r == ';' || r == ':' })
	if len(list) == 0 {
		*l = look{}
	}
	for i := 0; i < len(list); i++ {
		switch n, _ := strconv.Atoi(list[i]); {
		case n == 0:
			*l = look{}
		case n == 1:
			l.bold = true
		case n == 22:
			l.bold = false
		case n == 39:
			l.text = ""
		case n == 49:
			l.ground = ""
		case (n == 38 || n == 48) && i+4 < len(list) && list[i+1] == "2":
			var rgb [3]int
			for k := range rgb {
				rgb[k], _ = strconv.Atoi(list[i+2+k])
			}
			colour := fmt.Sprintf("#%02x%02x%02x", rgb[0], rgb[1], rgb[2])
			if n == 38 {
				l.text = colour
			} else {
				l.ground = colour
			}
			i += 4
		}
	}
}
