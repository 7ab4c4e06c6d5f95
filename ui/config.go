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
	// Rate is the maximum number of redraws per second.
	Rate float64 `toml:"rate"`
	// Bandwidth limits the bytes per second to the terminal, on average: beyond it
	// there are fewer redraws. 0: no limit.
	Bandwidth text.Bytes `toml:"bandwidth"`
	// Preview shows what the camera sees.
	Preview bool `toml:"preview"`
	// Theme is "auto" (by the terminal's background), one of draw.Themes, or a TOML file
	// with colors: see ThemeFile.
	Theme string `toml:"theme"`
	// Colors are those of such a file. Nil: Theme is a name.
	Colors *Colors `toml:"-"`
	// ASCII draws with ASCII characters only.
	ASCII bool `toml:"ascii"`
	// Opener is the program that opens a clip, with arguments, to which the clip's path is
	// added. Empty: none does.
	Opener string `toml:"opener"`
	// Keys are changes of keys, each as "action=key" or "action=key,key".
	Keys []string `toml:"keys"`
}

// Colors are the keys of a file with the colors of a theme.
type Colors = draw.Palette

// themes are the names of themes.
var themes = append([]string{"auto"}, draw.Themes()...)

// ThemeFile reports whether Theme names a file: it ends in ".toml".
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
		bad("bandwidth", fmt.Sprintf("is %s a second; allowed is 0 (no bound) or at least 2KB", c.Bandwidth))
	}
	if !c.ThemeFile() && !slices.Contains(themes, c.Theme) {
		bad("theme", fmt.Sprintf("%q is not one of %s, or a file that ends in .toml%s", c.Theme, strings.Join(themes, ", "), text.DidYouMean(c.Theme, themes)))
	}
	if _, err := newKeymap(c.Keys); err != nil {
		bad("keys", err.Error())
	}
}
