package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// clockInit runs in the virtual machine: it starts the program, and sets the clock forward and
// back. It prints everything that the test checks.
const clockInit = `#!/busybox sh
b=/busybox
for d in proc dev tmp run; do $b mkdir -p /$d; done
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
$b mount -t tmpfs tmp /tmp
$b ifconfig lo up
cd /tmp
up() { $b cut -d' ' -f1 /proc/uptime; }
look() {
	echo "== look $1 $($b date +%s)"
	$b wget -q -O - http://127.0.0.1:9090/metrics | $b grep '^rvo_'
	echo "until $($b date +%s)"
	echo "== end"
}
saved() { $b wget -q -O - http://127.0.0.1:9090/metrics | $b sed -n 's/^rvo_clips_saved_total //p'; }
# two_clips waits until two more are saved.
two_clips() {
	n=$(saved)
	for i in $($b seq 60); do
		[ "$(saved)" -ge "$((n + 2))" ] && return
		$b sleep 1
	done
}
# set_clock SECONDS: how much later the clock is to be; then tells how long that took to show.
set_clock() {
	n=$($b grep -c 'clock was set' log)
	$b date -s "@$(($($b date +%s) + $1))" >/dev/null
	t=$(up)
	for i in $($b seq 300); do
		[ "$($b grep -c 'clock was set' log)" -gt "$n" ] && break
		$b sleep 0.1
	done
	echo "== shown $t $(up)"
	two_clips
}
/rvo-tui --no-ui --config /rvo.toml --event-log events >/dev/null 2>log &
pid=$!
for i in $($b seq 300); do
	$b wget -q -O - http://127.0.0.1:9090/metrics | $b grep -q 'signal_known{camera="yard",signal="shape"} 1' && break
	$b sleep 0.1
done
two_clips
look before
set_clock 3600
look forth
set_clock -7200
look back
kill -TERM $pid
wait $pid
echo "== status $?"
echo "== log"
$b cat log
echo "== end"
echo "== events"
$b cat events
echo "== end"
$b poweroff -f
`

// clockConfig gives an emulated machine, which is slow, all the time it needs.
const clockConfig = nice + `
[[camera]]
name   = "yard"
source = "synthetic:street"
width  = 160
height = 90
fps    = 5

[[detector]]
name    = "motion"
kind    = "motion"
ttl     = "20s"
timeout = "1m"

[[detector]]
name      = "shape"
kind      = "motion"
isolation = "process"
max_fps   = 2
ttl       = "20s"
timeout   = "1m"

[[rule]]
event    = "seen"
when     = "motion >= 0"
cooldown = "1s"
clip     = false

[[rule]]
event    = "filmed"
when     = "motion >= 0"
cooldown = "3s"
before   = "1s"
after    = "1s"

[clips]
min_free = "1MiB"
`

// archive makes an initial file system for a kernel, in cpio's newc format.
func archive(files map[string][]byte) []byte {
	var b bytes.Buffer
	node := 0
	add := func(name string, mode int, data []byte) {
		node++
		fmt.Fprintf(&b, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", node, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name)+1, 0)
		b.WriteString(name + "\x00")
		b.Write(make([]byte, -b.Len()&3))
		b.Write(data)
		b.Write(make([]byte, -b.Len()&3))
	}
	for name, data := range files {
		add(name, 0o100755, data)
	}
	add("TRAILER!!!", 0, nil)
	return b.Bytes()
}

// boot runs a virtual machine until it powers off, and returns its output. It is emulated,
// because this machine may itself be virtual, without nested virtualization.
func boot(t *testing.T, files map[string][]byte) string {
	t.Helper()
	qemu := tool(t, "qemu-system-x86_64", "qemu-system-x86")
	const kernel = "../bin/vm/vmlinuz"
	if _, err := os.Stat(kernel); err != nil {
		t.Skip("no kernel for a virtual machine: run scripts/kernel.sh")
	}
	image := filepath.Join(t.TempDir(), "initramfs")
	if err := os.WriteFile(image, archive(files), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, setup{bin: qemu, args: []string{
		"-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", "1024", "-kernel", path(t, kernel), "-initrd", image,
		"-append", "console=ttyS0 quiet no_timer_check panic=-1 rdinit=/init", "-nographic", "-no-reboot", "-nic", "none",
	}})
	if status := p.status(6 * patience); status != 0 {
		t.Fatalf("the virtual machine ends with status %d", status)
	}
	return strings.ReplaceAll(p.stdout.String(), "\r\n", "\n")
}

// section returns the output between a heading and its end.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "== "+heading)
	if !ok {
		t.Fatalf("the virtual machine prints no %q:\n%s", heading, tail(text))
	}
	body, _, _ := strings.Cut(rest, "== end")
	return body
}

