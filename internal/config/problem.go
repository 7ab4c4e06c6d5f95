package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rvo-tui/internal/text"
)

// shownProblems is the maximum number of problems that Error lists.
const shownProblems = 100

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	File   string // path as the user gave it; empty for a problem with a flag
	Line   int    // from 1; 0 if the problem has no position in the file
	Column int    // from 1, in characters
	Flag   string // such as "--camera-uri", for a problem with a flag
	Where  string // such as `detector "person"`; empty at the top level
	Key    string // such as "max_fps"; empty if the problem is not about a single key
	Text   string // what is wrong, what is allowed and what to do
}

// String returns the problem in the form "file:line:column: text", which editors understand.
func (p Problem) String() string {
	var b strings.Builder
	switch {
	case p.Flag != "":
		b.WriteString(p.Flag + ": ")
	case p.Line > 0:
		fmt.Fprintf(&b, "%s:%d:%d: ", p.File, p.Line, p.Column)
	case p.File != "":
		b.WriteString(p.File + ": ")
	}
	for _, s := range []string{p.Where, p.Key} {
		if s != "" {
			b.WriteString(s + ": ")
		}
	}
	b.WriteString(p.Text)
	return text.Visible(b.String()) // the file must not control the terminal
}

// Error has every problem of a configuration in file order, followed by those of flags. It contains
// no secrets.
type Error struct {
	File     string
	Problems []Problem
}

// Error returns one line per problem (at most shownProblems) and a line with their count.
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i == shownProblems {
			fmt.Fprintf(&b, "… and %d more\n", len(e.Problems)-i)
			break
		}
		b.WriteString(p.String() + "\n")
	}
	n := "1 problem"
	if len(e.Problems) != 1 {
		n = fmt.Sprintf("%d problems", len(e.Problems))
	}
	fmt.Fprintf(&b, "%s: %s", e.File, n)
	return b.String()
}

// sortProblems sorts problems by position and removes duplicates.
func sortProblems(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(len(a.Flag), len(b.Flag)),
			cmp.Compare(a.Flag, b.Flag),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
		)
	})
	seen := map[Problem]bool{}
	return slices.DeleteFunc(problems, func(p Problem) bool {
		again := seen[p]
		seen[p] = true
		return again
	})
}
