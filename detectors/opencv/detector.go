//go:build cgo

package opencv

/*
#cgo CXXFLAGS: -std=c++17 -O2 -Wall
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"context"
	"fmt"
	"image"
	"math"
	"unsafe"

	"gocv.io/x/gocv"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
)

// Threads sets how many threads one call into OpenCV may use, for the whole process; at
// least 1. Call it before detectors run.
func Threads(n int) { C.rvo_threads(C.int(max(n, 1))) }

// detector is the common part of both kinds. A call into OpenCV cannot be interrupted,
// so the context is only checked before it.
type detector struct {
	label   string
	width   int
	find    func(gray *gocv.Mat, found *C.rvo_found) C.int
	trim    func(box image.Rectangle) image.Rectangle // nil: boxes are used as found
	whole   bool                                      // refuse frames that are smaller than the window
	free    func() error
	gray    gocv.Mat
	found   *C.rvo_found // C memory
	reading [1]detectors.Reading
}

func newDetector(label, signal string, width int) *detector {
	// C.calloc never returns nil.
	d := &detector{
		label: label, width: width, gray: gocv.NewMat(),
		found: (*C.rvo_found)(C.calloc(1, C.sizeof_rvo_found)),
	}
	d.reading[0].Signal = signal
	return d
}

// object returns the C++ object of one of gocv's classifiers, which lack Mat's Ptr. It
// is needed because gocv's methods return no scores and let exceptions abort the
// process.
func object[T gocv.CascadeClassifier | gocv.HOGDescriptor](v *T) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(v))
}

func (d *detector) why() string { return text.Clean(C.GoString(&d.found.why[0])) }

// Detect returns the number of objects, and their detections with the highest score
// first.
func (d *detector) Detect(ctx context.Context, frame *capture.Frame) ([]detectors.Reading, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// Neither detector uses colour. HOG finds as many people in grey, in half the time.
	if err := d.look(frame); err != nil {
		return nil, fmt.Errorf("find %ss: %w", d.label, err)
	}
	if d.whole && tooSmall(&d.gray) {
		return nil, fmt.Errorf("find %ss: at the working width the frame has %d x %d pixels, but needs %d x %d: set a larger width, or give the camera a larger stream", d.label, d.gray.Cols(), d.gray.Rows(), windowWidth, windowHeight)
	}
	if d.found.count = 0; d.find(&d.gray, d.found) != 0 {
		return nil, fmt.Errorf("find %ss: %s", d.label, d.why())
	}
	list := d.detections()
	d.reading[0].Value, d.reading[0].Detections = float64(len(list)), list
	return d.reading[:], nil
}

// look scales the frame to the working width, as gray.
func (d *detector) look(frame *capture.Frame) error {
	w, h := d.Size(frame.Width, frame.Height)
	pix, err := frame.ScaledBGR(w, h)
	if err != nil {
		return err
	}
	small, err := gocv.NewMatFromBytes(h, w, gocv.MatTypeCV8UC3, pix)
	if err != nil {
		return err
	}
	defer small.Close()
	gocv.CvtColor(small, &d.gray, gocv.ColorBGRToGray)
	return nil
}

// Size implements detectors.Sizer.
func (d *detector) Size(width, height int) (w, h int) {
	if d.width <= 0 || d.width >= width {
		return width, height
	}
	return d.width, max(1, height*d.width/width)
}

// mostly is the minimum overlap, as a share of the smaller box, for two boxes to count as
// the same object.
const mostly = 0.5

// detections returns each object once: the detectors report most objects many times.
func (d *detector) detections() []detectors.Detection {
	size := image.Rect(0, 0, d.gray.Cols(), d.gray.Rows())
	var kept []image.Rectangle
	var list []detectors.Detection
	for _, b := range d.found.box[:d.found.count] {
		box := image.Rect(int(b.x), int(b.y), int(b.x+b.width), int(b.y+b.height))
		if again(box, kept) {
			continue
		}
		kept = append(kept, box)
		if d.trim != nil {
			box = d.trim(box)
		}
		list = append(list, detectors.Detection{Label: d.label, Score: float64(b.score), Box: fraction(box.Intersect(size), size)})
	}
	return list
}

// again reports whether a box is mostly inside a kept one, or the other way round.
func again(box image.Rectangle, kept []image.Rectangle) bool {
	for _, k := range kept {
		if area(box.Intersect(k)) > mostly*min(area(box), area(k)) {
			return true
		}
	}
	return false
}

func area(r image.Rectangle) float64 { return float64(r.Dx()) * float64(r.Dy()) }

// fraction returns a box in fractions of the frame.
func fraction(box, frame image.Rectangle) detectors.Box {
	w, h := float64(frame.Dx()), float64(frame.Dy())
	return detectors.Box{
		X: float64(box.Min.X) / w, Y: float64(box.Min.Y) / h,
		W: float64(box.Dx()) / w, H: float64(box.Dy()) / h,
	}
}

// Close frees the model.
func (d *detector) Close() error {
	if d.free != nil {
		_ = d.free() // gocv's Close never fails
	}
	_ = d.gray.Close()
	C.free(unsafe.Pointer(d.found))
	return nil
}

func newFace(cfg detectors.Config) (detectors.Detector, error) {
	o := cfg.Options.(FaceOptions)
	path, err := cascadeFile(o.Model, cascadeDirs)
	if err != nil {
		return nil, fmt.Errorf("load cascade: %w", err)
	}
	d := newDetector("face", cfg.Signal, o.Width)
	cascade := gocv.NewCascadeClassifier()
	d.free = cascade.Close
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	if C.rvo_cascade_load(object(&cascade), name, &d.found.why[0]) != 0 {
		why := d.why()
		d.Close()
		return nil, fmt.Errorf("load cascade %q: %s: give a Haar or LBP cascade in OpenCV's XML form", path, why)
	}
	d.find = func(gray *gocv.Mat, found *C.rvo_found) C.int {
		gocv.EqualizeHist(*gray, gray)
		least := max(1, int(math.Round(o.MinSize*float64(gray.Rows()))))
		return C.rvo_cascade_find(object(&cascade), unsafe.Pointer(gray.Ptr()), C.int(least), found)
	}
	return d, nil
}

// Window of the people detector, in pixels.
const windowWidth, windowHeight = 64, 128

func tooSmall(gray *gocv.Mat) bool { return gray.Cols() < windowWidth || gray.Rows() < windowHeight }

func newPerson(cfg detectors.Config) (detectors.Detector, error) {
	o := cfg.Options.(PersonOptions)
	d := newDetector("person", cfg.Signal, o.Width)
	hog := gocv.NewHOGDescriptor()
	d.free = hog.Close
	if C.rvo_hog_people(object(&hog), &d.found.why[0]) != 0 {
		why := d.why()
		d.Close()
		return nil, fmt.Errorf("load people detector: %s", why)
	}
	d.find = func(gray *gocv.Mat, found *C.rvo_found) C.int {
		if tooSmall(gray) {
			return 0 // a box of something else than a person
		}
		return C.rvo_hog_find(object(&hog), unsafe.Pointer(gray.Ptr()), C.double(o.Threshold), found)
	}
	d.whole = cfg.CropsOf == ""
	// The detector was trained on windows with a margin around the person. Remove most
	// of it.
	d.trim = func(box image.Rectangle) image.Rectangle {
		dx, dy := box.Dx()/6, box.Dy()/12
		return image.Rect(box.Min.X+dx, box.Min.Y+dy, box.Max.X-dx, box.Max.Y-dy)
	}
	return d, nil
}
