//go:build cgo

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"os"

	"gocv.io/x/gocv"

	detectv1 "rvo-tui/proto/rvo/detect/v1"
)

// faces is the model. It works on one frame at a time.
type faces struct {
	cascade gocv.CascadeClassifier
	free    chan struct{}
}

func newFaces(file string) (*faces, error) {
	// For a missing file, OpenCV only prints a message, and Load gives no reason.
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("load face cascade: %w: install opencv-data, or set -cascade", err)
	}
	f := &faces{cascade: gocv.NewCascadeClassifier(), free: make(chan struct{}, 1)}
	if !f.cascade.Load(file) {
		f.cascade.Close()
		return nil, fmt.Errorf("load face cascade %s: it holds none", file)
	}
	f.free <- struct{}{}
	return f, nil
}

// Close frees the model. No call may be under way.
func (f *faces) Close() error { return f.cascade.Close() }

// find waits for the model and returns the faces in the frame, which it
// closes. It gives up when the context ends before the model is free: the
// answer would be late.
func (f *faces) find(ctx context.Context, img gocv.Mat) ([]*detectv1.Detection, error) {
	defer img.Close()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-f.free:
	}
	defer func() { f.free <- struct{}{} }()
	gray := gocv.NewMat()
	defer gray.Close()
	gocv.CvtColor(img, &gray, gocv.ColorBGRToGray)
	rects := f.cascade.DetectMultiScaleWithParams(gray, 1.1, 5, 0, image.Pt(24, 24), image.Point{})
	w, h := float32(img.Cols()), float32(img.Rows())
	found := make([]*detectv1.Detection, len(rects))
	for i, r := range rects {
		found[i] = &detectv1.Detection{
			Label: "face",
			Score: 1, // the cascade says yes or no
			Box:   &detectv1.Box{X: float32(r.Min.X) / w, Y: float32(r.Min.Y) / h, W: float32(r.Dx()) / w, H: float32(r.Dy()) / h},
		}
	}
	return found, nil
}

// decode returns the frame of a request. It is the caller's to close. Sizes
// are checked first, because OpenCV ends the process over some that it refuses.
func decode(r *detectv1.DetectRequest) (gocv.Mat, error) {
	const most = 7680
	if raw := r.GetFrameBgr(); len(raw) > 0 {
		w, h := int(r.GetWidth()), int(r.GetHeight())
		if w < 1 || h < 1 || w > most || h > most || len(raw) != w*h*3 {
			return gocv.Mat{}, fmt.Errorf("%d bytes are no frame of %d x %d pixels", len(raw), w, h)
		}
		img := gocv.NewMatWithSize(h, w, gocv.MatTypeCV8UC3)
		pix, err := img.DataPtrUint8()
		copy(pix, raw) // OpenCV must not keep pointers to Go's memory
		return img, err
	}
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(r.GetFrameJpeg()))
	if err != nil {
		return gocv.Mat{}, fmt.Errorf("read frame: %w", err)
	}
	if cfg.Width > most || cfg.Height > most {
		return gocv.Mat{}, fmt.Errorf("a frame of %d x %d pixels is too large", cfg.Width, cfg.Height)
	}
	img, err := gocv.IMDecode(r.GetFrameJpeg(), gocv.IMReadColor)
	if err == nil && img.Empty() {
		img.Close()
		err = errors.New("frame is broken")
	}
	return img, err
}
