package rules

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"rvo-tui/detectors"
)

const ms = time.Millisecond

// table returns a table whose signals were captured at 0 and are fresh for a second.
func table(t testing.TB, values map[string]float64) *detectors.Table {
	t.Helper()
	tab := detectors.NewTable()
	for name, v := range values {
		set(t, tab, name, v, 0, time.Second)
	}
	return tab
}

func set(t testing.TB, tab *detectors.Table, name string, v float64, captured, ttl time.Duration) {
	t.Helper()
	id, err := tab.Intern(name)
	if err != nil {
		t.Fatal(err)
	}
	tab.Set(id, v, nil, &detectors.Trace{Frame: uint64(captured/ms) + 1, Captured: captured}, ttl)
}

func forget(t testing.TB, tab *detectors.Table, name string, why detectors.Why) {
	t.Helper()
	id, err := tab.Intern(name)
	if err != nil {
		t.Fatal(err)
	}
	tab.Forget(id, why)
}

func compile(t testing.TB, src string, tab *detectors.Table) *Condition {
	t.Helper()
	c, err := mustParse(t, src).Compile(tab)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEval(t *testing.T) {
	tab := table(t, map[string]float64{"zero": 0, "one": 1, "two": 2, "minus": -1})
	tests := []struct {
		src  string
		want Truth
	}{
		{"one < 1", False},
		{"one < 1.5", True},
		{"one <= 1", True},
		{"one <= 0.5", False},
		{"one == 1", True},
		{"one == 2", False},
		{"one != 1", False},
		{"one != 2", True},
		{"one >= 1", True},
		{"one >= 1.5", False},
		{"one > 1", False},
		{"one > 0.5", True},
		{"2 > one", True},
		{"minus < -0.5", True},
		{"one < two", True},
		{"one <= zero", False},
		{"one == one", True},
		{"one != two", True},
		{"one >= two", False},
		{"two > one", True},
		{"one", True},
		{"zero", False},
		{"minus", True},
		{"gone", Unknown},
		{"gone > 1", Unknown},
		{"gone < one", Unknown},
		{"one < gone", Unknown},
		{"gone == gone", Unknown},
		{"!one", False},
		{"!zero", True},
		{"!gone", Unknown},
		{"!!gone", Unknown},
		{"zero || one && two", True},
		{"(one || zero) && zero", False},
	}
	for _, tt := range tests {
		if got := compile(t, tt.src, tab).Eval(0); got != tt.want {
			t.Errorf("%s is %v, want %v", tt.src, got, tt.want)
		}
	}
}

func TestThreeValues(t *testing.T) {
	tab := table(t, map[string]float64{"f": 0, "t": 1})
	names := map[string]Truth{"f": False, "t": True, "u": Unknown}
	and := map[string]Truth{"ff": False, "ft": False, "fu": False, "tt": True, "tu": Unknown, "uu": Unknown}
	or := map[string]Truth{"ff": False, "ft": True, "fu": Unknown, "tt": True, "tu": True, "uu": Unknown}
	for a := range names {
		for b := range names {
			key := min(a, b) + max(a, b)
			// A neutral third item tests the same case with a longer list.
			for src, want := range map[string]Truth{
				a + " && " + b: and[key], a + " && t && " + b: and[key],
				a + " || " + b: or[key], a + " || f || " + b: or[key],
			} {
				if got := compile(t, src, tab).Eval(0); got != want {
					t.Errorf("%s is %v, want %v", src, got, want)
				}
			}
		}
	}
}

func TestFreshness(t *testing.T) {
	tab := detectors.NewTable()
	c := compile(t, "a > 0 || b > 5", tab)
	if got := c.Expires(0); got != Never {
		t.Errorf("expires at %v with nothing known", got)
	}
	if got := c.Newest(); got != (detectors.Trace{}) {
		t.Errorf("newest is %v with nothing known", got)
	}
	set(t, tab, "a", 1, 100*ms, 300*ms)
	set(t, tab, "b", 1, 200*ms, 500*ms)
	set(t, tab, "other", 1, 300*ms, 50*ms)
	tests := []struct {
		now, expires time.Duration
		truth        Truth
	}{
		{300 * ms, 400 * ms, True},
		{400*ms - 1, 400 * ms, True},
		{400 * ms, 700 * ms, Unknown},
		{700*ms - 1, 700 * ms, Unknown},
		{700 * ms, Never, Unknown},
	}
	for _, tt := range tests {
		if got := c.Eval(tt.now); got != tt.truth {
			t.Errorf("at %v it is %v, want %v", tt.now, got, tt.truth)
		}
		if got := c.Expires(tt.now); got != tt.expires {
			t.Errorf("at %v it expires at %v, want %v", tt.now, got, tt.expires)
		}
	}
	if got := c.Newest().Captured; got != 200*ms {
		t.Errorf("newest was captured at %v, want 200ms", got)
	}
	forget(t, tab, "a", detectors.Errored)
	if got := c.Expires(300 * ms); got != 700*ms {
		t.Errorf("expires at %v, although a has failed; want 700ms", got)
	}
}

func TestCompileFullTable(t *testing.T) {
	tab := detectors.NewTable()
	for i := range detectors.MaxSignals {
		if _, err := tab.Intern(fmt.Sprintf("s%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := mustParse(t, "s0 && another").Compile(tab); err == nil {
		t.Error("compiled a condition whose signal has no room")
	}
}

func TestExplain(t *testing.T) {
	tab := detectors.NewTable()
	set(t, tab, "motion", 0.5, 100*ms, time.Second)
	set(t, tab, "person", 2, 200*ms, 100*ms)
	set(t, tab, "broken", math.NaN(), 200*ms, time.Second)
	set(t, tab, "failed", 3, 200*ms, time.Second)
	forget(t, tab, "failed", detectors.Errored)
	got, err := json.Marshal(compile(t, "motion > 0.02 && !(1 <= person) || motion < person || broken || failed || face == 1", tab).Explain(400 * ms))
	if err != nil {
		t.Fatal(err)
	}
	want := `[
		{"text":"motion > 0.02","signal":"motion","op":">","threshold":0.02,"value":0.5,"age_ms":300,"truth":"true"},
		{"text":"person >= 1","signal":"person","op":">=","threshold":1,"value":2,"age_ms":200,"truth":"unknown","unknown_because":"stale"},
		{"text":"motion < person","signal":"motion","op":"<","threshold":2,"other":"person","value":0.5,"age_ms":300,"truth":"unknown","unknown_because":"stale"},
		{"text":"broken","signal":"broken","op":"!=","threshold":0,"value":null,"age_ms":200,"truth":"unknown","unknown_because":"not a number"},
		{"text":"failed","signal":"failed","op":"!=","threshold":0,"value":3,"age_ms":200,"truth":"unknown","unknown_because":"detector failed"},
		{"text":"face == 1","signal":"face","op":"==","threshold":1,"value":null,"age_ms":null,"truth":"unknown","unknown_because":"detector not attached"}
	]`
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatal(err)
	}
	ja, _ := json.MarshalIndent(a, "", " ")
	jb, _ := json.MarshalIndent(b, "", " ")
	if string(ja) != string(jb) {
		t.Errorf("got %s\nwant %s", ja, jb)
	}
}

func TestTruthText(t *testing.T) {
	for _, want := range []Truth{Unknown, False, True} {
		text, err := want.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got Truth
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Errorf("%s became %v, %v", text, got, err)
		}
	}
	if err := new(Truth).UnmarshalText([]byte("maybe")); err == nil {
		t.Error("maybe is a truth")
	}
}

// interpret is a second implementation of the language, on numbers: false is -1, unknown 0 and
// true 1, so that "and" is the minimum, "or" the maximum and "not" the sign.
func interpret(n *node, tab *detectors.Table, now time.Duration) int {
	value := func(name string) float64 {
		id, ok := tab.Lookup(name)
		if !ok {
			return math.NaN()
		}
		v, why := tab.Value(id, now)
		if why != detectors.Known {
			return math.NaN()
		}
		return v
	}
	return reduce(n, value, func(n *node) int {
		if n.follows() {
			return 0 // nothing matches
		}
		if n.derived() {
			return interpretCount(n, tab, now)
		}
		b := n.threshold
		if n.other != "" {
			b = value(n.other)
		}
		return compareAs(n.op, value(n.signal), b)
	})
}

// interpretCount tries every possible number of uncertain detections.
func interpretCount(n *node, tab *detectors.Table, now time.Duration) int {
	id, _ := tab.Lookup(n.signal)
	s := tab.Signal(id)
	if s.At(now) != detectors.Known {
		return 0
	}
	sure, unsure := 0, 0
	for _, d := range s.Detections {
		if n.call == callCount && !slices.Contains(n.labels, d.Label) {
			continue
		}
		if n.where == nil {
			sure++
			continue
		}
		value := func(name string) float64 {
			for _, a := range d.Attributes {
				if a.Name == name && a.Unknown == detectors.Known && now < a.Expires && !math.IsInf(a.Value, 0) {
					return a.Value
				}
			}
			return math.NaN()
		}
		switch reduce(n.where, value, func(n *node) int {
			b := n.threshold
			if n.other != "" {
				b = value(n.other)
			}
			return compareAs(n.op, value(n.signal), b)
		}) {
		case 1:
			sure++
		case 0:
			unsure++
		}
	}
	if len(s.Detections) == 0 && s.Value > 0 {
		return 0
	}
	yes, no := 0, 0
	for k := sure; k <= sure+unsure; k++ {
		if compareAs(n.op, float64(k), n.threshold) > 0 {
			yes++
		} else {
			no++
		}
	}
	switch {
	case no == 0:
		return 1
	case yes == 0:
		return -1
	}
	return 0
}

// reduce combines the results of compare.
func reduce(n *node, value func(string) float64, compare func(*node) int) int {
	var kids []int
	for _, kid := range n.kids {
		kids = append(kids, reduce(kid, value, compare))
	}
	switch n.shape {
	case negation:
		return -kids[0]
	case allOf:
		return slices.Min(kids)
	case anyOf:
		return slices.Max(kids)
	}
	return compare(n)
}

func compareAs(op string, a, b float64) int {
	if math.IsNaN(a) || math.IsNaN(b) {
		return 0
	}
	sign := 0
	if a < b {
		sign = -1
	} else if a > b {
		sign = 1
	}
	if slices.Contains(map[string][]int{"<": {-1}, "<=": {-1, 0}, "==": {0}, "!=": {-1, 1}, ">=": {0, 1}, ">": {1}}[op], sign) {
		return 1
	}
	return -1
}

// agree checks that two forms of a condition, and the interpreter, agree on random tables.
func agree(t *testing.T, e, again *Expr, seed uint64) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	tab := detectors.NewTable()
	c, err := e.Compile(tab)
	if err != nil {
		t.Skip("more signals than a table holds")
	}
	d, err := again.Compile(tab)
	if err != nil {
		t.Fatal(err)
	}
	// Values near the thresholds distinguish the operators.
	values := []float64{-1, 0, 1, 2, 0.5, math.NaN(), math.Inf(1)}
	e.root.each(func(n *node) { values = append(values, n.threshold, n.threshold+1, n.threshold-1) })
	for range 20 {
		for id := range tab.Len() {
			tab.Set(detectors.ID(id), values[random.IntN(len(values))], boxes(random, e, values), &detectors.Trace{}, time.Duration(random.IntN(3)))
			if random.IntN(5) == 0 {
				tab.Forget(detectors.ID(id), detectors.Stuck)
			}
		}
		want := [...]Truth{False, Unknown, True}[interpret(e.root, tab, 1)+1]
		if got := c.Eval(1); got != want {
			t.Fatalf("%q is %v, want %v", e, got, want)
		}
		if got := d.Eval(1); got != want {
			t.Fatalf("%q, parsed again from %q, is %v, want %v", again, e, got, want)
		}
	}
}

