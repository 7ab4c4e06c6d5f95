//go:build cgo

package opencv

import "gocv.io/x/gocv"

// Version returns the version of OpenCV that is linked, or "" in a build without it.
func Version() string { return gocv.OpenCVVersion() }

// absent is nil: this build has the kinds.
var absent error
