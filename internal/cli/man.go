package cli

import (
	"fmt"
	"io"

	mangokong "github.com/alecthomas/mango-kong"
	"github.com/muesli/roff"
)

// Manual writes the manual page rvo-tui(1).
func Manual(out io.Writer) error {
	parser, err := newParser(new(Flags), io.Discard, func(int) {})
	if err != nil {
		return fmt.Errorf("define command line: %w", err)
	}
	_, err = io.WriteString(out, mangokong.NewManPage(1, parser.Model).Build(roff.NewDocument()))
	return err
}
