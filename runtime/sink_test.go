package runtime

import (
	"testing"
	"time"

	"rvo-tui/rules"
)

func TestRecentKeepsTheNewest(t *testing.T) {
	r := NewRecent()
	if got := r.Events(0); got != nil {
		t.Fatalf("events of an empty ring: %v", got)
	}
	for i := range RecentEvents + 10 {
		if !r.Offer(rules.Event{At: time.Duration(i + 1)}) {
			t.Fatalf("event %d was not taken", i+1)
		}
	}
	last := uint64(RecentEvents + 10)
	tests := []struct {
		name        string
		after       uint64
		first, last uint64 // 0: none
	}{
		{"all that are kept", 0, 11, last},
		{"from before the kept ones", 3, 11, last},
		{"the newest", last - 1, last, last},
		{"none is newer", last, 0, 0},
		{"beyond the end", last + 5, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := r.Events(tt.after)
			if tt.first == 0 {
				if len(got) != 0 {
					t.Fatalf("got %d events, want none", len(got))
				}
				return
			}
			if n := int(tt.last - tt.first + 1); len(got) != n {
				t.Fatalf("got %d events, want %d", len(got), n)
			}
			for i, e := range got {
				want := tt.first + uint64(i)
				if e.Seq != want || e.Event.At != time.Duration(want) {
					t.Fatalf("place %d holds number %d of %v, want %d", i, e.Seq, e.Event.At, want)
				}
			}
		})
	}
	if v := r.View(); v.Written != last || v.Dropped != 0 {
		t.Errorf("view: %+v", v)
	}
}
