package ui

import (
	"slices"
	"strings"
)

// fuzzy returns the name that a few letters mean: the first that is them, begins with
// them, contains them, or has them in this order; -1: none. Case does not matter.
func fuzzy(names []string, letters string) int {
	letters = strings.ToLower(letters)
	for _, means := range []func(name string) bool{
		func(name string) bool { return name == letters },
		func(name string) bool { return strings.HasPrefix(name, letters) },
		func(name string) bool { return strings.Contains(name, letters) },
		func(name string) bool { return inOrder(name, letters) },
	} {
		if i := slices.IndexFunc(names, func(name string) bool { return means(strings.ToLower(name)) }); i >= 0 {
			return i
		}
	}
	return -1
}

// inOrder reports whether a name has all letters, in their order.
func inOrder(name, letters string) bool {
	for _, r := range letters {
		at := strings.IndexRune(name, r)
		if at < 0 {
			return false
		}
		name = name[at+len(string(r)):]
	}
	return true
}
