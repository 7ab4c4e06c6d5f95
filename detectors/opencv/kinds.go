// Package opencv has the kinds of detector that need OpenCV: "face", a Haar or LBP
// cascade, and "person", OpenCV's HOG people detector. Without cgo the kinds are
// unavailable.
package opencv

import (
	"math"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
)

// Defaults of the kinds' own keys.
const (
	defaultCascade  = "haarcascade_frontalface_alt2"
	faceWidth       = 640
	faceMinSize     = 0.08
	personWidth     = 768
	personThreshold = 0.4
	maxThreshold    = 10
	minWidth        = 64
	maxWidth        = capture.MaxSide
)

// AutoModel is the face model that lets the program choose.
const AutoModel = "auto"

// FaceOptions are the keys of face. The program uses a network instead of a cascade if
// it has one.
type FaceOptions struct {
	Model   string  `toml:"model" help:"auto, the file of a network or cascade, or the name of a cascade that OpenCV provides" is:"path"`
	MinSize float64 `toml:"min_size" help:"minimum size of a face, as a fraction of the frame's height"`
	Width   int     `toml:"width" help:"working width in pixels"`
}

// PersonOptions are the keys of person. If Model is set, the program uses that network.
type PersonOptions struct {
	Model     string  `toml:"model" help:"a detection network with the class person; unset: OpenCV's HOG detector" is:"path"`
	Threshold float64 `toml:"threshold" help:"minimum score"`
	Width     int     `toml:"width" help:"working width in pixels"`
}

// Kinds returns the kinds by name.
//
// The value of face is the number of faces. A score is the cascade's own measure, not a
// probability: how far the face exceeds the threshold of the cascade's last stage. With
// the default model a good face scores 3 to 10.
//
// The value of person is the number of people. A score is the margin of the linear
// classifier on HOG features: 0 is the decision boundary, 1 is clear, above 2 is rare.
// People must be upright, fully visible and some 90 pixels tall at the working width.
func Kinds() detectors.Kinds {
	return detectors.Kinds{
		"face": {
			Name:  "face",
			Crops: true,
			Doc:   "faces, with a Haar or LBP cascade; the value is their number",
			Defaults: detectors.Config{
				MaxFPS: 10, Cost: detectors.CostMedium, Timeout: text.Duration(2 * time.Second),
				Options: FaceOptions{Model: AutoModel, MinSize: faceMinSize, Width: faceWidth},
			},
			Absent: absent,
			Check:  checkFace,
			New:    newFace,
		},
		"person": {
			Name:  "person",
			Crops: true,
			Doc:   "people standing or walking, with OpenCV's HOG detector; the value is their number",
			Defaults: detectors.Config{
				MaxFPS: 5, Cost: detectors.CostHigh, Timeout: text.Duration(2 * time.Second),
				Options: PersonOptions{Threshold: personThreshold, Width: personWidth},
			},
			Absent: absent,
			Check:  checkPerson,
			New:    newPerson,
		},
	}
}

func checkFace(cfg detectors.Config, bad func(key, problem string)) {
	o := cfg.Options.(FaceOptions)
	if _, err := cascadeFile(o.Model, cascadeDirs); err != nil {
		bad("model", err.Error())
	}
	if !(o.MinSize > 0 && o.MinSize <= 1) {
		bad("min_size", "must be above 0 and at most 1: the minimum size of a face, as a fraction of the frame's height")
	}
	checkWidth(o.Width, bad)
}

func checkPerson(cfg detectors.Config, bad func(key, problem string)) {
	o := cfg.Options.(PersonOptions)
	if math.IsNaN(o.Threshold) || o.Threshold <= 0 || o.Threshold > maxThreshold {
		bad("threshold", "must be above 0 and at most 10: the minimum score, 0.4 by default")
	}
	checkWidth(o.Width, bad)
}

func checkWidth(width int, bad func(key, problem string)) {
	if width < minWidth || width > maxWidth {
		bad("width", "must be from 64 to 7680: the width in pixels to which wider frames are scaled first")
	}
}
