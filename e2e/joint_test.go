package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// jointConfig has a camera that is changed in every way, and one, the door, that must stay
// undisturbed. Its gap limits the rate of the yard. On a busy machine, threads of low priority
// may get no time, which is not tested here.
const jointConfig = `
[runtime]
nice = 0

[[camera]]
name   = "yard"
source = "synthetic:street"
width  = 320
height = 180
fps    = %d

[[camera]]
name   = "door"
source = "rtsp://joe:${DOOR_PASSWORD}@127.0.0.1:%d/stream"
stall_timeout = "1m"

[[detector]]
name    = "motion"
kind    = "motion"
timeout = "20s"

[[detector]]
name    = "heavy"
kind    = "load"
busy    = "20ms"
max_fps = 5
cameras = ["yard"]

[[rule]]
event    = "moved"
when     = "motion > 0.001"
cooldown = "1s"
clip     = false

[[rule]]
event    = "never"
when     = "heavy > 5"
cameras  = ["yard"]
clip     = false
`

// door is the state of the camera that must stay undisturbed.
type door struct {
	at                                      time.Time
	frames, connects, runs, restarts, fails float64
	lost                                    map[string]float64  // frames by reason
	queued                                  map[float64]float64 // frames by the most that they waited for the engine, in seconds; before that it is the server that may be late
}

func (d *daemon) door() door {
	d.t.Helper()
	all := d.metrics()
	is := door{at: time.Now(), lost: map[string]float64{}, queued: map[float64]float64{}}
	is.frames = all[`rvo_camera_frames_total{camera="door"}`]
	is.connects = all[`rvo_camera_connects_total{camera="door"}`]
	is.runs = all[`rvo_detector_runs_total{camera="door",detector="motion"}`]
	is.restarts = all[`rvo_detector_restarts_total{camera="door",detector="motion"}`]
	is.fails = all[`rvo_detector_timeouts_total{camera="door",detector="motion"}`]
	for _, reason := range []string{"superseded", "pool", "lag", "corrupt"} {
		n, ok := all[fmt.Sprintf(`rvo_frame_drops_total{camera="door",reason=%q}`, reason)]
		if !ok {
			d.t.Fatalf("/metrics does not count frames that are %s", reason)
		}
		is.lost[reason] = n
	}
	for series, n := range all {
		if bound, ok := strings.CutPrefix(series, `rvo_stage_duration_seconds_bucket{camera="door",stage="queue",le="`); ok {
			le, err := strconv.ParseFloat(strings.TrimSuffix(bound, `"}`), 64)
			if err != nil {
				d.t.Fatalf("a bucket %q", series)
			}
			is.queued[le] = n
		}
	}
	return is
}

// span is what happened to the door in a period.
type span struct {
	took                   time.Duration
	frames, fps, runs, p50 float64            // p50 of the wait for the engine, at most, in seconds
	by                     map[string]float64 // lost, by reason
}

func (from door) to(to door) span {
	w := span{took: to.at.Sub(from.at), frames: to.frames - from.frames, by: map[string]float64{}, runs: to.runs - from.runs, p50: 3600}
	for reason := range to.lost {
		w.by[reason] = to.lost[reason] - from.lost[reason]
	}
	w.fps = w.frames / w.took.Seconds()
	most := 0.0
	for _, n := range to.queued {
		most = max(most, n)
	}
	before := 0.0
	for _, n := range from.queued {
		before = max(before, n)
	}
	for le, n := range to.queued {
		if n-from.queued[le] >= (most-before)/2 {
			w.p50 = min(w.p50, le)
		}
	}
	return w
}

