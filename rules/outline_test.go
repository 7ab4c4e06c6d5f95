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
	// The numbers are indexes of clauses.
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

// A tree is evaluated with three values.
func TestJudged(t *testing.T) {
	e, err := Parse("(a > 1 || !(b >= 2 && c)) && d < a")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		clauses [4]Truth
		want    string // of each line
	}{
		{[4]Truth{True, True, True, True}, "true true true false true true true true"},
		{[4]Truth{Unknown, True, Unknown, True}, "unknown unknown unknown unknown unknown true unknown true"},
		{[4]Truth{Unknown, False, Unknown, True}, "true true unknown true false false unknown true"},
		{[4]Truth{False, True, True, Unknown}, "false false false false true true true unknown"},
	} {
		clauses := make([]Clause, len(tt.clauses))
		for i, truth := range tt.clauses {
			clauses[i].Truth = truth
		}
		var got []string
		for _, l := range Judged(e.Outline(), clauses) {
			got = append(got, l.Truth.String())
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%v: %v, want %s", tt.clauses, got, tt.want)
		}
	}
	if tree := Judged(e.Outline(), nil); tree[0].Truth != Unknown {
		t.Errorf("without clauses it is %v", tree[0].Truth)
	}
}
