package detectors

import (
	"reflect"
	"slices"
	"time"

	"rvo-tui/detectors/zone"
	"rvo-tui/internal/option"
	"rvo-tui/internal/text"
)

// Config is one [[detector]] of the configuration: the keys that every kind
// takes, and those of its own kind. A key with its zero value is not set, and the
// default holds.
type Config struct {
	Name      string        `toml:"name" help:"what it is called"`
	Kind      string        `toml:"kind" help:"what sort of detector it is"`
	Signal    string        `toml:"signal" help:"the signal that it answers with; unset: the name"`
	Cameras   []string      `toml:"cameras" help:"cameras that it watches; unset: all"`
	MaxFPS    float64       `toml:"max_fps" help:"runs a second, at most"`
	Cost      Cost          `toml:"cost" help:"how long an overrun parks it" oneof:"low medium high"`
	Needs     []string      `toml:"needs" help:"conditions that must hold for it to run, as in motion > 0.01"`
	CropsOf   string        `toml:"crops_of" help:"look at the boxes of this signal, not at whole frames; what is found becomes attributes of them"`
	MaxCrops  int           `toml:"max_crops" help:"boxes of one frame that it looks at, at most: those first that it has not looked at yet"`
	Mask      []string      `toml:"mask" help:"zones that it does not look at"`
	Zones     []string      `toml:"zones" help:"zones that it is restricted to; unset: the whole frame"`
	Anchor    Anchor        `toml:"anchor" help:"the point of a box that decides in which zone it is" oneof:"bottom center"`
	TTL       text.Duration `toml:"ttl" help:"how long an answer counts; unset: three periods, at least 1s"`
	Timeout   text.Duration `toml:"timeout" help:"how long one run may take"`
	Execution Execution     `toml:"execution" help:"where it runs" oneof:"worker inline"`
	Isolation Isolation     `toml:"isolation" help:"process: it runs in a child process" oneof:"none process"`
	MaxMemory int           `toml:"max_memory" help:"memory of its process, in MiB"`
	MaxCPUs   int           `toml:"max_cpus" help:"processors of its process; unset: all"`
	Retry     Retry         `toml:"retry" help:"what happens after it has failed" oneof:"backoff never"`
	Enabled   bool          `toml:"enabled" help:"whether it runs from the start"`
	// DisabledOn are cameras on which it is disabled, whatever Enabled says.
	DisabledOn []string `toml:"disabled_on" help:"cameras on which it does not run from the start"`

	// Masked and Within are the areas that Mask and Zones name on its camera. The
	// runtime fills them in.
	Masked, Within []zone.Polygon `toml:"-"`

	// Options are the keys of its kind: a struct of the type that
	// Kind.Defaults.Options has. Nil: none is set.
	Options any `toml:"-"`
}

// Anchor is the point of a box that decides in which zone it is.
type Anchor string

// The values of Anchor.
const (
	AnchorBottom Anchor = "bottom" // the middle of the bottom edge: where a person stands
	AnchorCenter Anchor = "center"
)

// DefaultTimeout is the timeout of one Detect where neither the configuration
// nor the kind sets one.
const DefaultTimeout = 2 * time.Second

// DefaultMemory is how much address space the process of a detector can have, in
// MiB, by default.
const DefaultMemory = 4096

// DefaultCrops and maxCrops are how many boxes of one frame a detector of crops
// looks at, by default and at most.
const (
	DefaultCrops = 8
	maxCrops     = 64
)

// DefaultConfig returns the values that a [[detector]] is decoded over.
func DefaultConfig() Config { return Config{Enabled: true} }

