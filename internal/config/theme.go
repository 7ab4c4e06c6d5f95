package config

import (
	"errors"
	"os"

	"rvo-tui/internal/fileio"
	"rvo-tui/internal/tomldoc"
	"rvo-tui/ui"
)

// theme reads the theme file, if theme of [ui] names one.
func (b *builder) theme() {
	file := b.cfg.UI.Theme
	if !b.cfg.UI.ThemeFile() || b.broken["ui.theme"] {
		return
	}
	f, err := fileio.Open(file, os.O_RDONLY, 0)
	text, err := readText(f, err, 0)
	if err != nil {
		b.at("ui.theme", "ui", "theme", file+": "+err.Error())
		return
	}
	doc, err := tomldoc.Parse(text)
	if bad := new(tomldoc.SyntaxError); errors.As(err, &bad) {
		b.problems = append(b.problems, Problem{File: file, Line: bad.Line, Column: bad.Column, Text: bad.Text})
		return
	}
	own := &builder{file: file, doc: doc, broken: map[string]bool{}, secrets: b.secrets}
	colors := new(ui.Colors)
	own.decoder().table("", "", doc.Tree, colors)
	colors.Validate(own.ofKey)
	b.problems = append(b.problems, own.problems...)
	b.cfg.UI.Colors = colors
}
