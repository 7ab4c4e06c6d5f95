//go:build !cgo

package opencv

import (
	"errors"

	"rvo-tui/detectors"
)

// absent is why this build lacks the kinds.
var absent = errors.New("built without OpenCV: install libopencv-dev and a C++ compiler and build with CGO_ENABLED=1")

// Version returns the version of OpenCV that is linked, or "" in a build without it.
func Version() string { return "" }

// Threads does nothing in a build without OpenCV.
func Threads(int) {}

func newFace(detectors.Config) (detectors.Detector, error)   { return nil, absent }
func newPerson(detectors.Config) (detectors.Detector, error) { return nil, absent }
