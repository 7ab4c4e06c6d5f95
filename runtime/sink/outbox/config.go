package outbox

import (
	"time"

	"rvo-tui/internal/text"
)

// Config is the [outbox] section of the configuration.
type Config struct {
	// File is where events are stored until they are delivered. It is created if there
	// is an output.
	File string `toml:"file"`
	// MaxBytes limits the stored events; the oldest are dropped first.
	MaxBytes text.Bytes `toml:"max_bytes"`
	// MaxAge is the maximum storage time of an event. 0: no limit.
	MaxAge text.Duration `toml:"max_age"`
}

// DefaultConfig returns the default values.
func DefaultConfig() Config {
	return Config{File: "outbox.db", MaxBytes: 64 << 20, MaxAge: text.Duration(7 * 24 * time.Hour)}
}

// Validate reports every invalid key.
func (c Config) Validate(bad func(key, problem string)) {
	if c.File == "" {
		bad("file", "must name a file, as in \"outbox.db\"")
	}
	if c.MaxBytes < 1<<20 || c.MaxBytes > 1<<34 {
		bad("max_bytes", "must be at least 1MiB and at most 16GiB")
	}
	if c.MaxAge < 0 {
		bad("max_age", "must be at least 0s")
	}
}