// harm returns how a span is worse than a quiet one, beyond the difference between two quiet ones
// on a shared machine.
func (w span) harm(quiet span) (ways []string) {
	say := func(is bool, format string, args ...any) {
		if is {
			ways = append(ways, fmt.Sprintf(format, args...)+fmt.Sprintf(" in a quiet time of %.1fs", quiet.took.Seconds()))
		}
	}
	scale := w.took.Seconds() / quiet.took.Seconds()
	say(w.by["pool"] > quiet.by["pool"]*scale || w.by["corrupt"] > quiet.by["corrupt"]*scale, "frames were lost, and %v", quiet.by)
	say(w.by["superseded"] > quiet.by["superseded"]*scale+2+w.frames/100, "%v frames were superseded, and %v", w.by["superseded"], quiet.by["superseded"])
	// A stream also lags if the server or the machine is late.
	say(w.by["lag"] > 2*quiet.by["lag"]*scale+2+w.frames/20, "%v frames were too late, and %v", w.by["lag"], quiet.by["lag"])
	say(w.fps < 0.8*quiet.fps, "%.1f frames came a second, and %.1f", w.fps, quiet.fps)
	say(w.runs < 0.5*quiet.runs*scale, "the detector ran %v times, and %v times", w.runs, quiet.runs)
	say(w.p50 > 4*quiet.p50+0.005, "frames are seen %vs after they are in memory, and %vs", w.p50, quiet.p50)
	return ways
}

// quiet returns a span in which nothing is changed. Its commands cost as much as those that
// change something.
func (d *daemon) quiet() span {
	d.t.Helper()
	first := d.door()
	for {
		if _, problem, status := d.ctl("status"); status != 0 {
			d.t.Fatalf("ctl status: status %d, %s", status, problem)
		}
		is := first.to(d.door())
		if is.took >= 12*time.Second && is.frames >= 60 && is.runs >= 20 {
			is.log(d.t, "quiet")
			return is
		}
		if is.took > 2*patience {
			d.t.Fatalf("hardly anything happens at the door: %+v", is)
		}
	}
}

func (w span) log(t testing.TB, what string) {
	t.Helper()
	t.Logf("%s: %.1fs, %v frames (%.1f a second), lost %v, %v runs, median wait below %vs", what, w.took.Seconds(), w.frames, w.fps, w.by, w.runs, w.p50)
}

// harmless fails the test if the door is harmed in every try, compared with quiet times before
// and after. Other load may disturb single tries.
func (d *daemon) harmless(what string, before span, do func() span) {
	d.t.Helper()
	for range 3 {
		w := do()
		w.log(d.t, what)
		ways := w.harm(before)
		if len(ways) == 0 {
			return
		}
		before = d.quiet()
		if ways = w.harm(before); len(ways) == 0 {
			return
		}
		d.t.Logf("%s: %s", what, strings.Join(ways, "; "))
	}
	d.t.Errorf("%s: the door is harmed each time", what)
}

// watchPrometheus starts a Prometheus that scrapes a program, and returns a function that runs a
// query with a single value.
func watchPrometheus(t testing.TB, target string) func(query string) (float64, bool) {
	t.Helper()
	bin, dir, at := tool(t, "prometheus", "prometheus"), t.TempDir(), "127.0.0.1:"+quietPort(t)
	write(t, filepath.Join(dir, "prometheus.yml"), fmt.Sprintf(
		"scrape_configs:\n- job_name: rvo-tui\n  scrape_interval: 1s\n  scrape_timeout: 1s\n  static_configs:\n  - targets: [%q]\n", target))
	start(t, setup{bin: bin, dir: dir, args: []string{
		"--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address=" + at, "--log.level=warn",
	}})
	return func(query string) (float64, bool) {
		var data struct {
			Result []struct {
				Value [2]any `json:"value"`
			} `json:"result"`
		}
		if ask(at, "/api/v1/query?query="+url.QueryEscape(query), &data) != nil || len(data.Result) != 1 {
			return 0, false
		}
		text, _ := data.Result[0].Value[1].(string)
		v, err := strconv.ParseFloat(text, 64)
		return v, err == nil
	}
}

