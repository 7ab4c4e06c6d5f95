package opencv

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// cascadeDirs is where distributions and OpenCV's own installation put cascades.
var cascadeDirs = []string{
	"/usr/share/opencv4/haarcascades",
	"/usr/share/opencv4/lbpcascades",
	"/usr/local/share/opencv4/haarcascades",
	"/usr/local/share/opencv4/lbpcascades",
	"/usr/share/opencv/haarcascades",
	"/usr/share/opencv/lbpcascades",
}

// cascadeFile returns the path of a model: itself, if it is a path, and
// otherwise the file of that name, with or without its ".xml", in one of dirs.
func cascadeFile(model string, dirs []string) (string, error) {
	if model == AutoModel {
		model = defaultCascade
	}
	if model == "" {
		return "", errors.New("no model: give a cascade's path, or the name of one that OpenCV comes with")
	}
	if strings.ContainsRune(model, '/') {
		info, err := os.Stat(model)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return "", fmt.Errorf("there is no file %q: check the path", model)
		case err != nil:
			return "", fmt.Errorf("model %q cannot be read: %w", model, pathless(err))
		case !info.Mode().IsRegular():
			return "", fmt.Errorf("model %q is not a file: give the path of a cascade", model)
		}
		return model, nil
	}
	name := strings.TrimSuffix(model, ".xml") + ".xml"
	installed := false
	for _, dir := range dirs {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
		if _, err := os.Stat(dir); err == nil {
			installed = true
		}
	}
	if !installed {
		return "", fmt.Errorf("model %q: OpenCV's cascades are not installed: apt install opencv-data, or give a path", model)
	}
	return "", fmt.Errorf("there is no cascade %q among OpenCV's: give one of those in %s, or a path with a slash in it", model, dirs[0])
}

func pathless(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
