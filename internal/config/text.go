package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
	"rvo-tui/detectors"
	"rvo-tui/internal/option"
)

// maxText is the maximum size of the text of a detector or camera, in bytes.
const maxText = 64 << 10

// ParseDetector parses a [[detector]] without its header, as strictly as a file, but
// without expanding ${NAME}. Problems are reported by key.
func ParseDetector(kinds detectors.Kinds, text string) (detectors.Config, error) {
	b, err := parseText(kinds, text)
	if err != nil {
		return detectors.Config{}, fmt.Errorf("read detector: %w", err)
	}
	cfg := detectors.DefaultConfig()
	d := b.decoder()
	d.detector(kinds)("", "", b.doc.tree, &cfg)
	b.checkZeros(cfg, "", "")
	cfg.Validate(kinds, b.ofKey)
	if err := b.named(); err != nil {
		return detectors.Config{}, fmt.Errorf("read detector: %w", err)
	}
	return cfg, nil
}

// ParseCamera parses a [[camera]] without its header, likewise.
func ParseCamera(text string) (capture.Config, error) {
	b, err := parseText(nil, text)
	if err != nil {
		return capture.Config{}, fmt.Errorf("read camera: %w", err)
	}
	cfg := capture.DefaultConfig()
	b.decoder().table("", "", b.doc.tree, &cfg)
	cfg.Validate(b.ofKey)
	synthetic.Validate(cfg, b.ofKey)
	if err := b.named(); err != nil {
		return capture.Config{}, fmt.Errorf("read camera: %w", err)
	}
	return cfg, nil
}

// DetectorText is the inverse of ParseDetector. It leaves out keys that are not set,
// and contains the detector's token.
func DetectorText(cfg detectors.Config) (string, error) {
	return configText(cfg, detectors.DefaultConfig(), cfg.Options)
}

// CameraText is the inverse of ParseCamera. It contains the password of the source.
func CameraText(cfg capture.Config) (string, error) { return configText(cfg, capture.DefaultConfig()) }

// parseText parses the grammar of a text without a header.
func parseText(kinds detectors.Kinds, text string) (*builder, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("it has %d bytes; at most %d are possible", len(text), maxText)
	}
	doc, err := parseDocument([]byte(text))
	if err != nil {
		return nil, err
	}
	return &builder{doc: doc, kinds: kinds, broken: map[string]bool{}}, nil
}

func (b *builder) decoder() *decoder {
	return &decoder{doc: b.doc, broken: b.broken, report: b.at}
}

// ofKey adds a problem with a key of a text without a header.
func (b *builder) ofKey(key, text string) {
	if !b.broken[key] {
		b.at(key, "", key, text)
	}
}

// named returns the problems, each with its key, as one error, or nil.
func (b *builder) named() error {
	var list []string
	for _, p := range sortProblems(b.problems) {
		p.File, p.Line = "", 0
		list = append(list, p.String())
	}
	if len(list) == 0 {
		return nil
	}
	return errors.New(strings.Join(list, "; "))
}

// configText writes the keys of the structs that differ from the defaults of the
// first one, and from zero in the others.
func configText(cfg, defaults any, own ...any) (string, error) {
	table := map[string]any{}
	add := func(v, d reflect.Value) {
		for _, o := range option.List(v.Interface()) {
			value := option.Field(v, o.Key)
			empty := value.Kind() == reflect.Slice && value.Len() == 0
			if !empty && !reflect.DeepEqual(value.Interface(), option.Field(d, o.Key).Interface()) {
				table[o.Key] = value.Interface()
			}
		}
	}
	add(reflect.ValueOf(cfg), reflect.ValueOf(defaults))
	for _, o := range own {
		if o != nil {
			add(reflect.ValueOf(o), reflect.Zero(reflect.TypeOf(o)))
		}
	}
	text, err := toml.Marshal(table)
	if err != nil {
		return "", fmt.Errorf("write configuration: %w", err)
	}
	return string(text), nil
}
