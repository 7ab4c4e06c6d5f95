package bench

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"strconv"

	"rvo-tui/runtime/engine"
)

// column is one column of a table of results.
type column struct {
	name  string
	value func(*Result) string
}

// SummaryHeader is the header of rvo's summary file.
const SummaryHeader = "run_id,scenario,detector_sleep_ms,input_fps,actual_camera_fps,duration_secs," +
	"tick_p50_ns,tick_p99_ns,tick_p999_ns,tick_count,exec_p50_ns,exec_p99_ns,exec_p999_ns," +
	"total_ticks,total_execs,total_skips,total_events,total_frame_drops,effective_fps,frame_loss_rate"

func whole(n uint64) string              { return strconv.FormatUint(n, 10) }
func two(v float64) string               { return strconv.FormatFloat(v, 'f', 2, 64) }
func precise(v float64) string           { return strconv.FormatFloat(math.Round(v*1e6)/1e6, 'g', -1, 64) }
func number(v float64) string            { return strconv.FormatFloat(v, 'g', -1, 64) }
func flag(b bool) string                 { return strconv.FormatBool(b) }
func quantile(d *Dist, q float64) string { return strconv.FormatInt(int64(d.at(q)), 10) }

// quantiles returns columns with quantiles of a distribution, in nanoseconds.
func quantiles(prefix string, of func(*Result) *Dist, qs ...float64) []column {
	var list []column
	for _, q := range qs {
		name := map[float64]string{0.5: "p50", 0.99: "p99", 0.999: "p999"}[q]
		list = append(list, column{prefix + "_" + name + "_ns", func(r *Result) string { return quantile(of(r), q) }})
	}
	return list
}

// summaryColumns are the columns of rvo's summary. Unlike rvo, which derives the numbers of frames,
// the harness counts them; see docs/harness.md.
func summaryColumns() []column {
	tick := func(r *Result) *Dist { return r.Tick }
	exec := func(r *Result) *Dist { return r.Exec }
	list := []column{
		{"run_id", func(r *Result) string { return strconv.Itoa(r.Run) }},
		{"scenario", func(r *Result) string { return r.Scenario.Name }},
		{"detector_sleep_ms", func(r *Result) string { return number(r.Scenario.Sleep.Seconds() * 1000) }},
		{"input_fps", func(r *Result) string { return two(r.Scenario.FPS) }},
		{"actual_camera_fps", func(r *Result) string { return two(r.perSecond(r.Sent) / float64(max(r.Cameras, 1))) }},
		{"duration_secs", func(r *Result) string { return number(r.Duration.Seconds()) }},
	}
	list = append(list, quantiles("tick", tick, 0.5, 0.99, 0.999)...)
	list = append(list, column{"tick_count", func(r *Result) string { return whole(r.Tick.count()) }})
	list = append(list, quantiles("exec", exec, 0.5, 0.99, 0.999)...)
	return append(list,
		column{"total_ticks", func(r *Result) string { return whole(r.Ticks) }},
		column{"total_execs", func(r *Result) string { return whole(r.Execs) }},
		column{"total_skips", func(r *Result) string { return whole(r.Skips) }},
		column{"total_events", func(r *Result) string { return whole(r.Events) }},
		column{"total_frame_drops", func(r *Result) string { return whole(r.Lost()) }},
		column{"effective_fps", func(r *Result) string { return two(r.perSecond(r.Seen)) }},
		column{"frame_loss_rate", func(r *Result) string { return two(r.perSecond(r.Lost())) }},
	)
}

