package ui

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// ink is a style made ready: what stands before text and what stands behind it.
// It is much cheaper than rendering a style, for text of one line without
// styles in it.
type ink struct{ on, off string }

func newInk(s lipgloss.Style) ink {
	on, off, _ := strings.Cut(s.Render("x"), "x")
	return ink{on, off}
}

func (i ink) of(text string) string {
	if text == "" || i.on == "" {
		return text
	}
	return i.on + text + i.off
}

// theme is everything that decides how things look. It is immutable.
type theme struct {
	plain, dim, strong, accent       ink
	good, warn, bad, info            ink
	title, titleOn                   ink // of a pane, and of the one in focus
	border, borderOn                 ink
	cursor, cursorOff                ink // the selected row, with and without the focus
	chip                             ink // a key in the footer
	stage                            [6]ink
	box                              []color.RGBA // of detections, by signal
	ascii, colourless                bool
	spark, horizontal                []string // eighths, from empty to full
	corner                           [4]string
	line, pillar, dot, ring, warning string
	pointer, bar, track, up, down    string
	tick, cross, ask, live           string
}

// palette is the colours of a theme.
type palette struct {
	dim, accent, good, warn, bad, info, border, selected, selectedOff, chip color.Color
	stage                                                                   [6]color.Color
}

func darkPalette() palette {
	c := lipgloss.Color
	return palette{
		dim: c("#7f8490"), accent: c("#7aa2f7"), good: c("#8fc98b"), warn: c("#e0af68"), bad: c("#f7768e"), info: c("#7dcfff"),
		border: c("#3b4252"), selected: c("#2c3650"), selectedOff: c("#23272f"), chip: c("#c0caf5"),
		stage: [6]color.Color{c("#5e81ac"), c("#88c0d0"), c("#ebcb8b"), c("#d08770"), c("#b48ead"), c("#a3be8c")},
	}
}

func lightPalette() palette {
	c := lipgloss.Color
	return palette{
		dim: c("#6c7480"), accent: c("#1f5fbf"), good: c("#2e7d32"), warn: c("#9a6700"), bad: c("#c62828"), info: c("#00708a"),
		border: c("#b8bec8"), selected: c("#d5e2fb"), selectedOff: c("#e9ecf1"), chip: c("#1f2933"),
		stage: [6]color.Color{c("#3b6ea5"), c("#2f8f9d"), c("#b58900"), c("#c1572b"), c("#8e4ba6"), c("#4f8a3c")},
	}
}

func basicPalette() palette {
	c := lipgloss.Color
	return palette{
		dim: c("8"), accent: c("12"), good: c("2"), warn: c("3"), bad: c("9"), info: c("6"),
		border: c("8"), selected: nil, selectedOff: nil, chip: nil,
		stage: [6]color.Color{c("4"), c("6"), c("3"), c("1"), c("5"), c("2")},
	}
}

