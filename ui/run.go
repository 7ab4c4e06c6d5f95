// Package ui is the terminal dashboard. It draws the snapshots that a Runtime
// publishes, and turns keys into its commands. Nothing in the runtime waits for
// the screen: a terminal that takes its output too slowly makes the dashboard
// late and nothing else.
package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime"
	"rvo-tui/ui/draw"
	"rvo-tui/ui/film"
	"rvo-tui/ui/remote"
	"rvo-tui/ui/tty"
)

// Options is what a dashboard works with.
type Options struct {
	Config Config
	Kinds  detectors.Kinds // that can be attached
	// Devices finds capture devices for the camera menu. It may take its time.
	// Nil: the menu offers none.
	Devices func() []Choice
	// Open opens a source that was chosen in the camera menu, to see whether it
	// works. Nil: it is added untried.
	Open func(ctx context.Context, cfg capture.Config) (capture.Connection, error)
	// Film opens the movies of clips.
	Film film.Opener
	// Link tells how the Backend's way to a Runtime in another process stands.
	// Nil: it is in this one.
	Link func() remote.Link
	// Reload reads the configuration again. Nil: the program cannot.
	Reload func(ctx context.Context) error
	// Diff compares what runs with the configuration file, Write writes the difference of an
	// ID to it. Nil: the program cannot.
	Diff  func(ctx context.Context) (runtime.FileDiff, error)
	Write func(ctx context.Context, id string) error
	// Edit returns what changes of zones and lines make of the file, and makes them if
	// write is set. Nil: the program cannot.
	Edit func(ctx context.Context, edits []runtime.FileEdit, write bool) (runtime.FileDiff, error)
	// Revert takes an edit back, by the ID of its FileDiff. Nil where Edit is.
	Revert func(ctx context.Context, id string) error
	// Pick begins with the camera menu.
	Pick bool
	// State is the file that keeps what outlives the dashboard: the history of commands
	// and the preset. Empty: nothing is kept.
	State string
	// Log is told when the dashboard itself fails. Nil: nobody is.
	Log *slog.Logger
}

// IsTerminal reports whether a dashboard can run: on standard input and output.
func IsTerminal() bool {
	return term.IsTerminal(os.Stdin.Fd()) && term.IsTerminal(os.Stdout.Fd())
}

// stuckTime is how long a terminal that takes no output may delay the end.
const stuckTime = 2 * time.Second

// ErrStuck is what Run returns when it gave the terminal up. What is printed
// there then may wait for ever.
var ErrStuck = errors.New("close dashboard: the terminal takes no output")

// maxCrashes is how often a dashboard that panics is started again.
const maxCrashes = 3

// Run shows the dashboard on the terminal of standard input and output until the
// user quits or the context ends, which is no error. The terminal is as it was
// before when Run returns. A dashboard that panics is started again, three times
// at most. A terminal that takes no output any more is given up 2 s after the
// context has ended, with ErrStuck. Ctrl-Z and SIGTSTP stop the whole process until it is
// continued.
func Run(ctx context.Context, backend Backend, opts Options) error {
	state, err := term.GetState(os.Stdin.Fd())
	if err != nil {
		return fmt.Errorf("open dashboard: %w; use --no-ui where there is no terminal", err)
	}
	if tty.Dumb(os.Getenv) {
		return fmt.Errorf("open dashboard: TERM is %q: such a terminal cannot show it; use --no-ui, or set TERM to what the terminal is", os.Getenv("TERM"))
	}
	opts.Config.ASCII = opts.Config.ASCII || tty.ASCII(os.Getenv)
	out := &meter{File: os.Stdout}
	done := make(chan error, 1)
	go func() { // waited for, unless the terminal holds it
		done <- again(ctx, opts, func(opts Options) error { return run(ctx, backend, opts, out, os.Stdin, tea.WithOutput(out)) })
	}()
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case err = <-done:
		case <-time.After(stuckTime):
			err = ErrStuck
		}
	}
	tty.DropInput(os.Stdin)
	// Bubble Tea has done this already, but where it panicked or was given up.
	_ = term.Restore(os.Stdin.Fd(), state)
	return err
}

// crash is a panic of the dashboard's own code.
type crash struct {
	cause any
	stack []byte
}

func (c *crash) Error() string { return fmt.Sprintf("dashboard panicked: %v", c.cause) }

// again runs a dashboard, and runs it again when it panics.
func again(ctx context.Context, opts Options, run func(Options) error) error {
	for n := 1; ; n++ {
		err := run(opts)
		var c *crash
		if !errors.As(err, &c) {
			return err
		}
		if opts.Log != nil {
			opts.Log.Error("internal error in the dashboard; please report it", "error", c.cause, "stack", string(c.stack))
		}
		if n > maxCrashes || ctx.Err() != nil {
			return err
		}
		opts.Pick = false
	}
}

