package rules

import (
	"fmt"
	"strings"
	"testing"

	"rvo-tui/detectors"
)

func TestOutline(t *testing.T) {
	e, err := Parse("(a > 1 || !(b >= 2 && c)) && d < a")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, l := range e.Outline() {
		fmt.Fprintf(&got, "%s%s %d\n", strings.Repeat(" ", l.Depth), l.Text, l.Clause)
	}
	want := `all of -1
 any of -1
  a > 1 0
  not -1
   all of -1
    b >= 2 1
    c 2
 d < a 3
`
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
	// The numbers are those of the clauses.
	c, err := e.Compile(detectors.NewTable())
	if err != nil {
		t.Fatal(err)
	}
	clauses := c.Explain(0)
	for _, l := range e.Outline() {
		if l.Clause >= 0 && clauses[l.Clause].Text != l.Text {
			t.Errorf("%q is clause %q", l.Text, clauses[l.Clause].Text)
		}
	}
}
