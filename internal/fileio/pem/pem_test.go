package pem

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"rvo-tui/internal/fileio"
)

func TestKeysAndCertificatesComeFromRegularFiles(t *testing.T) {
	dir := t.TempDir()
	fifo, empty := filepath.Join(dir, "fifo"), filepath.Join(dir, "empty")
	if err := errors.Join(syscall.Mkfifo(fifo, 0o600), os.WriteFile(empty, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := Authorities(fifo); !errors.Is(err, fileio.ErrIrregular) {
		t.Errorf("authorities in a FIFO: %v", err)
	}
	if _, err := Authorities(empty); err == nil {
		t.Error("an empty file holds authorities")
	}
	for _, pair := range [][2]string{{fifo, empty}, {empty, fifo}} {
		_, err := KeyPair(pair[0], pair[1])
		if bad, ok := errors.AsType[*os.PathError](err); !ok || bad.Path != fifo || !errors.Is(err, fileio.ErrIrregular) {
			t.Errorf("a key pair in %v: %v", pair, err)
		}
	}
}
