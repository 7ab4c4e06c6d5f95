package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestBrokenModels runs a good model beside an unreadable one, and then breaks the good one in
// several ways while the program runs. That costs only the signal of that model. The log names
// the file and a remedy, and once the file is restored everything recovers.
func TestBrokenModels(t *testing.T) {
	needONNX(t)
	t.Parallel()
	models := filepath.Join("..", "detectors", "onnx", "testdata")
	dir := t.TempDir()
	whole := read(t, filepath.Join(models, "ok5.onnx"))
	good := filepath.Join(dir, "good.onnx")
	write(t, good, whole)
	write(t, filepath.Join(dir, "text.onnx"), read(t, filepath.Join(models, "text.onnx")))
	p := start(t, setup{
		dir:  dir,
		args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"},
		config: `
[runtime]
nice = 0

[[camera]]
name   = "yard"
source = "synthetic:street"

[[detector]]
name = "motion"
kind = "motion"
ttl  = "5s"

[[detector]]
name  = "things"
kind  = "onnx"
model = "good.onnx"
ttl   = "2s"

[[detector]]
name  = "text"
kind  = "onnx"
model = "text.onnx"
`,
	})
	both := func() bool { all := p.metrics(); return known(all, "motion") && known(all, "things") }
	p.until(2*patience, "the good model to answer", both)
	p.logs(`[1 40 6625]`, 2*patience)

	flipped := []byte(whole)
	flipped[len(flipped)/2] ^= 0xff
	for _, b := range []struct{ name, data, says string }{
		{"cut", whole[:len(whole)/2], `good.onnx\": ONNX Runtime cannot load it`},
		{"empty", "", `good.onnx\": ONNX Runtime cannot load it`},
		{"a page", "<html>404</html>", `good.onnx\": ONNX Runtime cannot load it`},
		{"missing", "-", `file \"good.onnx\" does not exist: check the path`},
		{"another model", read(t, filepath.Join(dir, "text.onnx")), `good.onnx\": the outputs`},
		{"changed in one place", string(flipped), ""}, // which may be a model still
	} {
		write(t, good, b.data)
		if b.data == "-" {
			if err := os.Remove(good); err != nil {
				t.Fatal(err)
			}
		}
		const restarts = `rvo_detector_restarts_total{camera="yard",detector="things"}`
		before, said := p.metrics(), strings.Count(p.stderr.String(), b.says)
		if err := syscall.Kill(process(p, "things"), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if b.says != "" {
			p.until(2*patience, "a log of "+b.says, func() bool { return strings.Count(p.stderr.String(), b.says) > said })
			p.until(2*patience, "the signal of a model that is "+b.name+" to be unknown", func() bool { return !known(p.metrics(), "things") })
			p.until(2*patience, "all else to go on", func() bool { return known(p.metrics(), "motion") && p.state("yard", "live") })
		} else {
			p.until(2*patience, "the loss of the process to be counted", func() bool { return p.metrics()[restarts] > before[restarts] })
		}
		write(t, good, whole)
		p.until(3*patience, "the model that was "+b.name+" to answer again", both)
	}
}

// process returns the latest process of a detector from the log.
func process(p *program, detector string) int {
	p.t.Helper()
	found := regexp.MustCompile(`msg="detector process runs" detector=`+detector+` pid=(\d+)`).FindAllStringSubmatch(p.stderr.String(), -1)
	if found == nil {
		p.t.Fatalf("%s has no process", detector)
	}
	return number(p.t, found[len(found)-1][1])
}
