package ring

import (
	"slices"
	"testing"
)

func TestRingKeepsTheNewest(t *testing.T) {
	r := New[int](4)
	if got := r.After(0); got != nil || r.Last() != 0 {
		t.Fatalf("entries of an empty ring: %v, the last one %d", got, r.Last())
	}
	for n := range 10 {
		r.Add(n + 1)
		if r.Last() != uint64(n+1) {
			t.Fatalf("the last one is %d, want %d", r.Last(), n+1)
		}
		if n == 2 {
			if got := r.After(0); !slices.Equal(got, []int{1, 2, 3}) {
				t.Fatalf("before it is full: %v", got)
			}
		}
	}
	for _, tt := range []struct {
		name  string
		after uint64
		want  []int
	}{
		{"all that are kept", 0, []int{7, 8, 9, 10}},
		{"from before the kept ones", 3, []int{7, 8, 9, 10}},
		{"from the last one that was dropped", 6, []int{7, 8, 9, 10}},
		{"from the oldest that is kept", 7, []int{8, 9, 10}},
		{"the newest", 9, []int{10}},
		{"none is newer", 10, nil},
		{"beyond the end", 15, nil},
	} {
		if got := r.After(tt.after); !slices.Equal(got, tt.want) {
			t.Errorf("%s: after %d: %v, want %v", tt.name, tt.after, got, tt.want)
		}
	}
}
