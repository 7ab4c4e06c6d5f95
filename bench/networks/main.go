// Command networks measures the cost of a network in the whole program: four cameras that share one
// model, with and without batching, compared with four models. It reads the program's metrics and
// the resource usage of its child processes.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

const cameras = 4

func main() {
	program := flag.String("rvo", "bin/rvo-tui", "the program to measure")
	model := flag.String("model", "", "the network, with a dynamic batch size")
	input := flag.String("input", "", "input size, if the model leaves it open")
	length := flag.Duration("length", 20*time.Second, "length of each run")
	port := flag.Int("port", 19301, "port of the metrics")
	flag.Parse()
	if err := measure(*program, *model, *input, *length, *port); err != nil {
		fmt.Fprintln(os.Stderr, "networks:", err)
		os.Exit(1)
	}
}

// result is the result of one run.
type result struct {
	first   time.Duration // time until every camera had a result
	answers float64
	cpu     time.Duration // of the child processes, during the measurement
	memory  int64         // of the child processes, in bytes
}

func measure(program, model, input string, length time.Duration, port int) error {
	model, err := filepath.Abs(model)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "4 CAMERAS ON\tFIRST ANSWERS\tANSWERS/S\tCPU/ANSWER\tMEMORY")
	for _, c := range []struct {
		name, more string
		models     int
	}{{"one model", "", 1}, {"one model, max_batch = 4", "max_batch = 4\n", 1}, {"four models", "", cameras}} {
		text := configuration(model, input, c.more, c.models, port)
		r, err := run(program, text, length, port)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		fmt.Fprintf(out, "%s\t%v\t%.1f\t%v\t%d MiB\n", c.name, r.first.Round(10*time.Millisecond), r.answers/length.Seconds(),
			(r.cpu / time.Duration(max(r.answers, 1))).Round(100*time.Microsecond), r.memory>>20)
	}
	return out.Flush()
}

// configuration returns a configuration with one detector per model, over which it spreads the
// cameras.
func configuration(model, input, more string, models, port int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[metrics]\nlisten = \"127.0.0.1:%d\"\n[control]\nsocket = \"\"\n", port)
	for i := range cameras {
		fmt.Fprintf(&b, "[[camera]]\nname = \"c%d\"\nsource = \"synthetic:street\"\n", i)
	}
	for i := range models {
		fmt.Fprintf(&b, "[[detector]]\nname = \"n%d\"\nkind = \"onnx\"\nmodel = %q\nmax_fps = 30\ncost = \"low\"\n%s", i, model, more)
		if input != "" {
			fmt.Fprintf(&b, "input = %q\n", input)
		}
		if models > 1 {
			fmt.Fprintf(&b, "cameras = [\"c%d\"]\n", i)
		}
	}
	return b.String()
}

func run(program, text string, length time.Duration, port int) (r result, err error) {
	dir, err := os.MkdirTemp("", "bench-networks-")
	if err != nil {
		return r, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	config := filepath.Join(dir, "rvo.toml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return r, err
	}
	ctx, stop := context.WithTimeout(context.Background(), length+2*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, program, "--no-ui", "--config", config)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var complaints strings.Builder
	cmd.Stderr = &complaints
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return r, err
	}
	defer func() {
		stop()
		_ = cmd.Wait() // it was interrupted
	}()
	for {
		perCamera, _, err := runs(port)
		if err == nil && perCamera == cameras {
			break
		}
		if ctx.Err() != nil {
			return r, fmt.Errorf("no answers: %w: %s", errors.Join(err, ctx.Err()), complaints.String())
		}
		time.Sleep(5 * time.Millisecond)
	}
	r.first = time.Since(began)
	time.Sleep(time.Second) // let the last detector settle
	_, before, err := runs(port)
	if err != nil {
		return r, err
	}
	spent, _, err := children(cmd.Process.Pid)
	if err != nil {
		return r, err
	}
	time.Sleep(length)
	_, after, err := runs(port)
	if err != nil {
		return r, err
	}
	all, memory, err := children(cmd.Process.Pid)
	r.answers, r.cpu, r.memory = after-before, all-spent, memory
	return r, err
}

// runs returns how many detectors have run on how many cameras in total, and the sum of their runs.
func runs(port int) (some int, all float64, err error) {
	answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/metrics", port))
	if err != nil {
		return 0, 0, err
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), "rvo_detector_runs_total{") {
			continue
		}
		fields := strings.Fields(lines.Text())
		n, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			return 0, 0, err
		}
		all += n
		if n > 0 {
			some++
		}
	}
	return some, all, lines.Err()
}

// children returns the processor time and memory of the child processes.
func children(parent int) (cpu time.Duration, memory int64, err error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, 0, err
	}
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// The state and numbers follow the name, which is in parentheses.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) < 13 || fields[1] != strconv.Itoa(parent) {
			continue
		}
		number := func(i int) int64 {
			n, _ := strconv.ParseInt(fields[i], 10, 64) // all of these are numbers
			return n
		}
		const tick = 10 * time.Millisecond
		cpu += time.Duration(number(11)+number(12)) * tick
		memory += proportional(filepath.Dir(file))
	}
	return cpu, memory, nil
}

// proportional returns the proportional set size of a process in bytes: its own memory and its share
// of shared memory.
func proportional(dir string) int64 {
	text, err := os.ReadFile(filepath.Join(dir, "smaps_rollup"))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), "\nPss:")
	var kilobytes int64
	_, _ = fmt.Sscan(after, &kilobytes) // the system always writes a number
	return kilobytes << 10
}