// A program on real video is watched by two dashboards, a script and a Prometheus, is changed a
// hundred times, has a dashboard stopped, and is restarted: what is not changed is not disturbed,
// and all clients find it again.
func TestWatchedAndChanged(t *testing.T) {
	needOpenCV(t)
	needVideo(t)
	tool(t, "tmux", "tmux")
	server := serveRTSP(t, 0, "--file", vtest, "--size", "768x576", "--fps", "10", "--user", "joe", "--password", canary)
	run, dir, listen := runtimeDir(t), t.TempDir(), "127.0.0.1:"+quietPort(t)
	begin := func(more string) *daemon {
		d := &daemon{run: run}
		d.program = start(t, setup{
			dir: dir, config: fmt.Sprintf(jointConfig, 15, server.port) + more, args: []string{"--no-ui", "--metrics-listen", listen},
			env: []string{"XDG_RUNTIME_DIR=" + run, "DOOR_PASSWORD=" + canary},
		})
		d.logs("the API is served", patience)
		d.until(patience, "both cameras to be live", func() bool { return d.program.state("door", "live") && d.program.state("yard", "live") })
		d.until(patience, "the door's detector", func() bool { return d.door().runs > 10 })
		return d
	}
	d := begin("")
	prometheus := watchPrometheus(t, listen)
	one, two := newTerminal(t, 120, 40), newTerminal(t, 110, 38)
	for _, x := range []*terminal{one, two} {
		x.shell([]string{"XDG_RUNTIME_DIR=" + run}, "connect")
	}
	for _, x := range []*terminal{one, two} {
		x.sees("heavy")
	}
	watch := start(t, setup{args: []string{"ctl", "watch", "--json", "--rate", "4"}, env: []string{"XDG_RUNTIME_DIR=" + run}})
	watch.until(patience, "a state", func() bool { return watch.stdout.String() != "" })

	first, quiet, reloads := d.door(), d.quiet(), 0.0
	d.harmless("a hundred changes", quiet, func() span {
		before := d.door()
		jointChanges(d, server.port, &reloads)
		return before.to(d.door())
	})
	if changed := d.door(); changed.connects != 1 || changed.restarts != 0 || changed.fails > first.fails {
		t.Errorf("the door was connected to %v times, its detector restarted %v times and timed out %v times", changed.connects, changed.restarts, changed.fails-first.fails)
	}

	jointStop(d, one, two, watch, quiet)
	jointWatch(t, watch.stdout.lines())

	for query, ok := range map[string]func(v float64) bool{
		`sum_over_time(up{job="rvo-tui"}[5m])`:                        func(v float64) bool { return v > 20 },
		`resets(rvo_camera_frames_total{camera="door"}[5m])`:          func(v float64) bool { return v == 0 },
		`max_over_time(rvo_camera_connects_total{camera="door"}[5m])`: func(v float64) bool { return v == 1 },
	} {
		d.until(patience, "Prometheus to say what it should of "+query, func() bool { v, found := prometheus(query); return found && ok(v) })
	}

	_ = d.cmd.Process.Kill()
	<-d.done
	one.sees("connection lost")
	two.sees("connection lost")
	again := begin("\n[[rule]]\nevent = \"anew\"\nwhen = \"motion > 2\"\n")
	for _, x := range []*terminal{one, two} {
		wait(t, patience, "what the other program does, and nothing old", func() bool {
			screen := x.screen()
			return strings.Contains(screen, "anew") && strings.Contains(screen, "heavy") && !strings.Contains(screen, "─ stale ─")
		})
	}
	if status := watch.status(patience); status != 1 {
		t.Errorf("ctl watch ended with status %d when the program was killed", status)
	}
	again.until(patience, "that Prometheus sees a new start", func() bool {
		v, ok := prometheus(`resets(rvo_camera_frames_total{camera="door"}[5m])`)
		return ok && v >= 1
	})
	for _, x := range []*terminal{one, two} {
		x.keys("q")
	}
	again.stop()
}

// jointChanges changes everything but the door a hundred times, by command and by configuration.
func jointChanges(d *daemon, port int, reloads *float64) {
	d.t.Helper()
	commands := []string{
		"attach motion name=extra signal=extra --camera yard", "set_rate extra 3 --camera yard", "disable extra --camera yard",
		"enable extra --camera yard", "rule_off never --camera yard", "rule_on never --camera yard",
		"set_rate heavy 4 --camera yard", "reload", "add_camera lane synthetic:empty fps=5", "pause --camera lane",
		"remove_camera lane", "detach extra --camera yard",
	}
	file := filepath.Join(d.dir, "rvo.toml")
	for n := range 8 * len(commands) { // which ends as it began
		if n%2 == 0 {
			write(d.t, file, fmt.Sprintf(jointConfig, 15-n/2%2*5, port))
			d.signal(syscall.SIGHUP)
			d.reloaded(reloads)
			continue
		}
		line := commands[n/2%len(commands)]
		if _, problem, status := d.ctl(strings.Fields(line)...); status != 0 {
			d.t.Errorf("change %d, %s: status %d, %s", n, line, status, problem)
		}
		if line == "reload" {
			d.reloaded(reloads)
		}
	}
	if last := d.metrics()["rvo_reload_last_successful"]; last != 1 {
		d.t.Errorf("rvo_reload_last_successful is %v", last)
	}
}

