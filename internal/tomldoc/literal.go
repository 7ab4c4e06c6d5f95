package tomldoc

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Literal formats a value as TOML: a string, bool, number, list, map with string keys, or an
// encoding.TextMarshaler.
func Literal(value any) (string, error) {
	if n, ok := value.(json.Number); ok {
		if _, err := n.Int64(); err == nil {
			return n.String(), nil
		}
		f, err := n.Float64()
		if err != nil {
			return "", fmt.Errorf("%s is not a number", n)
		}
		value = f
	}
	if m, ok := value.(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		if err != nil {
			return "", fmt.Errorf("write value: %w", err)
		}
		return quote(string(text)), nil
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.String:
		return quote(v.String()), nil
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return fmt.Sprint(value), nil
	case reflect.Float64, reflect.Float32:
		f := v.Float()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return "", fmt.Errorf("%v is not a value", f)
		}
		if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return strconv.FormatInt(int64(f), 10), nil
		}
		return strconv.FormatFloat(f, 'g', -1, v.Type().Bits()), nil
	case reflect.Slice, reflect.Array:
		items := make([]string, v.Len())
		for i := range items {
			item, err := Literal(v.Index(i).Interface())
			if err != nil {
				return "", err
			}
			items[i] = item
		}
		return "[" + strings.Join(items, ", ") + "]", nil
	case reflect.Map:
		table, ok := value.(map[string]any)
		if !ok {
			break
		}
		var items []string
		for _, key := range slices.Sorted(maps.Keys(table)) {
			item, err := Literal(table[key])
			if err != nil {
				return "", err
			}
			items = append(items, JoinPath("", key)+" = "+item)
		}
		return "{ " + strings.Join(items, ", ") + " }", nil
	}
	return "", fmt.Errorf("a value of type %T cannot be written", value)
}

// quote formats a text as a TOML basic string.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(text, "\ufffd") {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// reread parses a literal.
func reread(literal string) any {
	var v struct{ V any }
	if toml.Unmarshal([]byte("V = "+literal), &v) != nil {
		return nil
	}
	return v.V
}
