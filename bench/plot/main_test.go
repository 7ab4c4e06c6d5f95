package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const fixture = "testdata/results"

// svg is the fast format; titled only writes what would be drawn.
var (
	svg    = format{".svg", drawSVG}
	titled = format{".svg", func(p *page, w io.Writer) error {
		_, err := io.WriteString(w, p.title)
		return err
	}}
)

// drawn draws the figures of a directory in some formats and returns the output and the files.
func drawn(t *testing.T, dir string, formats ...format) (said string, files map[string][]byte) {
	t.Helper()
	to := filepath.Join(t.TempDir(), "figures")
	var out strings.Builder
	res, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := drawAll(res, to, formats, &out); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(to)
	if err != nil {
		t.Fatal(err)
	}
	files = map[string][]byte{}
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(to, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return out.String(), files
}

func TestFiguresAreDrawn(t *testing.T) {
	said, files := drawn(t, fixture, svg)
	if strings.Contains(said, "left out") {
		t.Errorf("there is data for all figures, but it printed:\n%s", said)
	}
	if len(files) != len(figures) {
		t.Errorf("%d files of %d figures: %v", len(files), len(figures), slices.Sorted(maps.Keys(files)))
	}
	for _, f := range figures {
		t.Run(f.name, func(t *testing.T) { checkSVG(t, files[f.name+".svg"]) })
	}
}

// One figure with curves and one with rows of marks only, because drawing pixels is slow.
func TestFiguresAreDrawnInPixels(t *testing.T) {
	res, err := load(fixture)
	if err != nil {
		t.Fatal(err)
	}
	for _, make := range []func(*results) (*page, error){blocking, undisturbed} {
		p, err := make(res)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := drawPNG(p, &out); err != nil {
			t.Fatal(err)
		}
		checkPNG(t, out.Bytes())
	}
}

func TestRunWritesEachFormat(t *testing.T) {
	dir := copyFixture(t, "", func(l string) bool { return !strings.HasPrefix(l, "mode,") && !strings.Contains(l, ",cameras_") })
	if err := run([]string{dir}, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, ending := range []string{".svg", ".png"} {
		if _, err := os.Stat(filepath.Join(dir, "figures", "fig8_age_by_cameras"+ending)); err != nil {
			t.Error(err)
		}
	}
}

// checkSVG checks a drawing: text with a unit, marks or curves in colour, and finite numbers.
func checkSVG(t *testing.T, data []byte) {
	t.Helper()
	paths, texts := 0, []string{}
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("it is no XML: %v", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if e.Name.Local == "path" {
				paths++
			}
		case xml.CharData:
			if s := strings.TrimSpace(string(e)); s != "" {
				texts = append(texts, s)
			}
		}
	}
	if paths < 30 {
		t.Errorf("%d strokes: there is nothing to see", paths)
	}
	all := strings.Join(texts, "|")
	for _, unit := range []string{"µs", "ms", "%", "1/s"} {
		if strings.Contains(all, unit) {
			unit = ""
		}
		if unit == "" {
			break
		}
		if unit == "1/s" {
			t.Errorf("no unit in %q", all)
		}
	}
	if !strings.Contains(all, "Medians of 3 runs") || !strings.Contains(all, "NOISY: others used the machine in 2 of") {
		t.Errorf("it does not say what its figures are: %q", all)
	}
	if bytes.Contains(data, []byte("NaN")) || bytes.Contains(data, []byte("Inf")) {
		t.Error("something has no place")
	}
	if !bytes.Contains(data, []byte("#0072B2")) {
		t.Error("nothing is drawn in the first colour")
	}
}

func checkPNG(t *testing.T, data []byte) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if w := img.Bounds().Dx(); w != 1600 {
		t.Errorf("%d pixels wide, want twice 800", w)
	}
	coloured := 0
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y += 4 {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x += 4 {
			if r, g, b, _ := img.At(x, y).RGBA(); max(r, g, b)-min(r, g, b) > 0x4000 {
				coloured++
			}
		}
	}
	if coloured < 40 {
		t.Errorf("%d points in colour: there is nothing to see", coloured)
	}
}

