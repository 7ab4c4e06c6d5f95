package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	rvo "rvo-tui/sdk/go"
)

// Each example service is started by the program, killed, and restarted.
func TestServicesOfTheSDK(t *testing.T) {
	services, err := filepath.Abs("../examples/services")
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"go", "python", "node"} {
		t.Run(language, func(t *testing.T) {
			var command []string
			switch language {
			case "go":
				command = []string{filepath.Join(t.TempDir(), "brightness")}
				if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", command[0], "../examples/services/go").CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			case "python":
				if exec.Command(python, "-c", "import grpc, google.protobuf").Run() != nil {
					t.Skip("Python's modules are missing: apt install python3-grpcio python3-protobuf")
				}
				command = []string{python, "-B", services + "/python/brightness.py"}
			case "node":
				node := tool(t, "node", "nodejs")
				command = []string{node, services + "/node/dist/brightness.js"}
				if _, err := os.Stat(command[1]); err != nil {
					t.Skip("the example for Node is not built: run sdk/build.sh node")
				}
			}
			t.Parallel()
			const answered = `rvo_detector_age_seconds_count{camera="yard",detector="brightness"}`
			p := start(t, setup{
				args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"},
				config: yard + fmt.Sprintf(`
[[detector]]
name    = "brightness"
kind    = "command"
command = ["%s"]
timeout = "10s"
ttl     = "20s"
max_fps = 5
`, strings.Join(command, `", "`)),
			})
			answers := func(more float64) func() bool {
				return func() bool {
					all := p.metrics()
					v := all[`rvo_signal_value{camera="yard",signal="brightness"}`]
					return known(all, "brightness") && v > 0.1 && v < 0.9 && all[answered] > more
				}
			}
			p.until(patience, "an answer", answers(0))
			for _, child := range children(t, p.cmd.Process.Pid) {
				if err := syscall.Kill(child, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) { // it may have ended
					t.Error(err)
				}
			}
			p.logs("detector process ended", patience)
			p.until(patience, "an answer of the next process", answers(p.metrics()[answered]))
			p.stop()
		})
	}
}

// All JSON keys that the program writes are in the models of the SDK.
func TestModelsOfTheSDK(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := startDaemon(t, runtimeDir(t), dir, apiConfig)
	tool(t, "curl", "curl")
	var found []string
	wait(t, patience, "a clip and an alert", func() bool {
		found, _ = filepath.Glob(filepath.Join(dir, "clips", "door", "*", "*", "meta.json"))
		out, _, ok := d.curl(dir, "api /alerts | grep gate", "")
		return ok && out != "" && len(found) > 0
	})
	snapshot, problem, ok := d.curl(dir, "api /state", "")
	if !ok {
		t.Fatal(problem)
	}
	var s rvo.Snapshot
	strictly(t, []byte(snapshot), &s)
	if len(s.Cameras) != 2 || s.Cameras[0].Name != "door" || s.Cameras[0].State != rvo.CameraStateLive || s.At.IsZero() {
		t.Errorf("the snapshot has %d cameras", len(s.Cameras))
	}
	var meta rvo.Meta
	strictly(t, []byte(read(t, found[0])), &meta)
	if meta.Camera != "door" || len(meta.Files) == 0 || meta.Time.IsZero() {
		t.Errorf("meta.json says %+v", meta)
	}
	var event rvo.Event
	strictly(t, []byte(d.stdout.lines()[0]), &event)
	if event.EventType != "seen" || event.Phase != rvo.EventPhaseConfirmed || event.Clauses[0].Signal != "motion" {
		t.Errorf("the event is %+v", event)
	}
	d.stop()
}

// strictly decodes JSON into a model that must have all of its keys, and that must encode to the
// same JSON.
func strictly(t *testing.T, text []byte, model any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(model); err != nil {
		t.Errorf("%T: %v", model, err)
		return
	}
	again, err := json.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	var want, got map[string]any
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(again, &got); err != nil {
		t.Fatal(err)
	}
	for key := range want {
		if _, ok := got[key]; !ok {
			t.Errorf("%T loses %s", model, key)
		}
	}
}
