package draw

import (
	"fmt"
	"regexp"
	"slices"

	"charm.land/lipgloss/v2"

	"rvo-tui/internal/option"
	"rvo-tui/internal/text"
)

// Palette has the colors of a theme, each as "#rrggbb". Text colors must be readable on the
// terminal's background and on both backgrounds of the selected row.
type Palette struct {
	Base  string `toml:"base" help:"the theme that supplies the colors not set here"`
	Light bool   `toml:"light" help:"the terminal has a light background"`

	Dim    string `toml:"dim" help:"labels and secondary text"`
	Accent string `toml:"accent" help:"the pane in focus"`
	Good   string `toml:"good" help:"healthy"`
	Warn   string `toml:"warn" help:"slow or unknown"`
	Bad    string `toml:"bad" help:"failed"`
	Info   string `toml:"info" help:"waiting, and notices"`
	Key    string `toml:"key" help:"keys in the footer"`
	Border string `toml:"border" help:"borders of panes"`

	Selected    string `toml:"selected" help:"background of the selected row"`
	SelectedOff string `toml:"selected_off" help:"the same in an unfocused pane"`

	Stages []string `toml:"stages" help:"the six stages of latency"`
}

// palettes are the themes by name.
var palettes = map[string]Palette{
	"dark": {
		Dim: "#9b9fa8", Accent: "#7aa2f7", Good: "#8fc98b", Warn: "#e0af68", Bad: "#f7768e", Info: "#7dcfff", Key: "#c0caf5",
		Border: "#3b4252", Selected: "#2c3650", SelectedOff: "#23272f",
		Stages: []string{"#6082ad", "#88c0d0", "#ebcb8b", "#d08770", "#b48ead", "#a3be8c"},
	},
	"light": {
		Light: true, Dim: "#5e656f", Accent: "#1f5fbf", Good: "#2a722e", Warn: "#885b00", Bad: "#c02727", Info: "#006d86", Key: "#1f2933",
		Border: "#b8bec8", Selected: "#d5e2fb", SelectedOff: "#e9ecf1",
		Stages: []string{"#3b6ea5", "#2e8c9a", "#a17a00", "#c1572b", "#8e4ba6", "#4f8a3c"},
	},
	"contrast": {
		Dim: "#d2d2d2", Accent: "#b2d6ff", Good: "#7fff7f", Warn: "#ffd75f", Bad: "#ffc4c4", Info: "#7ff0ff", Key: "#ffffff",
		Border: "#8a8a8a", Selected: "#003a8c", SelectedOff: "#262626",
		Stages: []string{"#7fb0ff", "#7ff0ff", "#ffff87", "#ffb27f", "#f0a0ff", "#a8ff7f"},
	},
	// Blue: healthy, yellow: slow, orange: failed. Nothing depends on telling red from green.
	"colorblind": {
		Dim: "#999ea9", Accent: "#9fb8ff", Good: "#56b4e9", Warn: "#f0e442", Bad: "#ff9a3c", Info: "#cc99cc", Key: "#d8dde6",
		Border: "#4a515c", Selected: "#2f3640", SelectedOff: "#26292e",
		Stages: []string{"#2486bd", "#56b4e9", "#f0e442", "#e69f00", "#cc79a7", "#009e73"},
	},
	"colorblind-light": {
		Light: true, Dim: "#5f6671", Accent: "#3a4db8", Good: "#00558a", Warn: "#7a6400", Bad: "#af4600", Info: "#7b3f7b", Key: "#1f2933",
		Border: "#b0b6c0", Selected: "#dbe7f3", SelectedOff: "#e9ecf1",
		Stages: []string{"#0072b2", "#2e8bb9", "#8a7a00", "#b36b00", "#a8477f", "#00795a"},
	},
}

// Themes returns the names of the themes, without "auto".
func Themes() []string {
	return []string{"dark", "light", "contrast", "colorblind", "colorblind-light", "mono"}
}

// PaletteOf returns the colors of a theme; false if there is no such theme or it has no colors.
func PaletteOf(name string) (Palette, bool) {
	p, ok := palettes[name]
	return p, ok
}

var hexColor = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// Validate calls bad for every invalid key of a theme file.
func (p Palette) Validate(bad func(key, problem string)) {
	if names := Themes()[:len(palettes)]; p.Base != "" && !slices.Contains(names, p.Base) {
		bad("base", text.Unknown("theme", p.Base, names))
	}
	if n := len(p.Stages); n != 0 && n != 6 {
		bad("stages", fmt.Sprintf("has %d colors; six are needed, one for each stage", n))
	}
	for key, list := range p.colors() {
		for _, c := range list {
			if c != "" && !hexColor.MatchString(c) {
				bad(key, fmt.Sprintf("%q is not a color; write it as \"#rrggbb\"", c))
			}
		}
	}
}

// colors returns the colors by their keys.
func (p Palette) colors() map[string][]string {
	return map[string][]string{
		"dim": {p.Dim}, "accent": {p.Accent}, "good": {p.Good}, "warn": {p.Warn}, "bad": {p.Bad}, "info": {p.Info}, "key": {p.Key},
		"border": {p.Border}, "selected": {p.Selected}, "selected_off": {p.SelectedOff}, "stages": p.Stages,
	}
}

// Fill returns the palette with missing colors taken from its base theme.
func (p Palette) Fill() Palette {
	base, ok := palettes[p.Base]
	if !ok {
		base = palettes["dark"]
		if p.Light {
			base = palettes["light"]
		}
	}
	return option.Fill(p, base).(Palette)
}

// basic returns the palette for terminals with 16 colors.
func basic() Palette {
	return Palette{
		Dim: "8", Accent: "12", Good: "2", Warn: "3", Bad: "9", Info: "6", Border: "8",
		Stages: []string{"4", "6", "3", "1", "5", "2"},
	}
}

// style returns the style of a color; plain if c is empty.
func style(c string) lipgloss.Style {
	if c == "" {
		return lipgloss.NewStyle()
	}
	return lipgloss.NewStyle().Foreground(lipgloss.Color(c))
}
