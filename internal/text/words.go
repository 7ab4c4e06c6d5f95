package text

import (
	"fmt"
	"strconv"
	"strings"
)

// Unknown is what to say about a name that is none of those allowed.
func Unknown(what, name string, allowed []string) string {
	return fmt.Sprintf("unknown %s %q%s (allowed: %s)", what, name, DidYouMean(name, allowed), strings.Join(allowed, ", "))
}

// Quoted lists words for people: "a", "b" and "c".
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
