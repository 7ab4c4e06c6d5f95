package logging

import (
	"fmt"
	"slices"
	"strings"
)

// Config is the [log] section.
type Config struct {
	// Level is the minimum log level: "debug", "info", "warn" or "error".
	Level string `toml:"level"`
	// File is the path of the log file, which is appended to. Empty: standard error.
	File string `toml:"file"`
}

// DefaultConfig returns the default values: level info, to standard error.
func DefaultConfig() Config { return Config{Level: "info"} }

// levels are the allowed values of Config.Level.
var levels = []string{"debug", "info", "warn", "error"}

// Validate calls bad for every invalid key, with what is allowed.
func (c Config) Validate(bad func(key, problem string)) {
	if !slices.Contains(levels, c.Level) {
		bad("level", fmt.Sprintf("%q is not one of %s", c.Level, strings.Join(levels, ", ")))
	}
}
