package engine

import (
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/rules"
)

func TestStandingOfDetectors(t *testing.T) {
	at := time.Unix(1000, 0)
	spec := detectors.Spec{MaxFPS: 10, Timeout: 2 * time.Second, Needs: []string{"motion > 1"}}
	for _, tt := range []struct {
		view DetectorView
		want Words
	}{
		{DetectorView{State: DetectorDisabled}, Words{Tone: Dim, Text: "disabled"}},
		{DetectorView{State: DetectorStarting, Reason: "model"}, Words{Tone: Info, Text: "starting: model"}},
		{DetectorView{State: DetectorStuck}, Words{Tone: Bad, Text: "stuck past 2.0s"}},
		{DetectorView{State: DetectorFailed, Until: 11500 * time.Millisecond, Reason: "refused"}, Words{Tone: Bad, Text: "failed (retry 12s): refused"}},
		{DetectorView{State: DetectorBackoff, Until: 317 * time.Millisecond}, Words{Tone: Warn, Text: "backoff 320ms"}},
		{DetectorView{State: DetectorWaiting, Runs: 1, LastRun: at.Add(-time.Second / 2), Age: 1}, Words{Tone: Good, Text: "running"}},
		{DetectorView{State: DetectorRunning, Runs: 1, LastRun: at.Add(-time.Second / 2)}, Words{Tone: Warn, Text: "no answer yet"}},
		{DetectorView{State: DetectorWaiting, Runs: 1, LastRun: at, Error: "refused"}, Words{Tone: Warn, Text: "error: refused"}},
		{DetectorView{State: DetectorWaiting, Runs: 1, LastRun: at.Add(-time.Minute), Reason: GateNeeds.String()}, Words{Tone: Info, Text: "needs motion > 1"}},
		{DetectorView{State: DetectorWaiting, Reason: GateNoFrame.String()}, Words{Tone: Dim, Text: "no frame"}},
		{DetectorView{State: DetectorWaiting, Reason: GateSlot.String()}, Words{Tone: Warn, Text: "waiting for a slot"}},
		{DetectorView{State: DetectorWaiting}, Words{Tone: Good, Text: "waiting"}},
		{DetectorView{State: DetectorWaiting, Reason: "rate"}, Words{Tone: Info, Text: "waiting: rate"}},
	} {
		tt.view.Spec = spec
		if got := tt.view.Standing(at); got != tt.want {
			t.Errorf("%s %q: %+v, want %+v", tt.view.State, tt.view.Reason, got, tt.want)
		}
	}
	slow := DetectorView{Spec: spec, State: DetectorRunning, Runs: 1, LastRun: at.Add(-time.Second / 2), Age: 1}
	slow.Timeout = time.Second / 2
	if got := slow.Standing(at); got != (Words{Tone: Warn, Text: "running, slow"}) {
		t.Errorf("a slow one: %+v", got)
	}
}

func TestWordsOfRules(t *testing.T) {
	clauses := []rules.Clause{{Text: "a > 1", Truth: rules.Unknown, Why: detectors.Stale}, {Text: "b > 1", Truth: rules.False}}
	for _, tt := range []struct {
		status rules.Status
		hours  *HoursView
		clock  Words
		lacks  string
	}{
		{rules.Status{State: rules.Idle}, nil, Words{Dim, "for 2.0s", 0}, "its condition has to become true for 2.0s; unknown: a > 1 (" + detectors.Stale.String() + "); false: b > 1"},
		{rules.Status{State: rules.Potential, Progress: 0.5}, nil, Words{Warn, "1.0s of 2.0s", 0.5}, "its condition has to stay true for another 1.0s"},
		{rules.Status{State: rules.Confirmed}, nil, Words{Good, "true", 1}, "its condition has to become false first: it has fired"},
		{rules.Status{State: rules.Cooldown, Remaining: 12 * time.Second}, nil, Words{Info, "cooldown 12s", 1}, "its cooldown has to end, in 12s"},
		{rules.Status{State: rules.Disabled}, nil, Words{Dim, "-", 0}, "it is disabled"},
		{rules.Status{State: rules.Inactive}, nil, Words{Dim, "inactive", 0}, "it is not active"},
		{rules.Status{State: rules.Inactive}, &HoursView{Active: []string{"Mo 08:00-09:00"}, TimeZone: "UTC"}, Words{Dim, "inactive", 0}, "it is active at other hours: Mo 08:00-09:00 (UTC)"},
		{rules.Status{State: rules.Inactive}, &HoursView{Active: []string{"Mo 08:00-09:00"}, Override: Disarmed}, Words{Dim, "inactive", 0}, "it is disarmed until its hours next begin or end: Mo 08:00-09:00"},
	} {
		r := RuleView{Status: tt.status, For: 2 * time.Second, Hours: tt.hours, Clause: clauses}
		if clock, lacks := r.Clock(), r.Lacks(); clock != tt.clock || lacks != tt.lacks {
			t.Errorf("%s: %+v, %q; want %+v, %q", tt.status.State, clock, lacks, tt.clock, tt.lacks)
		}
	}
	at := RuleView{}
	if got := at.Clock(); got.Text != "immediate" {
		t.Errorf("a rule without for: %+v", got)
	}
}
