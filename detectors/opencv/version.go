//go:build cgo

package opencv

import "gocv.io/x/gocv"

// Version returns the version of OpenCV that the program was built with, empty
// when it was built without.
func Version() string { return gocv.OpenCVVersion() }

// absent is why this build does not have the kinds: it has them.
var absent error
