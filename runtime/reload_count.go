package runtime

import (
	"sync"
	"time"

	"rvo-tui/internal/text"
	"rvo-tui/runtime/engine"
)

// Results of a reload.
const (
	ReloadOK      = "ok"      // in place as a whole
	ReloadPartial = "partial" // valid, but parts of it failed and are left out
	ReloadInvalid = "invalid" // nothing has changed
)

// reloadResults is every result, so that counters exist before the first.
var reloadResults = [...]string{ReloadOK, ReloadPartial, ReloadInvalid}

// reloadText bounds what is kept of a reason, in bytes.
const reloadText = 512

// ReloadView counts reloads.
type ReloadView struct {
	Results []engine.Count `json:"results"` // by result: ok, partial, invalid
	Last    string         `json:"last"`    // result of the last one; empty: there was none
	Reason  string         `json:"reason"`  // why the last one was not ok, cleaned
	OK      time.Time      `json:"ok"`      // when the configuration in place was read: at the start, or by the last one that was ok
}

// Reloads counts reloads by result. It is safe for concurrent use; nil counts nothing.
type Reloads struct {
	mu     sync.Mutex // guards what follows
	counts [len(reloadResults)]uint64
	last   string
	reason string
	ok     time.Time
}

// NewReloads returns the counts of a program that has just read its configuration for
// the first time.
func NewReloads(now time.Time) *Reloads { return &Reloads{ok: now} }

// Note counts one result. The reason is for a person; it must be free of
// secrets, and is empty for ReloadOK.
func (r *Reloads) Note(now time.Time, result, reason string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last, r.reason = result, text.CleanTo(reason, reloadText)
	for i, name := range reloadResults {
		if name == result {
			r.counts[i]++
		}
	}
	if result == ReloadOK {
		r.ok = now
	}
}

// View returns the counts.
func (r *Reloads) View() ReloadView {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := ReloadView{Last: r.last, Reason: r.reason, OK: r.ok, Results: make([]engine.Count, len(reloadResults))}
	for i, name := range reloadResults {
		v.Results[i] = engine.Count{Reason: name, N: r.counts[i]}
	}
	return v
}
