//go:build !cgo

package onnx

import (
	"context"
	"errors"

	"rvo-tui/detectors/onnx/heads"
	"rvo-tui/detectors/onnx/network"
)

// session runs models in a build with cgo.
type session struct {
	inputs, outputs []network.Port
	meta            map[string]string
	fallback        error
	image           int
}

// absent is why this build lacks the kind.
var absent = errors.New("built without ONNX Runtime: install a C compiler and build with CGO_ENABLED=1")

func openLibrary(string) (string, error) { return "", absent }

func openSession(string, sessionOptions) (*session, error) { return nil, absent }

func (*session) bind(network.Layout, any, int) error { return absent }

func (*session) infer(int, []context.Context) ([]heads.Tensor, error) { return nil, absent }

func (*session) close() error { return nil }