// reloaded waits for another reload of the configuration.
func (d *daemon) reloaded(n *float64) {
	d.t.Helper()
	*n++
	d.until(patience, fmt.Sprintf("reload %v", *n), func() bool { return d.metrics()[`rvo_reloads_total{result="ok"}`] >= *n })
}

// jointStop stops a dashboard for a while, during which everything else continues.
func jointStop(d *daemon, one, two *terminal, watch *program, quiet span) {
	d.t.Helper()
	for _, x := range []*terminal{one, two} {
		x.keys("1") // the yard, which was away now and then
		x.sees("heavy")
	}
	pid := one.pid()
	stopped := func() bool { return halted(d.t, pid) }
	dashboard := func(s syscall.Signal) {
		d.t.Helper()
		if err := syscall.Kill(pid, s); err != nil {
			d.t.Fatal(err)
		}
	}
	dashboard(syscall.SIGSTOP)
	wait(d.t, patience, "that it is stopped", stopped)
	resident, told := d.resident(), len(watch.stdout.lines())
	if _, problem, status := d.ctl("disable", "heavy", "--camera", "yard"); status != 0 {
		d.t.Errorf("a command with a stopped dashboard: status %d, %s", status, problem)
	}
	disabled := regexp.MustCompile(`heavy +disabled`)
	shows := func(x *terminal) func() bool { return func() bool { return disabled.MatchString(x.screen()) } }
	wait(d.t, patience, "that the other dashboard continues", shows(two))
	d.harmless("beside a stopped dashboard", quiet, func() span {
		before := d.door()
		wait(d.t, 2*patience, "80 more frames", func() bool {
			return time.Since(before.at) > 8*time.Second && d.door().frames-before.frames >= 80
		})
		return before.to(d.door())
	})
	if !stopped() || shows(one)() {
		d.t.Error("the dashboard was not stopped all the while")
	}
	if grown := d.resident() - resident; grown > 64<<20 {
		d.t.Errorf("%d MB more are in use with a stopped dashboard", grown>>20)
	}
	watch.until(patience, "16 states beside a stopped dashboard", func() bool { return len(watch.stdout.lines())-told >= 16 })
	dashboard(syscall.SIGCONT)
	wait(d.t, patience, "that it catches up", shows(one))
}

// jointWatch checks from a script's output that the door continued all the time.
func jointWatch(t testing.TB, lines []string) {
	t.Helper()
	type state struct {
		Cameras []struct {
			Name, State string
			Connects    uint64
			Frames      uint64
			FrameID     uint64 `json:"frame_id"`
			Detectors   []struct {
				Name string
				Runs uint64
			}
		}
	}
	if len(lines) < 20 {
		t.Errorf("%d states in all", len(lines))
	}
	var frames, id, runs uint64
	for i, line := range lines {
		var s state
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatalf("state %d: %v", i, err)
		}
		found := false
		for _, c := range s.Cameras {
			if c.Name != "door" {
				continue
			}
			found = true
			if c.State != "live" || c.Connects != 1 || c.Frames < frames || c.FrameID < id || len(c.Detectors) != 1 || c.Detectors[0].Runs < runs {
				t.Fatalf("state %d: the door is %+v, after %d frames, the newest %d, and %d runs", i, c, frames, id, runs)
			}
			frames, id, runs = c.Frames, c.FrameID, c.Detectors[0].Runs
		}
		if !found {
			t.Fatalf("state %d has no door", i)
		}
	}
}
