// Package option reads and writes structs of configuration keys by their tags:
//
//	MaxFPS float64 `toml:"max_fps" help:"runs a second at most"`
//
// Decoding, checks, forms, completion and documentation derive from it.
package option

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"rvo-tui/internal/text"
)

// Option is one key of a struct.
type Option struct {
	Key     string
	Help    string   // one line, from the tag help
	Choices []string // allowed values of a text, from the tag oneof; empty: any
	Path    bool     // it names local files or programs; from the tag `is:"path"`
	Sep     string   // separator of list entries, from the tag sep; empty: a comma
	Secret  bool     // its value is never shown; from the tag `is:"secret"`
	Type    reflect.Type
}

// TypeName returns the type's name in documentation: "string", "number", "integer", "boolean",
// "duration" or "list".
func (o Option) TypeName() string {
	switch {
	case o.Type == reflect.TypeFor[text.Duration]():
		return "duration"
	case IsText(o.Type):
		return "string"
	}
	switch o.Type.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Int:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		return "list"
	}
	return "string"
}

// List returns the options of a struct value in field order; none for nil.
func List(v any) []Option {
	if v == nil {
		return nil
	}
	var list []Option
	for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
		key := KeyOf(f)
		if key == "" {
			continue
		}
		list = append(list, Option{
			Key: key, Help: f.Tag.Get("help"), Choices: strings.Fields(f.Tag.Get("oneof")), Type: f.Type, Sep: f.Tag.Get("sep"),
			Path: f.Tag.Get("is") == "path", Secret: f.Tag.Get("is") == "secret",
		})
	}
	return list
}

// Keys returns the keys of options, in order.
func Keys(list []Option) []string {
	keys := make([]string, len(list))
	for i, o := range list {
		keys[i] = o.Key
	}
	return keys
}

// KeyOf returns the configuration key of a field, or "" if it has none.
func KeyOf(f reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
	if key == "-" {
		return ""
	}
	return key
}

// Field returns the field of struct v for a key, or the zero Value. The field is settable if v is.
func Field(v reflect.Value, key string) reflect.Value {
	if f, ok := field(v, key); ok {
		return v.FieldByIndex(f.Index)
	}
	return reflect.Value{}
}

// Holder returns the struct with a key, of those that to points to, or the zero Value. It skips nil
// in to.
func Holder(to []any, key string) reflect.Value {
	for _, dst := range to {
		if dst == nil {
			continue
		}
		if v := reflect.ValueOf(dst).Elem(); Field(v, key).IsValid() {
			return v
		}
	}
	return reflect.Value{}
}

func field(v reflect.Value, key string) (reflect.StructField, bool) {
	if key == "" || v.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	for _, f := range reflect.VisibleFields(v.Type()) {
		if KeyOf(f) == key {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// Fill returns the struct value set, with its zero fields taken from defaults. It ignores defaults
// that are nil or of another type. If set is nil, it returns defaults.
func Fill(set, defaults any) any {
	switch {
	case set == nil:
		return defaults
	case reflect.TypeOf(set) != reflect.TypeOf(defaults):
		return set
	}
	v := reflect.New(reflect.TypeOf(set)).Elem()
	v.Set(reflect.ValueOf(set))
	for _, o := range List(set) {
		if f := Field(v, o.Key); f.IsZero() {
			f.Set(Field(reflect.ValueOf(defaults), o.Key))
		}
	}
	return v.Interface()
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// IsText reports whether a type implements encoding.TextUnmarshaler, as durations do.
func IsText(t reflect.Type) bool { return reflect.PointerTo(t).Implements(textUnmarshaler) }

// Set parses a value typed by the user (text, number, true or false) into the field of struct v for a
// key. It appends to a list; entries are separated by commas, by blanks if the tag sep says so, or
// written as a TOML list. The error says what is expected.
func Set(v reflect.Value, key, value string) error {
	sf, ok := field(v, key)
	if !ok {
		return fmt.Errorf("unknown key %q", key)
	}
	f := v.FieldByIndex(sf.Index)
	if f.Kind() != reflect.Slice || IsText(f.Type()) {
		return set(f, value)
	}
	entries, err := entries(value, sf.Tag.Get("sep"))
	if err != nil {
		return err
	}
	list := reflect.MakeSlice(f.Type(), len(entries), len(entries))
	for i, e := range entries {
		if err := set(list.Index(i), e); err != nil {
			return err
		}
	}
	f.Set(reflect.AppendSlice(f.Slice3(0, f.Len(), f.Len()), list)) // do not write to a shared array
	return nil
}

func set(v reflect.Value, value string) error {
	if IsText(v.Type()) {
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(value))
	}
	switch v.Kind() {
	case reflect.Bool:
		b, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("must be true or false, not %q", value)
		}
		v.SetBool(b)
	case reflect.Int:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return fmt.Errorf("must be a whole number, not %q", value)
		}
		v.SetInt(n)
	case reflect.Float64:
		f, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return fmt.Errorf("must be a number, not %q", value)
		}
		v.SetFloat(f)
	default:
		v.SetString(value)
	}
	return nil
}

// Text formats a value for display, roughly as Set parses it.
func Text(v reflect.Value) string {
	if v.Kind() != reflect.Slice {
		return fmt.Sprint(v.Interface())
	}
	entries := make([]string, v.Len())
	for i := range entries {
		entries[i] = Text(v.Index(i))
	}
	return strings.Join(entries, ", ")
}

// Choice returns the problem if value is not one of the option's choices, or "". An empty value
// counts as not set.
func (o Option) Choice(value string) string {
	if len(o.Choices) == 0 || value == "" || slices.Contains(o.Choices, value) {
		return ""
	}
	return fmt.Sprintf("%q is not one of %s", value, text.Quoted(o.Choices, "or")) + text.DidYouMean(value, o.Choices)
}
