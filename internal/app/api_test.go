package app

import (
	"testing"

	"rvo-tui/detectors"
)

// Decoding API input opens none of the files that it names: that would reveal which files exist.
func TestCodecLooksAtNoFile(t *testing.T) {
	looked := false
	kinds := testLoader().Kinds
	kinds["net"] = detectors.Kind{Name: "net", Defaults: detectors.Config{Options: struct {
		Model string `toml:"model"`
	}{}}, Check: func(detectors.Config, func(key, problem string)) { looked = true }}
	cfg, err := codec(kinds).Detector([]byte(`{"kind": "net", "name": "n", "model": "/etc/shadow"}`))
	if err != nil || cfg.Text("model") != "/etc/shadow" || looked {
		t.Errorf("got %+v, %v; looked: %v", cfg, err, looked)
	}
	if kinds["net"].Check == nil {
		t.Error("the kinds themselves have changed")
	}
}
