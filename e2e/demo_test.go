package e2e

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	demoStep = regexp.MustCompile("(?m)^\\| \\d:\\d\\d \\|(.*?)\\| `([^`]+)` \\| .* \\|$")
	quoted   = regexp.MustCompile("`([^`]+)`")
)

// With the keys of docs/demo.md, the demo shows what that page says.
func TestDemo(t *testing.T) {
	if exec.Command(python, "-c", "import grpc, google.protobuf").Run() != nil {
		t.Skip("Python's modules are missing: apt install python3-grpcio python3-protobuf")
	}
	steps := demoStep.FindAllStringSubmatch(read(t, "../docs/demo.md"), -1)
	if len(steps) < 10 {
		t.Fatalf("docs/demo.md has %d steps", len(steps))
	}
	x := newTerminal(t, 120, 40)
	road := filepath.Join(x.dir, "road")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", road, "../examples/demo/road").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	script, err := filepath.Abs("../examples/demo/demo.sh")
	if err != nil {
		t.Fatal(err)
	}
	demo := filepath.Join(x.dir, "demo")
	x.text("stty -g >before; RVO_CONFIG= DIR=" + demo + " KILL_AFTER=20 " + script + " " + binary + " " + road + "; echo ended $?; stty -g >after; echo sa\"\"id")
	x.keys("Enter")
	first := ""
	for _, step := range steps {
		for _, key := range quoted.FindAllStringSubmatch(step[1], -1) {
			if first == "" {
				first = read(t, filepath.Join(demo, "road.pid"))
			}
			switch key := key[1]; key {
			case "enter":
				x.keys("Enter")
			case "esc":
				x.keys("Escape")
				apart := time.After(time.Second) // followed by a key at once, it would be Alt and that key
				<-apart
			default:
				x.text(key)
			}
		}
		if step[2] == "Recording has stopped" {
			wait(t, patience, "the end or a question", func() bool {
				return strings.Contains(x.screen(), "Clips are being written") || strings.Contains(x.screen(), "ended")
			})
			if strings.Contains(x.screen(), "Clips are being written") {
				x.keys("y")
			}
		}
		x.sees(step[2])
	}
	x.restored()
	if now := read(t, filepath.Join(demo, "road.pid")); now == first || number(t, strings.TrimSpace(now)) == 0 {
		t.Errorf("the service in Go was process %s, and after its end process %s", strconv.Quote(first), strconv.Quote(now))
	}
	found, err := filepath.Glob(filepath.Join(demo, "evidence/street/*/*/meta.json"))
	if err != nil || len(found) == 0 {
		t.Errorf("it left no clip (%v)", err)
	}
}
