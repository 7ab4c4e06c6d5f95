package app

import (
	"runtime/debug"
	"strings"
	"testing"

	"rvo-tui/detectors/onnx"
)

func TestVersion(t *testing.T) {
	for _, c := range []struct {
		info debug.BuildInfo
		want string
	}{
		{debug.BuildInfo{}, "devel"},
		{debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "v1.2.3"},
		{debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"},
		}}, "0123456789ab+dirty"},
	} {
		if got := revision(&c.info); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if got := Version("", onnx.NewRuntime()); !strings.Contains(got, "without OpenCV") || !strings.Contains(got, "go1.") {
		t.Errorf("got %q, want it to name Go and that there is no OpenCV", got)
	}
	if got := Version("4.6.0", onnx.NewRuntime()); !strings.Contains(got, "OpenCV 4.6.0") {
		t.Errorf("got %q", got)
	}
}
