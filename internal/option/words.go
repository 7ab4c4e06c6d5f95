package option

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Pair is a key and its value, as typed.
type Pair struct{ Key, Value string }

// Pairs parses words such as "max_fps=5". A value may span several words, with blanks around "=".
// For example, the words of
//
//	name=door needs = motion > 0.01
//
// are two pairs, whether split by a shell or by Fields.
func Pairs(words []string) ([]Pair, error) {
	var pairs []Pair
	for i := 0; i < len(words); i++ {
		key, value, found := strings.Cut(words[i], "=")
		key = strings.TrimSpace(key)
		if !found && i+1 < len(words) && strings.HasPrefix(words[i+1], "=") && !strings.HasPrefix(words[i+1], "==") {
			i++
			value, found = words[i][1:], true
		}
		switch {
		case found && isKey(key) && !strings.HasPrefix(value, "="):
			pairs = append(pairs, Pair{key, strings.TrimSpace(value)})
		case len(pairs) > 0:
			last := &pairs[len(pairs)-1]
			last.Value = strings.TrimSpace(last.Value + " " + words[i])
		default:
			return nil, fmt.Errorf("%q must be KEY=VALUE, as in max_fps=5", words[i])
		}
	}
	return pairs, nil
}

// Apply sets the pairs in words (see Pairs) in the structs that to points to, and skips nil in to.
// Unknown returns the problem with a key that none of them has. Apply returns the keys that it set,
// and an error with all problems.
func Apply(words []string, unknown func(key string) string, to ...any) (keys []string, err error) {
	pairs, err := Pairs(words)
	if err != nil {
		return nil, err
	}
	var problems []error
	for _, p := range pairs {
		dst := Holder(to, p.Key)
		switch {
		case !dst.IsValid():
			problems = append(problems, errors.New(unknown(p.Key)))
		case slices.Contains(keys, p.Key) && Field(dst, p.Key).Kind() != reflect.Slice:
			problems = append(problems, fmt.Errorf("%s: is given twice", p.Key))
		default:
			if err := Set(dst, p.Key, p.Value); err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", p.Key, err))
				continue
			}
			keys = append(keys, p.Key)
		}
	}
	return keys, errors.Join(problems...)
}

// isKey reports whether a word has the form of a configuration key.
func isKey(word string) bool {
	return word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// Fields splits a line into words at blanks. Quoted text is not split; quotes are removed, except
// within brackets.
func Fields(line string) []string {
	return slices.DeleteFunc(split(line, ' '), func(word string) bool { return word == "" })
}

// entries splits a typed list at sep. Brackets around the list, as in TOML, are optional.
func entries(value, sep string) ([]string, error) {
	value = strings.TrimSpace(value)
	listed := strings.HasPrefix(value, "[")
	switch {
	case listed && !strings.HasSuffix(value, "]"):
		return nil, fmt.Errorf(`%q is not a list: write it as ["a", "b"], or give the key once for each entry`, value)
	case sep == " " && !listed:
		return Fields(value), nil
	}
	if listed {
		value = value[1 : len(value)-1]
	}
	list := split(value, ',')
	for i, e := range list {
		list[i] = strings.TrimSpace(e)
	}
	if listed && list[len(list)-1] == "" { // trailing comma, or an empty list
		list = list[:len(list)-1]
	}
	return list, nil
}

// split splits a text at separators outside quotes and brackets. It removes quotes, but keeps
// brackets and their content unchanged.
func split(text string, sep rune) []string {
	var parts []string
	var part strings.Builder
	var quote rune
	depth := 0
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
			if depth == 0 {
				continue
			}
		case quote != 0:
		case r == '"' || r == '\'':
			quote = r
			if depth == 0 {
				continue
			}
		case r == '[':
			depth++
		case r == ']' && depth > 0:
			depth--
		case r == sep && depth == 0:
			parts = append(parts, part.String())
			part.Reset()
			continue
		}
		part.WriteRune(r)
	}
	return append(parts, part.String())
}
