//go:build cgo && customenv

package main

// With this tag gocv leaves it to others to say what is linked: see
// detectors/opencv/link_lean.go. This example links all of OpenCV, as gocv does.

// #cgo pkg-config: opencv4
import "C"
