//go:build !linux

package device

import (
	"context"
	"fmt"

	"rvo-tui/capture"
)

// Open returns capture.ErrUnsupported.
func Open(_ context.Context, _ capture.Config, addr capture.Address) (capture.Connection, error) {
	return nil, fmt.Errorf("open device:%d: capture devices are %w on this system", addr.Device, capture.ErrUnsupported)
}

func ask(string) (name string, modes []Mode, err error) { return "", nil, nil }
