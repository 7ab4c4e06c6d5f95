// Package compare compares two sets of results of the load harness by their medians and the spread
// between runs.
package compare

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// compared are the columns that Sets compares if both sets have them, with the format of their
// values.
var compared = []struct {
	name string
	text func(float64) string
}{
	{"tick_p50_ns", Nanos},
	{overBaseline, plainText},
	{overCheap, plainText},
	{"tick_p99_ns", Nanos},
	{"tick_p999_ns", Nanos},
	{"exec_p50_ns", Nanos},
	{"exec_p99_ns", Nanos},
	{"effective_fps", plainText},
	{"frame_loss_rate", plainText},
	{"age_p50_ns", Nanos},
	{"age_p99_ns", Nanos},
	{"age_scheduled_p99_ns", Nanos},
	{"signal_age_p50_ns", Nanos},
	{"signal_age_p99_ns", Nanos},
	{"event_age_p50_ns", Nanos},
	{"cpu_cores", plainText},
}

// Derived measures: the median tick of a run divided by that of all runs without a detector, and
// with a detector that takes no time, of the same set and mode.
const (
	overBaseline = "tick_p50/baseline"
	overCheap    = "tick_p50/inproc_low"
)

// Nanos formats a number of nanoseconds with about three digits.
func Nanos(v float64) string { return Short(time.Duration(v)).String() }

// Short rounds a duration to about three digits.
func Short(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

func plainText(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

// The table files of a set of results.
const (
	DetailFile  = "detail.csv"
	SummaryFile = "summary.csv"
)

// minRuns is the minimum number of runs to judge the spread by.
const minRuns = 3

// results is a parsed table of results: values by scenario, mode and column.
type results struct {
	keys   []resultKey // in file order
	values map[resultKey]map[string][]float64
	runs   int
	noisy  int // number of noisy runs
}

type resultKey struct{ mode, scenario string }

// matches reports whether two keys have the same scenario and mode. A table without modes, such as a
// summary with rvo's columns, matches every mode of the other.
func (k resultKey) matches(other resultKey) bool {
	return k.scenario == other.scenario && (k.mode == other.mode || k.mode == "" || other.mode == "")
}

// Sets returns a text table that compares the results at b with those at a, which are directories
// of the load harness or CSV files in them. For each common scenario and mode it has the medians
// over the runs, the median distances from them, the ratio, and whether the difference is larger
// than that between runs of the same set.
func Sets(a, b string) ([]byte, error) {
	left, err := readResults(a)
	if err != nil {
		return nil, err
	}
	right, err := readResults(b)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "scenario\tmode\tmeasure\truns\tA\t±\tB\t±\tB/A\tverdict")
	common := 0
	for _, key := range left.keys {
		for _, other := range right.keys {
			if !key.matches(other) {
				continue
			}
			common++
			compareRows(w, cmp.Or(key.mode, other.mode), key.scenario, left.values[key], right.values[other])
		}
	}
	if err := w.Flush(); err != nil {
		return nil, fmt.Errorf("write comparison: %w", err)
	}
	for _, set := range []struct {
		name string
		*results
	}{{"A", left}, {"B", right}} {
		if set.noisy > 0 {
			fmt.Fprintf(&out, "%d of %d runs of %s are noisy: other processes used the machine\n", set.noisy, set.runs, set.name)
		}
	}
	if common == 0 {
		return nil, fmt.Errorf("compare %q with %q: they have no scenario in common", a, b)
	}
	return out.Bytes(), nil
}

// compareRows writes a row for each measure that both sets have of a scenario.
func compareRows(w io.Writer, mode, scenario string, a, b map[string][]float64) {
	for _, c := range compared {
		va, vb := a[c.name], b[c.name]
		if len(va) == 0 || len(vb) == 0 {
			continue
		}
		sa, sb := SpreadOf(va), SpreadOf(vb)
		if sa.Largest == 0 && sb.Largest == 0 {
			continue // no values to compare
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d/%d\t%s\t%s\t%s\t%s\t%s\t%s\n", scenario, mode, c.name, sa.N, sb.N,
			c.text(sa.Median), c.text(sa.MAD), c.text(sb.Median), c.text(sb.MAD), Ratio(sa.Median, sb.Median), verdict(sa, sb))
	}
}

// Ratio formats b/a; a dash if that is not a finite number.
func Ratio(a, b float64) string {
	if !(a > 0) {
		return "–"
	}
	return strconv.FormatFloat(b/a, 'f', 2, 64)
}

// verdict judges a difference. It is "inside the spread" if the medians are no further apart than
// the furthest run of either set is from its own median.
func verdict(a, b Spread) string {
	switch {
	case min(a.N, b.N) < minRuns:
		return fmt.Sprintf("fewer than %d runs", minRuns)
	case math.Abs(b.Median-a.Median) <= max(a.Reach(), b.Reach()):
		return "inside the spread"
	case b.Median > a.Median:
		return "higher"
	}
	return "lower"
}

// readResults reads a directory of results, or one CSV file of it.
func readResults(path string) (*results, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read results: %w", err)
	}
	if info.IsDir() {
		dir := path
		path = filepath.Join(dir, DetailFile)
		if !exists(path) {
			path = filepath.Join(dir, SummaryFile)
		}
		if !exists(path) {
			return nil, fmt.Errorf("read results: %q has no %s: name a directory written by bench", dir, DetailFile)
		}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read results: %w", err)
	}
	defer func() { _ = file.Close() }() // opened for reading only
	res, err := parseResults(file)
	if err != nil {
		return nil, fmt.Errorf("read results %q: %w", path, err)
	}
	return res, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// parseResults parses a table that has a column scenario and, if it has several modes, a column mode.
// It ignores columns that are not compared.
func parseResults(in io.Reader) (*results, error) {
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%w: name a directory written by bench, or its detail.csv or summary.csv", err)
	}
	if len(rows) == 0 {
		return nil, errors.New("it is empty")
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	scenario, ok := at["scenario"]
	if !ok {
		return nil, errors.New(`it has no column "scenario": name a directory written by bench, or its detail.csv or summary.csv`)
	}
	res := &results{values: map[resultKey]map[string][]float64{}}
	for n, row := range rows[1:] {
		key := resultKey{scenario: row[scenario]}
		if i, ok := at["mode"]; ok {
			key.mode = row[i]
		}
		res.runs++
		if i, ok := at["noisy"]; ok && row[i] == "true" {
			res.noisy++
		}
		if res.values[key] == nil {
			res.values[key] = map[string][]float64{}
			res.keys = append(res.keys, key)
		}
		for _, c := range compared {
			i, ok := at[c.name]
			if !ok {
				continue
			}
			v, err := strconv.ParseFloat(row[i], 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("row %d: %s: %q is not a number", n+2, c.name, row[i])
			}
			res.values[key][c.name] = append(res.values[key][c.name], v)
		}
	}
	res.keys = slices.Clip(res.keys)
	for name, of := range map[string]string{overBaseline: "baseline", overCheap: "inproc_low"} {
		res.relate(name, of)
	}
	return res, nil
}

// relate adds a derived measure: the ticks divided by those of another scenario.
func (r *results) relate(name, to string) {
	for _, key := range r.keys {
		base := median(r.values[resultKey{key.mode, to}]["tick_p50_ns"])
		if !(base > 0) || key.scenario == to {
			continue
		}
		for _, v := range r.values[key]["tick_p50_ns"] {
			r.values[key][name] = append(r.values[key][name], v/base)
		}
	}
}
