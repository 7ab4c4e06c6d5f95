package opencv

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rvo-tui/detectors"
)

func TestCascadeFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "eye.xml")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "sub.xml"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		model     string
		dirs      []string
		want, err string
	}{
		{"eye", []string{"/none", dir}, path, ""},
		{"eye.xml", []string{dir}, path, ""},
		{path, nil, path, ""},
		{"", []string{dir}, "", "no model"},
		{"nose", []string{dir}, "", "OpenCV has no cascade"},
		{"sub", []string{dir}, "", "OpenCV has no cascade"},
		{"eye", []string{"/none"}, "", "apt install opencv-data"},
		{dir + "/none.xml", nil, "", "check the path"},
		{dir, nil, "", "is not a file"},
		{"../" + filepath.Base(dir) + "/nose", []string{dir}, "", "check the path"},
	} {
		got, err := cascadeFile(c.model, c.dirs)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q in %v: %q, %v; want %q, %q", c.model, c.dirs, got, err, c.want, c.err)
		}
	}
}

func TestCheck(t *testing.T) {
	model := filepath.Join(t.TempDir(), "m.xml")
	if err := os.WriteFile(model, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind string
		cfg  detectors.Config
		bad  string
	}{
		{"face", detectors.Config{Options: FaceOptions{Model: model}}, ""},
		{"face", detectors.Config{Options: FaceOptions{Model: "/none"}}, "model"},
		{"face", detectors.Config{Options: FaceOptions{Model: model, MinSize: 1.5}}, "min_size"},
		{"face", detectors.Config{Options: FaceOptions{Model: model, Width: 10}}, "width"},
		{"face", detectors.Config{Options: FaceOptions{Model: "/none", MinSize: -1, Width: 8000}}, "model min_size width"},
		{"person", detectors.Config{}, ""},
		{"person", detectors.Config{Options: PersonOptions{Threshold: -1}}, "threshold"},
		{"person", detectors.Config{Options: PersonOptions{Threshold: 11, Width: -5}}, "threshold width"},
	} {
		k := Kinds()[c.kind]
		var keys []string
		k.Check(c.cfg.Fill(k), func(key, _ string) { keys = append(keys, key) })
		if got := strings.Join(keys, " "); got != c.bad {
			t.Errorf("%s %+v: bad keys %q, want %q", c.kind, c.cfg, got, c.bad)
		}
	}
}
