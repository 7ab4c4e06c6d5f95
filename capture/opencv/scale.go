//go:build cgo

package opencv

/*
#include "shim.h"
*/
import "C"

import (
	"errors"
	"unsafe"
)

// Scale is a capture.Scaler that averages areas, weighted, where it scales down.
func Scale(dst, src []byte, width, height, outWidth, outHeight int) error {
	if width <= 0 || height <= 0 || outWidth <= 0 || outHeight <= 0 || len(src) != width*height*3 || len(dst) != outWidth*outHeight*3 {
		return errors.New("picture has no pixels, or not as many as its size says")
	}
	var why [C.RVO_WHY]C.char
	if C.rvo_scale((*C.uchar)(unsafe.Pointer(&src[0])), C.int(width), C.int(height),
		(*C.uchar)(unsafe.Pointer(&dst[0])), C.int(outWidth), C.int(outHeight), &why[0]) != C.RVO_OK {
		return errors.New(cleanLine(C.GoString(&why[0])))
	}
	return nil
}
