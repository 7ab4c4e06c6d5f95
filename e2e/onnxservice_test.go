package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
)

// The Python example for ONNX models detects what the model detects, as a child process of the
// program.
func TestPythonModelService(t *testing.T) {
	needGRPC(t)
	modules, err := filepath.Abs("../bin/python")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("/usr/bin/env", "PYTHONPATH="+modules, python, "-c", "import onnxruntime").CombinedOutput(); err != nil {
		t.Skipf("Python has no ONNX Runtime: run scripts/fetch.sh python: %s", out)
	}
	t.Parallel()
	absolute := func(path string) string {
		path, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	p := start(t, setup{
		args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"},
		config: yard + fmt.Sprintf(`
[[detector]]
name    = "things"
kind    = "command"
command = ["/usr/bin/env", "PYTHONPATH=%s", %q, "-B", %q, %q]
timeout = "5s"
ttl     = "20s"
max_fps = 2
`, modules, python, absolute("../examples/services/python/onnx_service.py"), absolute("../detectors/onnx/testdata/e1.onnx")),
	})
	// The model detects one object in the middle of each frame.
	p.until(2*patience, "the model's answer", func() bool {
		all := p.metrics()
		return known(all, "things") && all[`rvo_signal_value{camera="yard",signal="things"}`] == 1
	})
	p.stop()
}
