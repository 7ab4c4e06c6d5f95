package modelcheck

import (
	"slices"
	"strings"
	"testing"
)

// A failing history is shrunk.
func TestShrink(t *testing.T) {
	differs := func(h []int) string {
		if i := slices.Index(h, 7); i >= 0 && slices.Contains(h[i:], 3) {
			return "a 3 after a 7"
		}
		if slices.Contains(h, 9) {
			panic("a 9")
		}
		return ""
	}
	got, why := shrink([]int{1, 7, 2, 2, 7, 5, 3, 3, 1}, "", Without, differs)
	if !slices.Equal(got, []int{7, 3}) || why != "a 3 after a 7" {
		t.Errorf("got %v, %q", got, why)
	}
	got, why = shrink([]int{1, 9, 2}, "", Without, differs)
	if !slices.Equal(got, []int{9}) || !strings.Contains(why, "a 9") {
		t.Errorf("got %v, %q", got, why)
	}
}
