package detectors

import (
	"fmt"
	"time"
)

// ID is the dense number of a signal in one Table.
type ID uint16

// Table holds the newest value of every signal of one camera. It belongs to one
// goroutine (the engine's), has no locks, and reading or writing it allocates
// nothing. A name keeps its ID until it is freed; IDs of freed names are used
// again.
type Table struct {
	ids     map[string]ID
	names   []string // "": free
	signals []Signal
	free    []ID
}

// NewTable returns an empty table.
func NewTable() *Table { return &Table{ids: make(map[string]ID)} }

// Intern returns the ID of name, which it adds, as Absent, when it is new. It
// fails for a name that is not valid, and when the table is full.
func (t *Table) Intern(name string) (ID, error) {
	if id, ok := t.ids[name]; ok {
		return id, nil
	}
	if !ValidName(name) {
		return 0, fmt.Errorf("signal name %q: use a letter, then letters, digits and underscores, at most 64 in all", name)
	}
	if n := len(t.free); n > 0 {
		id := t.free[n-1]
		t.free = t.free[:n-1]
		t.ids[name], t.names[id] = id, name
		return id, nil
	}
	if len(t.names) >= MaxSignals {
		return 0, fmt.Errorf("signal %q: a camera has at most %d signals", name, MaxSignals)
	}
	id := ID(len(t.names))
	t.ids[name] = id
	t.names = append(t.names, name)
	t.signals = append(t.signals, Signal{Unknown: Absent})
	return id, nil
}

// Lookup returns the ID of name, if it has one.
func (t *Table) Lookup(name string) (ID, bool) {
	id, ok := t.ids[name]
	return id, ok
}

// Free releases a name; its ID will be used again. The caller makes sure that
// the ID is no longer used. Freeing a free ID does nothing.
func (t *Table) Free(id ID) {
	if t.names[id] == "" {
		return
	}
	delete(t.ids, t.names[id])
	t.names[id], t.signals[id] = "", Signal{Unknown: Absent}
	t.free = append(t.free, id)
}

// Len returns how many IDs there are, free ones included: 0 to Len-1.
func (t *Table) Len() int { return len(t.names) }

// Name returns the name of a signal; that of a free ID is empty.
func (t *Table) Name(id ID) string { return t.names[id] }

// Signal returns the newest state of a signal. It must not be kept across a write.
func (t *Table) Signal(id ID) *Signal { return &t.signals[id] }

// Value returns the value of a signal at the time now, and whether and why it
// is unknown; the value is then meaningless.
func (t *Table) Value(id ID, now time.Duration) (float64, Why) {
	s := &t.signals[id]
	return s.Value, s.At(now)
}

// Set writes an answer. NaN and the infinities make the signal unknown.
func (t *Table) Set(id ID, value float64, detections []Detection, trace *Trace, ttl time.Duration) {
	s := &t.signals[id]
	s.Value, s.Detections, s.Trace, s.TTL, s.Unknown = value, detections, *trace, ttl, Known
	if value-value != 0 { // NaN and the infinities are the numbers for which this holds
		s.Unknown = NotANumber
	}
}

// Mark replaces the detections of a signal by the same ones with other attributes.
func (t *Table) Mark(id ID, detections []Detection) { t.signals[id].Detections = detections }

// Forget makes a signal unknown for the given reason. Its last value and trace
// stay readable, for people.
func (t *Table) Forget(id ID, why Why) { t.signals[id].Unknown = why }
