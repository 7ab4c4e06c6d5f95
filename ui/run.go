// Package ui is the terminal dashboard. It draws the snapshots that a Runtime publishes and turns
// keys into commands. The runtime never waits for it: a slow terminal delays only the dashboard.
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

// Options configures a dashboard.
type Options struct {
	Config Config
	Kinds  detectors.Kinds // that can be attached
	// Devices finds capture devices for the camera menu, and may be slow. Nil: the menu offers
	// none.
	Devices func() []capture.Choice
	// Try opens a source chosen in the camera menu, to test it, and closes it. Nil: sources are
	// added without a test.
	Try func(ctx context.Context, cfg capture.Config) error
	// Film opens and decodes the movie files of clips.
	Film film.Opener
	// Link returns the state of the Backend's connection to another process. Nil: the Runtime
	// is in this process.
	Link func() remote.Link
	// Reload reloads the configuration. Nil: not available.
	Reload func(ctx context.Context) error
	// Diff compares the running configuration with the file; Write writes the difference with
	// that ID to the file. Nil: not available.
	Diff  func(ctx context.Context) (runtime.FileDiff, error)
	Write func(ctx context.Context, id string) error
	// Edit returns how edits of zones and lines would change the file, and applies them if write
	// is set. Nil: not available.
	Edit func(ctx context.Context, edits []runtime.FileEdit, write bool) (runtime.FileDiff, error)
	// Revert undoes an edit, given the ID of its FileDiff. Nil if Edit is nil.
	Revert func(ctx context.Context, id string) error
	// Pick opens the camera menu at the start.
	Pick bool
	// State is the path of the file with the command history and the preset, kept for the next
	// dashboard. Empty: nothing is kept.
	State string
	// Log receives errors of the dashboard itself. Nil: they are not logged.
	Log *slog.Logger
}

// IsTerminal reports whether standard input and output are a terminal, as a dashboard needs.
func IsTerminal() bool {
	return term.IsTerminal(os.Stdin.Fd()) && term.IsTerminal(os.Stdout.Fd())
}

// stuckTime is how long a terminal that accepts no output may delay the end.
const stuckTime = 2 * time.Second

// ErrStuck is returned by Run when the terminal accepts no output. Printing to it may block
// forever.
var ErrStuck = errors.New("close dashboard: the terminal accepts no output")

// maxCrashes is how often a dashboard is restarted after a panic that follows the last one, or the
// start, within crashTime.
const (
	maxCrashes = 3
	crashTime  = 10 * time.Minute
)

// Run shows the dashboard on the terminal of standard input and output until the user quits or
// the context ends, and returns nil in both cases. The terminal is restored before Run returns.
// After a panic the dashboard is restarted, unless panics follow each other closely. If the terminal
// accepts no output, Run returns ErrStuck 2 s after the context has ended. Ctrl-Z and SIGTSTP
// suspend the whole process until it is continued.
func Run(ctx context.Context, backend Backend, opts Options) error {
	state, err := term.GetState(os.Stdin.Fd())
	if err != nil {
		return fmt.Errorf("open dashboard: %w; use --no-ui without a terminal", err)
	}
	if tty.Dumb(os.Getenv) {
		return fmt.Errorf("open dashboard: a terminal of type TERM=%q cannot show it; use --no-ui, or set TERM to the actual type", os.Getenv("TERM"))
	}
	opts.Config.ASCII = opts.Config.ASCII || tty.ASCII(os.Getenv)
	out := &meter{File: os.Stdout}
	done := make(chan error, 1)
	go func() { // waited for, unless the terminal blocks it
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
	// Bubble Tea restores the terminal itself, unless it panicked or was abandoned.
	_ = term.Restore(os.Stdin.Fd(), state)
	return err
}

// crash is a panic of the dashboard's own code.
type crash struct {
	cause any
	stack []byte
}

func (c *crash) Error() string { return fmt.Sprintf("dashboard panicked: %v", c.cause) }

// again runs a dashboard, and restarts it after a panic.
func again(ctx context.Context, opts Options, run func(Options) error) error {
	for n := 1; ; n++ {
		began := time.Now()
		err := run(opts)
		var c *crash
		if !errors.As(err, &c) {
			return err
		}
		if opts.Log != nil {
			opts.Log.Error("internal error in the dashboard; please report it", "error", c.cause, "stack", string(c.stack))
		}
		if time.Since(began) > crashTime {
			n = 1
		}
		if n > maxCrashes || ctx.Err() != nil {
			return err
		}
		opts.Pick = false
	}
}

// RunHeadless runs the dashboard without input and output, on a screen of w x h cells in full
// colour, until the context ends. It returns how many bytes a terminal would have received, and
// serves to measure the cost of a dashboard.
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

// run runs the dashboard with options for Bubble Tea. It reads keys from in; nil: none.
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
			return nil // the terminal hung up, or the context ended
		case err != nil:
			return fmt.Errorf("run dashboard: %w", err)
		case m.pause == running || ctx.Err() != nil:
			return nil
		case m.pause == suspended && in != nil:
			tty.DropInput(in)
			if !tty.Suspend() {
				m.say((*draw.Theme).InfoInk, "not suspended: no shell could resume the dashboard")
			}
		}
		m.pause = running
	}
}

// play runs one Bubble Tea program, which takes the terminal at its start and restores it at its
// end.
func (m *model) play(ctx context.Context, out *meter, in *os.File, options ...tea.ProgramOption) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The caller handles signals and ends the context.
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
			m.asked = time.Now() // Init sends the query
		}
		var stop func()
		jobs, stop = tty.Jobs()
		defer stop()
	}
	m.want.begin(m.newestEvent(), m.newestLine())
	p := tea.NewProgram(m, options...)
	backend, opts, want, player := m.backend, m.opts, m.want, m.player // from here on the program owns the model
	var wg sync.WaitGroup
	wg.Go(func() {
		feed(ctx, backend, opts, want, out, p.Send)
		<-ctx.Done()
		p.Quit()
	})
	wg.Go(func() {
		pace := pace{limit: float64(opts.Config.Bandwidth)} // counts all output, as the feed does
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
	p.Kill() // after a failed start Send would block otherwise
	wg.Wait()
	save(m.file, opts.Log) // changes that no command has saved yet
	return err
}

// sized assumes the usual size for a terminal that does not know its own, such as a serial line.
func sized(_ tea.Model, msg tea.Msg) tea.Msg {
	if size, ok := msg.(tea.WindowSizeMsg); ok && (size.Width <= 0 || size.Height <= 0) {
		return tea.WindowSizeMsg{Width: 80, Height: 24}
	}
	return msg
}

// meter counts the bytes written to a terminal. It is safe for concurrent use.
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
