// Package config loads the configuration: a strictly decoded TOML file, overridden
// by the command line. Every problem is reported with its place in the file.
package config

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"net"
	"reflect"
	"strconv"
	"strings"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/internal/option"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/control"
	"rvo-tui/runtime/sink"
	"rvo-tui/ui"
)

// Config is the whole configuration. One that Loader returns is complete and valid,
// and must not be modified.
type Config struct {
	Camera   []capture.Config   `toml:"camera"`
	Detector []detectors.Config `toml:"detector"` // as configured; detectors.Config.Spec fills in its kind's defaults
	Rule     []rules.Config     `toml:"rule"`
	Events   sink.Config        `toml:"events"`
	Clips    clips.Config       `toml:"clips"`
	Log      LogConfig          `toml:"log"`
	Metrics  MetricsConfig      `toml:"metrics"`
	Control  control.Config     `toml:"control"`
	UI       ui.Config          `toml:"ui"`
	Runtime  runtime.Config     `toml:"runtime"`

	// File is the file it came from, as the user named it, or BuiltIn.
	File string `toml:"-"`
	// Sum is the SHA-256 of that file's text.
	Sum [sha256.Size]byte `toml:"-"`
}

// LogConfig is the [log] section.
type LogConfig struct {
	// Level is the minimum log level: "debug", "info", "warn" or "error".
	Level string `toml:"level"`
	// File is appended to. Empty: standard error.
	File string `toml:"file"`
}

// MetricsConfig is the [metrics] section.
type MetricsConfig struct {
	// Listen is the TCP address that serves /metrics, /health and /ready, as
	// host:port. Empty: none is served.
	Listen string `toml:"listen"`
}

// Default returns the default values. They have no camera, detector or rule.
func Default() Config {
	return Config{
		Clips:   clips.DefaultConfig(),
		Log:     LogConfig{Level: "info"},
		Metrics: MetricsConfig{Listen: "127.0.0.1:9090"},
		Control: control.DefaultConfig(),
		UI:      ui.DefaultConfig(),
		Runtime: runtime.DefaultConfig(),
	}
}

// sections returns a pointer to each section that is a single table, by its name.
func (c *Config) sections() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		v := reflect.ValueOf(c).Elem()
		for _, f := range reflect.VisibleFields(v.Type()) {
			if name := option.KeyOf(f); name != "" && f.Type.Kind() == reflect.Struct && !yield(name, v.FieldByIndex(f.Index).Addr().Interface()) {
				return
			}
		}
	}
}

// logLevels are the values of LogConfig.Level.
var logLevels = []string{"debug", "info", "warn", "error"}

// Validate reports every invalid key.
func (c LogConfig) Validate(bad func(key, problem string)) {
	for _, level := range logLevels {
		if c.Level == level {
			return
		}
	}
	bad("level", fmt.Sprintf("%q is not one of %s", c.Level, strings.Join(logLevels, ", ")))
}

// Validate reports every invalid key.
func (c MetricsConfig) Validate(bad func(key, problem string)) {
	if c.Listen == "" {
		return
	}
	_, port, err := net.SplitHostPort(c.Listen)
	n, perr := strconv.Atoi(port)
	if err != nil || perr != nil || n < 0 || n > 65535 {
		bad("listen", fmt.Sprintf("%q is not an address; write host:port, as in \"127.0.0.1:9090\" or \":9090\", or \"\" for none", c.Listen))
	}
}

// StartOnly returns the sections that differ and that only take effect at the next
// start.
func StartOnly(a, b Config) (names []string) {
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	for i, f := range reflect.VisibleFields(va.Type()) {
		if f.Type.Kind() == reflect.Struct && !reflect.DeepEqual(va.Field(i).Interface(), vb.Field(i).Interface()) {
			names = append(names, "["+option.KeyOf(f)+"]")
		}
	}
	return names
}
