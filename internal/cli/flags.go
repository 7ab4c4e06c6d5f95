// Package cli is the command line: its commands, their flags and their help.
package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"rvo-tui/detectors"
)

// Flags is the command line. Fields that are nil or empty were not given. The tag
// "for" names the commands that a flag is for; one without it is for the command
// that has it and all below.
type Flags struct {
	Config        string           `for:"run,check,clips,connect" placeholder:"FILE" help:"Configuration (default: $RVO_CONFIG, else ./rvo.toml, else the built-in one)."`
	NoUI          bool             `for:"run" name:"no-ui" help:"No dashboard: events as lines of JSON on standard output, the log on standard error."`
	ASCII         bool             `for:"run,connect" name:"ascii" help:"Draw the dashboard with the characters of ASCII alone."`
	Pick          bool             `for:"run" help:"Begin with the dashboard's camera menu."`
	CameraDevice  *int             `for:"run" xor:"camera" placeholder:"N" help:"Use capture device N (/dev/videoN) in place of the configured cameras."`
	CameraURI     string           `for:"run" name:"camera-uri" xor:"camera" placeholder:"URI" help:"Use this rtsp://, rtsps://, http:// or https:// address, file or synthetic:SCENE in place of the configured cameras."`
	Detector      []RemoteDetector `for:"run" sep:"none" placeholder:"ENDPOINT=SIGNAL" help:"Add a model service, as in localhost:50051=person. May be repeated."`
	ClipsDir      *string          `for:"run,clips" placeholder:"DIR" help:"Directory for evidence."`
	EventLog      *string          `for:"run" placeholder:"FILE" help:"Append each event to this file, as a line of JSON."`
	MetricsListen *string          `for:"run" placeholder:"ADDR" help:"Serve /metrics, /health and /ready on this host:port; empty: do not."`
	ControlSocket *string          `for:"run" placeholder:"PATH" help:"Serve connect and ctl on this unix socket; empty: do not."`
	LogLevel      *string          `for:"run" placeholder:"LEVEL" help:"Least grave level to log: debug, info, warn or error."`
	LogFile       *string          `for:"run" placeholder:"FILE" help:"Append the log to this file."`
	Watch         bool             `for:"run" help:"Read the configuration again whenever its file changes."`
	Duration      time.Duration    `for:"run" placeholder:"D" help:"Stop after this time, as in 90s or 2h."`
	ListCameras   bool             `for:"run" help:"List capture devices with their modes, and exit."`
	Version       bool             `for:"run" help:"Print the version, and exit."`

	Run     struct{}     `cmd:"" default:"1" help:"Run the cameras, detectors and rules (default)."`
	Check   CheckFlags   `cmd:"" help:"Check a configuration and report every problem in it."`
	Clips   ClipsFlags   `cmd:"" help:"List the evidence that has been recorded."`
	Connect ConnectFlags `cmd:"" help:"Open the dashboard on an rvo-tui that runs already, here or elsewhere."`
	Ctl     CtlFlags     `cmd:"" help:"Ask an rvo-tui that runs, or change it, from a script."`
	Bench   BenchFlags   `cmd:"" help:"Measure the program under load."`

	// Command is "run", "check", "clips", "connect", "ctl" or "bench".
	Command string `kong:"-"`
	// Verb is the command of ctl or bench.
	Verb string `kong:"-"`
}

// CheckFlags is the command line of check.
type CheckFlags struct {
	File string `arg:"" optional:"" help:"What to check (default: what a run would use)."`
}

// ClipsFlags is the command line of clips.
type ClipsFlags struct {
	JSON bool `name:"json" help:"One JSON object a line."`
}

// RemoteDetector is one --detector: a model service and the signal it gives.
type RemoteDetector struct {
	Endpoint string
	Signal   string
}

// UnmarshalText reads ENDPOINT=SIGNAL. The endpoint is checked with the rest of
// the configuration.
func (d *RemoteDetector) UnmarshalText(text []byte) error {
	i := strings.LastIndexByte(string(text), '=')
	if i <= 0 {
		return fmt.Errorf("%q must be ENDPOINT=SIGNAL, as in http://localhost:50051=PersonDetected", text)
	}
	d.Endpoint, d.Signal = string(text[:i]), string(text[i+1:])
	if !detectors.ValidName(d.Signal) {
		return fmt.Errorf("%q cannot name a signal: use a letter, then letters, digits and underscores", d.Signal)
	}
	return nil
}

// UsageError is a command line that cannot be understood.
type UsageError struct{ Err error }

// Of returns the error as one of a command, such as "ctl attach", whose help it
// names.
func (e *UsageError) Of(command string) *UsageError { return &UsageError{&misuse{e.Err, command}} }

