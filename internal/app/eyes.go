package app

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx"
	"rvo-tui/detectors/onnx/network"
	detectcv "rvo-tui/detectors/opencv"
)

// Input size and threshold for CenterFace: the size suits frames of 16:9 and 4:3, and detections
// with lower scores are mostly not faces.
const (
	faceInput     = "640x384"
	faceThreshold = 0.5
	faceOverlap   = 0.3
)

// faceNetwork returns the path of the face detection network, which "make models" installs beside
// the program, and whether it can be used.
func faceNetwork(networks *onnx.Runtime) (path string, ok bool) {
	program, err := os.Executable()
	if err != nil {
		return "", false
	}
	path = filepath.Join(filepath.Dir(program), "models", "centerface.onnx")
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return "", false
	}
	_, err = networks.Version()
	return path, err == nil
}

// faces returns the kind "face". It uses the configured network or cascade, else CenterFace if it
// is installed, else OpenCV's cascade.
func faces(kind detectors.Kind, networks *onnx.Runtime) detectors.Kind {
	kind.Doc = "faces, by the network CenterFace if it is installed, else by a cascade; the value is their number"
	return withNetwork(kind, networks, func(cfg detectors.Config) (onnx.Options, bool) {
		model := cfg.Options.(detectcv.FaceOptions).Model
		o := onnx.Options{Model: model, Options: network.Options{Input: faceInput, Fit: "letterbox", Threshold: faceThreshold, NMS: faceOverlap}}
		if model == detectcv.AutoModel {
			var ok bool
			o.Model, ok = faceNetwork(networks)
			return o, ok
		}
		return o, isNetwork(model)
	})
}

// persons returns the kind "person". It uses the configured network, else OpenCV's HOG detector.
func persons(kind detectors.Kind, networks *onnx.Runtime) detectors.Kind {
	kind.Doc = "people, by your own network (model), else by OpenCV's HOG detector; the value is their number"
	return withNetwork(kind, networks, func(cfg detectors.Config) (onnx.Options, bool) {
		o := cfg.Options.(detectcv.PersonOptions)
		return onnx.Options{Model: o.Model, Options: network.Options{Threshold: o.Threshold, Classes: []string{"person"}}}, o.Model != ""
	})
}

func isNetwork(model string) bool { return strings.HasSuffix(strings.ToLower(model), ".onnx") }

// withNetwork returns a kind whose detectors use the network that choose returns, if any.
func withNetwork(kind detectors.Kind, networks *onnx.Runtime, choose func(detectors.Config) (onnx.Options, bool)) detectors.Kind {
	by := networks.Kind()
	// as converts a configuration to the network's own kind.
	as := func(cfg detectors.Config) (detectors.Config, bool) {
		o, ok := choose(cfg)
		cfg.Kind, cfg.Options = by.Name, o
		return cfg.Fill(by), ok
	}
	classic, check := kind.New, kind.Check
	kind.New = func(cfg detectors.Config) (detectors.Detector, error) {
		network, ok := as(cfg)
		if !ok {
			return classic(cfg)
		}
		d, err := by.New(network)
		if err != nil {
			return nil, err
		}
		if o, ok := cfg.Options.(detectcv.FaceOptions); ok {
			return &tall{d.(*onnx.Detector), o.MinSize}, nil
		}
		return d, nil
	}
	kind.Check = func(cfg detectors.Config, bad func(key, problem string)) {
		network, ok := as(cfg)
		if !ok {
			check(cfg, bad)
			return
		}
		check(cfg, func(key, problem string) {
			if key != "model" { // a network, not a cascade
				bad(key, problem)
			}
		})
		by.Check(network, bad)
	}
	return kind
}

// tall wraps a detector and drops boxes below a minimum height, given as a share of the frame's
// height.
type tall struct {
	*onnx.Detector
	least float64
}

// Detect implements detectors.Detector.
func (t *tall) Detect(ctx context.Context, frame *capture.Frame) ([]detectors.Reading, error) {
	out, err := t.Detector.Detect(ctx, frame)
	if err != nil {
		return nil, err
	}
	out[0].Detections = slices.DeleteFunc(out[0].Detections, func(d detectors.Detection) bool { return d.Box.H < t.least })
	out[0].Value = float64(len(out[0].Detections))
	return out, nil
}
