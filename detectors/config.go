package detectors

import (
	"reflect"
	"slices"
	"time"

	"rvo-tui/detectors/zone"
	"rvo-tui/internal/option"
	"rvo-tui/internal/text"
)

// Config is one [[detector]] of the configuration: the keys common to all kinds, and
// those of its own kind. A key with its zero value is unset and takes its default.
type Config struct {
	Name      string        `toml:"name" help:"name of the detector"`
	Kind      string        `toml:"kind" help:"kind of detector"`
	Signal    string        `toml:"signal" help:"name of its signal; unset: the name of the detector"`
	Cameras   []string      `toml:"cameras" help:"cameras that it runs on; unset: all"`
	MaxFPS    float64       `toml:"max_fps" help:"maximum runs per second"`
	Cost      Cost          `toml:"cost" help:"how long it pauses after a run over its time budget" oneof:"low medium high"`
	Needs     []string      `toml:"needs" help:"conditions that must hold for it to run, such as motion > 0.01"`
	CropsOf   string        `toml:"crops_of" help:"run on the boxes of this signal instead of whole frames; results become attributes of the boxes"`
	MaxCrops  int           `toml:"max_crops" help:"maximum boxes per frame; new ones come first"`
	Mask      []string      `toml:"mask" help:"zones to ignore"`
	Zones     []string      `toml:"zones" help:"zones to which it is restricted; unset: the whole frame"`
	Anchor    Anchor        `toml:"anchor" help:"the point of a box that decides which zone it is in" oneof:"bottom center"`
	TTL       text.Duration `toml:"ttl" help:"how long a result is valid; unset: three periods, at least 1s"`
	Timeout   text.Duration `toml:"timeout" help:"maximum duration of a run"`
	Execution Execution     `toml:"execution" help:"where it runs" oneof:"worker inline"`
	Isolation Isolation     `toml:"isolation" help:"process: run it in a child process" oneof:"none process"`
	MaxMemory int           `toml:"max_memory" help:"memory limit of its process, in MiB"`
	MaxCPUs   int           `toml:"max_cpus" help:"maximum processors of its process; unset: all"`
	Retry     Retry         `toml:"retry" help:"what to do after it has failed" oneof:"backoff never"`
	Enabled   bool          `toml:"enabled" help:"false: it starts disabled"`
	// DisabledOn are cameras on which the detector is disabled, regardless of Enabled.
	DisabledOn []string `toml:"disabled_on" help:"cameras on which it starts disabled"`

	// Masked and Within are the areas of the zones in Mask and Zones on its camera. The
	// runtime sets them.
	Masked, Within []zone.Polygon `toml:"-"`

	// Options are the keys of its kind, in a struct of the same type as
	// Kind.Defaults.Options. Nil: none is set.
	Options any `toml:"-"`
}

// Anchor is the point of a box that decides which zone it is in.
type Anchor string

// The values of Anchor.
const (
	AnchorBottom Anchor = "bottom" // the middle of the bottom edge: where a person stands
	AnchorCenter Anchor = "center"
)

// DefaultTimeout is the timeout of Detect if neither the configuration nor the kind
// sets one.
const DefaultTimeout = 2 * time.Second

// DefaultMemory is the default limit of the address space of a detector process, in
// MiB.
const DefaultMemory = 4096

// DefaultCrops and maxCrops are the default and the maximum number of boxes per frame
// for a detector of crops.
const (
	DefaultCrops = 8
	maxCrops     = 64
)

// DefaultConfig returns the values that a [[detector]] starts from when decoded.
func DefaultConfig() Config { return Config{Enabled: true} }

// Fill returns c with unset keys taken from the defaults of the kind, then of this
// package. Its Options then have the kind's type.
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

// On returns the detector as it applies to one camera, without lists of cameras.
func (c Config) On(camera string) Config {
	c.Enabled = c.Enabled && !slices.Contains(c.DisabledOn, camera)
	c.Cameras, c.DisabledOn = nil, nil
	return c
}

// InProcess reports whether a detector of this kind runs in its own process.
func (c Config) InProcess(k Kind) bool { return k.Process || c.Isolation == ProcessIsolation }

func setDefault[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// Text returns the value of a text key of the kind. It is empty if the key is unset or
// unknown.
func (c Config) Text(key string) string {
	if v := c.own(key); v.IsValid() {
		return option.Text(v)
	}
	return ""
}

// Spec returns the engine's description of the detector, with all defaults filled in. c
// must be valid, and not filled, so that it shows whether its TTL is configured.
func (c Config) Spec(k Kind) Spec {
	fixed := max(c.TTL, k.Defaults.TTL) > 0
	c = c.Fill(k)
	return Spec{
		Name: c.Name, Kind: c.Kind, MaxFPS: c.MaxFPS, Cost: c.Cost, Needs: c.Needs, Provides: c.provides(k),
		TTL: time.Duration(c.TTL), FixedTTL: fixed, Timeout: time.Duration(c.Timeout),
		Execution: c.Execution, Retry: c.Retry, Enabled: c.Enabled, Remote: k.Remote, Endpoint: c.Text("endpoint"),
		Batch: c.batch(k), CropsOf: c.CropsOf, MaxCrops: c.MaxCrops, Anchor: c.Anchor, Sieve: c.sieve(k),
	}
}

// Setting is a key of a detector's configuration and its value, for display.
type Setting struct {
	Key   string `json:"key"`
	Value string `json:"value"` // as written in the configuration; text.Hidden for a secret
}

// maxSetting is the maximum length of a Setting's value, in bytes.
const maxSetting = 300

// Settings returns the part of c that is not in its Spec: common keys that are set, and
// keys of its kind that have a value, including defaults. Secrets are hidden.
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

// batch requires a filled c.
func (c Config) batch(k Kind) int {
	if k.Batch == nil {
		return 0
	}
	return k.Batch(c)
}

// provides requires a filled c.
func (c Config) provides(k Kind) []string {
	if k.Provides == nil {
		return []string{c.Signal}
	}
	return k.Provides(c)
}
