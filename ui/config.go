package ui

import (
	"fmt"
	"slices"
	"strings"

	"rvo-tui/internal/text"
	"rvo-tui/ui/draw"
)

// Config is the [ui] section of the configuration.
type Config struct {
	// Rate is the maximum number of redraws a second.
	Rate float64 `toml:"rate"`
	// Bandwidth limits the average bytes a second to the terminal, by redrawing less often.
	// 0: no limit.
	Bandwidth text.Bytes `toml:"bandwidth"`
	// Preview shows the camera's video.
	Preview bool `toml:"preview"`
	// Theme is "auto" (follows the terminal's background), one of draw.Themes, or the path of
	// a TOML file with colors: see ThemeFile.
	Theme string `toml:"theme"`
	// Colors are the colors from that file. Nil: Theme is a name.
	Colors *Colors `toml:"-"`
	// ASCII limits drawing to ASCII characters.
	ASCII bool `toml:"ascii"`
	// Opener is the command that opens a clip; the clip's path is appended to its arguments.
	// Empty: clips cannot be opened.
	Opener string `toml:"opener"`
	// Keys are changed key bindings, each "action=key" or "action=key,key".
	Keys []string `toml:"keys"`
}

// Colors is the content of a theme file.
type Colors = draw.Palette

// themes are the allowed names of themes.
var themes = append([]string{"auto"}, draw.Themes()...)

// ThemeFile reports whether Theme is the path of a file, which ends in ".toml".
func (c Config) ThemeFile() bool { return strings.HasSuffix(c.Theme, ".toml") }

// DefaultConfig returns the default values.
func DefaultConfig() Config {
	return Config{Rate: 10, Bandwidth: 80_000, Preview: true, Theme: "auto", Opener: "xdg-open"}
}

// Validate calls bad for every invalid key, with what is allowed.
func (c Config) Validate(bad func(key, problem string)) {
	if !(c.Rate >= 0.5 && c.Rate <= 30) {
		bad("rate", fmt.Sprintf("is %v; allowed is 0.5 to 30 times a second", c.Rate))
	}
	if c.Bandwidth != 0 && c.Bandwidth < 2000 {
		bad("bandwidth", fmt.Sprintf("is %s a second; allowed is 0 (no limit) or at least 2KB", c.Bandwidth))
	}
	if !c.ThemeFile() && !slices.Contains(themes, c.Theme) {
		bad("theme", fmt.Sprintf("%q is neither one of %s nor a file that ends in .toml%s", c.Theme, strings.Join(themes, ", "), text.DidYouMean(c.Theme, themes)))
	}
	if _, err := newKeymap(c.Keys); err != nil {
		bad("keys", err.Error())
	}
}
