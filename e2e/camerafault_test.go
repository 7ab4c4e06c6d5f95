package e2e

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var cameraFaults = flag.Int("camera-faults", 2, "how many faults are played on each kind of network camera; make camera-faults plays 100")

const faultStall = 500 * time.Millisecond

// faultLimits returns the limits for a camera to stall, and to be live after its server answers.
// A few rounds beside other tests only show that it happens.
func faultLimits() (stall, live time.Duration) {
	if *cameraFaults < 10 {
		return patience, patience
	}
	return faultStall + 1500*time.Millisecond, 5 * time.Second // a busy machine and the reading of metrics add to the timeout
}

// patient is a camera on which one kind of fault is played repeatedly.
type patient struct {
	name string
	url  string
	fail func() error
	heal func() error
	// attempts returns the times of connection attempts during the fault, if they can be
	// observed.
	attempts func() []time.Time
}

// course is what was observed of a patient.
type course struct {
	stalls int             // faults after which it was stalled
	live   []time.Duration // from the healing to live
	err    error
}

// cameraFaultRest keeps a clip of each camera, copied as sent, in progress most of the time.
const cameraFaultRest = nice + `
[[detector]]
name = "motion"
kind = "motion"

[[rule]]
event    = "seen"
when     = "motion >= 0"
cooldown = "5s"
before   = "1s"
after    = "1s"

[clips]
mode      = "copy"
max_bytes = "64MiB"
min_free  = "1MiB"
`

