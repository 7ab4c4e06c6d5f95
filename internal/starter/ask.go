package starter

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"rvo-tui/internal/text"
)

// Asker asks the user for answers that the command line did not give.
type Asker struct {
	In  *bufio.Reader
	Out io.Writer
	// Terminal says that somebody answers. Otherwise a given camera is tried last, because answers
	// may be missing.
	Terminal bool
	// Devices are the connected cameras.
	Devices []Device
	// Try opens a camera and shows a frame. Its error says why it does not work; context.Canceled ends
	// the questions.
	Try func(source string) error
	// Force keeps a given camera that does not work, instead of returning its error.
	Force bool
	// Check returns the problems of a configuration.
	Check func(file string) error
}

// Device is a connected camera: its source and a name for display.
type Device struct{ Source, Name string }

// ErrNoAnswer is wrapped if the input ends before all questions are answered.
var ErrNoAnswer = errors.New("init: a question was not answered")

// unanswered completes ErrNoAnswer with the flags that give the missing answers.
func unanswered(err error, a Answers, tell bool) error {
	if !errors.Is(err, ErrNoAnswer) {
		return err
	}
	var flags []string
	if a.Source == "" {
		flags = append(flags, "--camera-uri")
	}
	if a.Find == "" {
		flags = append(flags, "--find")
	}
	if !tell {
		flags = append(flags, "--tell (--tell= notifies nobody)")
	}
	return fmt.Errorf("%w; answer on a terminal, or give %s", err, strings.Join(flags, " and "))
}

// Ask completes the answers, and tries the camera. A given answer that is invalid, or a given
// camera that does not work, is an error; a typed one is asked for again.
func (k Asker) Ask(a Answers, tell bool) (Answers, error) {
	var err error
	given := a.Source != ""
	if given {
		if err = k.Check(Text(Answers{Source: a.Source, Find: "motion"})); err != nil {
			return a, err
		}
	} else if a.Source, err = k.camera(); err != nil {
		return a, unanswered(err, a, tell)
	}
	if given && k.Terminal {
		if err = k.try(a.Source); err != nil {
			return a, err
		}
	}
	if a.Find == "" {
		if a.Find, err = k.find(Answers{Source: a.Source}); err != nil {
			return a, unanswered(err, a, tell)
		}
	}
	if !tell {
		if a.Tell, err = k.tell(a); err != nil {
			return a, unanswered(err, a, tell)
		}
	}
	if err = k.Check(Text(a)); err == nil && given && !k.Terminal {
		err = k.try(a.Source)
	}
	return a, err
}

// try tries a camera that was given.
func (k Asker) try(source string) error {
	err := k.Try(source)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return err
	case !k.Force:
		return fmt.Errorf("init: %w; nothing was written (--no-start writes the file anyway)", err)
	}
	fmt.Fprintf(k.Out, "The camera does not work yet: %s\n", text.Visible(err.Error()))
	return nil
}

func (k Asker) camera() (string, error) {
	fmt.Fprintln(k.Out, "Which camera?")
	for i, d := range k.Devices {
		fmt.Fprintf(k.Out, "  %d  %s  %s\n", i+1, d.Source, text.Clean(d.Name))
	}
	if len(k.Devices) > 0 {
		fmt.Fprint(k.Out, "A number, or an address: ")
	} else {
		fmt.Fprint(k.Out, "No camera is connected. An address: ")
	}
	fmt.Fprintln(k.Out, "rtsp://user:password@10.0.0.7/stream1, http://…, a file, or synthetic:street.")
	failed := ""
	for {
		said, err := k.line()
		if err != nil {
			return "", err
		}
		if n, err := strconv.Atoi(said); err == nil && n >= 1 && n <= len(k.Devices) {
			said = k.Devices[n-1].Source
		}
		if said == "" && failed != "" {
			return failed, nil
		}
		if said == "" {
			continue
		}
		if err := k.Check(Text(Answers{Source: said, Find: "motion"})); err != nil {
			fmt.Fprintln(k.Out, text.Visible(err.Error()))
			continue
		}
		if err := k.Try(said); err != nil {
			if errors.Is(err, context.Canceled) {
				return "", err
			}
			failed = said
			fmt.Fprintf(k.Out, "%s\nAnother address, or Enter to keep this one:\n", text.Visible(err.Error()))
			continue
		}
		return said, nil
	}
}

func (k Asker) find(a Answers) (string, error) {
	fmt.Fprintln(k.Out, "What should be detected?")
	for i, t := range Things() {
		fmt.Fprintf(k.Out, "  %d  %-8s%s\n", i+1, t.Name, t.Doc)
	}
	fmt.Fprintln(k.Out, "A number or a name; Enter for motion.")
	for {
		said, err := k.line()
		if err != nil {
			return "", err
		}
		if said == "" {
			said = "motion"
		}
		if n, err := strconv.Atoi(said); err == nil && n >= 1 && n <= len(Things()) {
			said = Things()[n-1].Name
		}
		if !Known(said) {
			fmt.Fprintf(k.Out, "%q is not one of %s.\n", text.Clean(said), Names())
			continue
		}
		a.Find = said
		if err := k.Check(Text(a)); err != nil {
			fmt.Fprintln(k.Out, text.Visible(err.Error()))
			continue
		}
		return said, nil
	}
}

func (k Asker) tell(a Answers) (string, error) {
	fmt.Fprintln(k.Out, "Whom to notify? ntfy://ntfy.sh/A-TOPIC, webhook:https://HOST/PATH or another address of docs/notify.md.")
	fmt.Fprintln(k.Out, "Press enter to notify nobody. Events are still shown and clips saved.")
	for {
		said, err := k.line()
		if err != nil || said == "" {
			return "", err
		}
		a.Tell = said
		if err := k.Check(Text(a)); err != nil {
			fmt.Fprintln(k.Out, text.Visible(err.Error()))
			continue
		}
		return said, nil
	}
}

func (k Asker) line() (string, error) {
	fmt.Fprint(k.Out, "> ")
	said, err := k.In.ReadString('\n')
	if err != nil && said == "" {
		return "", ErrNoAnswer
	}
	return strings.TrimSpace(said), nil
}