// Error says what is wrong and where to read how it is done.
func (e *UsageError) Error() string {
	var of *misuse
	help := "--help"
	if errors.As(e.Err, &of) && of.command != "" {
		help = of.command + " --help"
	}
	return fmt.Sprintf("%v\nRun \"rvo-tui %s\" for how to use it.", e.Err, help)
}

// Unwrap returns the parser's own error.
func (e *UsageError) Unwrap() error { return e.Err }

// misuse is an error in how a command was given.
type misuse struct {
	error
	command string // as "ctl attach"; empty: none was found
}

func (e *misuse) Unwrap() error { return e.error }

// ErrHelp is what Parse returns when help was asked for and printed.
var ErrHelp = errors.New("help was printed")

// Parse reads a command line, without the program's name. Help goes to
// out. What cannot be understood is a *UsageError.
func Parse(args []string, out io.Writer) (Flags, error) {
	var flags Flags
	helped := false
	parser, err := newParser(&flags, out, func(int) { helped = true })
	if err != nil {
		return Flags{}, fmt.Errorf("define command line: %w", err)
	}
	context, err := parser.Parse(args)
	switch {
	case helped:
		return Flags{}, ErrHelp
	case err != nil:
		var parse *kong.ParseError
		if errors.As(err, &parse) && parse.Context != nil {
			err = &misuse{err, givenCommand(parse.Context)}
		}
		return Flags{}, &UsageError{err}
	case flags.Duration < 0:
		return Flags{}, &UsageError{fmt.Errorf("--duration: %v is negative", flags.Duration)}
	case flags.CameraDevice != nil && *flags.CameraDevice < 0:
		return Flags{}, &UsageError{fmt.Errorf("--camera-device: %d is negative; rvo-tui --list-cameras shows what there is", *flags.CameraDevice)}
	}
	words := append(strings.Fields(context.Command()), "")
	flags.Command = words[0]
	if flags.Command == "ctl" || flags.Command == "bench" {
		flags.Verb = words[1]
	}
	if err := idleFlag(context); err != nil {
		return Flags{}, &UsageError{&misuse{err, givenCommand(context)}}
	}
	if flags.Check.File != "" && flags.Config != "" {
		return Flags{}, &UsageError{&misuse{errors.New("--config: check has a file already: name one file"), "check"}}
	}
	return flags, nil
}

// newParser returns what reads a command line into flags. Help goes to out, after
// which exit is called, and parsing goes on.
func newParser(flags *Flags, out io.Writer, exit func(int)) (*kong.Kong, error) {
	return kong.New(flags,
		kong.Name("rvo-tui"),
		kong.Description("Live video in, confirmed events with evidence out."),
		kong.Writers(out, out),
		kong.Exit(exit),
		kong.Help(func(options kong.HelpOptions, context *kong.Context) error {
			for _, f := range context.Flags() {
				f.Hidden = !takes(commandPath(context), f)
			}
			return kong.DefaultHelpPrinter(options, context)
		}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

// givenCommand returns the command that was given, without its arguments.
func givenCommand(context *kong.Context) string {
	var words []string
	for _, word := range strings.Fields(context.Command()) {
		if strings.HasPrefix(word, "<") || strings.HasPrefix(word, "[") {
			break
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// commandPath returns the command that was given, or that is meant where none was.
func commandPath(context *kong.Context) string {
	node := context.Selected()
	if node == nil {
		node = context.Model.Node
	}
	for node.DefaultCmd != nil {
		node = node.DefaultCmd
	}
	return strings.TrimPrefix(node.FullPath(), context.Model.Name+" ")
}

// takes reports whether a flag is for a command, among those that could be given
// with it.
func takes(command string, f *kong.Flag) bool {
	only := f.Tag.Get("for")
	return only == "" || slices.Contains(strings.Split(only, ","), command)
}

// idleFlag refuses a flag that means nothing to the command: who gives one expects
// it to do something.
func idleFlag(context *kong.Context) error {
	command := commandPath(context)
	for _, p := range context.Path {
		switch f := p.Flag; {
		case f == nil || takes(command, f):
		case f.Name == "config" && strings.HasPrefix(command, "ctl "):
			return errors.New("--config: ctl reads no configuration: say with --addr which rvo-tui is meant")
		default:
			only := strings.Split(f.Tag.Get("for"), ",")
			last := len(only) - 1
			text := only[last]
			if last > 0 {
				text = strings.Join(only[:last], ", ") + " and " + text
			}
			return fmt.Errorf("--%s: is for %s, not for %s: leave it out", f.Name, text, command)
		}
	}
	return nil
}
