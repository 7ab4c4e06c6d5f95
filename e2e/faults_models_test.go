package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
)

// mode is the file that tells testdata/one.py how to misbehave.
type mode string

func newMode(t testing.TB) mode { return mode(filepath.Join(t.TempDir(), "mode")) }

// set sets the way to misbehave.
func (m mode) set(way string) func() error {
	return func() error {
		if err := os.WriteFile(string(m)+"~", []byte(way), 0o600); err != nil {
			return err
		}
		return os.Rename(string(m)+"~", string(m))
	}
}

func (m mode) reset() error { return os.Remove(string(m)) }

// faultModels are a model service, one that the program starts, and two detectors in child
// processes, one of which is always idle. Beside other tests, results may be seconds late.
func faultModels(endpoint string, command ...string) string {
	timeout, ttl := "700ms", "3s"
	if !*allFaults {
		timeout, ttl = "10s", "20s"
	}
	return fmt.Sprintf(`
[[detector]]
name     = "service"
kind     = "remote"
endpoint = %q
max_fps  = 5
timeout  = %q
ttl      = %[3]q

[[detector]]
name       = "script"
kind       = "command"
command    = [%[4]q, "-B", %[5]q, %[6]q]
max_fps    = 5
timeout    = "2s"
ttl        = %[3]q
max_memory = 2048

[[detector]]
name      = "shape"
kind      = "motion"
isolation = "process"
max_fps   = 5
timeout   = "2s"
ttl       = %[3]q

[[detector]]
name      = "idle"
kind      = "quality"
isolation = "process"
needs     = ["motion > 2"]
`, endpoint, timeout, ttl, command[0], command[1], command[2])
}

// process returns the process that runs a detector, from the last log line about it.
func (p *program) process(detector string) int {
	p.t.Helper()
	found := regexp.MustCompile(`msg="detector process runs" detector=`+detector+` pid=(\d+)`).FindAllStringSubmatch(p.stderr.String(), -1)
	if found == nil {
		p.t.Fatalf("no process of %s has run", detector)
	}
	return number(p.t, found[len(found)-1][1])
}

func playModelFaults(t *testing.T, r *faultResults) {
	needGRPC(t)
	ways, scripted := newMode(t), newMode(t)
	service := startService(t, python, "-B", "testdata/one.py", string(ways), "--signal", "service", "--listen")
	program := path(t, "testdata/one.py")
	b := &testbed{
		cameras:   []string{"yard"},
		detectors: []string{"yard/motion", "yard/service", "yard/script", "yard/shape"},
		program: start(t, setup{
			args:   []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"},
			config: faultYard + faultRest + faultModels(service.front.url(), python, program, string(scripted)),
		}),
	}
	fails := func(detector string, reasons ...string) []sign {
		return []sign{
			failed("yard/"+detector, reasons...), unknown("yard/" + detector), said("detector has failed"), alerted("detector_failed:" + detector),
			valued(fmt.Sprintf("rvo_detector_state{camera=%q,detector=%q,state=%q}", "yard", detector, "failed"), 1),
		}
	}
	// If a process is back before a result expires, its signal stays known.
	restarts := func(detector string) []sign {
		return []sign{counted(fmt.Sprintf("rvo_detector_restarts_total{camera=%q,detector=%q}", "yard", detector)), said("detector process ended")}
	}
	send := func(detector string, s syscall.Signal) func() error {
		return func() error { return syscall.Kill(b.process(detector), s) }
	}
	b.playAll(t, "detector", r, []faultRow{
		{
			name: "model server killed", then: asksAgain,
			fast: true, hits: []string{"yard/service"},
			inject: func() error { service.kill(); return nil }, repair: service.start, signs: fails("service", "refused", "reset"),
		},
		{
			name: "model server stopped", then: asksAgain,
			hits:   []string{"yard/service"},
			inject: func() error { return service.signal(syscall.SIGSTOP) },
			repair: func() error { return service.signal(syscall.SIGCONT) },
			signs:  fails("service", "timeout"),
		},
		{
			name: "model server slower than its timeout", then: asksAgain,
			hits: []string{"yard/service"}, inject: ways.set("timeout"), repair: ways.reset, signs: fails("service", "timeout"),
		},
		{name: "model server answers with a NaN", then: refuses, hits: []string{"yard/service"}, inject: ways.set("nan"), repair: ways.reset, signs: fails("service", "nan")},
		{
			name: "model server answers with a box outside the frame", then: refuses,
			hits: []string{"yard/service"}, inject: ways.set("box"), repair: ways.reset, signs: fails("service", "box"),
		},
		{name: "model server answers with the signal of another detector", then: refuses, hits: []string{"yard/service"}, inject: ways.set("signal"), repair: ways.reset, signs: fails("service", "signal")},
		{
			name: "model server answers with garbage", then: refuses,
			hits: []string{"yard/service"}, inject: ways.set("garbage"), repair: ways.reset, signs: fails("service", "garbage"),
		},
		{name: "model server floods: 10 MiB an answer", then: refuses, hits: []string{"yard/service"}, inject: ways.set("large"), repair: ways.reset, signs: fails("service", "large")},
		{
			name: "detector panics (SIGQUIT: the same end)", then: restartsProcess,
			hits:   []string{"yard/shape"},
			inject: send("shape", syscall.SIGQUIT), signs: restarts("shape"),
		},
		{
			name: "detector segfaults", then: restartsProcess,
			fast: true,
			hits: []string{"yard/shape"}, inject: send("shape", syscall.SIGSEGV), signs: restarts("shape"),
		},
		{
			name: "detector hangs", then: "its process is killed at its timeout, and starts again",
			hits:   []string{"yard/shape"},
			inject: send("shape", syscall.SIGSTOP), signs: append(restarts("shape"), failed("yard/shape", "stuck")),
		},
		{
			name: "detector crashes while idle", then: restartsProcess,
			inject: send("idle", syscall.SIGKILL), signs: restarts("idle"),
		},
		{
			name: "detector needs more than `max_memory`", then: "it gets no more than `max_memory`; its runs fail",
			hits:   []string{"yard/script"},
			inject: scripted.set("eat"), repair: scripted.reset, signs: fails("script", "service", "crashed", "stuck"),
		},
		{
			name: "detector floods its standard error", then: "ten lines a second reach the log, and how many were left out",
			hits:   []string{"yard/script"},
			inject: scripted.set("chatter"), repair: scripted.reset, signs: []sign{said("lines left out: too many at once")},
		},
	})
}
