package config

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// KeyText writes words such as "max_fps=5" as TOML, by the types that the keys
// have in the struct like. A list's key may come again; other lists are written
// as in TOML. ${NAME} is filled in from this program's environment. Defaults are
// taken where their keys are not among the words.
func (l Loader) KeyText(like any, words []string, defaults ...string) (string, error) {
	t := reflect.TypeOf(like)
	table := map[string]any{}
	var problems []error
	set := func(word string) error {
		key, value, found := strings.Cut(word, "=")
		field := fieldOf(t, key)
		switch {
		case !found || key == "":
			return fmt.Errorf("%q must be KEY=VALUE, as in max_fps=5", word)
		case field == nil:
			return errors.New(unknown("key", key, keysOf(t)))
		}
		if _, again := table[key]; again && field.Type.Kind() != reflect.Slice {
			return fmt.Errorf("%s: is given twice", key)
		}
		value, err := l.vault().expand(value)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		v, err := keyValue(field.Type, value)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if list, ok := v.([]any); ok {
			had, _ := table[key].([]any)
			v = append(had, list...)
		}
		table[key] = v
		return nil
	}
	for _, word := range words {
		if err := set(word); err != nil {
			problems = append(problems, err)
		}
	}
	for _, word := range defaults {
		key, value, _ := strings.Cut(word, "=")
		if _, given := table[key]; !given {
			table[key] = value
		}
	}
	if len(problems) > 0 {
		return "", errors.Join(problems...)
	}
	text, err := toml.Marshal(table)
	return string(text), err
}

// keyValue reads a value as a shell gives it. What does not fit the type stays a
// text, for the decoder to complain about as it does of a file's.
func keyValue(t reflect.Type, value string) (any, error) {
	switch {
	case reflect.PointerTo(t).Implements(textUnmarshaler):
	case t.Kind() == reflect.Slice && strings.HasPrefix(strings.TrimSpace(value), "["):
		var one struct{ V []any }
		if err := toml.Unmarshal([]byte("V = "+value), &one); err != nil {
			return nil, fmt.Errorf("%q is no list; write it as [\"a\", \"b\"], or give the key once for each entry", value)
		}
		return one.V, nil
	case t.Kind() == reflect.Slice:
		v, err := keyValue(t.Elem(), value)
		return []any{v}, err
	case t.Kind() == reflect.Bool:
		if b, err := strconv.ParseBool(value); err == nil {
			return b, nil
		}
	case t.Kind() == reflect.Int:
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			return n, nil
		}
	case t.Kind() == reflect.Float64:
		if f, err := strconv.ParseFloat(value, 64); err == nil {
			return f, nil
		}
	}
	return value, nil
}
