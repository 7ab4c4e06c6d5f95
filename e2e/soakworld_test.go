package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// soakWorld is the environment of the program of a soak.
type soakWorld struct {
	config, more string // more: a table that a reload brings and takes away
	frozen       rtspServer
	proxy        *proxy
	web          *mjpegServer
	service      *modelService
	script, mode string // the command of a detector, and the file by which it misbehaves
	hook         *hookServer
	broker       *broker
}

// soakSignals are the signals of each camera.
var soakSignals = map[string][]string{
	"steady": {"motion", "quality_frozen", "things", "two"},
	"yard":   {"motion", "face", "person", "script"},
	"gate":   {"motion", "shape", "away"},
	"web":    {"motion", "load", "jitter", "one"},
}

func newSoakWorld(t *testing.T) *soakWorld {
	t.Helper()
	absolute := func(path string) string {
		path, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	steady := serveRTSP(t, 0, "--size", "320x240", "--fps", "25")
	w := &soakWorld{
		frozen: serveRTSP(t, 0, "--size", "320x240", "--fps", "25"),
		web:    serveMJPEG(t, 25), hook: newHookServer(t), broker: newBroker(t, "", "127.0.0.1"),
		script: absolute("testdata/one.py"), mode: filepath.Join(t.TempDir(), "mode"),
	}
	w.hook.set(t, "ok")
	w.proxy = newProxy(t, fmt.Sprintf("127.0.0.1:%d", w.frozen.port))
	t.Cleanup(func() { _ = w.proxy.heal() }) // else its connections do not end
	w.service = startService(t, python, "-B", w.script, w.mode+".service", "--signal", "away", "--listen")
	w.config = fmt.Sprintf(`
[runtime]
nice = 0

[[camera]]
name   = "steady"
source = "rtsp://127.0.0.1:%d/stream"

[[camera]]
name   = "yard"
source = %q
loop   = true

[[camera]]
name   = "gate"
source = "rtsp://%s/stream"
open_timeout  = "1s"
stall_timeout = "1s"

[[camera]]
name   = "web"
source = %q
open_timeout  = "1s"
stall_timeout = "1s"

[[zone]]
name = "middle"
rect = [0.1, 0.1, 0.8, 0.8]

[[line]]
name   = "across"
points = [[0.5, 0.1], [0.5, 0.9]]

[[detector]]
name = "motion"
kind = "motion"
ttl  = "5s"

[[detector]]
name    = "quality"
kind    = "quality"
cameras = ["steady"]

[[detector]]
name    = "things"
kind    = "onnx"
model   = %q
cameras = ["steady"]
max_fps = 2
ttl     = "10s"

[[detector]]
name     = "two"
kind     = "oip"
endpoint = %q
model    = "two"
format   = "classification"
labels   = ["cat", "dog"]
cameras  = ["steady"]
max_fps  = 2
ttl      = "5s"

[[detector]]
name    = "face"
kind    = "face"
model   = "haarcascade_frontalface_alt2"
width   = 320
cameras = ["yard"]
max_fps = 1
timeout = "20s"
ttl     = "10s"

[[detector]]
name    = "person"
kind    = "person"
width   = 320
cameras = ["yard"]
max_fps = 1
timeout = "20s"
ttl     = "10s"

[[detector]]
name     = "badge"
kind     = "dummy"
crops_of = "person"
cameras  = ["yard"]

[[detector]]
name    = "script"
kind    = "command"
command = [%q, "-B", %q, %q]
cameras = ["yard"]
max_fps = 5
ttl     = "5s"

[[detector]]
name      = "shape"
kind      = "motion"
isolation = "process"
cameras   = ["gate"]
max_fps   = 5
ttl       = "5s"

[[detector]]
name     = "away"
kind     = "remote"
endpoint = %q
cameras  = ["gate"]
max_fps  = 5
ttl      = "5s"

[[detector]]
name    = "load"
kind    = "load"
cameras = ["web"]
busy    = "5ms"

[[detector]]
name    = "jitter"
kind    = "jitter"
cameras = ["web"]
busy    = "5ms"

[[detector]]
name      = "one"
kind      = "dummy"
execution = "inline"
cameras   = ["web"]

[[rule]]
event    = "seen"
when     = "motion >= 0"
cooldown = "10s"
before   = "1s"
after    = "1s"

[[rule]]
event    = "badges"
when     = "person[badge == 1] in middle >= 1"
cooldown = "5s"
phases   = true
clip     = false
cameras  = ["yard"]

[[rule]]
event      = "people"
when       = "dwell(person in middle) >= 1s || crossed(person, across.in, 10s) >= 1"
for        = "500ms"
grace      = "1s"
rearm      = "release"
on_unknown = "hold"
active     = ["00:00-24:00"]
clip       = false
cameras    = ["yard"]

[[rule]]
event    = "answers"
when     = "away >= 1 && shape >= 0"
cooldown = "5s"
phases   = true
clip     = false
cameras  = ["gate"]

[clips]
max_width = 320
fps       = 5
max_bytes = "32MiB"
min_free  = "1MiB"

[[notify]]
name      = "hook"
to        = "webhook:http://%[11]s/hook"
phases    = ["confirmed", "ended"]
retry_max = "1s"
timeout   = "2s"

[[notify]]
name      = "phone"
to        = "ntfy://%[11]s/cameras?scheme=http"
attach    = "thumb"
events    = ["seen"]
retry_max = "1s"
timeout   = "2s"

[mqtt]
server     = "mqtt://127.0.0.1:%[12]s"
keep_alive = "2s"
preview    = "5s"
discovery  = "homeassistant"
`, steady.port, vtest, w.proxy.addr(), w.web.url, absolute("../detectors/onnx/testdata/e1.onnx"), strings.TrimPrefix(w.service.front.url(), "http://"),
		python, w.script, w.mode, w.service.front.url(), w.hook.addr, w.broker.port)
	w.more = w.config + `
[[detector]]
name      = "extra"
kind      = "motion"
isolation = "process"
cameras   = ["steady"]
signal    = "extra"
`
	return w
}

// trouble is a fault that can be played.
type trouble struct {
	name       string
	begin, end func() error // end nil: it ends by itself
	healed     func(before, all map[string]float64) bool
}

// troubles returns the faults on cameras, and those on anything else.
func (w *soakWorld) troubles(d *daemon) (all [2][]trouble) {
	names := map[fault]string{hole: "hole", silent: "silent", garbage: "garbage"}
	for _, f := range []fault{hole, silent, garbage} {
		all[0] = append(all[0], trouble{"gate " + names[f], func() error { return w.proxy.fail(f) }, w.proxy.heal, runsAgain("gate")})
	}
	all[0] = append(all[0], trouble{
		"gate stopped",
		func() error { return w.frozen.process.Signal(syscall.SIGSTOP) },
		func() error { return w.frozen.process.Signal(syscall.SIGCONT) },
		runsAgain("gate"),
	}, trouble{
		"web frozen",
		func() error { w.web.frozen.Store(true); return nil },
		func() error { w.web.frozen.Store(false); return nil },
		runsAgain("web"),
	})
	remote := func(name string, begin, end func() error) trouble {
		return trouble{"service " + name, begin, end, answersAgain(map[string]string{"away": "gate", "two": "steady"})}
	}
	child := func(name, camera string, pid func() int, s syscall.Signal) trouble {
		return trouble{
			fmt.Sprintf("%s %v", name, s),
			func() error { return syscall.Kill(pid(), s) },
			nil, answersAgain(map[string]string{name: camera}),
		}
	}
	all[1] = append(all[1],
		remote("killed", func() error { w.service.kill(); return nil }, w.service.start),
		remote("stopped", func() error { return w.service.signal(syscall.SIGSTOP) }, func() error { return w.service.signal(syscall.SIGCONT) }),
		remote("garbled", func() error { w.service.front.garbles.Store(true); return nil }, func() error { w.service.front.garbles.Store(false); return nil }),
	)
	for _, s := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSEGV, syscall.SIGSTOP} {
		all[1] = append(all[1],
			child("shape", "gate", func() int { return process(d.program, "shape") }, s),
			child("things", "steady", func() int { return process(d.program, "things") }, s),
			child("script", "yard", func() int { return d.child(w.script) }, s),
		)
	}
	for _, mode := range []string{"garbage", "nan", "service", "timeout"} {
		all[1] = append(all[1], trouble{
			"script " + mode,
			func() error { return os.WriteFile(w.mode, []byte(mode), 0o600) },
			func() error { return os.Remove(w.mode) },
			answersAgain(map[string]string{"script": "yard"}),
		})
	}
	for _, mode := range []string{"dead", "slow", "500", "429", "401"} {
		all[1] = append(all[1], trouble{
			"webhook " + mode,
			func() error { w.hook.set(d.t, mode); return nil },
			func() error { w.hook.set(d.t, "ok"); return nil },
			deliversAgain("hook"),
		})
	}
	reload := func(config string) func() error {
		return func() error {
			whole := filepath.Join(d.dir, "rvo.toml")
			write(d.t, whole+"~", config) // a watcher must not see half of it
			if err := os.Rename(whole+"~", whole); err != nil {
				return err
			}
			return d.cmd.Process.Signal(syscall.SIGHUP)
		}
	}
	ctl := func(args ...string) func() error {
		return func() error {
			if _, problem, status := d.ctl(args...); status != 0 {
				return fmt.Errorf("ctl %v: %s", args, problem)
			}
			return nil
		}
	}
	var reader *program
	all[1] = append(all[1], trouble{
		"broker stopped",
		func() error { w.broker.stop(); return nil },
		func() error { w.broker.start(); return nil },
		deliversAgain("mqtt"),
	}, trouble{
		"reloads", reload(w.more), reload(w.config),
		func(before, all map[string]float64) bool {
			const ok = `rvo_reloads_total{result="ok"}`
			return all[ok] > before[ok] && !knows(all, "steady", "extra")
		},
	}, trouble{
		"attached and detached",
		ctl("attach", "motion", "name=late", "signal=late", "--camera", "yard"), ctl("detach", "late", "--camera", "yard"),
		func(_, all map[string]float64) bool { return !knows(all, "yard", "late") },
	}, trouble{
		"reader stopped",
		func() error {
			reader = start(d.t, setup{args: []string{"ctl", "watch", "--json", "--rate", "10"}, env: []string{"XDG_RUNTIME_DIR=" + d.run}})
			return reader.cmd.Process.Signal(syscall.SIGSTOP)
		},
		func() error { return reader.cmd.Process.Kill() },
		func(_, _ map[string]float64) bool { return true },
	})
	return all
}

