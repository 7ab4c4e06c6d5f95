package runtime

import (
	"slices"
	"time"

	"rvo-tui/detectors"
)

// Waiter is a detector that waits for a slot, as a Policy sees it.
type Waiter struct {
	Camera   string
	Detector string
	Cost     detectors.Cost
	Due      time.Duration // when its rate wanted it to run, since the epoch
	Since    time.Duration // when it began to wait, since the epoch
}

// Policy reports whether a is to get a slot before b. It must be a strict weak
// order; among equals the one that waits longer goes first.
type Policy func(a, b *Waiter) bool

var costRank = map[detectors.Cost]int{detectors.CostLow: 0, detectors.CostMedium: 1, detectors.CostHigh: 2}

var policies = map[string]Policy{
	// deadline: earliest due first, which serves the rates asked for evenly.
	"deadline": func(a, b *Waiter) bool { return a.Due < b.Due },
	// fifo: who waits longest.
	"fifo": func(a, b *Waiter) bool { return a.Since < b.Since },
	// cost: cheap detectors first, then by deadline; heavy ones may starve.
	"cost": func(a, b *Waiter) bool {
		if ra, rb := costRank[a.Cost], costRank[b.Cost]; ra != rb {
			return ra < rb
		}
		return a.Due < b.Due
	},
}

// PolicyNames returns the names that Config.Policy can have.
func PolicyNames() []string {
	names := make([]string, 0, len(policies))
	for n := range policies {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
