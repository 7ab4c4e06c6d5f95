package app

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// terminalState returns the modes of a terminal as text.
func terminalState(tty *os.File) (string, error) {
	modes, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		return "", fmt.Errorf("read modes of the terminal: %w", err)
	}
	var b bytes.Buffer
	if err := binary.Write(&b, binary.NativeEndian, modes); err != nil {
		return "", fmt.Errorf("read modes of the terminal: %w", err)
	}
	return hex.EncodeToString(b.Bytes()), nil
}

// setTerminalState gives a terminal the modes that terminalState returned.
func setTerminalState(tty *os.File, state string) error {
	b, err := hex.DecodeString(state)
	if err != nil {
		return fmt.Errorf("restore modes of the terminal: %w", err)
	}
	var modes unix.Termios
	if err := binary.Read(bytes.NewReader(b), binary.NativeEndian, &modes); err != nil {
		return fmt.Errorf("restore modes of the terminal: %w", err)
	}
	if err := unix.IoctlSetTermios(int(tty.Fd()), unix.TCSETS, &modes); err != nil {
		return fmt.Errorf("restore modes of the terminal: %w", err)
	}
	return nil
}
