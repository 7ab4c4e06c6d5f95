package app

import (
	"fmt"
	"io"

	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
)

// check reads the configuration that the flags select and writes a summary to out.
// A *config.Error holds every problem.
func check(l config.Loader, flags cli.Flags, out io.Writer) error {
	if flags.Check.File != "" {
		flags.Config = flags.Check.File
	}
	cfg, err := l.Load(flags)
	if err != nil {
		return err
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
