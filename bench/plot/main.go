// Plot draws figures from a directory of results of "rvo-tui bench":
//
//	go run ./bench/plot [-out DIR] DIR
//
// It writes each figure as SVG and PNG, to DIR/figures by default. It leaves out figures that lack
// data and prints what is missing. It is a separate program because drawing would make rvo-tui 8 MB
// larger. It depends only on the columns of the files, which docs/harness.md describes.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "plot:", err)
		os.Exit(1)
	}
}

// run draws every figure that the directory has data for, and prints one line per figure.
func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("plot", flag.ContinueOnError)
	flags.SetOutput(out)
	to := flags.String("out", "", "directory to write to (default: figures in the directory of the results)")
	flags.Usage = func() {
		fmt.Fprintln(out, "usage: go run ./bench/plot [-out DIR] DIR\n\nDraws figures of the results of \"rvo-tui bench --out-dir DIR\".")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("name one directory with results of \"rvo-tui bench --out-dir DIR\", as in: go run ./bench/plot bin/bench_results")
	}
	dir := flags.Arg(0)
	if *to == "" {
		*to = filepath.Join(dir, "figures")
	}
	res, err := load(dir)
	if err != nil {
		return err
	}
	return drawAll(res, *to, formats, out)
}

// drawAll creates a directory and writes all figures into it.
func drawAll(res *results, to string, formats []format, out io.Writer) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return fmt.Errorf("make the directory for the figures: %w", err)
	}
	drawn := 0
	for _, f := range figures {
		p, err := f.make(res)
		if err == nil && p.prune() == 0 {
			err = errors.New("it has only values that its axes cannot show, such as 0, or lines of a single point: run bench with a smaller --sample-ms")
		}
		if err != nil {
			fmt.Fprintf(out, "left out %s: %v\n", f.name, err)
			continue
		}
		p.note = res.note()
		for _, format := range formats {
			name := filepath.Join(to, f.name+format.ending)
			if err := write(name, p, format.draw); err != nil {
				return err
			}
		}
		fmt.Fprintf(out, "%s: %s\n", filepath.Join(to, f.name), p.title)
		drawn++
	}
	if drawn == 0 {
		return errors.New("there is no data for any figure: run \"rvo-tui bench --all --out-dir DIR\" first")
	}
	return nil
}

// write draws a page into a file.
func write(name string, p *page, draw func(*page, io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write figure: %w", err)
	}
	err = draw(p, file)
	if e := file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("write figure %s: %w", name, err)
	}
	return nil
}