// The same results give identical files.
func TestFiguresAreTheSameEachTime(t *testing.T) {
	_, first := drawn(t, fixture, svg)
	_, second := drawn(t, fixture, svg)
	for name, data := range first {
		if !bytes.Equal(data, second[name]) {
			t.Errorf("%s differs from one time to the next", name)
		}
	}
}

// copyFixture copies the fixture without some of its files and without the runs of detail.csv
// selected by drop.
func copyFixture(t *testing.T, without string, drop func(line string) bool) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(fixture)); err != nil {
		t.Fatal(err)
	}
	if without != "" {
		found, err := filepath.Glob(filepath.Join(dir, without))
		if err != nil || len(found) == 0 {
			t.Fatalf("no file %s: %v", without, err)
		}
		for _, name := range found {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	name := filepath.Join(dir, detailFile)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.DeleteFunc(strings.SplitAfter(string(text), "\n"), func(l string) bool { return drop != nil && drop(l) })
	if err := os.WriteFile(name, []byte(strings.Join(lines, "")), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFiguresWithoutDataAreLeftOut(t *testing.T) {
	has := func(parts ...string) func(string) bool {
		return func(l string) bool {
			return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(l, p) })
		}
	}
	tests := []struct {
		name    string
		without string
		drop    func(string) bool
		figure  string // left out
		why     string
	}{
		{"no scenarios", "", has(",blocking_"), "fig1_tick_p50_vs_detector_latency", "blocking_*"},
		{"one is too few", "", has(",fps_1000,", ",fps_2000,"), "fig5_throughput_ceiling", "at least two scenarios fps_*"},
		{"no time series", "*/run?/load_shed_2_timeseries.csv", nil, "fig2_load_shedding", "load_shed_2_timeseries.csv"},
		{"no distributions", "*/run?/*.hgrm", nil, "fig4_tick_cdf", "_tick.hgrm"},
		{"nothing lost", "", has("blocking_50", "overload_", "fps_"), "fig12_loss", "no scenario lost a frame"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			said, files := drawn(t, copyFixture(t, tt.without, tt.drop), titled)
			line := ""
			for l := range strings.Lines(said) {
				if strings.HasPrefix(l, "left out "+tt.figure+": ") {
					line = l
				}
			}
			if !strings.Contains(line, tt.why) {
				t.Errorf("the reason %q is missing:\n%s", tt.why, said)
			}
			if _, ok := files[tt.figure+".svg"]; ok {
				t.Error("it was drawn all the same")
			}
			if len(files) < len(figures)-3 {
				t.Errorf("only %d files are left:\n%s", len(files), said)
			}
		})
	}
}

// Figures can be drawn from a single run in one mode.
func TestFiguresOfOneRun(t *testing.T) {
	said, files := drawn(t, copyFixture(t, "", func(l string) bool {
		return strings.HasPrefix(l, "inline,") || strings.HasPrefix(l, "worker,2,") || strings.HasPrefix(l, "worker,3,")
	}), svg)
	if len(files) != len(figures) {
		t.Errorf("%d files:\n%s", len(files), said)
	}
	if text := string(files["fig1_tick_p50_vs_detector_latency.svg"]); !strings.Contains(text, "One run of each.") || strings.Contains(text, "inline") {
		t.Error("it shows what is not there")
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	write := func(name, text string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"nothing", nil, "rvo-tui bench --out-dir"},
		{"two", []string{"a", "b"}, "one directory"},
		{"not there", []string{filepath.Join(t.TempDir(), "none")}, "run \"rvo-tui bench --all"},
		{"no runs", []string{write(detailFile, "mode,run_id,scenario,duration_secs\n")}, "no runs"},
		{"other columns", []string{write(detailFile, "a,b\n1,2\n")}, `"mode" is missing`},
		{"no data", []string{write(detailFile, "mode,run_id,scenario,duration_secs\nworker,1,other,2\n")}, "no data for any figure"},
		{"unknown flag", []string{"-x"}, "not defined"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := run(tt.args, io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
		})
	}
	var out strings.Builder
	if err := run([]string{"-h"}, &out); err != nil || !strings.Contains(out.String(), "usage:") {
		t.Errorf("help: %v, %q", err, out.String())
	}
}