// runsAgain reports whether a camera is live and has given frames since.
func runsAgain(camera string) func(before, all map[string]float64) bool {
	frames := fmt.Sprintf("rvo_camera_frames_total{camera=%q}", camera)
	live := fmt.Sprintf("rvo_camera_state{camera=%q,state=\"live\"}", camera)
	return func(before, all map[string]float64) bool { return all[live] == 1 && all[frames] > before[frames]+10 }
}

// answersAgain reports whether signals are known, and their detectors have run since.
func answersAgain(cameras map[string]string) func(before, all map[string]float64) bool {
	return func(before, all map[string]float64) bool {
		for signal, camera := range cameras {
			runs := fmt.Sprintf("rvo_detector_runs_total{camera=%q,detector=%q}", camera, signal)
			if !knows(all, camera, signal) || all[runs] < before[runs]+2 {
				return false
			}
		}
		return true
	}
}

// deliversAgain reports whether an output has delivered something since, and has no backlog.
func deliversAgain(output string) func(before, all map[string]float64) bool {
	done := fmt.Sprintf("rvo_output_deliveries_total{output=%q}", output)
	waits := fmt.Sprintf("rvo_output_backlog{output=%q}", output)
	return func(before, all map[string]float64) bool { return all[done] > before[done] && all[waits] < 3 }
}

