// Package draw has what the dashboard is drawn with: colors and characters, text
// cut to cells, numbers and durations for people, images in half blocks.
package draw

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// Ink is a style made ready: what stands before text and what stands behind it.
// It is much cheaper than rendering a style, for text of one line without
// styles in it.
type Ink struct{ On, off string }

func newInk(s lipgloss.Style) Ink {
	on, off, _ := strings.Cut(s.Render("x"), "x")
	return Ink{on, off}
}

// Of returns text in the ink.
func (i Ink) Of(text string) string {
	if text == "" || i.On == "" {
		return text
	}
	return i.On + text + i.off
}

// Theme is everything that decides how things look. It is immutable.
type Theme struct {
	plain, Dim, Strong, Accent       Ink
	Good, Warn, Bad, Info            Ink
	Title, TitleOn                   Ink // of a pane, and of the one in focus
	Border, BorderOn                 Ink
	Cursor, CursorOff                Ink // the selected row, with and without the focus
	Chip                             Ink // a key in the footer
	Stage                            [6]Ink
	Box                              []color.RGBA // of detections, by signal
	ASCII, Colourless                bool
	Spark, horizontal                []string // eighths, from empty to full
	Corner                           [4]string
	Line, Pillar, Dot, Ring, Warning string
	Pointer, bar, track, Up, Down    string
	Tick, Cross, Ask, Live, Times    string
	Here                             string // the selected one of several marks
	past                             pastGlyphs
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

// NewTheme makes the theme for a terminal. Name is "dark", "light" or "mono".
func NewTheme(name string, profile colorprofile.Profile, ascii bool) *Theme {
	t := &Theme{ASCII: ascii, Colourless: name == "mono" || profile <= colorprofile.ASCII}
	p := palette{}
	switch {
	case t.Colourless:
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
	t.plain, t.Strong = newInk(base), newInk(base.Bold(true))
	t.Dim, t.Accent = newInk(fg(p.dim)), newInk(fg(p.accent).Bold(true))
	t.Good, t.Info = newInk(fg(p.good)), newInk(fg(p.info))
	t.Warn, t.Bad = newInk(fg(p.warn)), newInk(fg(p.bad).Bold(true))
	t.Title, t.TitleOn = newInk(base.Bold(true)), newInk(fg(p.accent).Bold(true))
	t.Border, t.BorderOn = newInk(fg(p.border)), newInk(fg(p.accent))
	t.Cursor, t.CursorOff = newInk(on(p.selected)), newInk(base)
	if p.selectedOff != nil {
		t.CursorOff = newInk(base.Background(p.selectedOff))
	}
	t.Chip = newInk(fg(p.chip).Bold(true))
	for i, c := range p.stage {
		t.Stage[i] = newInk(fg(c))
	}
	t.Box = []color.RGBA{{255, 214, 92, 255}, {120, 220, 255, 255}, {255, 130, 200, 255}, {140, 255, 150, 255}, {255, 160, 90, 255}}
	t.glyphs()
	return t
}

func (t *Theme) glyphs() {
	if t.ASCII {
		t.Spark = []string{" ", ".", ".", ":", ":", "-", "=", "+", "#"}
		t.horizontal = []string{" ", " ", " ", "-", "-", "-", "=", "=", "="}
		t.Corner = [4]string{"+", "+", "+", "+"}
		t.Line, t.Pillar, t.Dot, t.Ring, t.Warning = "-", "|", "*", "o", "!"
		t.Pointer, t.bar, t.track, t.Up, t.Down = ">", "=", ".", "^", "v"
		t.Tick, t.Cross, t.Ask, t.Live, t.Times = "+", "x", "?", "*", "x"
		t.Here, t.past = "@", pastGlyphs{"#", "+", "-", " ", "?", ":", "."}
		return
	}
	t.Spark = []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}
	t.horizontal = []string{" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"}
	t.Corner = [4]string{"╭", "╮", "╰", "╯"}
	t.Line, t.Pillar, t.Dot, t.Ring, t.Warning = "─", "│", "●", "○", "▲"
	t.Pointer, t.bar, t.track, t.Up, t.Down = "▸", "━", "─", "▲", "▼"
	t.Tick, t.Cross, t.Ask, t.Live, t.Times = "✓", "✗", "?", "●", "×"
	t.Here, t.past = "◆", pastGlyphs{"▆", "▃", "▁", " ", "▒", "░", "·"}
}

// pastGlyphs is what a rule was in a stretch of time.
type pastGlyphs struct{ fired, isTrue, isFalse, off, unknown, partly, unwatched string }

// Past draws what a rule was in a stretch of time, which may be several things: what
// matters most wins. Nothing means that nobody knows.
func (t *Theme) Past(fired, isTrue, isFalse, off, unknown, partly bool) string {
	g := &t.past
	switch {
	case unknown:
		return t.Warn.Of(g.unknown)
	case fired:
		return t.Good.Of(g.fired)
	case isTrue:
		return t.Info.Of(g.isTrue)
	case partly:
		return t.Warn.Of(g.partly)
	case isFalse:
		return t.Dim.Of(g.isFalse)
	case off:
		return g.off
	}
	return t.Border.Of(g.unwatched)
}

// Text cleans text from outside and, where asked for, makes ASCII of it.
func (t *Theme) Text(s string) string {
	s = Clean(s)
	if t.ASCII {
		return ToASCII(s)
	}
	return s
}

// Meter draws a share, 0..1, as a bar of w cells.
func (t *Theme) Meter(share float64, w int, full Ink) string {
	share = min(max(share, 0), 1)
	if share != share { // NaN
		share = 0
	}
	if t.ASCII {
		n := int(share*float64(w) + 0.5)
		return full.Of(strings.Repeat(t.bar, n)) + t.Dim.Of(strings.Repeat(t.track, w-n))
	}
	n := int(share*float64(w) + 0.5)
	return full.Of(strings.Repeat(t.bar, n)) + t.Border.Of(strings.Repeat(t.track, w-n))
}

// Scrubber draws a bar of w cells that is full up to a share, with a mark at another; below
// 0: there is no mark.
func (t *Theme) Scrubber(share, mark float64, w int) string {
	place := func(share float64) int { return min(max(int(share*float64(w-1)+0.5), 0), w-1) }
	at := place(share)
	var b strings.Builder
	for i := range w {
		switch {
		case i == at:
			b.WriteString(t.Accent.Of(t.Dot))
		case mark >= 0 && i == place(mark):
			b.WriteString(t.Warn.Of(t.Here))
		case i < at:
			b.WriteString(t.Accent.Of(t.bar))
		default:
			b.WriteString(t.Border.Of(t.track))
		}
	}
	return b.String()
}

// Sparkline draws values, the newest on the right, in w cells between low and
// high. NaN leaves a gap.
func (t *Theme) Sparkline(values []float64, low, high float64, w int) string {
	var b strings.Builder
	if len(values) > w {
		values = values[len(values)-w:]
	}
	b.WriteString(Spaces(w - len(values)))
	for _, v := range values {
		i := 0
		switch {
		case v != v:
		case high <= low:
			i = 1
		default:
			i = 1 + int((v-low)/(high-low)*7+0.5)
		}
		b.WriteString(t.Spark[min(max(i, 0), 8)])
	}
	return b.String()
}

// BadInk returns the ink of an error. As a method value it picks the ink of
// whatever theme there is later.
func (t *Theme) BadInk() Ink { return t.Bad }

// GoodInk returns the ink of a success.
func (t *Theme) GoodInk() Ink { return t.Good }

// InfoInk returns the ink of a notice.
func (t *Theme) InfoInk() Ink { return t.Info }
