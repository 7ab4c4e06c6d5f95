//go:build cgo && customenv

package opencv

import (
	"os"
	"strings"
	"testing"
)

// With the tag customenv, OpenCV's windows and video files, which need some two hundred
// libraries, are not linked.
func TestLinkedIsWhatIsCalled(t *testing.T) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip("needs /proc/self/maps")
	}
	for _, lib := range []string{"libopencv_highgui", "libopencv_videoio", "libopencv_imgcodecs", "libQt"} {
		if strings.Contains(string(maps), lib) {
			t.Errorf("%s is loaded", lib)
		}
	}
}
