// Package starter generates a first configuration from three answers: which camera, what to
// detect, and whom to notify.
package starter

import (
	"fmt"
	"strconv"
	"strings"
)

// Answers are the choices for a first configuration.
type Answers struct {
	Source string // of the camera; may contain a password
	Find   string // name of one of Things
	Tell   string // "to" of a [[notify]]; empty: no notifications
}

// Thing is something that can be detected.
type Thing struct {
	Name string
	Doc  string // a few words
}

// Things returns all things that can be detected.
func Things() []Thing {
	return []Thing{
		{"motion", "anything that moves"},
		{"person", "people, from head to foot"},
		{"face", "faces"},
	}
}

// Names returns the names of Things for a sentence.
func Names() string {
	var names []string
	for _, t := range Things() {
		names = append(names, t.Name)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// Known reports whether a name is one of Things.
func Known(name string) bool {
	for _, t := range Things() {
		if t.Name == name {
			return true
		}
	}
	return false
}

// Text returns the configuration as TOML.
func Text(a Answers) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# rvo-tui --print-config explains every key; rvo-tui check reports every problem.

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
for      = "1s"                   # ignore flicker
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
for      = "500ms"                # ignore single detections
grace    = "2s"                   # the detector may miss it this long
cooldown = "30s"                  # at most one event in this time
`, a.Find)
	}
	if a.Tell != "" {
		fmt.Fprintf(&b, `
[[notify]]
name   = "me"
to     = %s
attach = "thumb"                  # a picture of the event
`, quote(a.Tell))
	}
	return b.String()
}

// quote returns a text as a TOML string, with quotes, backslashes and control characters escaped.
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
