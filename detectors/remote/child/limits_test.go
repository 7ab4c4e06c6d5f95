package child

import (
	goruntime "runtime"
	"testing"

	"golang.org/x/sys/unix"

	"rvo-tui/detectors"
)

func TestProcessHasItsProcessors(t *testing.T) {
	p, _ := pool(t, Options{})
	d := open(t, p, detectors.Config{Name: "a", Kind: "actor", Isolation: detectors.ProcessIsolation, MaxCPUs: 1, Enabled: true})
	_, pid := count(t, d, "door")
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(pid, &set); err != nil {
		t.Fatal(err)
	}
	if set.Count() != 1 {
		t.Errorf("it can use %d processors", set.Count())
	}
	var own unix.CPUSet
	if err := unix.SchedGetaffinity(0, &own); err != nil {
		t.Fatal(err)
	}
	if own.Count() != goruntime.NumCPU() {
		t.Errorf("a thread of this process has %d processors left of %d", own.Count(), goruntime.NumCPU())
	}
}