// RunHeadless runs the dashboard as Run does, on a screen of w x h cells in full
// colour, without output and input, until the context ends.
// It is for measuring what a dashboard costs, and returns how many bytes a
// terminal would have been sent.
func RunHeadless(ctx context.Context, backend Backend, opts Options, w, h int) (sent uint64, err error) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return 0, fmt.Errorf("open dashboard: %w", err)
	}
	defer null.Close()
	out := &meter{File: null}
	err = run(ctx, backend, opts, out, nil, tea.WithInput(nil), tea.WithOutput(out), tea.WithWindowSize(w, h),
		tea.WithColorProfile(colorprofile.TrueColor), tea.WithEnvironment([]string{"TERM=xterm-256color"}))
	return out.sent(), err
}

// run shows the dashboard by the given options of Bubble Tea. Keys come from a
// terminal; nil: there are none.
func run(ctx context.Context, backend Backend, opts Options, out *meter, in *os.File, options ...tea.ProgramOption) error {
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	m, err := newModel(work, backend, opts, new(demand))
	if err != nil {
		return fmt.Errorf("open dashboard: %w", err)
	}
	if zone := tty.UnknownZone(os.Getenv); in != nil && zone != "" {
		m.greeting = fmt.Sprintf("the time zone TZ=%s is not known on this machine: times are in UTC", zone)
		if opts.Log != nil {
			opts.Log.Warn("the time zone is not known on this machine: times are in UTC", "TZ", zone)
		}
	}
	for {
		err := m.play(work, out, in, options...)
		switch {
		case m.crash != nil:
			return m.crash
		case err != nil && (ctx.Err() != nil || errors.Is(err, io.EOF)):
			return nil // the terminal has gone, or we were told to go
		case err != nil:
			return fmt.Errorf("run dashboard: %w", err)
		case m.pause == running || ctx.Err() != nil:
			return nil
		case m.pause == suspended && in != nil:
			tty.DropInput(in)
			if !tty.Suspend() {
				m.say((*draw.Theme).InfoInk, "there is no shell that could bring the dashboard back: not stopped")
			}
		}
		m.pause = running
	}
}

// play is one program of Bubble Tea, from taking the terminal to giving it back.
func (m *model) play(ctx context.Context, out *meter, in *os.File, options ...tea.ProgramOption) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Signals are the caller's: it ends the context.
	options = append([]tea.ProgramOption{
		tea.WithoutSignalHandler(), tea.WithFPS(max(int(m.opts.Config.Rate*2), 20)), tea.WithFilter(sized),
	}, options...)
	var jobs <-chan os.Signal
	if in != nil {
		keys, err := tty.NewKeyboard(in)
		if err != nil {
			return err
		}
		defer keys.Close()
		options = append(options, tea.WithInput(keys))
		if m.themeName == "auto" {
			m.asked = time.Now() // by Init
		}
		var stop func()
		jobs, stop = tty.Jobs()
		defer stop()
	}
	m.want.begin(m.newestEvent(), m.newestLine())
	p := tea.NewProgram(m, options...)
	backend, opts, want, player := m.backend, m.opts, m.want, m.player // the model is the program's from here on
	var wg sync.WaitGroup
	wg.Go(func() {
		feed(ctx, backend, opts, want, out, p.Send)
		<-ctx.Done()
		p.Quit()
	})
	wg.Go(func() {
		pace := pace{limit: float64(opts.Config.Bandwidth)} // of all that is sent, as the feed's
		player.Run(ctx, opts.Config.Rate, func(now time.Time) bool { return pace.ready(now, out.sent()) }, func(s film.Shot) { p.Send(s) })
	})
	wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case s := <-jobs:
				p.Send(jobMsg{stop: s == syscall.SIGTSTP})
			}
		}
	})
	_, err := p.Run()
	cancel()
	p.Kill() // after a failed start nothing else would let Send return
	wg.Wait()
	save(m.file, opts.Log) // what a command has not come to
	return err
}

// sized gives a terminal that does not know its size, as a serial line, the usual one.
func sized(_ tea.Model, msg tea.Msg) tea.Msg {
	if size, ok := msg.(tea.WindowSizeMsg); ok && (size.Width <= 0 || size.Height <= 0) {
		return tea.WindowSizeMsg{Width: 80, Height: 24}
	}
	return msg
}

// meter counts what is written to a terminal. It is safe for concurrent use.
type meter struct {
	*os.File
	bytes atomic.Uint64
}

// Write implements io.Writer.
func (m *meter) Write(p []byte) (int, error) {
	n, err := m.File.Write(p)
	m.bytes.Add(uint64(n))
	return n, err
}

func (m *meter) sent() uint64 { return m.bytes.Load() }
