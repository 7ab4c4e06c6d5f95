package detectors

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"rvo-tui/internal/option"
	"rvo-tui/internal/text"
)

// Kind is a kind of detector that can be configured. Its own keys are the fields
// of a struct, Defaults.Options, with the tags that package option reads:
//
//	type Options struct {
//		Model string `toml:"model" help:"the network's file" is:"path"`
//	}
type Kind struct {
	Name string
	Doc  string // one line for people
	// Absent is why this build does not have the kind. Nil: it does.
	Absent error
	// Defaults are those of this kind; Name and Kind are left empty. Options is
	// a struct value; nil: the kind has no keys of its own.
	Defaults Config
	Remote   bool // computes elsewhere: see Spec.Remote
	Crops    bool // can look at boxes (Config.CropsOf): it judges each image by itself
	Areas    bool // looks at nothing outside Config.Masked and Config.Within itself; else its boxes are dropped there
	Process  bool // always runs in a process of its own, whatever Config.Isolation says
	// Keys are those of its own that forms and completion offer. Nil: all of them.
	Keys []string
	// Provides returns the names of the signals that a detector of this kind
	// answers with. The defaults are filled in. Nil: the one signal cfg.Signal.
	Provides func(cfg Config) []string
	// Batch returns how many frames of several cameras a detector takes in one run.
	// The defaults are filled in. Nil: one.
	Batch func(cfg Config) int
	// Check calls bad for every invalid own key, with what is allowed. The
	// defaults are filled in. Nil: the kind has nothing to check.
	Check func(cfg Config, bad func(key, problem string))
	// New makes a detector for one camera, loading what it needs. It may take
	// its time: it is called in the detector's own goroutine. The defaults are
	// filled in. Its errors say what to do.
	New func(cfg Config) (Detector, error)
}

// Own returns the kind's own keys that are offered.
func (k Kind) Own() []option.Option {
	list := option.List(k.Defaults.Options)
	if k.Keys == nil {
		return list
	}
	return slices.DeleteFunc(list, func(o option.Option) bool { return !slices.Contains(k.Keys, o.Key) })
}

// Common returns the keys that every kind takes.
func Common() []option.Option { return option.List(Config{}) }

// Common returns those of them that are offered: what is of no use to the kind, or to
// who attaches a detector, is left out.
func (k Kind) Common() []option.Option {
	return slices.DeleteFunc(Common(), func(o option.Option) bool {
		return o.Key == "disabled_on" || !k.Crops && (o.Key == "crops_of" || o.Key == "max_crops")
	})
}

// NewOptions returns a pointer to a struct of the kind's own keys, none of them
// set, to be filled and given to SetOptions; nil: the kind has none.
func (k Kind) NewOptions() any {
	if k.Defaults.Options == nil {
		return nil
	}
	return reflect.New(reflect.TypeOf(k.Defaults.Options)).Interface()
}

// SetOptions sets the options of c to what a pointer of NewOptions points to.
func (c *Config) SetOptions(options any) {
	c.Options = nil
	if options == nil {
		return
	}
	if v := reflect.ValueOf(options).Elem(); !v.IsZero() {
		c.Options = v.Interface()
	}
}

// own returns the field that a key of the kind's own fills.
func (c Config) own(key string) reflect.Value {
	if c.Options == nil {
		return reflect.Value{}
	}
	return option.Field(reflect.ValueOf(c.Options), key)
}

// Value returns the field that a key fills, a common one or one of the kind's
// own, to look at; the zero Value: c has none.
func (c Config) Value(key string) reflect.Value {
	if v := option.Field(reflect.ValueOf(c), key); v.IsValid() {
		return v
	}
	return c.own(key)
}

// Kinds is what can be configured, by name. The program fills it. Kinds that this
// build does not have are there too: see Kind.Absent.
type Kinds map[string]Kind

// Builtin returns the kinds in pure Go.
func Builtin() Kinds {
	kinds := make(Kinds)
	for _, k := range []Kind{motionKind(), qualityKind(), dummyKind(), loadKind(), jitterKind()} {
		kinds[k.Name] = k
	}
	return kinds
}

// Names returns the names of the kinds that this build has, sorted.
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

// Unchecked returns the kinds without the checks that look at what is installed
// on this machine, or built in: for a configuration that is meant for another one.
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

// UnknownKey returns why a detector of a kind does not accept a key; empty: the kind
// is unknown, and the key may be one of its own.
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

// Parse returns the detector of a kind that words such as "max_fps=5" describe:
// see option.Pairs. Its name is that of the kind, unless a word says otherwise.
// The error has every problem of the words; the result still needs Validate.
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

// Zero returns why a key must not be set to zero, which means not set; empty: it has
// another value, or zero is allowed.
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
