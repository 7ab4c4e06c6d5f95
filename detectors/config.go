package detectors

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"rvo-tui/capture"
)

// Config is one [[detector]] of the configuration. The keys below the line
// belong to single kinds; Kind.Keys says to which. A key with its zero value is
// not set, and the default holds.
type Config struct {
	Name      string           `toml:"name"`
	Kind      string           `toml:"kind"`
	Signal    string           `toml:"signal"`  // default: the name
	Cameras   []string         `toml:"cameras"` // default: all
	MaxFPS    float64          `toml:"max_fps"` // default: the kind's
	Cost      Cost             `toml:"cost"`    // default: the kind's
	Needs     []string         `toml:"needs"`
	TTL       capture.Duration `toml:"ttl"`        // default: DefaultTTL
	Timeout   capture.Duration `toml:"timeout"`    // default: the kind's
	Execution Execution        `toml:"execution"`  // default: worker
	Isolation Isolation        `toml:"isolation"`  // default: none
	MaxMemory int              `toml:"max_memory"` // of its process, in MiB; default: DefaultMemory
	MaxCPUs   int              `toml:"max_cpus"`   // of its process: how many processors it can use at a time; default: all
	Retry     Retry            `toml:"retry"`      // default: backoff
	Enabled   bool             `toml:"enabled"`    // default: true, by DefaultConfig

	Busy        capture.Duration `toml:"busy"`        // load: how long it computes; jitter: at most
	Model       string           `toml:"model"`       // face: cascade file, or name of one that the distribution ships; onnx: file
	MinSize     float64          `toml:"min_size"`    // face, motion: smallest box, as part of the picture's height
	Threshold   float64          `toml:"threshold"`   // motion: change of a pixel, 0..1; person, onnx: score
	Sensitivity float64          `toml:"sensitivity"` // motion: how little above a place's own noise counts, 0..1
	Width       int              `toml:"width"`       // motion, face, person: work at this width, in pixels
	Endpoint    string           `toml:"endpoint"`    // remote: where the model service listens
	Signals     []string         `toml:"signals"`     // remote: further signals that it answers with; onnx: labels that have one
	MaxWidth    int              `toml:"max_width"`   // remote: scale wider pictures down to this width before sending them, in pixels
	Format      string           `toml:"format"`      // remote: send pictures as "jpeg" or as raw "bgr"; onnx: the form of the model's output
	Token       string           `toml:"token"`       // remote: bearer token; a secret
	TLSCA       string           `toml:"tls_ca"`      // remote: file with the certificates to trust instead of the system's
	Command     []string         `toml:"command"`     // command: program and arguments that serve the detector contract
	Input       string           `toml:"input"`       // onnx: size of the picture that the model is shown, as "640x480"; default: the model's
	Fit         string           `toml:"fit"`         // onnx: how pictures of other shapes get there: "letterbox", "stretch" or "crop"
	Color       string           `toml:"color"`       // onnx: order of the channels, "rgb" or "bgr"
	Scale       float64          `toml:"scale"`       // onnx: what values of 0..255 are multiplied by
	Mean        []float64        `toml:"mean"`        // onnx: what is subtracted first: one value, or one for each channel
	Labels      []string         `toml:"labels"`      // onnx: what the classes are called
	LabelsFile  string           `toml:"labels_file"` // onnx: a file with the labels, one a line
	Classes     []string         `toml:"classes"`     // onnx: labels that count; default: all
	NMS         float64          `toml:"nms"`         // onnx: overlap from which two boxes of a class are one, 0..1
}

// commonKeys are the keys that every kind takes.
var commonKeys = []string{
	"name", "kind", "signal", "cameras", "max_fps", "cost", "needs", "ttl", "timeout", "execution", "isolation",
	"max_memory", "max_cpus", "retry", "enabled",
}

// DefaultTimeout is the timeout of one Detect where neither the configuration
// nor the kind says anything else.
const DefaultTimeout = 2 * time.Second

// DefaultMemory is how much address space the process of a detector can have, in
// MiB, where the configuration says nothing else.
const DefaultMemory = 4096

// DefaultConfig returns what a [[detector]] is decoded onto.
func DefaultConfig() Config { return Config{Enabled: true} }

// Kind is a sort of detector that can be configured.
type Kind struct {
	Name     string
	Doc      string   // one line for people
	Keys     []string // own configuration keys, beside the common ones
	Defaults Config   // of this kind; Name and Kind are left empty
	Remote   bool     // computes elsewhere: see Spec.Remote
	Process  bool     // always runs in a process of its own, whatever Config.Isolation says
	// Provides returns the names of the signals that a detector of this kind
	// answers with. Nil: the one signal cfg.Signal.
	Provides func(cfg Config) []string
	// Check reports every invalid own key, in the words of the user. The
	// defaults are filled in. Nil: the kind has nothing to check.
	Check func(cfg Config, bad func(key, problem string))
	// New makes a detector for one camera, loading what it needs. It may take
	// its time: it is called in the detector's own goroutine. The defaults are
	// filled in. Its errors say what to do.
	New func(cfg Config) (Detector, error)
}

// Kinds is what can be configured, by name. The program fills it: a build
// without OpenCV has kinds whose New answers so.
type Kinds map[string]Kind

// Names returns the names of the kinds, sorted.
func (k Kinds) Names() []string {
	names := make([]string, 0, len(k))
	for name := range k {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// taking returns the names of the kinds with the own key, sorted.
func (k Kinds) taking(key string) []string {
	return slices.DeleteFunc(k.Names(), func(name string) bool { return !slices.Contains(k[name].Keys, key) })
}

// Fill returns c with what it leaves unset taken from the kind's defaults, and
// what those leave unset from the package's.
func (c Config) Fill(k Kind) Config {
	dst, src := reflect.ValueOf(&c).Elem(), reflect.ValueOf(k.Defaults)
	for i := range dst.NumField() {
		switch keyOf(dst.Type().Field(i)) {
		case "name", "kind", "enabled":
			continue
		}
		if dst.Field(i).IsZero() {
			dst.Field(i).Set(src.Field(i))
		}
	}
	setDefault(&c.Signal, c.Name)
	setDefault(&c.MaxFPS, 10)
	setDefault(&c.Cost, CostMedium)
	setDefault(&c.Timeout, capture.Duration(DefaultTimeout))
	setDefault(&c.Execution, Worker)
	setDefault(&c.Isolation, NoIsolation)
	setDefault(&c.Retry, RetryBackoff)
	if c.InProcess(k) {
		setDefault(&c.MaxMemory, DefaultMemory)
	}
	if c.MaxFPS > 0 {
		setDefault(&c.TTL, capture.Duration(DefaultTTL(c.MaxFPS)))
	}
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

// Spec returns what the engine needs to know of the detector that c describes,
// with every default filled in. C must be valid.
func (c Config) Spec(k Kind) Spec {
	c = c.Fill(k)
	return Spec{
		Name: c.Name, Kind: c.Kind, MaxFPS: c.MaxFPS, Cost: c.Cost, Needs: c.Needs, Provides: c.provides(k),
		TTL: time.Duration(c.TTL), Timeout: time.Duration(c.Timeout),
		Execution: c.Execution, Retry: c.Retry, Enabled: c.Enabled, Remote: k.Remote,
	}
}

// provides wants a filled c.
func (c Config) provides(k Kind) []string {
	if k.Provides == nil {
		return []string{c.Signal}
	}
	return k.Provides(c)
}

// keyOf returns the configuration key of a field.
func keyOf(f reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
	return key
}
