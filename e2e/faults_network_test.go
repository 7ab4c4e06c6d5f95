package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// far is a network namespace connected to this one by a virtual cable.
type far struct{ name, here, address string }

func newFar(t testing.TB) far {
	t.Helper()
	tool(t, "ip", "iproute2")
	// Another test may have its own at the same time, or have left one.
	id := os.Getpid() % 10_000
	net := fmt.Sprintf("10.213.%d.", id/64)
	f := far{fmt.Sprintf("rvof%d", id), net + strconv.Itoa(id%64*4+1), net + strconv.Itoa(id%64*4+2)}
	if err := f.ip("netns add " + f.name); err != nil {
		t.Skipf("no network namespaces here: %v", err)
	}
	t.Cleanup(func() { _ = f.ip("netns delete " + f.name) }) // the cable goes with it
	cable := fmt.Sprintf("rvoc%d", id)
	for _, words := range []string{
		fmt.Sprintf("link add %s type veth peer name cable netns %s", cable, f.name),
		fmt.Sprintf("addr add %s/30 dev %s", f.here, cable), fmt.Sprintf("link set %s up", cable),
		fmt.Sprintf("-n %s addr add %s/30 dev cable", f.name, f.address),
		fmt.Sprintf("-n %s link set cable up", f.name), fmt.Sprintf("-n %s link set lo up", f.name),
	} {
		if err := f.ip(words); err != nil {
			t.Skipf("no network namespaces here: %v", err)
		}
	}
	return f
}

func (far) ip(words string) error {
	if out, err := exec.Command("ip", strings.Fields(words)...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", words, err, out)
	}
	return nil
}

// hole adds or deletes a route that drops everything between here and there.
func (f far) hole(do string) func() error {
	return func() error { return f.ip(fmt.Sprintf("-n %s route %s blackhole %s/32", f.name, do, f.here)) }
}

// cable pulls the cable out, or plugs it in.
func (f far) cable(state string) func() error {
	return func() error { return f.ip(fmt.Sprintf("-n %s link set cable %s", f.name, state)) }
}

func playNetworkFaults(t *testing.T, r *faultResults) {
	needOpenCV(t)
	f := newFar(t)
	server := serveRTSPIn(t, []string{"ip", "netns", "exec", f.name}, 0, "--address", f.address, "--size", "320x240", "--fps", "25")
	b := &testbed{
		cameras: []string{"far", "yard"}, detectors: []string{"far/motion", "yard/motion"},
		program: start(t, setup{
			args:   []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"},
			config: faultCamera("far", "rtsp://"+net.JoinHostPort(f.address, strconv.Itoa(server.port))+"/stream") + faultYard + faultRest,
		}),
	}
	signs := []sign{
		said("camera stalled"), counted(`rvo_camera_stalls_total{camera="far"}`), counted(`rvo_camera_connect_failures_total{camera="far"}`),
		alerted("camera_down:far"), unwell(), unknown("far/motion"),
	}
	b.playAll(t, "network", r, []faultRow{
		{
			name: "packets vanish", then: reconnects,
			hits: []string{"far"}, inject: f.hole("add"), repair: f.hole("delete"), signs: signs,
		},
		{name: "cable unplugged", then: reconnects, hits: []string{"far"}, inject: f.cable("down"), repair: f.cable("up"), signs: signs},
	})
}

// newCgroup returns a control group with a common memory limit, and the words that start a
// program in it.
func newCgroup(t testing.TB, bytes int) (inside []string) {
	t.Helper()
	var why error
	for _, version := range []struct{ root, limit string }{{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"}, {"/sys/fs/cgroup", "memory.max"}} {
		dir := filepath.Join(version.root, fmt.Sprintf("rvo-faults-%d", os.Getpid()))
		if why = os.Mkdir(dir, 0o755); why != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(dir) }) // its processes have ended
		var f *os.File
		if f, why = os.OpenFile(filepath.Join(dir, version.limit), os.O_WRONLY, 0); why != nil { // only the system makes it
			continue
		}
		_, why = fmt.Fprintln(f, bytes)
		f.Close()
		if why == nil {
			return []string{"/bin/sh", "-c", fmt.Sprintf(`echo $$ >%s/cgroup.procs && exec "$0" "$@"`, dir)}
		}
	}
	t.Skipf("no control group with a memory limit can be made: %v", why)
	return nil
}

// playMemoryLimit has a detector use up the memory of the program and its children. The system
// kills that child, and no other process.
func playMemoryLimit(t *testing.T, r *faultResults) {
	needGRPC(t)
	const limit = 768 << 20
	inside, scripted := newCgroup(t, limit), newMode(t)
	words := append(inside[1:], binary, "--no-ui", "--metrics-listen", "127.0.0.1:0")
	b := &testbed{
		cameras: []string{"yard"}, detectors: []string{"yard/motion", "yard/script", "yard/shape"},
		program: start(t, setup{bin: inside[0], args: words, config: faultYard + faultRest + fmt.Sprintf(`
[[detector]]
name       = "script"
kind       = "command"
command    = [%q, "-B", %q, %q]
max_fps    = 5
timeout    = "10s"
ttl        = "3s"
max_memory = 8192

[[detector]]
name      = "shape"
kind      = "motion"
isolation = "process"
max_fps   = 5
ttl       = "5s"
timeout   = "20s"
`, python, path(t, "testdata/one.py"), string(scripted))}),
	}
	b.playAll(t, "memory", r, []faultRow{{
		name: "detector uses up the control group's memory", then: "the system kills that process, before all others; it starts again", hits: []string{"yard/script"},
		inject: scripted.set("eat"), repair: scripted.reset,
		signs: []sign{failed("yard/script", "crashed"), said("signal: killed"), unknown("yard/script"), counted(`rvo_detector_restarts_total{camera="yard",detector="script"}`)},
	}})
}
