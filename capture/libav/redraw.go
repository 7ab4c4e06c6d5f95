//go:build cgo

package libav

/*
#include <turbojpeg.h>
#include "convert.h"
*/
import "C"

import (
	"errors"
	"fmt"
	goimage "image"
	"unsafe"

	"rvo-tui/capture"
)

// ratios maps the subsampling modes that image.YCbCr supports.
var ratios = map[C.int]goimage.YCbCrSubsampleRatio{
	C.TJSAMP_444: goimage.YCbCrSubsampleRatio444,
	C.TJSAMP_422: goimage.YCbCrSubsampleRatio422,
	C.TJSAMP_420: goimage.YCbCrSubsampleRatio420,
	C.TJSAMP_440: goimage.YCbCrSubsampleRatio440,
}

// RedrawJPEG is a capture.Redrawer. Files without Y, Cb and Cr planes are handled by
// capture.RedrawJPEG.
func (*Library) RedrawJPEG(file []byte, draw func(*goimage.YCbCr)) ([]byte, error) {
	var l C.rvo_jpeg_layout
	data, size := bytesOf(file)
	if len(file) == 0 || C.rvo_jpeg_look(data, C.ulong(size), &l) != 0 || l.width > maxSide || l.height > maxSide {
		return capture.RedrawJPEG(file, draw)
	}
	ratio, known := ratios[l.sampling]
	if !known {
		return capture.RedrawJPEG(file, draw)
	}
	planes := make([]byte, l.size)
	to := (*C.uint8_t)(unsafe.Pointer(&planes[0]))
	var why [200]C.char
	if C.rvo_jpeg_to_planes(data, C.ulong(size), to, &l, &why[0], C.int(len(why))) != 0 {
		return nil, fmt.Errorf("decode JPEG: %s", cleanLine(C.GoString(&why[0])))
	}
	draw(&goimage.YCbCr{
		Y: planes[:l.offsets[1]], Cb: planes[l.offsets[1]:l.offsets[2]], Cr: planes[l.offsets[2]:],
		YStride: int(l.strides[0]), CStride: int(l.strides[1]),
		SubsampleRatio: ratio, Rect: goimage.Rect(0, 0, int(l.width), int(l.height)),
	})
	var out *C.uint8_t
	var n C.ulong
	if C.rvo_jpeg_from_planes(to, &l, capture.JPEGQuality, &out, &n, &why[0], C.int(len(why))) != 0 {
		return nil, errors.New(cleanLine(C.GoString(&why[0])))
	}
	defer C.rvo_jpeg_free(out)
	return C.GoBytes(unsafe.Pointer(out), C.int(n)), nil
}