// newTheme makes the theme for a terminal. Name is "dark", "light" or "mono".
func newTheme(name string, profile colorprofile.Profile, ascii bool) *theme {
	t := &theme{ascii: ascii, colourless: name == "mono" || profile <= colorprofile.ASCII}
	p := palette{}
	switch {
	case t.colourless:
	case profile == colorprofile.ANSI:
		p = basicPalette()
	case name == "light":
		p = lightPalette()
	default:
		p = darkPalette()
	}
	if profile == colorprofile.ANSI256 && p.selected != nil {
		// The nearest of 256 colours are too loud for a ground.
		p.selected, p.selectedOff = lipgloss.Color("238"), lipgloss.Color("235")
		if name == "light" {
			p.selected, p.selectedOff = lipgloss.Color("252"), lipgloss.Color("255")
		}
	}
	base := lipgloss.NewStyle()
	fg := func(c color.Color) lipgloss.Style {
		if c == nil {
			return base
		}
		return base.Foreground(c)
	}
	on := func(c color.Color) lipgloss.Style {
		if c == nil {
			return base.Reverse(true)
		}
		return base.Background(c)
	}
	t.plain, t.strong = newInk(base), newInk(base.Bold(true))
	t.dim, t.accent = newInk(fg(p.dim)), newInk(fg(p.accent).Bold(true))
	t.good, t.info = newInk(fg(p.good)), newInk(fg(p.info))
	t.warn, t.bad = newInk(fg(p.warn)), newInk(fg(p.bad).Bold(true))
	t.title, t.titleOn = newInk(base.Bold(true)), newInk(fg(p.accent).Bold(true))
	t.border, t.borderOn = newInk(fg(p.border)), newInk(fg(p.accent))
	t.cursor, t.cursorOff = newInk(on(p.selected)), newInk(base)
	if p.selectedOff != nil {
		t.cursorOff = newInk(base.Background(p.selectedOff))
	}
	t.chip = newInk(fg(p.chip).Bold(true))
	for i, c := range p.stage {
		t.stage[i] = newInk(fg(c))
	}
	t.box = []color.RGBA{{255, 214, 92, 255}, {120, 220, 255, 255}, {255, 130, 200, 255}, {140, 255, 150, 255}, {255, 160, 90, 255}}
	t.glyphs()
	return t
}

func (t *theme) glyphs() {
	if t.ascii {
		t.spark = []string{" ", ".", ".", ":", ":", "-", "=", "+", "#"}
		t.horizontal = []string{" ", " ", " ", "-", "-", "-", "=", "=", "="}
		t.corner = [4]string{"+", "+", "+", "+"}
		t.line, t.pillar, t.dot, t.ring, t.warning = "-", "|", "*", "o", "!"
		t.pointer, t.bar, t.track, t.up, t.down = ">", "=", ".", "^", "v"
		t.tick, t.cross, t.ask, t.live = "+", "x", "?", "*"
		return
	}
	t.spark = []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}
	t.horizontal = []string{" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"}
	t.corner = [4]string{"╭", "╮", "╰", "╯"}
	t.line, t.pillar, t.dot, t.ring, t.warning = "─", "│", "●", "○", "▲"
	t.pointer, t.bar, t.track, t.up, t.down = "▸", "━", "─", "↑", "↓"
	t.tick, t.cross, t.ask, t.live = "✓", "✗", "?", "●"
}

// text cleans text from outside and, where asked for, makes ASCII of it.
func (t *theme) text(s string) string {
	s = clean(s)
	if t.ascii {
		return toASCII(s)
	}
	return s
}

// meter draws a share, 0..1, as a bar of w cells.
func (t *theme) meter(share float64, w int, full ink) string {
	share = min(max(share, 0), 1)
	if share != share { // NaN
		share = 0
	}
	if t.ascii {
		n := int(share*float64(w) + 0.5)
		return full.of(strings.Repeat(t.bar, n)) + t.dim.of(strings.Repeat(t.track, w-n))
	}
	n := int(share*float64(w) + 0.5)
	return full.of(strings.Repeat(t.bar, n)) + t.border.of(strings.Repeat(t.track, w-n))
}

// sparkline draws values, the newest on the right, in w cells between low and
// high. NaN leaves a gap.
func (t *theme) sparkline(values []float64, low, high float64, w int) string {
	var b strings.Builder
	if len(values) > w {
		values = values[len(values)-w:]
	}
	b.WriteString(spaces(w - len(values)))
	for _, v := range values {
		i := 0
		switch {
		case v != v:
		case high <= low:
			i = 1
		default:
			i = 1 + int((v-low)/(high-low)*7+0.5)
		}
		b.WriteString(t.spark[min(max(i, 0), 8)])
	}
	return b.String()
}

// badInk, goodInk and infoInk pick the ink of a notice, whatever the theme is then.
func (t *theme) badInk() ink { return t.bad }

func (t *theme) goodInk() ink { return t.good }

func (t *theme) infoInk() ink { return t.info }
