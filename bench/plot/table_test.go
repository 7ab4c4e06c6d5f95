package main

import (
	"math"
	"strings"
	"testing"
)

func TestReadTable(t *testing.T) {
	tests := []struct {
		name, text string
		problem    string // part of it; empty: none
	}{
		{"rows", "a,b\n1,x\n2,y\n", ""},
		{"header alone", "a,b\n", ""},
		{"empty", "", "empty"},
		{"ragged", "a,b\n1\n", "wrong number of fields"},
		{"twice", "a,a\n1,2\n", "twice"},
		{"open quote", "a\n\"x\n", "quote"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readTable(strings.NewReader(tt.text))
			switch {
			case tt.problem == "" && err != nil:
				t.Errorf("unexpected error %v", err)
			case tt.problem != "" && (err == nil || !strings.Contains(err.Error(), tt.problem)):
				t.Errorf("error %v, want one that says %q", err, tt.problem)
			}
		})
	}
}

func TestTableFields(t *testing.T) {
	tab, err := readTable(strings.NewReader("name,n\n a ,1.5\nb,\nc,NaN\nd,x\ne,1e300\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := tab.text(0, "name"); got != "a" {
		t.Errorf("text is %q, want it without spaces", got)
	}
	if v, ok := tab.number(0, "n"); !ok || v != 1.5 {
		t.Errorf("number is %v, %t", v, ok)
	}
	for row, why := range map[int]string{1: "empty", 2: "no number", 3: "text", 4: "out of all measure"} {
		if v, ok := tab.number(row, "n"); ok {
			t.Errorf("a field that is %s reads as %v", why, v)
		}
	}
	if tab.text(0, "none") != "" {
		t.Error("a column that is missing has text")
	}
	if err := tab.want("name", "other"); err == nil || !strings.Contains(err.Error(), `"other"`) {
		t.Errorf("error %v, want one that names the missing column", err)
	}
}

func TestReadDistribution(t *testing.T) {
	tests := []struct {
		name, text string
		want       []tail
		problem    string
	}{
		{
			"as it is printed",
			" Value\tPercentile\tTotalCount\t1/(1-Percentile)\n\n       1.500     0.000000            1         1.00\n       2.000     0.500000            5         2.00\n       9.000     1.000000           10          inf\n#[Mean    =        2.000, StdDeviation   =        1.000]\n",
			[]tail{{1.5, 1}, {2, 0.5}, {9, 0}},
			"",
		},
		{"nothing", "#[Mean = 0]\n", nil, "no percentiles"},
		{"falls", "2 0.1 1\n1 0.2 2\n", nil, "line 2: values and percentiles must rise"},
		{"percent", "2 10 1\n", nil, "0 to 1"},
		{"words", "x y z\n", nil, "line 1"},
		{"short", "1 0.5\n", nil, "line 1"},
		{"not a number", "NaN 0.5 1\n", nil, "line 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readDistribution(strings.NewReader(tt.text))
			if tt.problem != "" {
				if err == nil || !strings.Contains(err.Error(), tt.problem) {
					t.Errorf("error %v, want one that says %q", err, tt.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(tt.want) {
				t.Fatalf("%v, want %v", got, tt.want)
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Errorf("step %d is %v, want %v", i, got[i], tt.want[i])
				}
			}
		})
	}
}

func TestSpread(t *testing.T) {
	tests := []struct {
		values []float64
		want   spread
	}{
		{[]float64{7}, spread{7, 7, 7, 1}},
		{[]float64{3, 1}, spread{2, 1.5, 2.5, 2}},
		{[]float64{5, 1, 3, 2, 4}, spread{3, 2, 4, 5}},
	}
	for _, tt := range tests {
		if got := spreadOf(tt.values); got != tt.want {
			t.Errorf("%v: %+v, want %+v", tt.values, got, tt.want)
		}
	}
	if got, want := (spread{1, 0.5, 2, 3}).scaled(1000), (spread{1000, 500, 2000, 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func FuzzReadTable(f *testing.F) {
	for _, s := range []string{"", "a\n", "a,b\n1,2\n", "a,b\n\"x,\n\",NaN\n", "\xff\xfe,\n,\n", "a,a\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tab, err := readTable(strings.NewReader(s))
		if err != nil {
			return
		}
		for name := range tab.columns {
			for i := range tab.rows {
				tab.text(i, name)
				if v, ok := tab.number(i, name); ok && !(math.Abs(v) <= most) {
					t.Errorf("row %d of %q is the number %v", i, name, v)
				}
			}
		}
	})
}

func FuzzReadDistribution(f *testing.F) {
	for _, s := range []string{"", "1 0.5 1\n", "1 0.5 1\n2 1 2\n#x", "+Inf 0 1", "1 NaN 1", "-1 0 0", "1e400 0.1 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		all, err := readDistribution(strings.NewReader(s))
		if err != nil {
			return
		}
		if len(all) == 0 {
			t.Fatal("a distribution without steps was accepted")
		}
		for i, d := range all {
			if !(d.value >= 0 && d.larger >= 0 && d.larger <= 1) || i > 0 && (d.value < all[i-1].value || d.larger > all[i-1].larger) {
				t.Fatalf("step %d is %+v", i, d)
			}
		}
	})
}