// boxes returns detections with some of the attributes of a condition.
func boxes(random *rand.Rand, e *Expr, values []float64) []detectors.Detection {
	all := make([]detectors.Detection, random.IntN(4))
	for i := range all {
		e.root.each(func(n *node) {
			if len(n.labels) > 0 && random.IntN(2) == 0 {
				all[i].Label = n.labels[random.IntN(len(n.labels))]
			}
		})
		for _, a := range e.Attributes() {
			if random.IntN(3) == 0 {
				continue
			}
			attribute := detectors.Attribute{Name: a.Name, Value: values[random.IntN(len(values))], Expires: time.Duration(random.IntN(8))}
			if random.IntN(5) == 0 {
				attribute.Unknown = detectors.Errored
			}
			all[i].Attributes = append(all[i].Attributes, attribute)
		}
	}
	return all
}

func TestEvalAllocatesNothing(t *testing.T) {
	tab := table(t, map[string]float64{"a": 1, "b": 2})
	c := compile(t, "a > 0 && !(b < 1) && (a < b || c) && a && a[x && !(y > 1)] < 3", tab)
	id, _ := tab.Lookup("a")
	tab.Mark(id, []detectors.Detection{{Attributes: []detectors.Attribute{{Name: "x", Expires: time.Second}, {Name: "y", Value: 1, Expires: time.Second}}}})
	if n := testing.AllocsPerRun(100, func() { c.Eval(1); c.Expires(1) }); n != 0 {
		t.Errorf("%v allocations an evaluation", n)
	}
}

func BenchmarkEval(b *testing.B) {
	tab := table(b, map[string]float64{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8})
	id, _ := tab.Lookup("a")
	tab.Mark(id, []detectors.Detection{at(0.6, 0.5), at(0.73, 0.5), at(0.86, 0.5)}) // as known as there are
	for _, tt := range []struct{ name, src string }{
		{"clauses=1", "a > 0"},
		{"clauses=2", "a > 0 && b > 0"},
		{"clauses=8", "a > 0 && b >= 1 && c != 1 && d > 0 && e == 5 && f > 0 && g < 9 && h"},
		{"clauses=8,nested", "(a > 0 || b > 1) && !(c < 1) && (d < 0 || (e > 1 && f < g)) && (g < 0 || h)"},
		{"signals", "a < b"},
		{"count", "a[x == 0] >= 1"},
		{"zone", "a in door >= 1"},
		{"dwell", "dwell(a in door) >= 30s"},
		{"new", "new(a in door) >= 1"},
		{"crossed", "crossed(a, gate.in, 500ms) >= 1"},
		{"labels", "count(a, person) >= 1"},
	} {
		c := compile(b, tt.src, tab)
		follow(c, crossers(3))
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Eval(1)
			}
		})
	}
}
