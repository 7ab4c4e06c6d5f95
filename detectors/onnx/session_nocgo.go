//go:build !cgo

package onnx

import (
	"context"
	"errors"

	"rvo-tui/detectors/onnx/heads"
	"rvo-tui/detectors/onnx/network"
)

// session is what a build with cgo runs models with.
type session struct {
	inputs, outputs []network.Port
	meta            map[string]string
	fallback        error
	image           int
}

var errBuiltWithout = errors.New("built without ONNX Runtime: install a C compiler and build with CGO_ENABLED=1")

func openLibrary(string) (string, error) { return "", errBuiltWithout }

func openSession(string, sessionOptions) (*session, error) { return nil, errBuiltWithout }

func (*session) bind(network.Layout, any, int) error { return errBuiltWithout }

func (*session) infer(int, []context.Context) ([]heads.Tensor, error) { return nil, errBuiltWithout }

func (*session) close() error { return nil }
