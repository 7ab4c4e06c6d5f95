package app

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx"
	"rvo-tui/detectors/remote/child"
)

// TestMain lets the test program act as a detector process, too. A model whose name begins with
// "crash" ends its process like a fault in a C library.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != child.Argument {
		os.Exit(m.Run())
	}
	networks := onnx.NewRuntime()
	kinds := localKinds(networks)
	kind := kinds["onnx"]
	open := kind.New
	kind.New = func(cfg detectors.Config) (detectors.Detector, error) {
		if strings.Contains(cfg.Text("model"), "/crash") {
			return nil, syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return open(cfg)
	}
	kinds["onnx"] = kind
	os.Exit(child.Main(os.Args[2:], func() detectors.Kinds { return kinds }, func(t child.Tuning) { tune(networks, t) }))
}
