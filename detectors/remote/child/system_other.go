//go:build !linux

package child

import (
	"errors"
	"syscall"
)

// Only Linux can start a process of the same program and end it together with this one.
// Elsewhere starting fails and the rest is unreachable.

func attributes() *syscall.SysProcAttr { return nil }
func sacrifice(int)                    {}
func confine(int)                      {}
func awaitExit(int)                    {}
func limit(uint64) error               { return errors.New("processes for detectors need Linux") }
