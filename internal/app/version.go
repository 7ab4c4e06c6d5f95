package app

import (
	"fmt"
	goruntime "runtime"
	"runtime/debug"

	"rvo-tui/detectors/onnx"
)

// Version describes the program in one line: its version or revision, and the versions of Go,
// OpenCV and ONNX Runtime. An empty opencv means a build without OpenCV. If ONNX Runtime is
// missing, a second line says what to do.
func Version(opencv string, models *onnx.Runtime) string {
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = revision(info)
	}
	if opencv == "" {
		opencv = "without OpenCV"
	} else {
		opencv = "OpenCV " + opencv
	}
	networks, missing := "", ""
	if v, err := models.Version(); err != nil {
		networks, missing = "without ONNX Runtime", "\n"+err.Error()
	} else {
		networks = "ONNX Runtime " + v
	}
	return fmt.Sprintf("rvo-tui %s (%s, %s, %s, %s/%s)%s", version, goruntime.Version(), opencv, networks, goruntime.GOOS, goruntime.GOARCH, missing)
}

// revision returns the module's version if it has one, else the first twelve digits of the
// built revision, with "+dirty" if there were uncommitted changes.
func revision(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	version, dirty := "devel", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && s.Value != "":
			version = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+dirty"
		}
	}
	return version + dirty
}