// Names in the table cannot lead to files outside of the directory.
func TestNamesStayInside(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(filepath.Dir(dir), "secret_2_timeseries.csv")
	if err := os.WriteFile(outside, []byte("elapsed_ms\n1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(outside)
	r := &results{dir: dir, runs: []measured{{id: "1/../../..", scenario: "secret", mode: worker, secs: "2"}}}
	if got, err := r.series("secret", worker); err == nil {
		t.Errorf("it read %v", got)
	}
}

// Whatever a table contains, figures are drawn or left out.
func FuzzFigures(f *testing.F) {
	text, err := os.ReadFile(filepath.Join(fixture, detailFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text[:4000]))
	f.Add("mode,run_id,scenario,duration_secs,detector_sleep_ms,tick_p50_ns\nworker,1,blocking_1ms,2,0,0\ninline,1,blocking_3ms,2,-1,1e18\n")
	f.Add("mode,run_id,scenario,duration_secs,actual_camera_fps,frame_loss_rate,tick_p99_ns\nworker,1,fps_1,2,1e-300,-5,1e-300\nworker,1,fps_2,2,1e18,1e18,1\n")
	f.Fuzz(func(t *testing.T, text string) {
		tab, err := readTable(strings.NewReader(text))
		if err != nil {
			return
		}
		r, err := newResults(t.TempDir(), tab)
		if err != nil {
			return
		}
		for _, fig := range figures {
			p, err := fig.make(r)
			if err != nil || p.prune() == 0 {
				continue
			}
			if err := drawSVG(p, io.Discard); err != nil {
				t.Errorf("%s: %v", fig.name, err)
			}
		}
	})
}

// Whatever the values are, figures are drawn or left out.
func FuzzValues(f *testing.F) {
	text, err := os.ReadFile(filepath.Join(fixture, detailFile))
	if err != nil {
		f.Fatal(err)
	}
	whole, err := readTable(bytes.NewReader(text))
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range [][3]float64{{1, 2, 3}, {0, 0, 0}, {-1, 0, 1}, {1e-300, 1, 1e18}, {1e18, -1e18, 1e17}, {1e9, 1e9, 1e9}, {5e-7, 1e-6, 9e-6}} {
		f.Add(v[0], v[1], v[2])
	}
	f.Fuzz(func(t *testing.T, a, b, c float64) {
		for _, v := range []float64{a, b, c} {
			if !(math.Abs(v) <= most) {
				return // readTable's to refuse
			}
		}
		r, err := newResults(fixture, whole)
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for _, m := range r.runs {
			for _, name := range slices.Sorted(maps.Keys(m.values)) {
				m.values[name] = [...]float64{a, b, c}[i%3]
				i++
			}
			i++
		}
		for _, fig := range figures {
			p, err := fig.make(r)
			if err != nil || p.prune() == 0 {
				continue
			}
			var out bytes.Buffer
			if err := drawSVG(p, &out); err != nil {
				t.Errorf("%s: %v", fig.name, err)
			}
			if bytes.Contains(out.Bytes(), []byte("NaN")) || bytes.Contains(out.Bytes(), []byte("Inf")) {
				t.Errorf("%s: something has no place", fig.name)
			}
		}
	})
}

// A line needs two points to be visible; a mark does not.
func TestPruneWantsLinesOfTwoPoints(t *testing.T) {
	one := []point{{1, spread{1, 1, 1, 1}}}
	line, mark := look{colour: blue}, looks[0]
	p := &page{panels: []*panel{
		{x: seconds, y: durations, curves: []curve{{look: line, points: one}}},
		{x: seconds, y: durations, curves: []curve{{look: mark, points: one}, {look: line, points: one}}},
	}}
	if n := p.prune(); n != 1 || len(p.panels[0].curves) != 1 {
		t.Errorf("%d panels are left, the first with %d curves; want one with its mark", n, len(p.panels[0].curves))
	}
}
