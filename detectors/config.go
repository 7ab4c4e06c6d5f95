package detectors

import (
	"rvo-tui/capture"
)

// Config is one [[detector]] of the configuration. The keys below the line
// belong to single kinds; Kind.Keys says to which.
type Config struct {
	Name      string           `toml:"name"`
	Kind      string           `toml:"kind"`
	Signal    string           `toml:"signal"`  // default: the name
	Cameras   []string         `toml:"cameras"` // default: all
	MaxFPS    float64          `toml:"max_fps"` // default: the kind's
	Cost      Cost             `toml:"cost"`    // default: the kind's
	Needs     []string         `toml:"needs"`
	TTL       capture.Duration `toml:"ttl"`       // default: DefaultTTL
	Timeout   capture.Duration `toml:"timeout"`   // default: the kind's
	Execution Execution        `toml:"execution"` // default: worker
	Retry     Retry            `toml:"retry"`     // default: backoff
	Enabled   bool             `toml:"enabled"`   // default: true

	Busy        capture.Duration `toml:"busy"`        // load: how long it computes; jitter: at most
	Model       string           `toml:"model"`       // face: cascade file, or name of one that the distribution ships
	MinSize     float64          `toml:"min_size"`    // face, motion: smallest box, as part of the picture's height
	Threshold   float64          `toml:"threshold"`   // motion: change of a pixel, 0..1; person: score
	Sensitivity float64          `toml:"sensitivity"` // motion: how fast the background adapts, 0..1 a second
	Width       int              `toml:"width"`       // motion, face, person: work at this width, in pixels
}

// Kind is a sort of detector that can be configured.
type Kind struct {
	Name     string
	Doc      string   // one line for people
	Keys     []string // own configuration keys, beside the common ones
	Defaults Config   // of this kind; Name and Kind are left empty
	// Provides returns the names of the signals that a detector of this kind
	// answers with. Nil: the one signal cfg.Signal.
	Provides func(cfg Config) []string
	// Check reports every invalid own key, in the words of the user.
	Check func(cfg Config, bad func(key, problem string))
	// New makes a detector for one camera, loading what it needs. It may take
	// its time: it is called in the detector's own goroutine. Its errors say
	// what to do.
	New func(cfg Config) (Detector, error)
}

// Kinds is what can be configured, by name. The program fills it: a build
// without OpenCV has kinds whose New answers so.
type Kinds map[string]Kind
