package e2e

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	allFaults   = flag.Bool("faults", false, "play every fault; make test plays those that take seconds")
	faultsTable = flag.String("faults-table", "", "file for the table of how long each fault took to show and to heal")
)

// faultRow is a fault for a testbed: a row of the table in docs/reliability.md.
type faultRow struct {
	name   string
	then   string   // the effect, for the table
	fast   bool     // played by make test, too
	hits   []string // cameras, and detectors as camera/detector, that it may harm: everything else runs on
	inject func() error
	repair func() error  // nil: it heals by itself
	lasts  time.Duration // between its last sign and the repair
	signs  []sign        // all places where it must show
	heals  []sign        // signs that it is over, in addition to what it hits working again
	blind  bool          // the metrics may be unreachable meanwhile
}

// Effects that several faults share.
const (
	reconnects      = "its signals become unknown; it is connected to again every 0.5 to 3 s"
	nextSession     = "the session ends with the server; the next one has what it sends then"
	asksAgain       = "its signal is unknown, never 0; it is asked again with growing delays"
	refuses         = "the answer is refused, its signal unknown"
	restartsProcess = "its process starts again"
	withoutClips    = "events go on without clips"
)

// faultTime is a line of the table.
type faultTime struct {
	of, name, then, signs string
	faultTimes
}

// faultResults collects the measurements.
type faultResults struct {
	mu      sync.Mutex // guards the fields below
	rows    []faultTime
	skipped []string // parts that could not be played
}

func (r *faultResults) add(m faultTime) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, m)
}

// once plays a fault that needs its own program. play returns how long the fault took to show,
// and then to recover from; below 0: it does not.
func (r *faultResults) once(t *testing.T, of, name, then, signs string, play func(t *testing.T) (visible, healed time.Duration)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		visible, healed := play(t)
		t.Logf("shows after %.1f s; works again after %.1f s", visible.Seconds(), healed.Seconds())
		r.add(faultTime{of, name, then, signs, faultTimes{visible, visible, healed}})
	})
}

// skip records that a part was not played.
func (r *faultResults) skip(part string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.skipped = append(r.skipped, part)
}

// table returns the rows as Markdown, with what was not played.
func (r *faultResults) table() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	seconds := func(d time.Duration) string {
		if d < 0 {
			return "–"
		}
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	var b strings.Builder
	b.WriteString("| Part | Fault | What happens | Shows as | First after | All after | Works again after |\n|---|---|---|---|---|---|---|\n")
	for _, part := range r.skipped {
		fmt.Fprintf(&b, "| %s | not played here | | | | | |\n", part)
	}
	for _, m := range r.rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", m.of, m.name, m.then, m.signs, seconds(m.first), seconds(m.all), seconds(m.healed))
	}
	return b.String()
}

// TestFaults plays faults on running programs: each must show where its row says, harm nothing
// else, recover by itself once it is over, and leave nothing behind.
func TestFaults(t *testing.T) {
	results, began := new(faultResults), beginMeasuring(t)
	for _, part := range []struct {
		name string
		fast bool // has rows that are
		play func(t *testing.T, r *faultResults)
	}{
		{"cameras", true, playCameraFaults},
		{"detectors", true, playModelFaults},
		{"program", true, playProgramFaults},
		{"storm", false, playStorm},
		{"network", false, playNetworkFaults},
		{"memory", false, playMemoryLimit},
		{"disk", false, playDiskFaults},
		{"ends", false, playEnds},
		{"clock", false, playClock},
	} {
		if !part.fast && !*allFaults {
			continue
		}
		t.Run(part.name, func(t *testing.T) {
			if !*allFaults {
				t.Parallel()
			}
			defer func() {
				if t.Skipped() {
					results.skip(part.name)
				}
			}()
			part.play(t, results)
		})
	}
	if *faultsTable != "" {
		if err := os.WriteFile(*faultsTable, []byte(began.told(t, "make faults")+results.table()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// measuring is the start of a measurement, and the load on the machine.
type measuring struct {
	at   time.Time
	load string // mean of a minute
}

func beginMeasuring(t testing.TB) measuring {
	t.Helper()
	load, _, _ := strings.Cut(read(t, "/proc/loadavg"), " ")
	return measuring{time.Now(), load}
}

// told returns the sentence above a table that says how it was measured.
func (m measuring) told(t testing.TB, command string) string {
	t.Helper()
	revision, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		revision = []byte("an unknown revision") // no work tree
	}
	now := beginMeasuring(t)
	return fmt.Sprintf("Measured by `%s` at %s on %s, on %d cores: it took %.0f s, with a load of %s before it and %s at its end.\n\n",
		command, bytes.TrimSpace(revision), m.at.UTC().Format(time.DateOnly), runtime.NumCPU(), now.at.Sub(m.at).Seconds(), m.load, now.load)
}

// playAll plays the selected rows.
func (b *testbed) playAll(t *testing.T, of string, r *faultResults, rows []faultRow) {
	t.Helper()
	b.settle()
	for _, row := range rows {
		if !row.fast && !*allFaults {
			continue
		}
		ok := t.Run(row.name, func(t *testing.T) {
			took := b.play(t, &row)
			r.add(faultTime{of, row.name, row.then, signNames(row.signs), took})
		})
		if !ok {
			return // later rows would be compared with a bad state
		}
	}
	b.stop()
}
