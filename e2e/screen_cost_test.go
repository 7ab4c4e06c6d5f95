package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var measured = flag.Int("measure", 0, "measure what the dashboard costs, with this many pairs of runs")

// The cost of a run of the program.
type screenCost struct {
	bytes float64 // to the terminal, a second
	cpu   float64 // cores, of the program and the process that guards its terminal
	first float64 // seconds until the first whole screen
	start float64 // seconds of processor time until then
	rate  float64 // redraws a second
}

// TestScreenCost measures what the dashboard costs on the drawn street, beside the same
// program without one:
//
//	make bench-screen
func TestScreenCost(t *testing.T) {
	if *measured == 0 {
		t.Skip("no measurement is asked for: -measure PAIRS")
	}
	street := "[[camera]]\nname = \"street\"\nsource = \"synthetic:street\"\n"
	var many strings.Builder
	for i := range 32 {
		fmt.Fprintf(&many, "[[camera]]\nname = \"cam%02d\"\nsource = \"synthetic:street\"\nwidth = 160\nheight = 90\nfps = 5\n", i)
	}
	rest := "[[detector]]\nname = \"motion\"\nkind = \"motion\"\n[[rule]]\nevent = \"moved\"\nwhen = \"motion > 0.01\"\nclip = false\n" +
		"[metrics]\nlisten = \"\"\n[control]\nsocket = \"\"\n[log]\nfile = \"log\"\n"
	runs := map[string][]screenCost{}
	names := []string{"no dashboard", "without preview", "with preview", "32 cameras, no dashboard", "32 cameras"}
	for range *measured {
		for _, name := range names {
			config := street + rest
			if strings.HasPrefix(name, "32") {
				config = many.String() + rest
			}
			if name == "without preview" {
				config += "[ui]\npreview = false\n"
			}
			runs[name] = append(runs[name], screenRun(t, config, strings.Contains(name, "no dashboard")))
		}
	}
	middle := func(name string, of func(screenCost) float64) float64 {
		var list []float64
		for _, c := range runs[name] {
			list = append(list, of(c))
		}
		slices.Sort(list)
		return list[len(list)/2]
	}
	cpu := func(c screenCost) float64 { return c.cpu }
	t.Log("| | kB/s | redraws/s | % of a core | first screen, s | processor time until then, s |")
	for _, name := range names {
		t.Logf("| %s | %.1f | %.1f | %.1f | %.2f | %.2f |", name, middle(name, func(c screenCost) float64 { return c.bytes })/1000,
			middle(name, func(c screenCost) float64 { return c.rate }), 100*middle(name, cpu),
			middle(name, func(c screenCost) float64 { return c.first }), middle(name, func(c screenCost) float64 { return c.start }))
	}
	t.Logf("processor time of --version: %.2f s", versionTime(t))
	t.Logf("processor time without preview, to that without a dashboard: %.2f", middle(names[1], cpu)/middle(names[0], cpu))
	t.Logf("32 cameras: %.1f %% of a core more", 100*(middle(names[4], cpu)-middle(names[3], cpu)))
}

// screenRun runs the program on a terminal for a while and returns its cost.
func screenRun(t *testing.T, config string, bare bool) screenCost {
	dir := t.TempDir()
	args := []string{binary, "--config", filepath.Join(dir, "rvo.toml")}
	write(t, args[2], config)
	if bare {
		args = append(args, "--no-ui")
	}
	began := time.Now()
	x := onPty(t, 120, 40, nil, args...)
	var c screenCost
	if bare {
		wait(t, patience, "start", func() bool { return strings.Contains(x.log(), "camera live") })
	} else {
		x.shows("quit", 0) // the last line
		x.shows("live", 0) // a camera
	}
	c.first, c.start = time.Since(began).Seconds(), processorTime(t, x.cmd.Process.Pid).Seconds()
	if !bare {
		x.send("\x1b[?2026;2$y") // a terminal with synchronized output
	}
	time.Sleep(5 * time.Second)
	const span = 15 * time.Second
	bytes, cpu := len(x.out.String()), processorTime(t, x.cmd.Process.Pid)
	time.Sleep(span)
	c.cpu = (processorTime(t, x.cmd.Process.Pid) - cpu).Seconds() / span.Seconds()
	if !bare { // events go there
		sent := x.out.String()[bytes:]
		c.bytes, c.rate = float64(len(sent))/span.Seconds(), float64(strings.Count(sent, "\x1b[?2026h"))/span.Seconds()
	}
	if err := unix.Kill(x.cmd.Process.Pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	x.ends()
	return c
}

// versionTime is the processor time of printing the version: most of it goes to loading
// libraries.
func versionTime(t *testing.T) float64 {
	t.Helper()
	var all []float64
	for range 9 {
		cmd := exec.Command(binary, "--version")
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		all = append(all, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// processorTime returns the processor time of a process and its children so far.
func processorTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	sum := ownTime(t, pid)
	for _, child := range children(t, pid) {
		sum += ownTime(t, child)
	}
	return sum
}

// ownTime returns the processor time of a process alone.
func ownTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	_, stat, _ := strings.Cut(read(t, fmt.Sprintf("/proc/%d/stat", pid)), ") ")
	fields := strings.Fields(stat)
	ticks := number(t, fields[11]) + number(t, fields[12]) // utime and stime
	return time.Duration(ticks) * 10 * time.Millisecond
}

// tasks returns the threads of a process.
func tasks(t *testing.T, pid int) (all []int) {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, number(t, e.Name()))
	}
	return all
}
