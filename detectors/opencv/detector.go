//go:build cgo

package opencv

/*
#cgo CXXFLAGS: -std=c++17 -O2 -Wall
#cgo LDFLAGS: -Wl,--as-needed
#cgo pkg-config: opencv4
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"context"
	"fmt"
	"unsafe"

	"rvo-tui/capture"
	"rvo-tui/detectors"
)

// Threads sets how many threads one call into OpenCV may use, for the whole
// process; at least 1. Call it before detectors run.
func Threads(n int) { C.rvo_threads(C.int(max(n, 1))) }

// detector is what both kinds have in common. A call into OpenCV cannot be
// interrupted, so that the context counts only before it.
type detector struct {
	label   string
	width   int
	call    *C.rvo_call
	find    func(*C.rvo_call) C.int
	free    func()
	reading [1]detectors.Reading
}

func newDetector(label, signal string, width int) *detector {
	// C.calloc does not return without memory.
	d := &detector{label: label, width: width, call: (*C.rvo_call)(C.calloc(1, C.sizeof_rvo_call))}
	d.reading[0].Signal = signal
	return d
}

func (d *detector) why() string { return detectors.Clean(C.GoString(&d.call.why[0])) }

// Detect answers with how many there are, highest score first.
func (d *detector) Detect(ctx context.Context, frame *capture.Frame) ([]detectors.Reading, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// The pixels are not Go's memory, so that C's memory may point to them.
	d.call.picture = C.rvo_picture{
		pix:   (*C.uchar)(unsafe.Pointer(unsafe.SliceData(frame.Pixels()))),
		width: C.int(frame.Width), height: C.int(frame.Height), work_width: C.int(d.width),
	}
	if d.find(d.call) != 0 {
		return nil, fmt.Errorf("find %ss: %s", d.label, d.why())
	}
	d.reading[0].Value = float64(d.call.found.count)
	d.reading[0].Detections = d.detections()
	return d.reading[:], nil
}

// Size implements detectors.Sizer.
func (d *detector) Size(width, height int) (w, h int) {
	return capture.FitWidth(width, height, d.width)
}

func (d *detector) detections() []detectors.Detection {
	found := &d.call.found
	if found.count == 0 {
		return nil
	}
	w, h := float64(found.width), float64(found.height)
	list := make([]detectors.Detection, found.count)
	for i, b := range found.box[:found.count] {
		left, top := max(float64(b.x)/w, 0), max(float64(b.y)/h, 0)
		right, bottom := min(float64(b.x+b.width)/w, 1), min(float64(b.y+b.height)/h, 1)
		list[i] = detectors.Detection{
			Label: d.label, Score: float64(b.score),
			Box: detectors.Box{X: left, Y: top, W: max(right-left, 0), H: max(bottom-top, 0)},
		}
	}
	return list
}

// Close frees the model.
func (d *detector) Close() error {
	if d.free != nil {
		d.free()
	}
	C.free(unsafe.Pointer(d.call))
	return nil
}

func newFace(cfg detectors.Config) (detectors.Detector, error) {
	o := cfg.Options.(FaceOptions)
	path, err := cascadeFile(o.Model, cascadeDirs)
	if err != nil {
		return nil, fmt.Errorf("load cascade: %w", err)
	}
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	d := newDetector("face", cfg.Signal, o.Width)
	c := C.rvo_cascade_new(name, &d.call.why[0])
	if c == nil {
		why := d.why()
		d.Close()
		return nil, fmt.Errorf("load cascade %q: %s: give a Haar or LBP cascade in OpenCV's XML form", path, why)
	}
	minSize := C.double(o.MinSize)
	d.find = func(call *C.rvo_call) C.int { return C.rvo_cascade_detect(c, minSize, call) }
	d.free = func() { C.rvo_cascade_free(c) }
	return d, nil
}

func newPerson(cfg detectors.Config) (detectors.Detector, error) {
	o := cfg.Options.(PersonOptions)
	d := newDetector("person", cfg.Signal, o.Width)
	h := C.rvo_hog_new(&d.call.why[0])
	if h == nil {
		why := d.why()
		d.Close()
		return nil, fmt.Errorf("load people detector: %s", why)
	}
	threshold := C.double(o.Threshold)
	d.find = func(call *C.rvo_call) C.int { return C.rvo_hog_detect(h, threshold, call) }
	d.free = func() { C.rvo_hog_free(h) }
	return d, nil
}
