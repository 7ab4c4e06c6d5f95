package detectors

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func TestTableInterns(t *testing.T) {
	tab := NewTable()
	for i := range MaxSignals {
		id, err := tab.Intern(fmt.Sprintf("s%d", i))
		if err != nil || int(id) != i {
			t.Fatalf("signal %d: ID %d, error %v", i, id, err)
		}
	}
	if _, err := tab.Intern("more"); err == nil || !strings.Contains(err.Error(), "at most 1024") {
		t.Errorf("one more than MaxSignals: error %v", err)
	}
	if id, err := tab.Intern("s7"); err != nil || id != 7 {
		t.Errorf("known name in a full table: ID %d, error %v", id, err)
	}
	if id, ok := tab.Lookup("s9"); !ok || id != 9 || tab.Name(id) != "s9" {
		t.Errorf("Lookup: ID %d, %v", id, ok)
	}
	if _, ok := tab.Lookup("s1024"); ok || tab.Len() != MaxSignals {
		t.Errorf("Lookup of a missing name: %v; Len %d", ok, tab.Len())
	}
	for _, name := range []string{"", "1a", "_a", "a-b", "a b", "ä", strings.Repeat("a", 65)} {
		if _, err := NewTable().Intern(name); err == nil {
			t.Errorf("name %q: no error", name)
		}
	}
	if _, err := NewTable().Intern("Zz_9" + strings.Repeat("a", 60)); err != nil {
		t.Error(err)
	}
}

func TestTableFrees(t *testing.T) {
	tab := NewTable()
	for i := range MaxSignals {
		if _, err := tab.Intern(fmt.Sprintf("s%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	tab.Set(7, 3, []Detection{{Label: "x"}}, &Trace{Frame: 1, Captured: time.Second}, time.Hour)
	tab.Free(7)
	tab.Free(7)
	if _, ok := tab.Lookup("s7"); ok || tab.Name(7) != "" || tab.Len() != MaxSignals {
		t.Errorf("freed: found %v, name %q, Len %d", ok, tab.Name(7), tab.Len())
	}
	id, err := tab.Intern("other")
	if err != nil || id != 7 || tab.Name(7) != "other" {
		t.Errorf("the next name got ID %d, %v", id, err)
	}
	if s := tab.Signal(id); s.Unknown != Absent || s.Value != 0 || s.Trace != (Trace{}) || s.Detections != nil || s.TTL != 0 {
		t.Errorf("it began as %+v", s)
	}
	if _, err := tab.Intern("s7"); err == nil {
		t.Error("an ID that was freed twice is given twice")
	}
}

func TestTableValues(t *testing.T) {
	tab := NewTable()
	id, err := tab.Intern("motion")
	if err != nil {
		t.Fatal(err)
	}
	if _, why := tab.Value(id, 0); why != Absent {
		t.Errorf("new signal: %v, want %v", why, Absent)
	}
	trace := Trace{Captured: 10 * time.Second}
	const ttl = time.Second
	tests := []struct {
		name  string
		value float64
		now   time.Duration
		want  Why
	}{
		{"at once", 0.5, 10 * time.Second, Known},
		{"just before it expires", 0.5, 11*time.Second - 1, Known},
		{"as it expires", 0.5, 11 * time.Second, Stale},
		{"long after", 0.5, time.Hour, Stale},
		{"zero", 0, 10 * time.Second, Known},
		{"largest", math.MaxFloat64, 10 * time.Second, Known},
		{"NaN", math.NaN(), 10 * time.Second, NotANumber},
		{"infinity", math.Inf(1), 10 * time.Second, NotANumber},
		{"minus infinity", math.Inf(-1), 10 * time.Second, NotANumber},
		{"NaN stays that when it is old", math.NaN(), time.Hour, NotANumber},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tab.Set(id, tt.value, []Detection{{Label: "x"}}, &trace, ttl)
			v, why := tab.Value(id, tt.now)
			if why != tt.want {
				t.Errorf("unknown: %v, want %v", why, tt.want)
			}
			if why == Known && v != tt.value {
				t.Errorf("value %v, want %v", v, tt.value)
			}
			if s := tab.Signal(id); s.Expires() != 11*time.Second || len(s.Detections) != 1 || s.Trace != trace {
				t.Errorf("signal %+v", s)
			}
		})
	}
	tab.Set(id, 3, nil, &trace, ttl)
	for _, why := range []Why{Errored, Stuck, Off, Absent} {
		tab.Forget(id, why)
		if _, got := tab.Value(id, 10*time.Second); got != why {
			t.Errorf("forgotten: %v, want %v", got, why)
		}
		if s := tab.Signal(id); s.Value != 3 || s.Trace != trace {
			t.Errorf("forgotten signal has lost its last value: %+v", s)
		}
	}
	tab.Set(id, 4, nil, &trace, ttl)
	if v, why := tab.Value(id, 10*time.Second); v != 4 || why != Known {
		t.Errorf("set again: %v, %v", v, why)
	}
}

func TestWhyHasWords(t *testing.T) {
	seen := make(map[string]bool)
	for w := Known; w <= Uncounted; w++ {
		if s := w.String(); s == "" || seen[s] || strings.Contains(s, "Why(") {
			t.Errorf("Why %d reads %q", w, s)
		} else {
			seen[s] = true
		}
	}
	if s := (Uncounted + 1).String(); s != "Why(11)" {
		t.Errorf("an invalid Why reads %q", s)
	}
}

func TestTableAllocatesNothing(t *testing.T) {
	tab := NewTable()
	id, err := tab.Intern("motion")
	if err != nil {
		t.Fatal(err)
	}
	trace, found := Trace{}, []Detection{{Label: "x"}}
	n := testing.AllocsPerRun(100, func() {
		tab.Set(id, 1, found, &trace, time.Second)
		if _, why := tab.Value(id, 0); why != Known {
			t.Fatal(why)
		}
		tab.Forget(id, Errored)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTableSet(b *testing.B) {
	tab, ids := benchTable(b)
	trace, found := Trace{Captured: time.Second}, []Detection{{Label: "x"}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tab.Set(ids[i&63], 1, found, &trace, time.Second)
	}
}

func BenchmarkTableValue(b *testing.B) {
	tab, ids := benchTable(b)
	b.ReportAllocs()
	var sum float64
	for i := 0; b.Loop(); i++ {
		v, why := tab.Value(ids[i&63], time.Second)
		if why == Known {
			sum += v
		}
	}
	if sum == 0 {
		b.Error("no value was known")
	}
}

func benchTable(b *testing.B) (*Table, [64]ID) {
	b.Helper()
	tab := NewTable()
	var ids [64]ID
	for i := range ids {
		id, err := tab.Intern(fmt.Sprintf("s%d", i))
		if err != nil {
			b.Fatal(err)
		}
		ids[i] = id
		tab.Set(id, 1, nil, &Trace{Captured: time.Second}, time.Second)
	}
	return tab, ids
}

func FuzzValidName(f *testing.F) {
	for _, s := range []string{"", "a", "A9_", "_a", "9a", "a-b", "ä", "a\x00", strings.Repeat("z", 64), strings.Repeat("z", 65)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		letters := "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		want := s != "" && len(s) <= 64 && strings.Trim(s, letters+"0123456789_") == "" && strings.ContainsRune(letters, rune(s[0]))
		for _, r := range s {
			want = want && strings.ContainsRune(letters+"0123456789_", r)
		}
		if got := ValidName(s); got != want {
			t.Errorf("ValidName(%q) = %v", s, got)
		}
	})
}
