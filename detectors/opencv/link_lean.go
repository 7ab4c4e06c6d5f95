//go:build cgo && customenv

package opencv

// With gocv's tag customenv, gocv leaves it to the program what it is linked with.
// Its one package has all of OpenCV, windows and video files too, and so would the
// program: 264 shared libraries in place of 28. What is linked here is what this
// package calls; the rest of gocv stays unresolved and is never called.

/*
#cgo LDFLAGS: -Wl,--as-needed -lopencv_objdetect -lopencv_imgproc -lopencv_core
#cgo LDFLAGS: -lopencv_dnn -lopencv_calib3d -lopencv_features2d -lopencv_flann -lstdc++
#cgo LDFLAGS: -Wl,--unresolved-symbols=ignore-in-object-files
*/
import "C"
