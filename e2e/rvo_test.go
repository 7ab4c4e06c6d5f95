package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// rvoDemo is a configuration like that of rvo's demo, for two services.
const rvoDemo = `# Two model services.
camera:
  device_index: 0
clips_dir: clips/demo
event_log: events.jsonl
detectors:
  - kind: remote_grpc
    endpoint: "http://127.0.0.1:%s"
    output_signal: PersonDetected
    max_fps: 5
    timeout_ms: 5000
    ttl_ms: 10000
  - kind: remote_grpc
    endpoint: "http://127.0.0.1:%s"
    output_signal: FacePresent
    max_fps: 5
    timeout_ms: 5000
    ttl_ms: 10000
events:
  - event_type: DummyEvent
    signal_type: PersonDetected
    signal_threshold: 1
    duration_ms: 1000
    cooldown_ms: 5000
  - event_type: DummyEvent
    signal_type: FacePresent
    signal_threshold: 1
    duration_ms: 1000
    cooldown_ms: 5000
`

var fromRVO = regexp.MustCompile("(?s)```sh\n(rvo-tui migrate config/rvo-remote.yaml [^\n]+)\n(rvo-tui [^\n]+)\n```")

// The two commands of docs/from-rvo.md run rvo's demo, with services that know only the first
// version of the protocol.
func TestRVODemo(t *testing.T) {
	needGRPC(t)
	t.Parallel()
	commands := fromRVO.FindStringSubmatch(read(t, "../docs/from-rvo.md"))
	if commands == nil {
		t.Fatal("docs/from-rvo.md does not show the two commands")
	}
	dir := t.TempDir()
	ports := []string{quietPort(t), quietPort(t)}
	for i, signal := range []string{"PersonDetected", "FacePresent"} {
		service := exec.Command(python, "-B", "testdata/one.py", filepath.Join(dir, "mode"), "--listen", "127.0.0.1:"+ports[i], "--signal", signal)
		if err := service.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			_ = service.Process.Kill() // it serves until then
			_ = service.Wait()
		}()
	}
	file := filepath.Join(dir, "rvo-remote.yaml")
	write(t, file, fmt.Sprintf(rvoDemo, ports[0], ports[1]))
	arguments := func(command string) []string {
		return strings.Fields(strings.ReplaceAll(command, "config/rvo-remote.yaml", file))[1:]
	}
	if p := run(t, setup{dir: dir, args: arguments(commands[1])}, patience); p.status(0) != 0 {
		t.Fatal(p.stderr.String())
	}
	p := start(t, setup{dir: dir, args: append(arguments(commands[2]), "--no-ui", "--camera-uri", "synthetic:street", "--metrics-listen", "")})
	for _, event := range []string{`"event_type":"DummyEvent"`, `"event_type":"DummyEvent_FacePresent"`} {
		p.until(patience, event, func() bool { return strings.Contains(p.stdout.String(), event) })
	}
	p.until(patience, "clips", func() bool {
		found, err := filepath.Glob(filepath.Join(dir, "clips/demo/*/*/*/meta.json"))
		return err == nil && len(found) > 0
	})
	p.stop()
}
