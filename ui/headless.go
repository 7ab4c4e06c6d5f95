package ui

import (
	"context"
	"fmt"
	"os"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
)

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
