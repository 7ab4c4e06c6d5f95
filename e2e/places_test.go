package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// slowly cuts some seconds out of the pedestrian video and slows them down four times, so that a
// busy machine keeps up.
func slowly(t testing.TB, from, length string) string {
	t.Helper()
	needVideo(t)
	path := filepath.Join(t.TempDir(), "piece.avi")
	out, err := exec.Command(tool(t, "ffmpeg", "ffmpeg"), "-v", "error", "-ss", from, "-t", length, "-i", vtest,
		"-vf", "setpts=4*PTS,fps=2.5", "-c:v", "mpeg4", "-q:v", "2", path).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return path
}

// example returns an example with zones or lines that plays a part of its recording in a loop,
// accepts late results, and saves no clips.
func example(t *testing.T, name, from, length string) string {
	t.Helper()
	needOpenCV(t)
	return strings.NewReplacer(
		fmt.Sprintf("%q", vtest), fmt.Sprintf("%q\nloop = true", slowly(t, from, length)),
		"max_fps = 5\n", "max_fps = 5\nttl = \"5s\"\ntimeout = \"20s\"\n",
		"crossed(person, gate.right, 1s)", "crossed(person, gate.right, 30s)",
		"[[rule]]\n", "[[rule]]\nclip = false\n",
	).Replace(read(t, "../examples/"+name)) + nice
}

// fired returns the types of the program's events so far.
func fired(t *testing.T, p *program) (types []string) {
	t.Helper()
	for _, e := range events(t, p.stdout.lines()) {
		types = append(types, e.Type)
	}
	return types
}

// Figures on the synthetic street cross the line both ways, and take a while. In the parts of the
// recording, two people go to the right, and two come onto the lawn and stay there.
func TestExamplesOfLinesAndDwell(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file, from, length string
		want               []string
	}{
		{"gate.toml", "34", "5.5", []string{"went_left", "went_right", "person_went_right"}},
		{"loitering.toml", "52.5", "5", []string{"slow", "loitering"}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			p := start(t, setup{config: example(t, tt.file, tt.from, tt.length), args: []string{"--no-ui", "--metrics-listen", ""}})
			p.until(3*patience, strings.Join(tt.want, " and "), func() bool {
				got := fired(t, p)
				return !slices.ContainsFunc(tt.want, func(w string) bool { return !slices.Contains(got, w) })
			})
			p.stop()
			for _, line := range p.stdout.lines() {
				checkTracks(t, line)
			}
		})
	}
}

// checkTracks fails the test for an event without tracks, or with a track in the wrong place.
func checkTracks(t *testing.T, line string) {
	t.Helper()
	var e struct {
		Type   string `json:"event_type"`
		Phase  string `json:"phase"`
		Tracks []struct {
			Place string `json:"place"`
			Path  []struct {
				At [2]float64 `json:"at"`
			} `json:"path"`
		} `json:"tracks"`
	}
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		t.Fatal(err)
	}
	switch {
	case e.Phase == "ended":
	case len(e.Tracks) == 0 || len(e.Tracks[0].Path) == 0:
		t.Errorf("an event without its tracks: %s", line)
	case e.Type == "person_went_right":
		path := e.Tracks[0].Path
		if first, last := path[0].At[0], path[len(path)-1].At[0]; e.Tracks[0].Place != "gate.right" || first > 0.7 || last < 0.7 {
			t.Errorf("who went to the right through a gate at 0.7 went from %v to %v: %s", first, last, line)
		}
	case e.Type == "loitering":
		path := e.Tracks[0].Path
		if at := path[len(path)-1].At; e.Tracks[0].Place != "lawn" || at[0] < 0.05 || at[0] > 0.57 || at[1] < 0.58 {
			t.Errorf("who stays on the lawn is at %v: %s", at, line)
		}
	}
}

// The clock of the quiet camera is motion, except behind the mask.
func TestExampleOfMask(t *testing.T) {
	t.Parallel()
	masked := example(t, "clock.toml", "0", "2")
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

// A zone drawn in a terminal is written to the file as by hand, and takes effect at once.
func TestDrawnZoneIsInTheFile(t *testing.T) {
	t.Parallel()
	x := newTerminal(t, 120, 40)
	x.dashboard()
	before := read(t, filepath.Join(x.dir, "rvo.toml"))
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
		t.Errorf("the file ends with %q, and the rest is unchanged: %v", zone, kept)
	}
	x.keys("d")
	wait(t, patience, "the zone to be there", func() bool {
		x.keys("n")
		return strings.Contains(x.screen(), "zone door")
	})
	x.keys("q")
	x.sees("Detectors")
	x.keys("u") // as any other change
	x.sees(`undone: zone "door"`)
	if got := read(t, filepath.Join(x.dir, "rvo.toml")); got != before {
		t.Errorf("taken back, the file is\n%s\nand was\n%s", got, before)
	}
	x.quit()
}
