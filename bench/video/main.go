// Command video measures processor time and memory of whole processes that play a file in real time:
// rvo-tui in several configurations, FFmpeg and motion. All processes of a round run at the same time,
// so that other load affects them equally.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	program := flag.String("rvo", "bin/rvo-tui", "the program to measure")
	rounds := flag.Int("rounds", 5, "number of rounds; each runs everything once")
	length := flag.Duration("length", time.Minute, "length of each run")
	apart := flag.Bool("apart", false, "run one after the other instead of a round at the same time")
	flag.Parse()
	if err := measure(*program, *rounds, *length, *apart); err != nil {
		fmt.Fprintln(os.Stderr, "video:", err)
		os.Exit(1)
	}
}

// contender is a program to measure.
type contender struct {
	name string
	args func(dir, file string) ([]string, error)
}

// cost is the resource usage of one run.
type cost struct {
	cpu    time.Duration // user and system
	memory int64         // maximum resident bytes
}

func measure(program string, rounds int, length time.Duration, apart bool) error {
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-video-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "INPUT\tRUN\tCPU MEDIAN\tLOWEST\tHIGHEST\tOF FFMPEG\tMEMORY")
	for _, height := range []int{720, 1080} {
		file := filepath.Join(dir, fmt.Sprintf("%dp30.mp4", height))
		if err := makeFile(file, height, length); err != nil {
			return err
		}
		runs := contenders(program, length)
		costs := make([][]cost, len(runs))
		for range rounds {
			took, err := round(runs, dir, file, length, apart)
			if err != nil {
				return err
			}
			for i := range runs {
				costs[i] = append(costs[i], took[i])
			}
		}
		for i, c := range runs {
			own, base := median(costs[i]), median(costs[0])
			fmt.Fprintf(out, "%dp30\t%s\t%.2f s\t%.2f\t%.2f\t%.2f\t%d MB\n", height, c.name, own.cpu.Seconds(),
				slices.MinFunc(costs[i], byCPU).cpu.Seconds(), slices.MaxFunc(costs[i], byCPU).cpu.Seconds(),
				own.cpu.Seconds()/base.cpu.Seconds(), own.memory>>20)
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// round runs every contender once and returns their costs.
func round(runs []contender, dir, file string, length time.Duration, apart bool) ([]cost, error) {
	took, errs := make([]cost, len(runs)), make([]error, len(runs))
	var wg sync.WaitGroup
	for i, c := range runs {
		wg.Go(func() {
			own := filepath.Join(dir, strconv.Itoa(i))
			if errs[i] = os.MkdirAll(own, 0o700); errs[i] == nil {
				took[i], errs[i] = runOnce(c, own, file, length)
			}
			if errs[i] != nil {
				errs[i] = fmt.Errorf("%s: %w", c.name, errs[i])
			}
		})
		if apart {
			wg.Wait()
		}
	}
	wg.Wait()
	return took, errors.Join(errs...)
}

func byCPU(a, b cost) int { return int(a.cpu - b.cpu) }

func median(costs []cost) cost {
	sorted := slices.SortedFunc(slices.Values(costs), byCPU)
	return sorted[len(sorted)/2]
}

// makeFile encodes H.264 video at 30 frames a second with one key frame a second.
func makeFile(file string, height int, length time.Duration) error {
	cmd := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=s=%dx%d:r=30", height*16/9, height),
		"-t", fmt.Sprint(length.Seconds()+10), "-c:v", "libx264", "-preset", "veryfast", "-g", "30", "-bf", "0", "-b:v", "4M", "-pix_fmt", "yuv420p", file)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make %s: %w: %s", file, err, out)
	}
	return nil
}

func contenders(program string, length time.Duration) []contender {
	list := []contender{{"ffmpeg -re -threads 1 -f null", func(_, file string) ([]string, error) {
		return []string{"ffmpeg", "-v", "error", "-re", "-threads", "1", "-i", file, "-t", fmt.Sprint(length.Seconds()), "-f", "null", "-"}, nil
	}}}
	const motion = "[[detector]]\nname = \"motion\"\nkind = \"motion\"\nmax_fps = 10\n"
	const rule = "[[rule]]\nevent = \"moved\"\nwhen = \"motion > 0.0005\"\ncooldown = \"5s\"\nclip = %v\n"
	const start = "rvo-tui, started and stopped"
	for _, c := range []struct{ name, camera, rest string }{
		{start, "", motion + fmt.Sprintf(rule, true)},
		{"rvo-tui, no detector, evidence on", "", motion + "enabled = false\n" + fmt.Sprintf(rule, true)},
		{"rvo-tui, every frame decoded", `decode = "all"`, ""},
		{"rvo-tui, a detector at 1/s", "", "[[detector]]\nname = \"dummy\"\nkind = \"dummy\"\nmax_fps = 1\n"},
		{"rvo-tui, motion at 10/s", "", motion + fmt.Sprintf(rule, false)},
		{"rvo-tui, motion at 10/s, evidence", "", motion + fmt.Sprintf(rule, true)},
	} {
		list = append(list, contender{c.name, func(dir, file string) ([]string, error) {
			text := fmt.Sprintf("[[camera]]\nname = \"door\"\nsource = %q\n%s\n%s\n[clips]\ndir = %q\nmin_free = 0\n[metrics]\nlisten = \"\"\n[control]\nsocket = \"\"\n",
				file, c.camera, c.rest, filepath.Join(dir, "evidence"))
			config := filepath.Join(dir, "rvo.toml")
			length := length
			if c.name == start {
				length = 200 * time.Millisecond
			}
			return []string{program, "--no-ui", "--config", config, "--duration", length.String()}, os.WriteFile(config, []byte(text), 0o600)
		}})
	}
	for _, c := range []struct{ name, text string }{
		{"motion 4.5, encoding", "movie_output on\nmovie_codec mp4\n"},
		{"motion 4.5, passthrough", "movie_output on\nmovie_codec mp4\nmovie_passthrough on\n"},
	} {
		if _, err := exec.LookPath("motion"); err != nil {
			continue // not installed
		}
		list = append(list, contender{c.name, func(dir, file string) ([]string, error) {
			width, height := "1280", "720"
			if strings.Contains(file, "1080") {
				width, height = "1920", "1080"
			}
			text := fmt.Sprintf("daemon off\nsetup_mode off\nlog_level 4\nlog_file %s\ntarget_dir %s\nnetcam_url file://%s\nwidth %s\nheight %s\nframerate 30\nthreshold 1500\nevent_gap 2\npre_capture 30\npost_capture 60\npicture_output off\nwebcontrol_port 0\nstream_port 0\n%s",
				filepath.Join(dir, "motion.log"), filepath.Join(dir, "motion"), file, width, height, c.text)
			config := filepath.Join(dir, "motion.conf")
			return []string{"motion", "-c", config}, os.WriteFile(config, []byte(text), 0o600)
		}})
	}
	return list
}

// runOnce runs a contender once and returns its cost.
func runOnce(c contender, dir, file string, length time.Duration) (cost, error) {
	args, err := c.args(dir, file)
	if err != nil {
		return cost{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), length+20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		return cost{}, err
	}
	if args[0] == "motion" { // it does not end at the end of the file
		timer := time.AfterFunc(length, func() { _ = cmd.Process.Signal(os.Interrupt) })
		defer timer.Stop()
	}
	if err := cmd.Wait(); err != nil {
		return cost{}, fmt.Errorf("%w: %s", err, complaints.String())
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return cost{}, errors.New("this system does not report the resource usage of a process")
	}
	return cost{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), usage.Maxrss << 10}, nil
}
