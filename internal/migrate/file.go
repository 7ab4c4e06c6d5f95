package migrate

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"rvo-tui/internal/config"
)

// File writes the YAML configuration in a file as TOML, to out or to a new file. A
// *config.Error has every problem.
func File(l config.Loader, name, output string, out io.Writer) error {
	_, source, err := l.Find(name)
	if err != nil {
		return fmt.Errorf("migrate %s: %w", name, err)
	}
	toml, err := TOML(l, name, source)
	switch {
	case err != nil:
		return err
	case output == "":
		_, err = out.Write(toml)
		return err
	}
	if err := writeNew(output, toml); err != nil {
		return fmt.Errorf("migrate %s: %w", name, err)
	}
	_, err = fmt.Fprintf(out, "%s: written; rvo-tui --config %s runs it\n", output, output)
	return err
}

// writeNew writes a file that must not exist and that only this user may read.
func writeNew(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s exists and is left alone: choose another --output, or move it away", name)
	case err != nil:
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(name)) // half a configuration is none
	}
	return nil
}
