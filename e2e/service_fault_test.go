package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// yard is a synthetic camera that needs no library, with child processes that get their share of
// a busy machine.
const yard = "[runtime]\nnice = 0\n\n[[camera]]\nname = \"yard\"\nsource = \"synthetic:street\"\nwidth = 320\nheight = 180\n\n"

// Each way in which a service misbehaves makes its signal unknown, never 0, is counted under its
// own reason, and is over when the service behaves.
func TestFaultsOfServices(t *testing.T) {
	t.Parallel()
	needGRPC(t)
	mode := filepath.Join(t.TempDir(), "mode")
	s := startService(t, python, "-B", "testdata/one.py", mode, "--listen")
	p := start(t, setup{
		args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"},
		config: yard + fmt.Sprintf(`
[[detector]]
name     = "script"
kind     = "remote"
endpoint = %q
max_fps  = 5
timeout  = "700ms"
`, s.front.url()),
	})
	heals := func(after string) {
		p.until(2*patience, "an answer after "+after, func() bool { return known(p.metrics(), "script") })
	}
	heals("the start")
	for _, reason := range []string{"garbage", "nan", "negative", "large", "signal", "box", "service", "no_service", "timeout"} {
		write(t, mode+"~", reason)
		if err := os.Rename(mode+"~", mode); err != nil {
			t.Fatal(err)
		}
		series := fmt.Sprintf(`rvo_detector_failures_total{camera="yard",detector="script",reason=%q}`, reason)
		p.until(2*patience, "a failure counted under "+reason, func() bool { return p.metrics()[series] > 0 })
		p.until(2*patience, "script to be unknown", func() bool {
			all := p.metrics()
			if v, shown := all[`rvo_signal_value{camera="yard",signal="script"}`]; shown && v != 1 {
				t.Fatalf("%s: script is %v", reason, v)
			}
			return !known(all, "script")
		})
		if err := os.Remove(mode); err != nil {
			t.Fatal(err)
		}
		heals(reason)
	}
	p.stop()
}

// All forms of a service's endpoint; one service requires TLS and a token, which is never shown.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	needGRPC(t)
	dir := t.TempDir()
	none, socket := filepath.Join(dir, "none"), filepath.Join(dir, "socket")
	cert, key := certificate(t, dir)
	plain := startService(t, python, "-B", "testdata/one.py", none, "--signal", "plain", "--listen")
	url := startService(t, python, "-B", "testdata/one.py", none, "--signal", "PersonDetected", "--listen")
	safe := startService(t, python, "-B", "testdata/one.py", none, "--signal", "safe", "--key", key, "--cert", cert, "--token", canary, "--listen")
	local := start(t, setup{bin: python, args: []string{"-B", path(t, "testdata/one.py"), none, "--signal", "local", "--listen", "unix:" + socket}})
	local.until(2*patience, "a service on a socket", func() bool { return len(local.stdout.lines()) > 0 })
	p := start(t, setup{
		env: []string{"VISION_TOKEN=" + canary},
		args: []string{
			"--no-ui", "--metrics-listen", "127.0.0.1:0",
			"--detector", url.front.url() + "=PersonDetected",
			"--detector", plain.front.ln.Addr().String() + "=plain",
			"--detector", "unix://" + socket + "=local",
			"--detector", "http://192.0.2.1:50051=beyond",
		},
		config: yard + fmt.Sprintf(`
[[detector]]
name     = "safe"
kind     = "remote"
endpoint = "https://%s"
tls_ca   = %q
token    = "${VISION_TOKEN}"

[[detector]]
name     = "stranger"
kind     = "remote"
endpoint = "https://%[1]s"
tls_ca   = %[2]q
token    = "another"
`, safe.front.ln.Addr(), cert),
	})
	for _, signal := range []string{"PersonDetected", "plain", "local", "safe"} {
		p.until(2*patience, signal+" to be known", func() bool { return known(p.metrics(), signal) })
	}
	p.until(2*patience, "the wrong token to be counted", func() bool {
		all := p.metrics()
		if known(all, "stranger") || known(all, "beyond") {
			t.Fatal("a service answered whom it does not know, or there is a service at an address for examples")
		}
		return all[`rvo_detector_failures_total{camera="yard",detector="stranger",reason="unauthorized"}`] > 0
	})
	p.logs("frames leave this machine unencrypted", patience)
	_, page, err := p.get("/metrics")
	if err != nil {
		t.Fatal(err)
	}
	p.stop()
	text := p.stderr.String()
	if n := strings.Count(text, "unencrypted"); n != 1 || !strings.Contains(text, "192.0.2.1") {
		t.Errorf("%d warnings of frames in the clear", n)
	}
	if strings.Contains(text+page+p.stdout.String(), canary) {
		t.Error("the token is shown")
	}
}

func path(t testing.TB, name string) string {
	t.Helper()
	abs, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// A network that cannot run costs its own signal, and says why; so does a process that has used
// up its memory.
func TestModelsThatBreak(t *testing.T) {
	t.Parallel()
	needONNX(t)
	good, err := os.ReadFile("../detectors/onnx/testdata/ok5.onnx")
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.onnx")
	write(t, broken, strings.ReplaceAll(string(good), "Identity", "Idxntity"))
	p := start(t, setup{
		args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"},
		config: yard + fmt.Sprintf(`
[[detector]]
name  = "good"
kind  = "onnx"
model = %q

[[detector]]
name  = "broken"
kind  = "onnx"
model = %q

[[detector]]
name    = "eater"
kind    = "command"
command = [%q, "-c", "x = [bytearray(1 << 20) for i in range(1 << 20)]"]
max_memory = 1024

[[detector]]
name = "motion"
kind = "motion"
`, path(t, "../detectors/onnx/testdata/ok5.onnx"), broken, python),
	})
	for _, signal := range []string{"good", "motion"} {
		p.until(2*patience, signal+" to be known", func() bool { return known(p.metrics(), signal) })
	}
	for _, name := range []string{"broken", "eater"} {
		failed := fmt.Sprintf(`rvo_detector_state{camera="yard",detector=%q,state="failed"}`, name)
		p.until(2*patience, name+" to fail", func() bool { return p.metrics()[failed] == 1 })
	}
	for _, text := range []string{"MemoryError", "Idxntity"} {
		p.logs(text, patience)
	}
	p.until(patience, "the motion to be known beside them", func() bool {
		all := p.metrics()
		if known(all, "broken") || known(all, "eater") {
			t.Fatalf("known: broken %v, eater %v", known(all, "broken"), known(all, "eater"))
		}
		return known(all, "motion")
	})
	p.stop()
}
