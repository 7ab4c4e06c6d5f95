package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
	"rvo-tui/detectors"
	"rvo-tui/internal/option"
	"rvo-tui/internal/tomldoc"
)

// maxText is the maximum size of the keys of a detector or camera as TOML, in bytes.
const maxText = 64 << 10

// ParseDetector parses a JSON object with the keys of a [[detector]], as strictly as a file but
// without expanding ${NAME}. The error has all problems, each with its key.
func ParseDetector(kinds detectors.Kinds, keys []byte) (detectors.Config, error) {
	b, err := parseKeys(kinds, keys)
	if err != nil {
		return detectors.Config{}, fmt.Errorf("read detector: %w", err)
	}
	cfg := detectors.DefaultConfig()
	d := b.decoder()
	d.detector(kinds)("", "", b.doc.Tree, &cfg)
	b.checkZeros(cfg, "", "")
	cfg.Validate(kinds, b.ofKey)
	if err := b.named(); err != nil {
		return detectors.Config{}, fmt.Errorf("read detector: %w", err)
	}
	return cfg, nil
}

// ParseCamera is ParseDetector for the keys of a [[camera]].
func ParseCamera(keys []byte) (capture.Config, error) {
	b, err := parseKeys(nil, keys)
	if err != nil {
		return capture.Config{}, fmt.Errorf("read camera: %w", err)
	}
	cfg := capture.DefaultConfig()
	b.decoder().table("", "", b.doc.Tree, &cfg)
	cfg.Validate(b.ofKey)
	synthetic.Validate(cfg, b.ofKey)
	if err := b.named(); err != nil {
		return capture.Config{}, fmt.Errorf("read camera: %w", err)
	}
	return cfg, nil
}

// DetectorKeys is the inverse of ParseDetector. It omits keys that are not set. The result contains
// the detector's token in plain text.
func DetectorKeys(cfg detectors.Config) ([]byte, error) {
	return configKeys(cfg, detectors.DefaultConfig(), cfg.Options)
}

// CameraKeys is the inverse of ParseCamera. The result contains the password of the source in plain
// text.
func CameraKeys(cfg capture.Config) ([]byte, error) {
	return configKeys(cfg, capture.DefaultConfig())
}

// parseKeys parses a JSON object as a table of a configuration file.
func parseKeys(kinds detectors.Kinds, keys []byte) (*builder, error) {
	var table map[string]any
	d := json.NewDecoder(bytes.NewReader(keys))
	d.UseNumber()
	if err := d.Decode(&table); err != nil || d.More() {
		return nil, errors.New("it is not a single JSON object")
	}
	for key, v := range table {
		var err error
		if table[key], err = plainTOML(v); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	text, err := toml.Marshal(table)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return parseText(kinds, string(text))
}

// plainTOML converts a JSON value to a TOML value.
func plainTOML(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, errors.New("null is not a value; leave the key out")
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		return v.Float64()
	case []any:
		for i := range v {
			var err error
			if v[i], err = plainTOML(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		return nil, errors.New("an object is not a value")
	}
	return v, nil
}

// parseText parses the keys of one table without a header.
func parseText(kinds detectors.Kinds, text string) (*builder, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("it has %d bytes; at most %d are possible", len(text), maxText)
	}
	doc, err := tomldoc.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	return &builder{doc: doc, kinds: kinds, broken: map[string]bool{}}, nil
}

func (b *builder) decoder() *decoder {
	return &decoder{doc: b.doc, broken: b.broken, report: b.at}
}

// ofKey adds a problem with a key of a table without a header.
func (b *builder) ofKey(key, text string) {
	if !b.broken[key] {
		b.at(key, "", key, text)
	}
}

// named joins the problems into one error, each with its key; nil if there are none.
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

// configKeys marshals the keys of cfg that differ from the defaults, and those of own that are not
// zero.
func configKeys(cfg, defaults any, own ...any) ([]byte, error) {
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
	keys, err := json.Marshal(table)
	if err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	return keys, nil
}
