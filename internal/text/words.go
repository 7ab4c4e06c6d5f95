package text

import (
	"fmt"
	"strconv"
	"strings"
)

// Unknown returns the message about a name that is not allowed.
func Unknown(what, name string, allowed []string) string {
	return fmt.Sprintf("unknown %s %q%s (allowed: %s)", what, name, DidYouMean(name, allowed), strings.Join(allowed, ", "))
}

// Quoted formats a list of words for a sentence, as in "a", "b" and "c" for last = "and".
func Quoted(words []string, last string) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			b.WriteString(" " + last + " ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(w))
	}
	return b.String()
}