// player plays one random trouble after another.
type player struct {
	troubles []trouble
	random   *rand.Rand
	now      *trouble // nil: a rest
	before   map[string]float64
	ended    bool      // the trouble is over and has to heal
	next     time.Time // of the next change, or when it must have healed
	longest  time.Duration
	played   map[string]int
}

// step continues at the time now. It starts no further trouble when the soak is over, and reports
// whether one is in progress.
func (p *player) step(t testing.TB, now time.Time, all map[string]float64, over bool) bool {
	t.Helper()
	do := func(f func() error) {
		if err := f(); err != nil {
			t.Fatalf("%s: %v", p.now.name, err)
		}
	}
	some := func(least, most time.Duration) time.Time {
		return now.Add(least + time.Duration(p.random.Int64N(int64(most-least))))
	}
	switch {
	case p.now == nil && (over || now.Before(p.next)):
	case p.now == nil:
		p.now, p.before, p.ended, p.next = &p.troubles[p.random.IntN(len(p.troubles))], all, false, some(time.Second, 8*time.Second)
		p.played[p.now.name]++
		do(p.now.begin)
	case !p.ended && now.Before(p.next):
	case !p.ended:
		p.ended, p.before, p.next = true, all, now.Add(2*patience)
		if p.now.end != nil {
			do(p.now.end)
		}
	case p.now.healed(p.before, all):
		p.longest = max(p.longest, now.Sub(p.next.Add(-2*patience)))
		p.now, p.next = nil, some(time.Second, 4*time.Second)
	case now.After(p.next):
		t.Errorf("%s: not healed within %v; since then: %v", p.now.name, 2*patience, changed(p.before, all))
		p.now, p.next = nil, now
	}
	return p.now != nil
}

// changed returns the metrics of outputs, cameras and detectors that have changed.
func changed(before, all map[string]float64) (list []string) {
	for series, v := range all {
		if v != before[series] && strings.HasPrefix(series, "rvo_") && !strings.Contains(series, "_seconds") && !strings.Contains(series, "skips") {
			list = append(list, fmt.Sprintf("%s %v -> %v", series, before[series], v))
		}
	}
	slices.Sort(list)
	return list
}
