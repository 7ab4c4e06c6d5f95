//go:build cgo

package opencv

// #cgo pkg-config: opencv4
// #include <opencv2/core/version.hpp>
import "C"

import "fmt"

// Version returns the version of OpenCV that the program was built with, empty
// when it was built without.
func Version() string {
	return fmt.Sprintf("%d.%d.%d", C.CV_VERSION_MAJOR, C.CV_VERSION_MINOR, C.CV_VERSION_REVISION)
}
