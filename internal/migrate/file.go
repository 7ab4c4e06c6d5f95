package migrate

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"rvo-tui/internal/config"
)

// File converts a YAML file and writes the TOML to the new file output, or to out if that is empty.
// A *config.Error has every problem.
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
	_, err = fmt.Fprintf(out, "%s: written; run it with rvo-tui --config %s\n", output, output)
	return err
}

// writeNew creates a file that only this user may read. It fails if the file exists.
func writeNew(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s already exists; choose another --output, or move it away", name)
	case err != nil:
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(name)) // do not leave a partial file
	}
	return nil
}
