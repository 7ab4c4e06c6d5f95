package rules

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"rvo-tui/detectors"
)

// MaxSource is the maximum length of a condition, in bytes.
const MaxSource = 4096

// SyntaxError is an error in the source of a condition.
type SyntaxError struct {
	Source  string
	Column  int    // of the first wrong character, counted in runes from 1
	Problem string // with a suggestion of what to write instead
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Problem) }

type kind uint8

const (
	end kind = iota
	name
	number
	compare // one of the six comparisons
	and
	or
	bang
	open
	shut
	openBracket
	shutBracket
	comma
	dot
	interval // a duration
)

type token struct {
	kind   kind
	text   string
	column int
	value  float64 // of a number, or of a duration in seconds
}

// lex splits a source into tokens. The last token is always end.
func lex(src string) ([]token, error) {
	if len(src) > MaxSource {
		return nil, &SyntaxError{src, 1, fmt.Sprintf("the condition is %d bytes long, but at most %d are allowed; split it into several rules", len(src), MaxSource)}
	}
	var tokens []token
	column := 1
	for rest := src; rest != ""; {
		text, t, problem := next(rest)
		if problem != "" {
			return nil, &SyntaxError{src, column, problem}
		}
		if text != "" {
			t.text, t.column = text, column
			tokens = append(tokens, t)
		} else {
			text = rest[:1] // white space
		}
		column += len(text) // accepted characters are all ASCII
		rest = rest[len(text):]
	}
	return append(tokens, token{kind: end, column: column}), nil
}

// next returns the token at the start of s, which must not be empty. The text is empty
// for white space.
func next(s string) (text string, t token, problem string) {
	switch c := s[0]; {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		return "", token{}, ""
	case letter(c):
		return word(s)
	case c == ',':
		return s[:1], token{kind: comma}, ""
	case c == '.' && len(s) > 1 && letter(s[1]):
		return s[:1], token{kind: dot}, ""
	case digit(c), c == '.', c == '-' && len(s) > 1 && (digit(s[1]) || s[1] == '.'):
		return numeral(s)
	case c == '(':
		return s[:1], token{kind: open}, ""
	case c == ')':
		return s[:1], token{kind: shut}, ""
	case c == '[':
		return s[:1], token{kind: openBracket}, ""
	case c == ']':
		return s[:1], token{kind: shutBracket}, ""
	}
	if len(s) > 1 {
		switch s[:2] {
		case "<=", ">=", "==", "!=":
			return s[:2], token{kind: compare}, ""
		case "&&":
			return s[:2], token{kind: and}, ""
		case "||":
			return s[:2], token{kind: or}, ""
		case "=<":
			return "", token{}, `"=<" is not an operator; use "<="`
		case "=>":
			return "", token{}, `"=>" is not an operator; use ">="`
		case "<>":
			return "", token{}, `"<>" is not an operator; use "!="`
		}
	}
	switch s[0] {
	case '<', '>':
		return s[:1], token{kind: compare}, ""
	case '!':
		return s[:1], token{kind: bang}, ""
	}
	return "", token{}, stray(s)
}

// stray suggests a replacement for a character that cannot start a token.
func stray(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 {
		return "the text is not valid UTF-8; use plain letters, digits and operators"
	}
	instead := map[rune]string{
		'=': "==", '&': "&&", '|': "||", '~': "!", ';': "&&", '{': "(", '}': ")",
		'≤': "<=", '≥': ">=", '≠': "!=", '∧': "&&", '∨': "||", '¬': "!", '−': "-", '–': "-",
	}
	if use, ok := instead[r]; ok {
		return fmt.Sprintf("\"%c\" is not an operator; use %q", r, use)
	}
	switch r {
	case '+', '-', '*', '/', '%', '^':
		return fmt.Sprintf("\"%c\": there is no arithmetic; compare a signal with a number or with another signal", r)
	case '"', '\'', '`':
		return "names and numbers are written without quotes; remove the quote"
	case '_':
		return "a signal name begins with a letter; write a letter before the underscore"
	}
	return fmt.Sprintf("%q means nothing here; use signal names, numbers, < <= == != >= > && || ! and parentheses", r)
}

func word(s string) (string, token, string) {
	n := 1
	for n < len(s) && (letter(s[n]) || digit(s[n]) || s[n] == '_') {
		n++
	}
	if !detectors.ValidName(s[:n]) {
		return "", token{}, fmt.Sprintf("the name is %d characters long; a signal name has at most 64", n)
	}
	return s[:n], token{kind: name}, ""
}

// Problems with misplaced numbers and commas.
const (
	pointHelp = "a number has digits on both sides of its point; write for example \"0.5\""
	unitHelp  = "a number is decimal, as \"0.5\" or \"1e3\", and has no unit; a signal name begins with a letter"
	commaHelp = "\",\" is not an operator; use \"&&\""
)

// duration reads a duration such as "30s" or "1m30s". The text is empty when there is
// none.
func duration(s string) (string, token, string) {
	n := 0
	for n < len(s) && (digit(s[n]) || letter(s[n]) || s[n] == '.' && n+1 < len(s) && digit(s[n+1])) {
		n++
	}
	d, err := time.ParseDuration(s[:n])
	switch {
	case err != nil || !letter(s[n-1]) || n < len(s) && s[n] == '_':
		return "", token{}, ""
	case d%time.Millisecond != 0:
		return "", token{}, "a time has whole milliseconds; write for example \"500ms\" or \"30s\""
	case d > MaxDuration:
		return "", token{}, fmt.Sprintf("the time is too long; the longest is %v", MaxDuration)
	}
	return s[:n], token{kind: interval, value: d.Seconds()}, ""
}

func numeral(s string) (string, token, string) {
	n := 0
	if s[0] == '-' {
		n++
	}
	whole := digits(s[n:])
	n += whole
	fraction := 1
	if n < len(s) && s[n] == '.' {
		fraction = digits(s[n+1:])
		n += 1 + fraction
	}
	if whole == 0 || fraction == 0 {
		return "", token{}, pointHelp
	}
	if text, t, problem := duration(s); text != "" || problem != "" {
		return text, t, problem
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		sign := n + 1
		if sign < len(s) && (s[sign] == '+' || s[sign] == '-') {
			sign++
		}
		exponent := digits(s[sign:])
		if exponent == 0 {
			return "", token{}, "the number has no digits after its exponent; write for example \"1e3\""
		}
		n = sign + exponent
	}
	if n < len(s) && (letter(s[n]) || s[n] == '_' || s[n] == '.') {
		return "", token{}, unitHelp
	}
	value, err := strconv.ParseFloat(s[:n], 64)
	if err != nil { // the syntax is valid, so it is out of range
		return "", token{}, "the number is too large; use one below 1.7e308"
	}
	return s[:n], token{kind: number, value: value}, ""
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func digit(c byte) bool { return c >= '0' && c <= '9' }

func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
