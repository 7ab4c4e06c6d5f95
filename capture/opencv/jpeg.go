//go:build cgo

package opencv

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"errors"
	"unsafe"

	"rvo-tui/capture"
)

// EncodeJPEG is a capture.Encoder: several times as fast as the standard
// library's, and averaging areas when it scales down.
func EncodeJPEG(pix []byte, width, height, outWidth, outHeight int) ([]byte, error) {
	if width <= 0 || height <= 0 || outWidth <= 0 || outHeight <= 0 || len(pix) < width*height*3 {
		return nil, errors.New("picture has no pixels")
	}
	var (
		why  [C.RVO_WHY]C.char
		jpeg *C.uchar
		size C.size_t
	)
	if C.rvo_jpeg((*C.uchar)(unsafe.Pointer(&pix[0])), C.int(width), C.int(height), C.int(outWidth), C.int(outHeight),
		capture.JPEGQuality, &jpeg, &size, &why[0]) != C.RVO_OK {
		return nil, errors.New(cleanLine(C.GoString(&why[0])))
	}
	defer C.free(unsafe.Pointer(jpeg))
	return C.GoBytes(unsafe.Pointer(jpeg), C.int(size)), nil
}
