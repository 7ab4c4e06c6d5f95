//go:build !linux

package app

import (
	"errors"
	"os"
)

var errNoGuard = errors.New("guard terminal: only on Linux")

func terminalState(*os.File) (string, error) { return "", errNoGuard }

func setTerminalState(*os.File, string) error { return errNoGuard }
