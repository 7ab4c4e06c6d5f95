package runtime

import (
	"encoding/json"
	"strings"
	"testing"

	"rvo-tui/clips"
	"rvo-tui/runtime/engine"
)

func TestSnapshotsHideSecrets(t *testing.T) {
	const secret = "hunter2"
	c := CameraView{View: engine.View{Detectors: []engine.DetectorView{{Reason: secret, Error: "bad " + secret}}}}
	c.Source, c.Reason = "http://h/"+secret, "open "+secret
	s := &Snapshot{Cameras: []CameraView{c}, Sinks: []SinkView{{Reason: secret}}, Reload: ReloadView{Reason: secret}, Clips: &clips.Status{Reason: secret}}
	s.redact(func(text string) string { return strings.ReplaceAll(text, secret, "***") })
	text, err := json.Marshal(s)
	if err != nil || strings.Contains(string(text), secret) || strings.Count(string(text), "***") != 8 {
		t.Errorf("%v: %s", err, text)
	}
}
