package detectors

import (
	"fmt"
	"time"
)

// ID is the index of a signal in one Table.
type ID uint16

// Table holds the newest value of every signal of one camera. It belongs to one
// goroutine (the engine's) and has no locks. Reading and writing do not allocate. A
// name keeps its ID until it is freed; freed IDs are reused.
type Table struct {
	ids     map[string]ID
	names   []string // "": free
	signals []Signal
	free    []ID
}

// NewTable returns an empty table.
func NewTable() *Table { return &Table{ids: make(map[string]ID)} }

// Intern returns the ID of name. A new name is added, with the state Absent. It fails
// for an invalid name, and when the table is full.
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

// Free releases a name, so that its ID can be reused. The caller must make sure that
// the ID is no longer used. Freeing a free ID does nothing.
func (t *Table) Free(id ID) {
	if t.names[id] == "" {
		return
	}
	delete(t.ids, t.names[id])
	t.names[id], t.signals[id] = "", Signal{Unknown: Absent}
	t.free = append(t.free, id)
}

// Len returns the number of IDs, including free ones. They are 0 to Len-1.
func (t *Table) Len() int { return len(t.names) }

// Name returns the name of a signal; empty for a free ID.
func (t *Table) Name(id ID) string { return t.names[id] }

// Signal returns the newest state of a signal. Do not keep it across a write.
func (t *Table) Signal(id ID) *Signal { return &t.signals[id] }

// Value returns the value of a signal at time now, and whether and why it is unknown.
// If it is unknown, the value is meaningless.
func (t *Table) Value(id ID, now time.Duration) (float64, Why) {
	s := &t.signals[id]
	return s.Value, s.At(now)
}

// Set stores a result. NaN and infinities make the signal unknown.
func (t *Table) Set(id ID, value float64, detections []Detection, trace *Trace, ttl time.Duration) {
	s := &t.signals[id]
	s.Value, s.Detections, s.Trace, s.TTL, s.Unknown = value, detections, *trace, ttl, Known
	if value-value != 0 { // true only for NaN and infinities
		s.Unknown = NotANumber
	}
}

// Mark replaces the detections of a signal by the same ones with other attributes.
func (t *Table) Mark(id ID, detections []Detection) { t.signals[id].Detections = detections }

// Forget makes a signal unknown for the given reason. Its last value and trace stay
// readable, for display.
func (t *Table) Forget(id ID, why Why) { t.signals[id].Unknown = why }
