package rules

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParse(t *testing.T) {
	tests := []struct {
		src, canonical string
		signals        []string
	}{
		{"motion", "motion", []string{"motion"}},
		{"motion>0.02", "motion > 0.02", []string{"motion"}},
		{" a\t<\n1 ", "a < 1", []string{"a"}},
		{"a <= -1.5e3", "a <= -1500", []string{"a"}},
		{"a == 1E-7", "a == 1e-07", []string{"a"}},
		{"1 < a", "a > 1", []string{"a"}},
		{"1 <= a", "a >= 1", []string{"a"}},
		{"1 > a", "a < 1", []string{"a"}},
		{"1 >= a", "a <= 1", []string{"a"}},
		{"1 == a", "a == 1", []string{"a"}},
		{"0 != a", "a != 0", []string{"a"}},
		{"b >= a", "b >= a", []string{"b", "a"}},
		{"person >= 1 && motion > 0.02", "person >= 1 && motion > 0.02", []string{"person", "motion"}},
		{"a || b && c", "a || b && c", []string{"a", "b", "c"}},
		{"(a || b) && c", "(a || b) && c", []string{"a", "b", "c"}},
		{"a && (b && c)", "a && b && c", []string{"a", "b", "c"}},
		{"(a || (b || (c)))", "a || b || c", []string{"a", "b", "c"}},
		{"!a", "!a", []string{"a"}},
		{"!!a", "!!a", []string{"a"}},
		{"!(a)", "!a", []string{"a"}},
		{"!(a>1)", "!(a > 1)", []string{"a"}},
		{"!(a && b) || !c", "!(a && b) || !c", []string{"a", "b", "c"}},
		{"a > 1 || a < 0", "a > 1 || a < 0", []string{"a"}},
		{"and && or", "and && or", []string{"and", "or"}},
		{"a[b]", "a[b]", []string{"a"}},
		{"a [ b==0 ]>=1", "a[b == 0] >= 1", []string{"a"}},
		{"2 < a[b < c || !(c && d)]", "a[b < c || !(c && d)] > 2", []string{"a"}},
		{"!a[b] && !(a[(b)] > 1)", "!a[b] && !(a[b] > 1)", []string{"a"}},
		{"person in door>=1", "person in door >= 1", []string{"person"}},
		{"1 <= person  in door", "person in door >= 1", []string{"person"}},
		{"!person in door", "!person in door", []string{"person"}},
		{"person[ !helmet ] in door && b", "person[!helmet] in door && b", []string{"person", "b"}},
		{"dwell( person in door )>=30s", "dwell(person in door) >= 30s", []string{"person"}},
		{"90s < dwell(person[helmet == 0] in door)", "dwell(person[helmet == 0] in door) > 1m30s", []string{"person"}},
		{"dwell(a in b) > 1h0m0.5s", "dwell(a in b) > 1h0m0.5s", []string{"a"}},
		{"dwell(a in b) > 3600s", "dwell(a in b) > 1h", []string{"a"}},
		{"crossed(person,gate.in,60s) >= 1", "crossed(person, gate.in, 1m) >= 1", []string{"person"}},
		{"new(person in yard)", "new(person in yard)", []string{"person"}},
		{"!new(person in yard)", "!new(person in yard)", []string{"person"}},
		{"count(things,car ,truck)>=3", "count(things, car, truck) >= 3", []string{"things"}},
		{"count(things[new] in yard, car) < 2", "count(things[new] in yard, car) < 2", []string{"things"}},
		{"in in in && count && dwell > new && crossed != 1", "in in in && count && dwell > new && crossed != 1", []string{"in", "count", "dwell", "new", "crossed"}},
	}
	for _, tt := range tests {
		e, err := Parse(tt.src)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.src, err)
			continue
		}
		if got := e.String(); got != tt.canonical {
			t.Errorf("Parse(%q) = %q, want %q", tt.src, got, tt.canonical)
		}
		if got := e.Signals(); !slices.Equal(got, tt.signals) {
			t.Errorf("Parse(%q) reads %q, want %q", tt.src, got, tt.signals)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	tests := []struct {
		src     string
		column  int
		problem string // part of it
	}{
		{"", 1, "empty"},
		{"  \n", 1, "empty"},
		{"a = 1", 3, `use "=="`},
		{"a & b", 3, `use "&&"`},
		{"a | b", 3, `use "||"`},
		{"a => 1", 3, `use ">="`},
		{"a =< 1", 3, `use "<="`},
		{"a <> 1", 3, `use "!="`},
		{"a ≥ 1", 3, `use ">="`},
		{"a ? 1", 3, "means nothing here"},
		{"ä > 1", 1, "means nothing here"},
		{"a > 1 \x00", 7, "means nothing here"},
		{"a > \xff", 5, "UTF-8"},
		{"a + 1 > 2", 3, "no arithmetic"},
		{"person-count > 2", 7, "no arithmetic"},
		{`"a" > 1`, 1, "without quotes"},
		{"_a", 1, "begins with a letter"},
		{strings.Repeat("a", 65), 1, "at most 64"},
		{"a > .5", 5, "both sides"},
		{"a > 5.", 5, "both sides"},
		{"a > -", 5, "no arithmetic"},
		{"a > 1e", 5, "after its exponent"},
		{"a > 1s", 5, "no unit"},
		{"a > 0x10", 5, "no unit"},
		{"a > 1_000", 5, "no unit"},
		{"a > 1.2.3", 5, "no unit"},
		{"a > 1e999", 5, "too large"},
		{"a >", 4, `missing after ">"`},
		{"> 1", 1, `missing before ">"`},
		{"a && ", 6, `missing after "&&"`},
		{"a && && b", 6, `missing after "&&"`},
		{"a && !", 7, `missing after "!"`},
		{"()", 2, `missing after "("`},
		{"1", 1, "number alone"},
		{"[a > 1]", 1, "follows the name of a signal"},
		{"a > 1 [b]", 7, "follows the name of a signal"},
		{"a]", 2, "no bracket is open"},
		{"a[b", 4, `write "]"`},
		{"a[b c]", 5, "follows a complete condition"},
		{"a[]", 3, "is missing"},
		{"a[b[c]]", 4, "remove the inner brackets"},
		{"a[b] > c", 1, "compared with a number"},
		{"c > a[b]", 1, "compared with a number"},
		{"!a[b] > 1", 2, `write "!(a[b] > 1)"`},
		{"a" + strings.Repeat("(", 64), 2, "follows a complete condition"},
		{strings.Repeat("(", 64) + "a[b]", 66, "nested deeper than 64"},
		{"a && 0.5", 6, "number alone"},
		{"1 < 2", 1, "two numbers"},
		{"0 < a < 1", 7, `write "0 < a && a < 1"`},
		{"a == b == ", 8, `write "a == b && b == …"`},
		{"(a) > 1", 5, "inside them"},
		{"!a > 1", 2, `write "!(a > 1)"`},
		{"!1 < a", 2, `write "!(a > 1)"`},
		{"(a > 1", 7, `write ")"`},
		{"a > 1)", 6, "no parenthesis is open"},
		{"a b", 3, "follows a complete condition"},
		{"a > 1 2", 7, "follows a complete condition"},
		{"a !b", 3, "follows a complete condition"},
		{"(a b)", 4, "follows a complete condition"},
		{"a, b", 2, `use "&&"`},
		{"a.b", 2, "both sides"},
		{"person in", 10, `missing after "in"`},
		{"person in >= 1", 11, `missing after "in"`},
		{"person in 1", 11, `missing after "in"`},
		{"person in door > other", 1, "compared with a number or a time"},
		{"a in b in c", 8, "follows a complete condition"},
		{"person in door >= 5s", 19, "no unit"},
		{"5s", 1, "no unit"},
		{"dwell(person)", 13, "dwell takes"},
		{"dwell(person in door", 21, "dwell takes"},
		{"dwell(person in door) >= 30", 26, "compared with a time"},
		{"dwell(a in b) > dwell(a in c)", 1, "compared with a number or a time"},
		{"dwell(a in b) > 0.5ms", 17, "whole milliseconds"},
		{"dwell(a in b) > 721h", 17, "too long"},
		{"dwell() > 1s", 7, "dwell takes"},
		{"new(person)", 11, "new takes"},
		{"crossed(person, gate, 1m)", 21, "crossed takes"},
		{"crossed(person in door, gate.in, 1m)", 23, "crossed takes"},
		{"crossed(person, gate.in)", 24, "crossed takes"},
		{"crossed(person, gate.in, 5)", 26, "crossed takes"},
		{"crossed(person, gate.in, 0s)", 26, "over 1ms to 24h"},
		{"crossed(person, gate.in, 25h)", 26, "over 1ms to 24h"},
		{"count(things)", 13, "count takes"},
		{"count(things, 1)", 15, "count takes"},
		{"a[new(b in c)]", 3, "outside of them"},
		{"a[b in c]", 5, "follows a complete condition"},
		{"!dwell(a in b) > 5s", 2, `write "!(dwell(a in b) > 5s)"`},
		{"a and b", 3, `use "&&"`},
		{"(a or b)", 4, `use "||"`},
		{"a && not b", 6, `use "!"`},
		{strings.Repeat("(", 65) + "a", 65, "nested deeper than 64"},
		{strings.Repeat("!", 65) + "a", 65, "nested deeper than 64"},
		{strings.Repeat(" ", MaxSource) + "a", 1, "4097 bytes"},
	}
	for _, tt := range tests {
		_, err := Parse(tt.src)
		var wrong *SyntaxError
		if !errors.As(err, &wrong) {
			t.Errorf("Parse(%.40q) = %v, want a syntax error", tt.src, err)
			continue
		}
		if wrong.Column != tt.column || !strings.Contains(wrong.Problem, tt.problem) || wrong.Source != tt.src {
			t.Errorf("Parse(%.40q): %v; want column %d and %q", tt.src, wrong, tt.column, tt.problem)
		}
	}
}

