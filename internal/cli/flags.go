// Package cli is the command line: its commands, their flags and their help.
package cli

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
)

// Flags is the parsed command line. Nil or empty fields were not given. The tag "for" lists the
// commands that accept a flag; without it, the declaring command and its subcommands accept it.
type Flags struct {
	Config        string           `for:"run,check,clips,connect" placeholder:"FILE" help:"Configuration file (default: $RVO_CONFIG, else ./rvo.toml, else the built-in one)."`
	NoUI          bool             `for:"run" name:"no-ui" help:"No dashboard: write events as JSON lines to standard output, and the log to standard error."`
	ASCII         bool             `for:"run,connect" name:"ascii" help:"Draw the dashboard with ASCII characters only."`
	Pick          bool             `for:"run" help:"Open the camera menu first."`
	CameraDevice  *int             `for:"run,init" xor:"camera" placeholder:"N" help:"Use capture device N (/dev/videoN); a run then leaves out the configured cameras."`
	CameraURI     string           `for:"run,init" name:"camera-uri" xor:"camera" placeholder:"URI" help:"Use this rtsp://, rtsps://, http:// or https:// address, file or synthetic:SCENE; a run then leaves out the configured cameras. $${NAME} is filled in here."`
	Detector      []RemoteDetector `for:"run" sep:"none" placeholder:"ENDPOINT=SIGNAL" help:"Add a model service, such as localhost:50051=person. May be repeated."`
	Find          string           `for:"run,init" complete:"=motion,person,face" placeholder:"THING" help:"Look for motion, person or face; a run then reads no configuration file."`
	ClipsDir      *string          `for:"run,clips" placeholder:"DIR" help:"Directory for clips."`
	EventLog      *string          `for:"run" placeholder:"FILE" help:"Append events to this file, as JSON lines."`
	MetricsListen *string          `for:"run" placeholder:"ADDR" help:"Serve /metrics, /health and /ready on this host:port; empty: off."`
	Web           *string          `for:"run" type:"address" placeholder:"[ADDR]" help:"Serve the browser dashboard on this host:port (default: 127.0.0.1:8080)."`
	ControlSocket *string          `for:"run" placeholder:"PATH" help:"Serve connect and ctl on this unix socket; empty: off."`
	LogLevel      *string          `for:"run" complete:"=debug,info,warn,error" placeholder:"LEVEL" help:"Minimum log level: debug, info, warn or error."`
	LogFile       *string          `for:"run" placeholder:"FILE" help:"Append the log to this file."`
	Strict        bool             `for:"run" help:"Refuse a configuration with any error, instead of leaving out the camera, detector, rule or output that has it."`
	Watch         bool             `for:"run" help:"Reload the configuration when its file changes."`
	Duration      text.Duration    `for:"run" placeholder:"D" help:"Stop after this time, such as 90s or 2h."`
	ListCameras   bool             `for:"run" help:"List capture devices and their modes, then exit."`
	PrintConfig   bool             `for:"run" help:"Print the built-in configuration, which explains every key, then exit."`
	Version       bool             `for:"run" help:"Print the version, then exit."`

	Run     struct{}     `cmd:"" default:"1" help:"Run cameras, detectors and rules (default)."`
	Init    InitFlags    `cmd:"" help:"Write a first configuration from three answers, and run it."`
	Check   CheckFlags   `cmd:"" help:"Check a configuration and report every problem."`
	Clips   ClipsFlags   `cmd:"" help:"List or verify recorded clips."`
	Connect ConnectFlags `cmd:"" help:"Open the dashboard of a running rvo-tui, here or on another machine."`
	Ctl     CtlFlags     `cmd:"" help:"Query or change a running rvo-tui from a script."`
	Bench   BenchFlags   `cmd:"" help:"Run load benchmarks."`
	Migrate MigrateFlags `cmd:"" help:"Convert a YAML configuration of RealTime-Video-Orchestrator (rvo) to TOML."`

	Completion CompletionFlags `cmd:"" help:"Print a shell script that completes commands, flags and names."`
	Man        struct{}        `cmd:"" help:"Print the manual page."`

	// Command is the name of one of the commands above.
	Command string `kong:"-"`
	// Verb is the command of ctl, bench or clips.
	Verb string `kong:"-"`
}