// playClock sets the clock of a virtual machine forward and back by an hour and more while the
// program, built without cgo, runs in it.
func playClock(t *testing.T, r *faultResults) {
	bin := filepath.Join(t.TempDir(), "rvo-tui")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", bin, "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build without cgo: %v\n%s", err, out)
	}
	tool(t, "qemu-system-x86_64", "qemu-system-x86")
	program, err := os.ReadFile(bin)
	if err != nil {
		t.Fatal(err)
	}
	shell, err := os.ReadFile(tool(t, "busybox", "busybox-static"))
	if err != nil {
		t.Fatal(err)
	}
	r.once(t, "clock", "clock set forward an hour, and back two", "nothing stops; events and metrics have the new time, no clip is deleted for its age", "log “the clock was set”", func(t *testing.T) (visible, healed time.Duration) {
		out := boot(t, map[string][]byte{"rvo-tui": program, "busybox": shell, "init": []byte(clockInit), "rvo.toml": []byte(clockConfig)})
		looks := map[string]map[string]float64{}
		for _, name := range []string{"before", "forth", "back"} {
			text := section(t, out, "look "+name)
			first, rest, _ := strings.Cut(text, "\n")
			looks[name] = series(t, rest)
			from, err := strconv.ParseFloat(strings.TrimSpace(first), 64)
			if err != nil {
				t.Fatal(err)
			}
			until := looks[name]["until"] // the machine is slow
			for _, series := range []string{
				"rvo_snapshot_timestamp_seconds", `rvo_camera_last_frame_timestamp_seconds{camera="yard"}`,
				`rvo_detector_last_run_timestamp_seconds{camera="yard",detector="motion"}`,
			} {
				if at := looks[name][series]; at < from-5 || at > until+5 {
					t.Errorf("%s: %s is %.1f s after the clock", name, series, at-from)
				}
			}
		}
		for name, m := range looks {
			for series, want := range map[string]float64{
				`rvo_camera_state{camera="yard",state="live"}`:    1,
				`rvo_signal_known{camera="yard",signal="motion"}`: 1, `rvo_signal_known{camera="yard",signal="shape"}`: 1,
				`rvo_clips_state{state="ok"}`: 1, `rvo_clips_removed_total{reason="age"}`: 0,
			} {
				if got, is := m[series]; got != want || !is {
					t.Errorf("%s: %s is %v (%v), want %v", name, series, got, is, want)
				}
			}
		}
		for _, series := range []string{ // an emulated machine may need several tries at first
			`rvo_camera_connects_total{camera="yard"}`, `rvo_camera_stalls_total{camera="yard"}`, `rvo_detector_restarts_total{camera="yard",detector="shape"}`,
		} {
			if first, last := looks["before"][series], looks["back"][series]; last != first {
				t.Errorf("%s was %v and is %v", series, first, last)
			}
		}
		for _, step := range [][2]string{{"before", "forth"}, {"forth", "back"}} {
			for _, series := range []string{`rvo_events_total{camera="yard",event="seen"}`, "rvo_clips_saved_total", `rvo_detector_runs_total{camera="yard",detector="shape"}`} {
				if n := looks[step[1]][series] - looks[step[0]][series]; n < 2 {
					t.Errorf("%s has grown by %v between %s and %s", series, n, step[0], step[1])
				}
			}
		}
		log := section(t, out, "log\n")
		if t.Failed() {
			t.Log(tail(log))
		}
		if status := strings.TrimSpace(strings.SplitN(section(t, out, "status "), "\n", 2)[0]); status != "0" {
			t.Errorf("status %s", status)
		}
		clockEvents(t, strings.Split(strings.TrimSpace(section(t, out, "events\n")), "\n"))
		for _, m := range regexp.MustCompile(`== shown (\S+) (\S+)`).FindAllStringSubmatch(out, -1) {
			from, _ := strconv.ParseFloat(m[1], 64)
			to, _ := strconv.ParseFloat(m[2], 64)
			visible = max(visible, time.Duration((to-from)*float64(time.Second)))
		}
		if n := strings.Count(log, "the clock was set"); n != 2 {
			t.Errorf("the log tells %d times that the clock was set", n)
		}
		return visible, -1 // nothing stops
	})
}

// clockEvents checks that the intervals between events of a rule follow the monotonic clock, and
// that their times follow the wall clock, which is set twice.
func clockEvents(t *testing.T, lines []string) {
	t.Helper()
	steps := 0
	all := slices.DeleteFunc(events(t, lines), func(e event) bool { return e.Type != "seen" })
	for i := 1; i < len(all); i++ {
		since, wall := time.Duration(all[i].Stamp-all[i-1].Stamp), all[i].Time.Sub(all[i-1].Time)
		if since < 500*time.Millisecond {
			t.Errorf("event %d comes %v after the one before", i, since)
		}
		if off := wall - since; off > time.Minute || off < -time.Minute {
			steps++
		}
	}
	if steps != 2 {
		t.Errorf("the times of %d events follow a clock that was set %d times, want 2", len(all), steps)
	}
}