func TestParseAtTheLimits(t *testing.T) {
	for _, src := range []string{
		strings.Repeat("(", MaxDepth) + "a" + strings.Repeat(")", MaxDepth),
		strings.Repeat("!", MaxDepth) + "a",
		strings.Repeat(" ", MaxSource-1) + "a",
		strings.Repeat("a||", MaxSource/3) + "a",
		strings.Repeat("a", 64),
	} {
		if _, err := Parse(src); err != nil {
			t.Errorf("Parse(%.20q…): %v", src, err)
		}
	}
}

func TestAllAny(t *testing.T) {
	parse := func(src string) *Expr { return mustParse(t, src) }
	tests := []struct {
		got  *Expr
		want string
	}{
		{All(parse("a")), "a"},
		{All(parse("a > 1"), parse("b || c"), parse("d && e")), "a > 1 && (b || c) && d && e"},
		{Any(parse("a > 1"), parse("b || c"), parse("d && e")), "a > 1 || b || c || d && e"},
		{Any(All(parse("a"), parse("b")), parse("!c")), "a && b || !c"},
	}
	for _, tt := range tests {
		if got := tt.got.String(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
	if All() != nil || Any() != nil {
		t.Error("a condition was made of nothing")
	}
}

func mustParse(t testing.TB, src string) *Expr {
	t.Helper()
	e, err := Parse(src)
	if err != nil {
		t.Fatalf("Parse(%q): %v", src, err)
	}
	return e
}

func FuzzParse(f *testing.F) {
	for _, src := range []string{
		"motion > 0.02", "person >= 1 && motion > 0.02", "!(a || b) && c != -1e-3", "0.5 < a || b == c", "!!a",
		"a = 1", "a & b", "1 < a < 2", "(a) > 1", "a and b", "a ≥ 1", "((", "a > 1e999", "a > 1\xff", "-.5 < a", "- 1 < a",
		"person[helmet == 0] >= 1 && motion", "2 > a[b || !(c < d)]", "a[b[c]]", "a[b", "a]", "!(a[x] == 3)", "a[x] != 0.5",
		"person in door >= 1", "dwell(person[!helmet] in door) >= 1m30s && b", "crossed(person, gate.in, 1m) == 0", "!new(a in b)",
		"count(things in yard, car, truck) < 3", "5s < dwell(a in b)", "dwell(a in b) > 0.001s", "a in b in c", "crossed(a, b.c, 24h)", "a, b", "a.b", "3s",
	} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		e, err := Parse(src)
		if err != nil {
			var wrong *SyntaxError
			if !errors.As(err, &wrong) {
				t.Fatalf("%v is no syntax error", err)
			}
			if wrong.Column < 1 || wrong.Column > utf8.RuneCountInString(src)+1 {
				t.Fatalf("column %d of %q", wrong.Column, src)
			}
			return
		}
		canonical := e.String()
		if len(canonical) > MaxSource {
			return
		}
		again, err := Parse(canonical)
		if err != nil {
			t.Fatalf("Parse(%q), which is the canonical form of %q: %v", canonical, src, err)
		}
		if got := again.String(); got != canonical {
			t.Fatalf("%q became %q", canonical, got)
		}
		agree(t, e, again, uint64(len(src)))
	})
}
