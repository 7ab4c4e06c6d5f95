// Package config loads the configuration: a strictly decoded TOML file, overridden by the command
// line. It reports every problem with its position in the file.
package config

import (
	"crypto/sha256"
	"iter"
	"reflect"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/internal/logging"
	"rvo-tui/internal/option"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/api"
	"rvo-tui/runtime/metrics"
	"rvo-tui/runtime/sink"
	"rvo-tui/runtime/sink/mqtt"
	"rvo-tui/runtime/sink/notify"
	"rvo-tui/runtime/sink/outbox"
	"rvo-tui/ui"
	"rvo-tui/ui/web"
)

// Config is the whole configuration. A Config returned by Loader is complete and valid, and must
// not be modified.
type Config struct {
	Camera   []capture.Config   `toml:"camera"`
	Detector []detectors.Config `toml:"detector"` // as configured; detectors.Config.Spec fills in its kind's defaults
	Zone     []detectors.Zone   `toml:"zone"`
	Line     []detectors.Line   `toml:"line"`
	Rule     []rules.Config     `toml:"rule"`
	Events   sink.Config        `toml:"events"`
	Outbox   outbox.Config      `toml:"outbox"`
	Notify   []notify.Config    `toml:"notify"`
	MQTT     mqtt.Config        `toml:"mqtt"`
	Clips    clips.Config       `toml:"clips"`
	Log      logging.Config     `toml:"log"`
	Metrics  metrics.Config     `toml:"metrics"`
	Control  api.Config         `toml:"control"`
	UI       ui.Config          `toml:"ui"`
	Web      web.Config         `toml:"web"`
	Runtime  runtime.Config     `toml:"runtime"`

	// Quarantined lists what was left out because of errors: see Loader.Quarantine.
	Quarantined []Quarantined `toml:"-"`
	// Warnings are about valid settings that expose secrets or names to a network.
	Warnings []Problem `toml:"-"`
	// File is the path of the file as the user gave it, or BuiltIn.
	File string `toml:"-"`
	// Once means that File is a pipe, which can be read only once.
	Once bool `toml:"-"`
	// Sum is the SHA-256 of the file's text.
	Sum [sha256.Size]byte `toml:"-"`
}

// Default returns the default values, without any camera, detector, zone, line or rule.
func Default() Config {
	return Config{
		Outbox:  outbox.DefaultConfig(),
		MQTT:    mqtt.DefaultConfig(),
		Clips:   clips.DefaultConfig(),
		Log:     logging.DefaultConfig(),
		Metrics: metrics.DefaultConfig(),
		Control: api.DefaultConfig(),
		UI:      ui.DefaultConfig(),
		Runtime: runtime.DefaultConfig(),
	}
}

// sections returns pointers to all sections that are a single table, with their names.
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

// StartOnly returns the names of sections that differ and take effect only at the next start: all
// single tables except that of an output.
func StartOnly(a, b Config) (names []string) {
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	for i, f := range reflect.VisibleFields(va.Type()) {
		single := f.Type.Kind() == reflect.Struct && f.Name != "MQTT"
		if single && !reflect.DeepEqual(va.Field(i).Interface(), vb.Field(i).Interface()) {
			names = append(names, "["+option.KeyOf(f)+"]")
		}
	}
	return names
}
