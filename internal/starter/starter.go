// Package starter writes a first configuration from three answers: which camera, what to
// look for, and whom to tell.
package starter

import (
	"fmt"
	"strconv"
	"strings"
)

// Answers are what a first configuration is written from.
type Answers struct {
	Source string // of the camera; with a password that is not ${NAME} the file is secret
	Find   string // one of Things
	Tell   string // "to" of a [[notify]]; empty: nobody
}

// Thing is what can be looked for.
type Thing struct {
	Name string
	Doc  string // a few words
}

// Things returns what can be looked for.
func Things() []Thing {
	return []Thing{
		{"motion", "anything that moves"},
		{"person", "people, from head to foot"},
		{"face", "faces"},
	}
}

// Names returns the names of Things, as in a sentence.
func Names() string {
	var names []string
	for _, t := range Things() {
		names = append(names, t.Name)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// Known reports whether a thing can be looked for.
func Known(name string) bool {
	for _, t := range Things() {
		if t.Name == name {
			return true
		}
	}
	return false
}

// Text returns the configuration, as a TOML file.
func Text(a Answers) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# rvo-tui --print-config shows every key, rvo-tui check says what is wrong.

[[camera]]
name   = "camera"
source = %s

[[detector]]
name    = "motion"
kind    = "motion"                # how much of the frame moves, 0 to 1
max_fps = 10

`, quote(a.Source))
	if a.Find == "motion" {
		b.WriteString(`[[rule]]
event    = "motion"
when     = "motion > 0.01"
for      = "1s"                   # not a flicker
grace    = "1s"                   # a short pause does not end it
cooldown = "30s"                  # at most one event in this time
`)
	} else {
		fmt.Fprintf(&b, `[[detector]]
name    = %[1]q
kind    = %[1]q
max_fps = 5
needs   = ["motion > 0.002"]      # expensive: runs only while something moves

[[rule]]
event    = %[1]q
when     = "%[1]s >= 1"
for      = "500ms"                # not a glimpse
grace    = "2s"                   # the detector may miss one for so long
cooldown = "30s"                  # at most one event in this time
`, a.Find)
	}
	if a.Tell != "" {
		fmt.Fprintf(&b, `
[[notify]]
name   = "me"
to     = %s
attach = "thumb"                  # the picture of the event
`, quote(a.Tell))
	}
	return b.String()
}

// quote returns a TOML string. Go's escapes beyond those of TOML are of control
// characters, which are written as such.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			b.WriteString(`\u00` + strconv.FormatInt(0x100+int64(r), 16)[1:])
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