// InitFlags is the command line of init, which asks for what is not given.
type InitFlags struct {
	File    string  `arg:"" optional:"" help:"File to write, which must not exist yet (default: rvo.toml)."`
	Tell    *string `placeholder:"ADDRESS" help:"Address to notify, as \"to\" of [[notify]]; empty: none."`
	NoStart bool    `help:"Write the file, even if the camera does not work, but do not run it."`
}

// CheckFlags is the command line of check.
type CheckFlags struct {
	File  string   `arg:"" optional:"" help:"File to check (default: the one that a run would use)."`
	Model string   `placeholder:"FILE" help:"Check one network: print its format, time and memory."`
	On    string   `placeholder:"IMAGE" help:"With --model: print what it finds in this JPEG or PNG file."`
	Draw  string   `placeholder:"FILE" help:"With --on: write the image with boxes to this JPEG file."`
	Set   []string `sep:"none" placeholder:"KEY=VALUE" help:"With --model: a key of the detector, as in format=yolov8. May be repeated."`
	As    string   `placeholder:"USER" help:"Open keys, models and videos as this user, such as nobody; needs root (default: the current user)."`
}

// MigrateFlags is the command line of migrate.
type MigrateFlags struct {
	File   string `arg:"" help:"YAML file to migrate, such as config/rvo.yaml."`
	Output string `placeholder:"FILE" help:"Write to this file, which must not exist yet (default: standard output)."`
}

