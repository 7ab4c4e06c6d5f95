package opencv

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// cascadeDirs are the directories where distributions and OpenCV install cascades.
var cascadeDirs = []string{
	"/usr/share/opencv4/haarcascades",
	"/usr/share/opencv4/lbpcascades",
	"/usr/local/share/opencv4/haarcascades",
	"/usr/local/share/opencv4/lbpcascades",
	"/usr/share/opencv/haarcascades",
	"/usr/share/opencv/lbpcascades",
}

// cascadeFile returns the path of a model: the model itself if it is a path, otherwise
// the file of that name, with or without ".xml", in one of dirs.
func cascadeFile(model string, dirs []string) (string, error) {
	if model == AutoModel {
		model = defaultCascade
	}
	if model == "" {
		return "", errors.New("no model: give the path of a cascade, or the name of one that OpenCV provides")
	}
	if strings.ContainsRune(model, '/') {
		info, err := os.Stat(model)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return "", fmt.Errorf("file %q does not exist: check the path", model)
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
	return "", fmt.Errorf("OpenCV has no cascade %q: give one of those in %s, or a path that contains a slash", model, dirs[0])
}

func pathless(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
