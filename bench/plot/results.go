package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The execution modes, as in the files.
const (
	inline = "inline"
	worker = "worker"
)

var modes = []string{inline, worker}

// results is the content of a results directory.
type results struct {
	dir  string
	runs []measured
	env  environment
}

// measured is one run: the parts of its file names, and its values by column.
type measured struct {
	id, scenario, mode, secs string
	values                   map[string]float64
	noisy                    bool
}

// environment is the part of environment.json used in captions.
type environment struct {
	CPU      string `json:"cpu"`
	Cores    int    `json:"cores"`
	Revision string `json:"revision"`
	Date     string `json:"date"`
}

const detailFile = "detail.csv"

// load reads the results of a directory. Time series and distributions are read on demand.
func load(dir string) (*results, error) {
	t, err := readFrom(dir, detailFile, readTable)
	if err != nil {
		return nil, fmt.Errorf("read results: %w%s", err, advice(err, dir))
	}
	r, err := newResults(dir, t)
	if err != nil {
		return nil, fmt.Errorf("read results: %s: %w", filepath.Join(dir, detailFile), err)
	}
	// The file is optional: without it the figures do not say where they were measured.
	r.env, err = readFrom(dir, "environment.json", readEnvironment)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read results: %w", err)
	}
	return r, nil
}

// newResults returns the results in a table.
func newResults(dir string, t *table) (*results, error) {
	if err := t.want("mode", "run_id", "scenario", "duration_secs"); err != nil {
		return nil, err
	}
	r := &results{dir: dir}
	for i := range t.rows {
		m := measured{
			id: t.text(i, "run_id"), scenario: t.text(i, "scenario"), mode: t.text(i, "mode"), secs: t.text(i, "duration_secs"),
			noisy: t.text(i, "noisy") == "true", values: map[string]float64{},
		}
		for name := range t.columns {
			if v, ok := t.number(i, name); ok {
				m.values[name] = v
			}
		}
		r.runs = append(r.runs, m)
	}
	if len(r.runs) == 0 {
		return nil, errors.New("it has no runs")
	}
	return r, nil
}

// advice returns what to do if there are no results at all.
func advice(err error, dir string) string {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Sprintf("; run \"rvo-tui bench --all --out-dir %s\" first", dir)
	}
	return ""
}

func readEnvironment(in io.Reader) (e environment, err error) {
	err = json.NewDecoder(io.LimitReader(in, maxFile)).Decode(&e)
	return e, err
}

// readFrom reads a file of the directory.
func readFrom[T any](dir, name string, read func(io.Reader) (T, error)) (T, error) {
	file, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		var none T
		return none, err
	}
	defer file.Close()
	v, err := read(file)
	if err != nil {
		err = fmt.Errorf("%s: %w", filepath.Join(dir, name), err)
	}
	return v, err
}

// note describes the number of runs, the machine, and the noise.
func (r *results) note() string {
	runs, noisy := map[string]int{}, 0
	most := 0
	for _, m := range r.runs {
		runs[m.scenario+" "+m.mode]++
		most = max(most, runs[m.scenario+" "+m.mode])
		if m.noisy {
			noisy++
		}
	}
	text := "One run of each."
	if most > 1 {
		text = fmt.Sprintf("Medians of %d runs; bars from the first to the third quartile.", most)
	}
	if r.env.CPU != "" {
		text += fmt.Sprintf(" %s, %d cores.", r.env.CPU, r.env.Cores)
	}
	if day, _, ok := strings.Cut(r.env.Date, "T"); ok {
		text += " " + day + "."
	}
	if noisy > 0 {
		text += fmt.Sprintf(" NOISY: others used the machine in %d of %d runs.", noisy, len(r.runs))
	}
	return text
}

// scenarios returns the scenarios with a prefix, in file order.
func (r *results) scenarios(prefix string) []string {
	var names []string
	for _, m := range r.runs {
		if strings.HasPrefix(m.scenario, prefix) && !slices.Contains(names, m.scenario) {
			names = append(names, m.scenario)
		}
	}
	return names
}

// of returns the runs of a scenario in a mode.
func (r *results) of(scenario, mode string) (runs []measured) {
	for _, m := range r.runs {
		if m.scenario == scenario && m.mode == mode {
			runs = append(runs, m)
		}
	}
	return runs
}

// spread returns the spread of a column over all runs of a scenario in a mode; false if no run has
// it.
func (r *results) spread(scenario, mode, column string) (spread, bool) {
	var values []float64
	for _, m := range r.of(scenario, mode) {
		if v, ok := m.values[column]; ok {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return spread{}, false
	}
	return spreadOf(values), true
}

// curve returns a point for each scenario, sorted by x: its x value, and the spread of a column
// converted by unit. Scenarios that lack either are left out.
func (r *results) curve(scenarios []string, mode, column string, unit float64, x func(scenario, mode string) (float64, bool)) []point {
	var points []point
	for _, s := range scenarios {
		at, ok := x(s, mode)
		if !ok {
			continue
		}
		if v, ok := r.spread(s, mode, column); ok {
			points = append(points, point{at, v.scaled(unit)})
		}
	}
	slices.SortFunc(points, func(a, b point) int {
		if a.x < b.x {
			return -1
		}
		return 1
	})
	return points
}

// column returns a function that gives the median of a column as an x value.
func (r *results) column(name string) func(scenario, mode string) (float64, bool) {
	return func(scenario, mode string) (float64, bool) {
		v, ok := r.spread(scenario, mode, name)
		return v.mid, ok
	}
}

// file returns the path of a run's file with this ending, relative to the directory.
func (m measured) file(ending string) string {
	return filepath.Join(m.mode, "run"+m.id, m.scenario+"_"+m.secs+ending)
}

// series returns the time series of every run of a scenario in a mode.
func (r *results) series(scenario, mode string) ([]*table, error) {
	return all(r, scenario, mode, "_timeseries.csv", readTable)
}

// tails returns the distribution of every run of a scenario in a mode.
func (r *results) tails(scenario, mode, of string) ([][]tail, error) {
	return all(r, scenario, mode, "_"+of+".hgrm", readDistribution)
}

func all[T any](r *results, scenario, mode, ending string, read func(io.Reader) (T, error)) (list []T, err error) {
	runs := r.of(scenario, mode)
	if len(runs) == 0 {
		return nil, fmt.Errorf("there is no run of %s in mode %s", scenario, mode)
	}
	for _, m := range runs {
		// A scenario's name becomes part of a path, which must not leave the directory.
		if name := m.file(ending); filepath.IsLocal(name) {
			v, err := readFrom(r.dir, name, read)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no run of %s in mode %s has a valid file name", scenario, mode)
	}
	return list, nil
}
