package e2e

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// example returns an example with zones or lines, with a short piece of its recording
// and without clips.
func example(t *testing.T, name string) string {
	t.Helper()
	needOpenCV(t)
	config := strings.ReplaceAll(read(t, "../examples/"+name), vtest, piece(t, "2"))
	return strings.ReplaceAll(config, "[[rule]]\n", "[[rule]]\nclip = false\n") + nice
}

// fired returns the types of the events of a program so far.
func fired(t *testing.T, p *program) (types []string) {
	t.Helper()
	for _, e := range events(t, p.stdout.lines()) {
		types = append(types, e.Type)
	}
	return types
}

// Who walks along the drawn street crosses the line both ways, and takes a while.
func TestExamplesOfLinesAndDwell(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][]string{"gate.toml": {"went_left", "went_right"}, "loitering.toml": {"slow"}} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			p := start(t, setup{config: example(t, file), args: []string{"--no-ui", "--metrics-listen", ""}})
			p.until(patience, strings.Join(want, " and "), func() bool {
				got := fired(t, p)
				return !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(got, w) })
			})
			p.stop()
			for _, line := range p.stdout.lines() {
				if !strings.Contains(line, `"tracks":[{"id":`) {
					t.Errorf("an event without its tracks: %s", line)
				}
			}
		})
	}
}

// The clock of the quiet camera is motion, but not behind the mask.
func TestExampleOfMask(t *testing.T) {
	t.Parallel()
	masked := example(t, "clock.toml")
	bare := strings.ReplaceAll(masked, `mask    = ["clock"]`, "")
	p := start(t, setup{config: bare, args: []string{"--no-ui", "--metrics-listen", ""}})
	p.until(patience, "the clock to fire", func() bool { return slices.Contains(fired(t, p), "intruder") })
	p.stop()
	p = start(t, setup{config: masked, args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	p.until(patience, "a hundred looks", func() bool { return p.metrics()[`rvo_detector_runs_total{camera="yard",detector="motion"}`] >= 100 })
	p.stop()
	if got := fired(t, p); slices.Contains(got, "intruder") || slices.Contains(got, "frozen") {
		t.Errorf("events %v behind the mask", got)
	}
}

// A zone that is drawn in a terminal is in the file as one would have written it, and
// is there at once.
func TestDrawnZoneIsInTheFile(t *testing.T) {
	t.Parallel()
	x := newTerminal(t, 120, 40)
	x.dashboard()
	x.keys("d")
	x.sees("first corner")
	x.keys("Space")
	x.sees("done")
	x.keys("S-Right", "S-Right", "S-Down")
	x.keys("Space")
	x.sees("name:")
	x.text("door")
	x.keys("Enter")
	x.sees("Write this to the file?")
	x.sees(`+name = "door"`)
	x.keys("y")
	x.sees("written to the configuration file")
	file := read(t, filepath.Join(x.dir, "rvo.toml"))
	zone, kept := strings.CutPrefix(file, strings.TrimRight(dashboardConfig, "\n"))
	drawn := regexp.MustCompile(`^\s+\[\[zone\]\]\nname += "door"\ncameras += \["street"\]\nrect += \[0\.5, 0\.5, 0\.\d+, 0\.\d+\]\n$`)
	if !kept || !drawn.MatchString(zone) {
		t.Errorf("the file ends with %q, and what was there before is as it was: %v", zone, kept)
	}
	x.keys("d")
	wait(t, patience, "the zone to be there", func() bool {
		x.keys("n")
		return strings.Contains(x.screen(), "zone door")
	})
	x.keys("q")
	x.sees("Detectors")
	x.quit()
}