// TestCameraFaults plays faults on five cameras of one process at a time: each camera must stall,
// be retried, and be live soon after its server answers; the process must not grow. A server
// answers only after an attempt to connect has failed.
func TestCameraFaults(t *testing.T) {
	needOpenCV(t)
	tool(t, "ffprobe", "ffmpeg")
	patients := patients(t)
	var config strings.Builder
	for _, c := range patients {
		fmt.Fprintf(&config, "[[camera]]\nname = %q\nsource = %q\nopen_timeout = \"1s\"\nstall_timeout = %q\n\n", c.name, c.url, faultStall)
	}
	config.WriteString(cameraFaultRest)
	p := start(t, setup{config: config.String(), args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	for _, c := range patients {
		p.until(15*time.Second, c.name+" to be live", func() bool { return p.state(c.name, "live") })
	}

	var latest atomic.Pointer[map[string]float64]
	all := p.metrics()
	latest.Store(&all)
	courses := make([]course, len(patients))
	var wg sync.WaitGroup
	for i, c := range patients {
		wg.Go(func() { courses[i] = suffer(c, *cameraFaults, &latest) })
	}
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		wg.Wait()
	}()
	began := time.Now()
	usages := p.sample(finished, &latest)
	t.Logf("%d cycles on each of %d cameras in %v", *cameraFaults, len(patients), time.Since(began).Round(time.Second))
	for i, c := range courses {
		if c.err != nil {
			t.Errorf("%s: after %d cycles: %v\n%s", patients[i].name, len(c.live), c.err, logOf(p, patients[i].name))
		}
		if len(c.live) > 0 {
			slices.Sort(c.live)
			t.Logf("%-8s %d stalls, live after p50 %v, max %v", patients[i].name, c.stalls,
				c.live[len(c.live)/2].Round(time.Millisecond), c.live[len(c.live)-1].Round(time.Millisecond))
		}
	}
	constant(t, usages)
	p.stop()
	if clips := checkClips(t, p, -1); len(clips) < len(patients) {
		t.Errorf("%d clips", len(clips))
	}
}

// logOf returns the last log lines about a camera.
func logOf(p *program, camera string) string {
	var lines []string
	for _, line := range p.stderr.lines() {
		if strings.Contains(line, " camera="+camera+" ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

func patients(t *testing.T) []patient {
	frozen := serveRTSP(t, 0, "--size", "320x240", "--fps", "25")
	steady := serveRTSP(t, 0, "--size", "320x240", "--fps", "25")
	web := serveMJPEG(t, 25)
	all := []patient{{
		name: "stopped", url: fmt.Sprintf("rtsp://127.0.0.1:%d/stream", frozen.port),
		fail: func() error { return frozen.process.Signal(syscall.SIGSTOP) },
		heal: func() error { return frozen.process.Signal(syscall.SIGCONT) },
	}, {
		name: "http", url: web.url,
		fail: func() error { web.frozen.Store(true); return nil },
		heal: func() error { web.frozen.Store(false); return nil },
	}}
	for name, f := range map[string]fault{"hole": hole, "silent": silent, "garbage": garbage} {
		proxy := newProxy(t, fmt.Sprintf("127.0.0.1:%d", steady.port))
		c := patient{
			name: name, url: "rtsp://" + proxy.addr() + "/stream",
			fail: func() error { return proxy.fail(f) }, heal: proxy.heal,
		}
		if f == silent {
			c.attempts = proxy.attempts
		}
		all = append(all, c)
	}
	return all
}

// suffer plays the fault of a camera a number of times.
func suffer(c patient, cycles int, latest *atomic.Pointer[map[string]float64]) (seen course) {
	count := func(name string) float64 {
		return (*latest.Load())[fmt.Sprintf("rvo_camera_%s_total{camera=%q}", name, c.name)]
	}
	live := fmt.Sprintf("rvo_camera_state{camera=%q,state=%q}", c.name, "live")
	toStall, toLive := faultLimits()
	for n := range cycles {
		stalls, failures, connects := count("stalls"), count("connect_failures"), count("connects")
		if seen.err = c.fail(); seen.err != nil {
			return seen
		}
		if !poll(toStall, func() bool { return count("stalls") > stalls }) {
			seen.err = fmt.Errorf("not stalled within %v of the fault", toStall)
			return seen
		}
		seen.stalls++
		// Most faults are short; some last until the retry delays have reached their maximum.
		failing := 1.0
		if n%10 == 9 {
			failing = 5
		}
		if !poll(30*time.Second, func() bool { return count("connect_failures") >= failures+failing }) {
			seen.err = fmt.Errorf("%v attempts failed within 30 s of the fault, want %v", count("connect_failures")-failures, failing)
			return seen
		}
		if c.attempts != nil && failing > 1 {
			if seen.err = growing(c.attempts()); seen.err != nil {
				return seen
			}
		}
		healed := time.Now()
		if seen.err = c.heal(); seen.err != nil {
			return seen
		}
		if !poll(toLive, func() bool { return count("connects") > connects && (*latest.Load())[live] == 1 }) {
			seen.err = fmt.Errorf("not live within %v of the server's answer", toLive)
			return seen
		}
		seen.live = append(seen.live, time.Since(healed))
	}
	return seen
}

// growing returns what is wrong with the times of attempts on a server that lets each of them
// time out after 1 s: the delays are 0.5, 1, 2, 3, 3 s, plus or minus 20 %, and what a busy
// machine adds.
func growing(at []time.Time) error {
	want := []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second}
	for i := range min(len(at)-1, len(want)) {
		gap := at[i+1].Sub(at[i]) - time.Second
		if gap < want[i]*3/4 || gap > want[i]*5/4+500*time.Millisecond {
			return fmt.Errorf("wait %d between attempts was %v, want about %v", i+2, gap, want[i])
		}
	}
	if len(at) < 4 {
		return fmt.Errorf("%d attempts were seen", len(at))
	}
	return nil
}

// poll retries until a condition holds, and reports whether it did in time.
func poll(within time.Duration, ok func() bool) bool {
	over := time.After(within)
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for !ok() {
		select {
		case <-over:
			return false
		case <-look.C:
		}
	}
	return true
}

// sample publishes the metrics ten times a second, and returns the usage of the process in each
// second, until finished is closed.
func (p *program) sample(finished <-chan struct{}, latest *atomic.Pointer[map[string]float64]) (used []usage) {
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for n := 0; ; n++ {
		select {
		case <-finished:
			return used
		case <-look.C:
			all := p.metrics()
			latest.Store(&all)
			if n%10 == 0 {
				used = append(used, p.usage())
			}
		}
	}
}

// constant fails the test if the process used more in the last fifth of the time than in the
// second fifth.
func constant(t *testing.T, all []usage) {
	fifth := len(all) / 5
	if fifth < 10 { // the first clips are still to come
		return
	}
	most := func(part []usage) (m usage) {
		for _, u := range part {
			m.threads, m.files, m.memory = max(m.threads, u.threads), max(m.files, u.files), max(m.memory, u.memory)
		}
		return m
	}
	early, late := most(all[fifth:2*fifth]), most(all[len(all)-fifth:])
	t.Logf("at most, in the second and the last fifth of the time: threads %d, %d; files %d, %d; resident kB %d, %d",
		early.threads, late.threads, early.files, late.files, early.memory, late.memory)
	if late.threads > early.threads+3 || late.files > early.files+6 || late.memory > early.memory+early.memory/10 {
		t.Error("the process grows")
	}
}