// CompletionFlags is the command line of completion.
type CompletionFlags struct {
	Shell string `arg:"" complete:"=bash,zsh,fish" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// ClipsFlags is the command line of clips.
type ClipsFlags struct {
	JSON   bool        `name:"json" help:"Print one JSON object per line."`
	List   struct{}    `cmd:"" default:"1" help:"List clips, oldest first (default)."`
	Verify VerifyFlags `cmd:"" help:"Compare the files of clips with the hashes in their metadata."`
}

// VerifyFlags is the command line of clips verify.
type VerifyFlags struct {
	Events []string `arg:"" optional:"" name:"event" help:"Events whose clips to verify, by their IDs (default: every clip)."`
}

// RemoteDetector is the value of a --detector flag: a model service and the signal it provides.
type RemoteDetector struct {
	Endpoint string
	Signal   string
}

// UnmarshalText parses ENDPOINT=SIGNAL. The endpoint is checked later, with the configuration.
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

// UsageError is an invalid command line.
type UsageError struct{ Err error }

// Of returns the error with a pointer to the help of a command, such as "ctl attach".
func (e *UsageError) Of(command string) *UsageError { return &UsageError{&misuse{e.Err, command}} }

// Error returns the problem and which help to read.
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

// misuse is an error of the use of one command.
type misuse struct {
	error
	command string // such as "ctl attach"; empty: unknown
}

func (e *misuse) Unwrap() error { return e.error }

// DefaultWeb is the address of the browser dashboard if --web has no value.
const DefaultWeb = "127.0.0.1:8080"

// addressMapper parses a flag whose value host:port is optional and defaults to DefaultWeb.
type addressMapper struct{}

func (addressMapper) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	value := DefaultWeb
	next := ctx.Scan.Peek()
	address := func(word string) bool {
		return word == "" || strings.Contains(word, ":") || word[0] >= '0' && word[0] <= '9'
	}
	if next.Type == kong.FlagValueToken || next.IsValue() && address(next.String()) {
		value = ctx.Scan.Pop().String()
	}
	target.Set(reflect.ValueOf(&value))
	return nil
}

// ErrHelp is returned by Parse after it has printed help.
var ErrHelp = errors.New("help was printed")

// Parse parses a command line, without the program's name. Help goes to out. An invalid command
// line is a *UsageError.
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
	case err != nil && strings.HasPrefix(err.Error(), "unknown flag --metrics-port"):
		// The only flag of RealTime-Video-Orchestrator that this program does not have.
		return Flags{}, &UsageError{errors.New("unknown flag --metrics-port; write --metrics-listen 127.0.0.1:PORT")}
	case err != nil:
		var parse *kong.ParseError
		if errors.As(err, &parse) && parse.Context != nil {
			command := givenCommand(parse.Context)
			err = &misuse{explain(err, command, args), command}
		}
		return Flags{}, &UsageError{err}
	case flags.Duration < 0:
		return Flags{}, &UsageError{fmt.Errorf("--duration: %v is negative", flags.Duration)}
	case flags.CameraDevice != nil && *flags.CameraDevice < 0:
		return Flags{}, &UsageError{fmt.Errorf("--camera-device: %d is negative; rvo-tui --list-cameras shows the available devices", *flags.CameraDevice)}
	}
	words := append(strings.Fields(context.Command()), "")
	flags.Command = words[0]
	switch flags.Command {
	case "ctl", "bench", "clips":
		flags.Verb = words[1]
	}
	if err := errors.Join(unusedFlag(context), emptyValue(context)); err != nil {
		return Flags{}, &UsageError{&misuse{err, givenCommand(context)}}
	}
	if flags.Check.File != "" && flags.Config != "" {
		return Flags{}, &UsageError{&misuse{errors.New("--config: check was given two files; name one"), "check"}}
	}
	return flags, nil
}

// explain completes an error of the parser where it does not say what to do.
func explain(err error, command string, args []string) error {
	if word, found := strings.CutPrefix(err.Error(), "unexpected argument "); found {
		for _, v := range List() {
			if v.Flag && command == "ctl "+v.Name {
				return fmt.Errorf("%w; a camera is chosen with --camera %s", err, word)
			}
		}
	}
	// The parser takes a negative number for a flag.
	if number := slices.IndexFunc(args, negative.MatchString); number >= 0 && strings.HasPrefix(err.Error(), "unknown flag "+args[number][:2]) {
		return fmt.Errorf("%s is negative; write a number above 0", args[number])
	}
	return err
}

var negative = regexp.MustCompile(`^-[0-9.][0-9.]*$`)

// newParser returns a parser that fills flags. After help was printed to out it calls exit, and
// parsing continues.
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
		kong.NamedMapper("address", addressMapper{}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

// givenCommand returns the command given on the command line, without its arguments.
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

// commandPath returns the given command, or the default one.
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

// takes reports whether a command accepts a flag in its scope.
func takes(command string, f *kong.Flag) bool {
	only := f.Tag.Get("for")
	return only == "" || slices.ContainsFunc(strings.Split(only, ","), func(name string) bool {
		return command == name || strings.HasPrefix(command, name+" ")
	})
}

// emptyValue returns an error if a text is given but empty, as by an unset variable of a script. Its
// default, such as all cameras, is not what was meant. Flags that can be empty are pointers.
func emptyValue(context *kong.Context) error {
	for _, p := range context.Path {
		switch {
		case p.Flag != nil && p.Flag.Target.Kind() == reflect.String && p.Flag.Target.String() == "":
			return fmt.Errorf("--%s: is empty; give a value, or leave it out", p.Flag.Name)
		case p.Positional != nil && p.Positional.Target.Kind() == reflect.String && p.Positional.Target.String() == "":
			return fmt.Errorf("<%s>: is empty; give a value, or leave it out if it is optional", p.Positional.Name)
		}
	}
	return nil
}

// unusedFlag returns an error if a flag has no effect on the command.
func unusedFlag(context *kong.Context) error {
	command := commandPath(context)
	for _, p := range context.Path {
		switch f := p.Flag; {
		case f == nil || takes(command, f):
		case f.Name == "config" && strings.HasPrefix(command, "ctl "):
			return errors.New("--config: ctl reads no configuration; choose the rvo-tui with --addr")
		default:
			only := strings.Split(f.Tag.Get("for"), ",")
			last := len(only) - 1
			list := only[last]
			if last > 0 {
				list = strings.Join(only[:last], ", ") + " and " + list
			}
			return fmt.Errorf("--%s: is for %s, not for %s; leave it out", f.Name, list, command)
		}
	}
	return nil
}
