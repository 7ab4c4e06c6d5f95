//go:build cgo && !customenv

package opencv

/*
#cgo LDFLAGS: -Wl,--as-needed
#cgo pkg-config: opencv4
*/
import "C"
