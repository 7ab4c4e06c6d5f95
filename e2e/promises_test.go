package e2e

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var (
	promisesTime  = flag.Duration("promises", 0, "how long to measure each load class for what the README promises")
	promisesTable = flag.String("promises-table", "", "file for the table of them")
)

// loadClass is a level of load on the machine.
type loadClass struct {
	name    string
	cameras int
	load    string // the detector that makes it, on each camera; empty: none
}

// loadClasses are for two cores: detectors of full need four fifths of them, those of overloaded
// four times as much as there is.
var loadClasses = []loadClass{
	{"idle", 1, ""},
	{"full", 4, "busy = \"40ms\"\nmax_fps = 10\n"},
	{"overloaded", 4, "busy = \"80ms\"\nmax_fps = 25\n"},
}

// TestPromises measures, for each load, the age of an event's frame when the event is written,
// how many events have a complete clip, and how long faults of a camera and of a detector take to
// show and to heal.
func TestPromises(t *testing.T) {
	if *promisesTime == 0 {
		t.Skip("no promises are asked for")
	}
	needOpenCV(t)
	tool(t, "ffprobe", "ffmpeg")
	began := beginMeasuring(t)
	var table strings.Builder
	table.WriteString("| Load | Cameras | Processor in use | From capture to event, 50 % | 99 % | Events | With a whole clip | Camera lost: visible, works again | Detector crashed: visible, works again |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, class := range loadClasses {
		t.Run(class.name, func(t *testing.T) { table.WriteString(keepPromises(t, class)) })
	}
	t.Log("\n" + table.String())
	if *promisesTable != "" && !t.Failed() {
		if err := os.WriteFile(*promisesTable, []byte(began.told(t, "make promises TIME="+promisesTime.String())+table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// keepPromises measures a load and returns its row.
func keepPromises(t *testing.T, class loadClass) string {
	t.Helper()
	port := number(t, quietPort(t))
	video := []string{"--size", "640x360", "--fps", "25"}
	server, lost := serveRTSP(t, 0, video...), serveRTSP(t, port, video...)
	config, b := "", new(testbed)
	for i := range class.cameras {
		name := fmt.Sprintf("c%d", i)
		at := server.port
		if i == 0 {
			at = port
		}
		config += fmt.Sprintf("[[camera]]\nname = %q\nsource = \"rtsp://127.0.0.1:%d/stream\"\n\n", name, at)
		b.cameras, b.detectors = append(b.cameras, name), append(b.detectors, name+"/motion", name+"/shape")
	}
	config += strings.Replace(faultRest, nice, fmt.Sprintf("\n[runtime]\nnice = %d\n", detectorNice(t)), 1) + `
[[detector]]
name      = "shape"
kind      = "motion"
isolation = "process"
max_fps   = 5
ttl       = "5s"
timeout   = "20s"

[[rule]]
event    = "filmed"
when     = "motion >= 0"
cooldown = "3s"
before   = "1s"
after    = "1s"

[clips]
min_free = "1MiB"
`
	if class.load != "" {
		config += "\n[[detector]]\nname = \"work\"\nkind = \"load\"\ntimeout = \"30s\"\n" + class.load
	}
	b.program = start(t, setup{config: config, args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	b.settle()
	busy, began := machineTime(t), time.Now()
	from := len(b.stdout.lines())
	b.until(*promisesTime+patience, "the time to be over", func() bool { return time.Since(began) >= *promisesTime })
	used := machineTime(t).since(busy)
	seen := events(t, b.stdout.lines()[from:])

	var camera, detector faultTimes
	for range 3 {
		camera.worst(b.play(t, &faultRow{
			name: "camera lost", hits: b.cameras,
			inject: func() error { lost.end(); return nil },
			repair: func() error { lost = serveRTSP(t, port, video...); return nil },
			signs:  []sign{said("camera reconnecting"), inState("c0", "reconnecting")},
		}))
		detector.worst(b.play(t, &faultRow{
			name: "detector crashed", hits: b.cameras,
			inject: func() error { return syscall.Kill(b.process("shape"), syscall.SIGSEGV) },
			signs:  []sign{said("detector process ended"), counted(`rvo_detector_restarts_total{camera="c0",detector="shape"}`)},
		}))
	}
	b.stop()
	whole := map[string]bool{}
	for _, c := range checkClips(t, b.program, -1) {
		whole[c.ID] = true
	}
	var ages []float64
	filmed, clips := 0, 0
	for _, e := range seen {
		ages = append(ages, e.AgeMS)
		if e.Type == "filmed" && e.Phase == "confirmed" {
			filmed++
			if whole[e.ID] {
				clips++
			}
		}
	}
	slices.Sort(ages)
	if len(ages) < 20 || filmed == 0 {
		t.Fatalf("only %d events, %d of them with a clip to come", len(ages), filmed)
	}
	return fmt.Sprintf("| %s | %d | %.0f %% | %.1f ms | %.1f ms | %d | %d of %d | %.1f s, %.1f s | %.1f s, %.1f s |\n",
		class.name, class.cameras, 100*used, ages[len(ages)/2], ages[len(ages)*99/100], len(ages), clips, filmed,
		camera.all.Seconds(), camera.healed.Seconds(), detector.all.Seconds(), detector.healed.Seconds())
}

// detectorNice returns the nice value for detectors that is as far from this test's as the
// default is from other programs': if the test has a high priority, the detectors get one as
// well.
func detectorNice(t testing.TB) int {
	t.Helper()
	own, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0) // as 20 less the nice value
	if err != nil {
		t.Fatal(err)
	}
	return min(max(1, 20-own+20), 19)
}

// worst keeps the longest times that a fault took to show and to heal.
func (f *faultTimes) worst(took faultTimes) {
	f.all, f.healed = max(f.all, took.all), max(f.healed, took.healed)
}

// processor is the processor time of the machine, in ticks.
type processor struct{ idle, all float64 }

// since returns the share of processor time used since an earlier reading.
func (p processor) since(before processor) float64 {
	return 1 - (p.idle-before.idle)/(p.all-before.all)
}

func machineTime(t testing.TB) (p processor) {
	t.Helper()
	line, _, _ := strings.Cut(read(t, "/proc/stat"), "\n")
	for i, field := range strings.Fields(line)[1:] {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			t.Fatal(err)
		}
		if i == 3 || i == 4 { // idle, and waiting for a disk
			p.idle += n
		}
		if i < 8 { // guests are counted as users already
			p.all += n
		}
	}
	return p
}
