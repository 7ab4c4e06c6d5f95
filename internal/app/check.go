package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
)

// check reads the configuration that the flags select, opens its networks, and
// writes a summary to out. A *config.Error holds every problem. With a model in
// the flags it checks that alone.
func check(ctx context.Context, l config.Loader, kinds *kinds, flags cli.Flags, out io.Writer) error {
	switch c := flags.Check; {
	case c.Model == "" && (c.On != "" || c.Draw != "" || c.Set != nil):
		return &cli.UsageError{Err: errors.New("--on, --draw and --set go with --model")}
	case c.Model != "" && c.File != "":
		return &cli.UsageError{Err: errors.New("--model: check looks at the model alone: leave the configuration out")}
	case c.Draw != "" && c.On == "":
		return &cli.UsageError{Err: errors.New("--draw: give the image to draw in with --on")}
	}
	if flags.Check.File != "" {
		flags.Config = flags.Check.File
	}
	cfg, err := l.Load(flags)
	if err == nil {
		kinds.tune(cfg.Runtime)
	}
	if flags.Check.Model != "" {
		return checkModel(ctx, kinds, flags.Check, out)
	}
	if err != nil {
		return err
	}
	if err := checkNetworks(ctx, kinds, cfg, out); err != nil {
		return err
	}
	for _, w := range cfg.Warnings {
		fmt.Fprintln(out, w)
	}
	_, err = fmt.Fprintf(out, "%s: ok (%s, %s, %s)\n", cfg.File,
		count(len(cfg.Camera), "camera"), count(len(cfg.Detector), "detector"), count(len(cfg.Rule), "rule"))
	return err
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
