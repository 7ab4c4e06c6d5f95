package cli

import (
	"fmt"
	"io"

	mangokong "github.com/alecthomas/mango-kong"
	"github.com/muesli/roff"
)

// In the manual page each line is a paragraph.
const (
	manDescription = "rvo-tui reads live video, runs detectors on the newest frames, turns what they find into confirmed " +
		"events with clips, and shows in a terminal where every microsecond and every dropped frame went.\n" +
		"Without a command it runs the cameras, detectors and rules of a configuration: with the dashboard on a terminal, " +
		"otherwise with events on standard output and the log on standard error."
	manStatus = "0: it was stopped, its duration is over, all cameras have ended, or the command was done.\n" +
		"1: it cannot continue, or the command was refused.\n" +
		"2: the command line or the configuration is wrong, and the problems were printed.\n" +
		"3: \"ctl alerts\" printed an alert that is not acknowledged."
	manFiles = "./rvo.toml is the configuration if neither --config nor $RVO_CONFIG names another. " +
		"\"rvo-tui --print-config\" explains every key.\n" +
		"$XDG_RUNTIME_DIR/rvo-tui/control.sock is the socket of \"connect\" and \"ctl\"; that of a service is " +
		"/run/rvo-tui/control.sock."
)

// Manual writes the manual page rvo-tui(1).
func Manual(out io.Writer) error {
	parser, err := newParser(new(Flags), io.Discard, func(int) {})
	if err != nil {
		return fmt.Errorf("define command line: %w", err)
	}
	page := mangokong.NewManPage(1, parser.Model).WithLongDescription(manDescription).
		WithSection("Exit status", manStatus).WithSection("Files", manFiles)
	_, err = io.WriteString(out, page.Build(roff.NewDocument()))
	return err
}
