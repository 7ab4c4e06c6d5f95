package config

import (
	"reflect"

	"rvo-tui/capture"
	"rvo-tui/internal/option"
)

// File is a file that the program opens because the configuration names it.
type File struct {
	Where string // the table, as in Problem
	Key   string
	Path  string // a path, or the name of something that comes with the system
}

// Files returns the files that the configuration names, such as videos, models and keys, in order.
func (c Config) Files() []File {
	var files []File
	for i, camera := range c.Camera {
		for _, source := range []struct{ key, text string }{{"source", camera.Source}, {"evidence_source", camera.EvidenceSource}} {
			if addr, err := capture.ParseAddress(source.text); err == nil && addr.Kind == capture.KindFile {
				files = append(files, File{cameraLabel(camera, i), source.key, addr.Path})
			}
		}
	}
	for i, d := range c.Detector {
		files = appendFiles(files, detectorLabel(d, i), d.Options)
	}
	for i, n := range c.Notify {
		files = appendFiles(files, outputLabel(n, i), n)
	}
	for name, section := range c.sections() {
		files = appendFiles(files, name, reflect.ValueOf(section).Elem().Interface())
	}
	return files
}

// appendFiles adds the fields of struct v that are paths.
func appendFiles(files []File, where string, v any) []File {
	for _, o := range option.List(v) {
		path, ok := option.Field(reflect.ValueOf(v), o.Key).Interface().(string)
		if ok && o.Path && path != "" {
			files = append(files, File{where, o.Key, path})
		}
	}
	return files
}
