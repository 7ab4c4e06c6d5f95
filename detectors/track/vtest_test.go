package track

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/zone"
)

// answersOfHOG returns the results of the person detector on a street recording, by frame, for
// every second of 795 frames.
func answersOfHOG(t *testing.T) map[int][]detectors.Detection {
	t.Helper()
	file, err := os.Open("testdata/vtest.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all := map[int][]detectors.Detection{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		var frame int
		d := detectors.Detection{Label: "person"}
		if _, err := fmt.Sscanf(lines.Text(), "%d,%f,%f,%f,%f,%f", &frame, &d.Score, &d.Box.X, &d.Box.Y, &d.Box.W, &d.Box.H); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		all[frame] = append(all[frame], d)
	}
	return all
}

// TestRealPeople compares with the manual count in docs/tracking.md.
func TestRealPeople(t *testing.T) {
	r := New(Config{
		TTL: time.Second, Period: 200 * ms,
		Zones: []Zone{{"lawn", zone.Rect(0.1, 0.63, 0.42, 0.37)}},
		Lines: []Line{{"gate", zone.Line{A: zone.Point{0.7, 0.8}, B: zone.Point{0.7, 0.44}}, [2]string{"right", "left"}}},
	})
	answers := answersOfHOG(t)
	dwell := map[uint64]time.Duration{}
	for frame := 0; frame < 795; frame += 2 {
		r.Update(time.Duration(frame)*100*ms, answers[frame])
		for p := range r.Tracks() {
			if p.In(0) {
				dwell[p.ID] = p.Dwell(0)
			}
		}
	}
	right, left := crossed(r, "person", 0, 0, -1), crossed(r, "person", 0, 1, -1)
	if right != 11 || left < 14 || left > 16 { // two walk past the very end of the line
		t.Errorf("%d cross to the right and %d to the left; 11 and 14 do", right, left)
	}
	var stays []time.Duration
	for _, d := range dwell {
		if d > time.Second {
			stays = append(stays, d)
		}
	}
	slices.Sort(stays)
	if len(stays) != 2 || stays[0] < 4*time.Second || stays[0] > 7*time.Second || stays[1] < 16*time.Second || stays[1] > 19*time.Second {
		t.Errorf("people stay on the lawn for %v; for 6.1s and 17.3s they do", stays)
	}
	t.Logf("%d to the right, %d to the left, on the lawn %v", right, left, stays)
}
