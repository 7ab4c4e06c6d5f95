package notify

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"rvo-tui/detectors"
	"rvo-tui/detectors/remote/child"
)

// The test program also acts as the child process that becomes the program of an output.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == child.Argument {
		os.Exit(child.Main(os.Args[2:], func() detectors.Kinds { return nil }, func(child.Tuning) {}))
	}
	Bound()
	goleak.VerifyTestMain(m)
}