// detailColumns are the mode, rvo's columns, and further measures.
func detailColumns() []column {
	list := append([]column{{"mode", func(r *Result) string { return string(r.Mode) }}}, summaryColumns()...)
	list = append(list,
		column{"cameras", func(r *Result) string { return strconv.Itoa(r.Cameras) }},
		column{"detectors", func(r *Result) string { return strconv.Itoa(r.Detectors) }},
		column{"frames_sent", func(r *Result) string { return whole(r.Sent) }},
		column{"frames_seen", func(r *Result) string { return whole(r.Seen) }},
		column{"frames_superseded", func(r *Result) string { return whole(r.Superseded) }},
		column{"frames_pool_dropped", func(r *Result) string { return whole(r.PoolDropped) }},
		column{"lost_share", func(r *Result) string { return precise(r.share(r.Lost())) }},
		column{"rvo_effective_fps", func(r *Result) string { return two(r.perSecond(r.Ticks)) }},
		column{"rvo_frame_loss_rate", func(r *Result) string { return two(max(0, r.perSecond(r.Sent)-r.perSecond(r.Ticks))) }},
		column{"tick_max_ns", func(r *Result) string { return strconv.FormatInt(int64(r.Tick.max()), 10) }},
	)
	late := func(q float64) func(*Result) string {
		return func(r *Result) string { return strconv.FormatInt(r.Late.ValueAtQuantile(q), 10) }
	}
	list = append(list, column{"camera_late_p50_ns", late(50)}, column{"camera_late_p99_ns", late(99)}, column{"camera_late_max_ns", late(100)},
		column{"camera_overdue", func(r *Result) string { return whole(r.Overdue) }})
	for _, d := range []struct {
		name string
		of   func(*Result) *Dist
	}{
		{"age", func(r *Result) *Dist { return r.Age }},
		{"age_scheduled", func(r *Result) *Dist { return r.DueAge }},
		{"signal_age", func(r *Result) *Dist { return r.SignalAge }},
		{"signal_age_scheduled", func(r *Result) *Dist { return r.DueSignalAge }},
		{"event_age", func(r *Result) *Dist { return r.EventAge }},
		{"event_age_scheduled", func(r *Result) *Dist { return r.EventDueAge }},
	} {
		list = append(list, quantiles(d.name, d.of, 0.5, 0.99, 0.999)...)
	}
	for s := range engine.StageCount {
		list = append(list, quantiles("stage_"+s.String(), func(r *Result) *Dist { return r.Stages[s] }, 0.5, 0.99)...)
	}
	for s := range engine.StageCount {
		list = append(list, quantiles("event_"+s.String(), func(r *Result) *Dist { return r.EventAgeParts[s] }, 0.5, 0.99)...)
	}
	return append(list,
		column{"errors", func(r *Result) string { return whole(r.Failures) }},
		column{"backoffs", func(r *Result) string { return whole(r.Backoffs) }},
		column{"timeouts", func(r *Result) string { return whole(r.Timeouts) }},
		column{"cpu_secs", func(r *Result) string { return precise(r.Load.CPU * r.Duration.Seconds()) }},
		column{"cpu_cores", func(r *Result) string { return precise(r.Load.CPU) }},
		column{"rss_bytes", func(r *Result) string { return whole(r.Load.RSS) }},
		column{"load_average", func(r *Result) string { return number(r.Load.Average) }},
		column{"steal_share", func(r *Result) string { return precise(r.Load.Steal) }},
		column{"foreign_share", func(r *Result) string { return precise(r.Load.Foreign) }},
		column{"noisy", func(r *Result) string { return flag(r.Load.Noisy()) }},
	)
}

// table formats results as CSV.
func table(columns []column, results []*Result) ([]byte, error) {
	rows := make([][]string, 1, len(results)+1)
	for _, c := range columns {
		rows[0] = append(rows[0], c.name)
	}
	for _, r := range results {
		row := make([]string, len(columns))
		for i, c := range columns {
			row[i] = c.value(r)
		}
		rows = append(rows, row)
	}
	return encodeCSV(rows)
}

// cameraTable returns the account of every camera as CSV, and detectorTable that of every detector.
// Both cover whole runs, including warm-up.
func cameraTable(results []*Result) ([]byte, error) {
	rows := [][]string{{"run_id", "scenario", "mode", "camera", "sent", "seen", "superseded", "pool_dropped", "lag_dropped", "rate_dropped", "corrupt_dropped"}}
	for _, r := range results {
		for i := range r.Accounts {
			a := &r.Accounts[i]
			row := []string{strconv.Itoa(r.Run), r.Scenario.Name, string(r.Mode), a.Camera}
			for _, n := range []uint64{a.Sent, a.Seen, a.Superseded, a.Pool, a.Lag, a.Rate, a.Corrupt} {
				row = append(row, whole(n))
			}
			rows = append(rows, row)
		}
	}
	return encodeCSV(rows)
}

func detectorTable(results []*Result) ([]byte, error) {
	header := []string{"run_id", "scenario", "mode", "camera", "detector", "seen", "run"}
	for g := engine.GateOpen + 1; g < engine.GateCount; g++ {
		header = append(header, g.String())
	}
	rows := [][]string{append(header, "pending")}
	for _, r := range results {
		for i := range r.Accounts {
			for j := range r.Accounts[i].Detectors {
				d := &r.Accounts[i].Detectors[j]
				row := []string{strconv.Itoa(r.Run), r.Scenario.Name, string(r.Mode), r.Accounts[i].Camera, d.Detector, whole(d.Seen), whole(d.Runs)}
				for g := engine.GateOpen + 1; g < engine.GateCount; g++ {
					row = append(row, whole(d.Skips[g]))
				}
				rows = append(rows, append(row, whole(d.Pending)))
			}
		}
	}
	return encodeCSV(rows)
}

func encodeCSV(rows [][]string) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write table: %w", err)
	}
	return out.Bytes(), nil
}
