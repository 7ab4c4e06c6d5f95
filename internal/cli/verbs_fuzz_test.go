package cli

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime"
)

// FuzzParseVerb: words become an existing command for the right camera, or a readable error.
func FuzzParseVerb(f *testing.F) {
	for _, line := range []string{
		"enable motion --camera yard", "set_rate motion 2.5", "set_rate motion -0.5", "attach motion name=a", "rule_off moved",
		"clip yard", "pause", "notify test hook", "add_camera door rtsp://h/", "-", "arm", "acknowledge --", "resend hook 7",
	} {
		f.Add(line, "")
	}
	f.Add("disable motion", "door")
	f.Fuzz(func(t *testing.T, line, camera string) {
		if strings.HasPrefix(strings.TrimSpace(line), "-") {
			return // flags of ctl itself come before a verb
		}
		cmd, err := ParseVerb(strings.Fields(line), Env{
			Camera:   camera,
			Detector: func(string, []string) (detectors.Config, error) { return detectors.Config{}, nil },
			Source:   func([]string) (capture.Config, error) { return capture.Config{}, errors.New("no source") },
		})
		switch {
		case err != nil && err.Error() == "":
			t.Fatalf("%q: an empty error", line)
		case err == nil && !slices.Contains(runtime.Verbs(), cmd.Do):
			t.Fatalf("%q is %q, which is not a command", line, cmd.Do)
		}
	})
}
