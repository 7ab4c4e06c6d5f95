// Package opencv takes video in through OpenCV: local devices, files and RTSP
// streams. It also encodes frames as JPEG and clips as H.264, lists local
// devices, and turns what C libraries print on standard error into log lines.
//
// In a build without cgo everything here exists, but what needs OpenCV answers
// ErrBuiltWithout; Devices and CaptureStderr work all the same.
//
// OpenCV is reached through a shim of this package's own, not through gocv,
// which turns every C++ exception into an abort of the process, opens captures
// and writers without backend or parameters, hides grab and retrieve, and makes
// a program load all of OpenCV's some sixty libraries.
package opencv

import "errors"

// ErrBuiltWithout is what everything that needs OpenCV answers in a build
// without it.
var ErrBuiltWithout = errors.New("built without OpenCV: install libopencv-dev and a C++ compiler and build with CGO_ENABLED=1")
