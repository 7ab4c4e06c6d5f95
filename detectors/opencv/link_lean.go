//go:build cgo && customenv

package opencv

// With gocv's build tag customenv, the program chooses the libraries to link. gocv is a
// single package for all of OpenCV, including windows and video files, and would link
// 264 shared libraries instead of 28. Only the libraries that this package calls are
// linked here; the rest of gocv stays unresolved and is never called.

/*
#cgo LDFLAGS: -Wl,--as-needed -lopencv_objdetect -lopencv_imgproc -lopencv_core
#cgo LDFLAGS: -lopencv_dnn -lopencv_calib3d -lopencv_features2d -lopencv_flann -lstdc++
#cgo LDFLAGS: -Wl,--unresolved-symbols=ignore-in-object-files
*/
import "C"