// Fill returns c with unset keys taken from the kind's defaults, then from the
// package's. Its Options then have the kind's type.
func (c Config) Fill(k Kind) Config {
	name, kind, enabled, options := c.Name, c.Kind, c.Enabled, c.Options
	c = option.Fill(c, k.Defaults).(Config)
	c.Name, c.Kind, c.Enabled = name, kind, enabled
	c.Options = option.Fill(options, k.Defaults.Options)
	setDefault(&c.Signal, c.Name)
	setDefault(&c.MaxFPS, 10)
	setDefault(&c.Cost, CostMedium)
	setDefault(&c.Timeout, text.Duration(DefaultTimeout))
	setDefault(&c.Execution, Worker)
	setDefault(&c.Isolation, NoIsolation)
	setDefault(&c.Retry, RetryBackoff)
	setDefault(&c.Anchor, AnchorBottom)
	if c.CropsOf != "" {
		setDefault(&c.MaxCrops, DefaultCrops)
	}
	if c.InProcess(k) {
		setDefault(&c.MaxMemory, DefaultMemory)
	}
	if c.MaxFPS > 0 {
		setDefault(&c.TTL, text.Duration(DefaultTTL(c.MaxFPS)))
	}
	return c
}

// On returns the detector as one camera has it: without lists of cameras.
func (c Config) On(camera string) Config {
	c.Enabled = c.Enabled && !slices.Contains(c.DisabledOn, camera)
	c.Cameras, c.DisabledOn = nil, nil
	return c
}

// InProcess reports whether a detector of this kind runs in a process of its own.
func (c Config) InProcess(k Kind) bool { return k.Process || c.Isolation == ProcessIsolation }

func setDefault[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// Text returns the value of a key of the kind's own that is a text; empty: it is
// not set, or the kind has no such key.
func (c Config) Text(key string) string {
	if v := c.own(key); v.IsValid() {
		return option.Text(v)
	}
	return ""
}

// Spec returns what the engine needs to know of the detector that c describes,
// with every default filled in. C must be valid.
func (c Config) Spec(k Kind) Spec {
	c = c.Fill(k)
	return Spec{
		Name: c.Name, Kind: c.Kind, MaxFPS: c.MaxFPS, Cost: c.Cost, Needs: c.Needs, Provides: c.provides(k),
		TTL: time.Duration(c.TTL), Timeout: time.Duration(c.Timeout),
		Execution: c.Execution, Retry: c.Retry, Enabled: c.Enabled, Remote: k.Remote, Endpoint: c.Text("endpoint"),
		Batch: c.batch(k), CropsOf: c.CropsOf, MaxCrops: c.MaxCrops, Anchor: c.Anchor, Sieve: c.sieve(k),
	}
}

// Setting is a key of a detector's configuration with its value, for people.
type Setting struct {
	Key   string `json:"key"`
	Value string `json:"value"` // as it is typed; of a secret: text.Hidden
}

// maxSetting bounds the value of a Setting, in bytes.
const maxSetting = 300

// Settings returns what c says beyond its Spec: of the common keys those that are set, and
// those of its kind that have a value, defaults included. Secrets are hidden.
func (c Config) Settings(k Kind) (list []Setting) {
	add := func(of any, known ...string) {
		for _, o := range option.List(of) {
			v := option.Field(reflect.ValueOf(of), o.Key)
			if v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 || slices.Contains(known, o.Key) {
				continue
			}
			value := text.CleanTo(text.RedactLine(option.Text(v)), maxSetting)
			if o.Secret {
				value = text.Hidden
			}
			list = append(list, Setting{o.Key, value})
		}
	}
	add(c, "name", "kind", "signal", "cameras", "max_fps", "cost", "needs", "crops_of", "max_crops", "ttl", "timeout", "enabled", "disabled_on")
	add(c.Fill(k).Options)
	return list
}

// batch wants a filled c.
func (c Config) batch(k Kind) int {
	if k.Batch == nil {
		return 0
	}
	return k.Batch(c)
}

// provides wants a filled c.
func (c Config) provides(k Kind) []string {
	if k.Provides == nil {
		return []string{c.Signal}
	}
	return k.Provides(c)
}
