// Package modelcheck is for tests that compare code with a slow, obvious reference on random
// histories.
package modelcheck

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Replay is an environment variable: the number of the only history to check.
const Replay = "RVO_HISTORY"

// tries is the maximum number of smaller histories tried after a failure.
const tries = 20_000

// Check draws n histories and fails the test at the first one for which differs returns a
// difference (empty: none). It shrinks that history with smaller, which yields slightly smaller
// histories than a given one, and prints the smallest that still fails and the number of the
// original, to check it alone with Replay. Histories are the same in every run.
func Check[H any](t *testing.T, n int, draw func(r *rand.Rand) H, smaller func(H) iter.Seq[H], differs func(H) string) {
	t.Helper()
	first := 0
	if text := os.Getenv(Replay); text != "" {
		number, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s=%s: %v", Replay, text, err)
		}
		first, n = number, number+1
	}
	source := new(rand.PCG)
	random := rand.New(source)
	for i := first; i < n; i++ {
		source.Seed(uint64(i), 0)
		history := draw(random)
		if why := caught(history, differs); why != "" {
			history, why = shrink(history, why, smaller, differs)
			t.Fatalf("%s\nhistory: %+v\nagain: %s=%d go test -run '^%s$'", why, history, Replay, i, t.Name())
		}
	}
}

// shrink returns the smallest history that still differs, and its difference.
func shrink[H any](history H, why string, smaller func(H) iter.Seq[H], differs func(H) string) (H, string) {
	for left := tries; left > 0; {
		found := false
		for next := range smaller(history) {
			if left--; left <= 0 {
				break
			}
			if text := caught(next, differs); text != "" {
				history, why, found = next, text, true
				break
			}
		}
		if !found {
			break
		}
	}
	return history, why
}

// caught calls differs and reports a panic as a difference.
func caught[H any](history H, differs func(H) string) (why string) {
	defer func() {
		if p := recover(); p != nil {
			why = fmt.Sprintf("panic: %v", p)
		}
	}()
	return differs(history)
}

// Without yields copies of list, each without one part: each half, each quarter and so on, down to
// each single element.
func Without[E any](list []E) iter.Seq[[]E] {
	return func(yield func([]E) bool) {
		for size := (len(list) + 1) / 2; size > 0; size /= 2 {
			for at := 0; at < len(list); at += size {
				rest := append(append([]E(nil), list[:at]...), list[min(at+size, len(list)):]...)
				if !yield(rest) {
					return
				}
			}
		}
	}
}
