package config

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"rvo-tui/detectors"
	"rvo-tui/internal/option"
	"rvo-tui/internal/text"
	"rvo-tui/internal/tomldoc"
)

// decoder decodes a document into configuration structs and reports problems.
type decoder struct {
	doc    *tomldoc.Document
	broken map[string]bool // paths of invalid values, which were skipped
	report func(path, where, key, text string)

	without []string // tables to leave out
}

// section decodes the table [name] into dst, a pointer to a struct that has the defaults.
func (d *decoder) section(name string, dst any) {
	if slices.Contains(d.without, name) {
		return
	}
	switch v := d.doc.Tree[name].(type) {
	case nil:
	case map[string]any:
		d.table(name, name, v, dst)
	default:
		d.broken[name] = true
		d.report(name, "", name, fmt.Sprintf("must be a table, not %[2]s: write [%[1]s] once, with its keys below it", name, shown(v)))
	}
}

// maxElements is the maximum number of tables in each list, such as [[camera]].
const maxElements = 1024

// elements decodes every [[name]] into a new value made by defaults, and calls add with the value
// and its path.
func elements[T any](d *decoder, name string, defaults func() T, label func(t T, n int) string, decode func(path, where string, table map[string]any, dst *T), add func(t T, path string)) {
	wrong := func(v any) {
		d.broken[name] = true
		d.report(name, "", name, fmt.Sprintf("must be a list of tables, not %[2]s: write [[%[1]s]], with two brackets, for each %[1]s", name, shown(v)))
	}
	v, ok := d.doc.Tree[name]
	if !ok {
		return
	}
	list, ok := v.([]any)
	if !ok {
		wrong(v)
		return
	}
	if len(list) > maxElements {
		d.broken[name] = true
		d.report(tomldoc.IndexPath(name, maxElements), "", "", fmt.Sprintf("there are %d [[%s]]; at most %d are possible", len(list), name, maxElements))
		list = list[:maxElements]
	}
	for i, item := range list {
		table, ok := item.(map[string]any)
		if !ok {
			wrong(item)
			continue
		}
		path := tomldoc.IndexPath(name, i)
		if slices.Contains(d.without, path) {
			continue
		}
		t := defaults()
		// Decode the name first, because problems with other keys mention it.
		for _, key := range []string{"name", "event"} {
			if text, ok := table[key].(string); ok && option.Field(reflect.ValueOf(t), key).IsValid() {
				named := map[string]any{key: text}
				_ = decodeKeys(named, &t) // a string always fits
			}
		}
		decode(path, label(t, i), table, &t)
		add(t, path)
	}
}

// plain returns a function that decodes a table whose keys are those of one struct.
func plain[T any](d *decoder) func(path, where string, table map[string]any, dst *T) {
	return func(path, where string, table map[string]any, dst *T) { d.table(path, where, table, dst) }
}

// detector returns a function that decodes a [[detector]]: the common keys and those of its kind.
func (d *decoder) detector(kinds detectors.Kinds) func(path, where string, table map[string]any, dst *detectors.Config) {
	return func(path, where string, table map[string]any, dst *detectors.Config) {
		kind, _ := table["kind"].(string)
		own := kinds[kind].NewOptions()
		d.keys(path, where, table, func(key string) string { return kinds.UnknownKey(kind, key) }, dst, own)
		dst.SetOptions(own)
	}
}

// table decodes a table into the struct that dst points to.
func (d *decoder) table(path, where string, table map[string]any, dst any) {
	allowed := option.Keys(option.List(reflect.ValueOf(dst).Elem().Interface()))
	d.keys(path, where, table, func(key string) string { return text.Unknown("key", key, allowed) }, dst)
}

// keys decodes a table key by key into the structs that to points to, so that every problem is
// found and has a position. Unknown returns the problem with a key that none of them has; if that
// is empty, the key is ignored.
func (d *decoder) keys(path, where string, table map[string]any, unknown func(key string) string, to ...any) {
	for _, key := range d.inOrder(path, table) {
		v := option.Holder(to, key)
		at := tomldoc.JoinPath(path, key)
		if !v.IsValid() {
			d.unknownKey(path, where, key, table, unknown(key), to)
			continue
		}
		if d.mismatch(at, where, key, option.Field(v, key).Type(), table[key]) {
			d.broken[at] = true
			continue
		}
		one := reflect.New(v.Type())
		one.Elem().Set(v)
		if err := decodeKeys(map[string]any{key: table[key]}, one.Interface()); err != nil {
			d.broken[at] = true
			d.report(at, where, key, strings.TrimPrefix(err.Error(), "toml: "))
			continue
		}
		v.Set(one.Elem())
	}
}

// unknownKey reports a key that none of the structs that to points to has.
func (d *decoder) unknownKey(path, where, key string, table map[string]any, problem string, to []any) {
	if problem == "" {
		return
	}
	d.report(tomldoc.JoinPath(path, key), where, "", problem)
	for _, dst := range to {
		if dst == nil {
			continue
		}
		meant := text.Suggest(key, option.Keys(option.List(reflect.ValueOf(dst).Elem().Interface())))
		if _, written := table[meant]; !written {
			d.broken[tomldoc.JoinPath(path, meant)] = true // do not report it as missing as well
		}
	}
}

// decodeKeys decodes a table strictly into the struct that dst points to.
func decodeKeys(table map[string]any, dst any) error {
	text, err := toml.Marshal(table)
	if err != nil {
		return err
	}
	return toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(dst)
}

// inOrder returns the keys of a table in file order.
func (d *decoder) inOrder(path string, table map[string]any) []string {
	keys := make([]string, 0, len(table))
	for key := range table {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return d.doc.Marks[tomldoc.JoinPath(path, a)].Key - d.doc.Marks[tomldoc.JoinPath(path, b)].Key
	})
	return keys
}

// mismatch reports a value whose TOML type does not fit a field of type t. It returns whether it
// reported one.
func (d *decoder) mismatch(path, where, key string, t reflect.Type, value any) bool {
	want := ""
	switch kind := reflect.ValueOf(value).Kind(); {
	case t == reflect.TypeFor[text.Duration]() && kind != reflect.String:
		want = `a duration in quotes, as in "500ms" or "10s"`
	case t == reflect.TypeFor[text.Bytes]() && kind != reflect.String && kind != reflect.Int64:
		want = `a size in quotes, as in "64MiB" or "2GiB"`
	case option.IsText(t):
		// Its UnmarshalText reports what it expects.
	case t.Kind() == reflect.Slice:
		list, ok := value.([]any)
		if !ok {
			want = `a list, as in ["a", "b"]`
			break
		}
		bad := false
		for i, item := range list {
			bad = d.mismatch(tomldoc.IndexPath(path, i), where, key, t.Elem(), item) || bad
		}
		return bad
	case t.Kind() == reflect.String && kind != reflect.String:
		want = "a text in quotes"
	case t.Kind() == reflect.Bool && kind != reflect.Bool:
		want = "true or false"
	case t.Kind() == reflect.Float64 && kind != reflect.Float64 && kind != reflect.Int64:
		want = "a number"
	case t.Kind() == reflect.Int && kind != reflect.Int64:
		want = "a whole number"
	}
	if want == "" {
		return false
	}
	d.report(path, where, key, "must be "+want+", not "+shown(value))
	return true
}

// shown describes a TOML value for a message, without the content of strings, which may be secret.
func shown(value any) string {
	switch v := value.(type) {
	case string:
		return "a text"
	case bool, int64, float64:
		return fmt.Sprint(v)
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a date or time"
}
