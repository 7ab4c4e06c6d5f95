package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"rvo-tui/bench/compare"
	"rvo-tui/bench/workload"
)

// Report has all results of a call of Run.
type Report struct {
	Options     Options
	Environment Environment
	Results     []*Result // in the order of the runs
	Failures    []string  // runs that failed, and why
}

// The files of a report, all in Options.Dir:
//
//	environment.json            the machine, and its load by others during each run
//	detail.csv                  a row for each run: mode, rvo's columns, further columns
//	frames.csv, detectors.csv   what happened to every frame, for whole runs
//	summary.md                  medians and spread, to read
//	MODE/summary.csv            rvo's summary of one mode
//	MODE/runN/NAME_SECS_timeseries.csv, .hlog, _KIND.hgrm
//
// Each file is written to a temporary file and renamed, so it is never incomplete.
const (
	environmentFile = "environment.json"
	framesFile      = "frames.csv"
	detectorsFile   = "detectors.csv"
	markdownFile    = "summary.md"
)

// directory is the directory of a report.
type directory struct{ path string }

// openDir creates the directory, which must be new or empty unless force is set. With force, files of
// an earlier report are overwritten one by one.
func openDir(path string, force bool) (*directory, error) {
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(path, 0o755); err != nil {
			return nil, fmt.Errorf("make directory for results: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("open directory for results: %w", err)
	case len(entries) > 0 && !force:
		return nil, fmt.Errorf("the directory %q is not empty: name another one with --out-dir, or overwrite with --force", path)
	}
	return &directory{path}, nil
}

// write writes the tables of all results so far, and the files of the newest result unless it is nil.
func (d *directory) write(rep *Report, newest *Result) error {
	if newest != nil {
		if err := d.runFiles(newest); err != nil {
			return err
		}
	}
	for _, f := range []struct {
		name string
		make func() ([]byte, error)
	}{
		{environmentFile, rep.environment},
		{compare.DetailFile, func() ([]byte, error) { return table(detailColumns(), rep.Results) }},
		{framesFile, func() ([]byte, error) { return cameraTable(rep.Results) }},
		{detectorsFile, func() ([]byte, error) { return detectorTable(rep.Results) }},
	} {
		if err := d.put(f.name, f.make); err != nil {
			return err
		}
	}
	for _, mode := range rep.Options.Modes {
		var results []*Result
		for _, r := range rep.Results {
			if r.Mode == mode {
				results = append(results, r)
			}
		}
		text := func() ([]byte, error) { return table(summaryColumns(), results) }
		if err := d.put(filepath.Join(string(mode), compare.SummaryFile), text); err != nil {
			return err
		}
	}
	return nil
}

// runFiles writes the time series and the histograms of one run.
func (d *directory) runFiles(r *Result) error {
	stem := filepath.Join(string(r.Mode), "run"+strconv.Itoa(r.Run), r.Scenario.Name+"_"+number(r.Duration.Seconds()))
	if err := d.put(stem+"_timeseries.csv", ready(r.series.rows.Bytes())); err != nil {
		return err
	}
	if err := d.put(stem+".hlog", ready(r.series.hlog.Bytes())); err != nil {
		return err
	}
	for _, dist := range r.logged() {
		if dist.count() == 0 {
			continue
		}
		if err := d.put(stem+"_"+dist.name+".hgrm", dist.percentiles); err != nil {
			return err
		}
	}
	// They are on disk now; free the memory.
	r.series = nil
	return nil
}

// finish writes the summary.
func (d *directory) finish(rep *Report) error { return d.put(markdownFile, ready(rep.Markdown())) }

// ready wraps finished text for put.
func ready(text []byte) func() ([]byte, error) {
	return func() ([]byte, error) { return text, nil }
}

// put writes a file atomically.
func (d *directory) put(name string, contents func() ([]byte, error)) error {
	text, err := contents()
	if err != nil {
		return err
	}
	path := filepath.Join(d.path, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make directory for results: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".writing-*")
	if err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	_, err = tmp.Write(text)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // remove the incomplete file
		return fmt.Errorf("write results: %w", err)
	}
	return nil
}

// environment returns environment.json.
func (r *Report) environment() ([]byte, error) {
	type run struct {
		Run      int           `json:"run"`
		Scenario string        `json:"scenario"`
		Mode     workload.Mode `json:"mode"`
		Started  string        `json:"started"`
		Noisy    bool          `json:"noisy"`
		Load     Load          `json:"load"`
	}
	out := struct {
		Environment
		Results  []run    `json:"results"`
		Failures []string `json:"failures"`
	}{Environment: r.Environment, Results: []run{}, Failures: r.Failures}
	for _, res := range r.Results {
		out.Results = append(out.Results, run{
			res.Run, res.Scenario.Name, res.Mode, res.Started.UTC().Format("2006-01-02T15:04:05.000Z"), res.Load.Noisy(), res.Load,
		})
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write environment: %w", err)
	}
	return append(text, '\n'), nil
}
