package detectors

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"rvo-tui/internal/option"
	"rvo-tui/internal/text"
)

// Kind is a kind of detector that can be configured. Its own keys are the fields of the
// struct in Defaults.Options, with the tags that package option reads:
//
//	type Options struct {
//		Model string `toml:"model" help:"the network's file" is:"path"`
//	}
type Kind struct {
	Name string
	Doc  string // one line, for the user
	// Absent is why this build lacks the kind. Nil: it is available.
	Absent error
	// Defaults are the defaults of this kind; Name and Kind are empty. Options is a
	// struct value, or nil if the kind has no keys of its own.
	Defaults Config
	Remote   bool // computes elsewhere, see Spec.Remote
	Crops    bool // can process boxes (Config.CropsOf), because it judges each image independently
	Areas    bool // applies Config.Masked and Config.Within itself; otherwise boxes outside are dropped afterwards
	Process  bool // always runs in its own process, regardless of Config.Isolation
	// Keys are the kind's own keys that forms and completion offer. Nil: all of them.
	Keys []string
	// Provides returns the names of the detector's signals. cfg has its defaults filled
	// in. Nil: only cfg.Signal.
	Provides func(cfg Config) []string
	// Batch returns how many frames, from several cameras, a detector processes in one
	// run. cfg has its defaults filled in. Nil: one.
	Batch func(cfg Config) int
	// Check calls bad for every invalid key of the kind, with the allowed values. cfg
	// has its defaults filled in. Nil: nothing to check.
	Check func(cfg Config, bad func(key, problem string))
	// New creates a detector for one camera and loads what it needs. It may take long:
	// it is called on the detector's own goroutine. cfg has its defaults filled in. Its
	// errors say what to do.
	New func(cfg Config) (Detector, error)
}

// Own returns the kind's own keys that are offered to the user.
func (k Kind) Own() []option.Option {
	list := option.List(k.Defaults.Options)
	if k.Keys == nil {
		return list
	}
	return slices.DeleteFunc(list, func(o option.Option) bool { return !slices.Contains(k.Keys, o.Key) })
}

// Common returns the keys common to all kinds.
func Common() []option.Option { return option.List(Config{}) }

// Common returns the common keys that are offered to the user. It leaves out those that
// do not apply to the kind or to attaching a detector.
func (k Kind) Common() []option.Option {
	return slices.DeleteFunc(Common(), func(o option.Option) bool {
		return o.Key == "disabled_on" || !k.Crops && (o.Key == "crops_of" || o.Key == "max_crops")
	})
}

// NewOptions returns a pointer to an empty struct of the kind's own keys, for
// SetOptions. It is nil if the kind has none.
func (k Kind) NewOptions() any {
	if k.Defaults.Options == nil {
		return nil
	}
	return reflect.New(reflect.TypeOf(k.Defaults.Options)).Interface()
}

// SetOptions sets the options of c to the struct that options, from NewOptions, points
// to.
func (c *Config) SetOptions(options any) {
	c.Options = nil
	if options == nil {
		return
	}
	if v := reflect.ValueOf(options).Elem(); !v.IsZero() {
		c.Options = v.Interface()
	}
}

// own returns the field of one of the kind's own keys.
func (c Config) own(key string) reflect.Value {
	if c.Options == nil {
		return reflect.Value{}
	}
	return option.Field(reflect.ValueOf(c.Options), key)
}

// Value returns the field of a key, common or of the kind, for reading. It is the zero
// Value if there is none.
func (c Config) Value(key string) reflect.Value {
	if v := option.Field(reflect.ValueOf(c), key); v.IsValid() {
		return v
	}
	return c.own(key)
}

// Kinds maps names to the kinds that can be configured. The program fills it. It
// includes kinds that this build lacks: see Kind.Absent.
type Kinds map[string]Kind

// Builtin returns the kinds in pure Go.
func Builtin() Kinds {
	kinds := make(Kinds)
	for _, k := range []Kind{motionKind(), qualityKind(), dummyKind(), loadKind(), jitterKind()} {
		kinds[k.Name] = k
	}
	return kinds
}

// Names returns the names of the available kinds, sorted.
func (k Kinds) Names() []string {
	names := make([]string, 0, len(k))
	for name, kind := range k {
		if kind.Absent == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Unchecked returns the kinds without the checks that depend on this machine or build,
// for a configuration meant for another machine.
func (k Kinds) Unchecked(which func(Kind) bool) Kinds {
	other := make(Kinds, len(k))
	for name, kind := range k {
		if which(kind) {
			kind.Check, kind.Absent = nil, nil
		}
		other[name] = kind
	}
	return other
}

// UnknownKey returns why a kind does not accept a key. It is empty if the kind itself
// is unknown.
func (k Kinds) UnknownKey(kind, key string) string {
	var others []string
	for _, name := range k.Names() {
		if slices.Contains(option.Keys(k[name].Own()), key) {
			others = append(others, name)
		}
	}
	_, known := k[kind]
	switch {
	case !known && len(others) > 0:
		return ""
	case len(others) > 0:
		return fmt.Sprintf("kind %q does not take %q; it belongs to %s", kind, key, text.Quoted(others, "and"))
	}
	keys := option.Keys(slices.Concat(Common(), k[kind].Own()))
	return text.Unknown("key", key, keys)
}

// Parse returns the detector of a kind described by words such as "max_fps=5"; see
// option.Pairs. Its name is that of the kind unless a word sets it. The error lists
// every problem of the words. The result still needs Validate.
func (k Kinds) Parse(kind string, words []string) (Config, error) {
	cfg := DefaultConfig()
	cfg.Name, cfg.Kind = kind, kind
	of, ok := k[kind]
	switch {
	case !ok:
		return cfg, errors.New("kind: " + unknownKind(kind, k))
	case of.Absent != nil:
		return cfg, errors.New("kind: " + absentKind(of))
	}
	own := of.NewOptions()
	keys, err := option.Apply(words, func(key string) string { return k.UnknownKey(kind, key) }, &cfg, own)
	cfg.SetOptions(own)
	problems := []error{err}
	if slices.Contains(keys, "kind") {
		problems = append(problems, errors.New("kind: is given twice"))
	}
	for _, key := range keys {
		if why := cfg.Zero(of, key); why != "" {
			problems = append(problems, fmt.Errorf("%s: %s", key, why))
		}
	}
	return cfg, errors.Join(problems...)
}

// Zero returns why a key must not be set to zero, which means unset. It is empty if the
// value is not zero, or zero is allowed.
func (c Config) Zero(kind Kind, key string) string {
	v, filled := c.Value(key), c.Fill(kind).Value(key)
	if v.IsValid() && !v.IsZero() || !filled.IsValid() || filled.IsZero() {
		return ""
	}
	zero := option.Text(reflect.Zero(filled.Type()))
	if zero == "" {
		zero = "empty"
	}
	return fmt.Sprintf("cannot be %s; leave the key out for the default, %s", zero, option.Text(filled))
}
