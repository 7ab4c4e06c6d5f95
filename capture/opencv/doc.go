// Package opencv reads video through OpenCV (devices, files, RTSP), encodes JPEG
// and H.264, and captures what C libraries print on standard error. It has its own
// shim because gocv turns C++ exceptions into aborts and opens captures without a
// backend or parameters. Without cgo everything here answers ErrBuiltWithout, but
// for Devices and CaptureStderr, which work all the same.
package opencv

import "errors"

// ErrBuiltWithout is what everything that needs OpenCV answers in a build
// without it.
var ErrBuiltWithout = errors.New("built without OpenCV: install libopencv-dev and a C++ compiler and build with CGO_ENABLED=1")
