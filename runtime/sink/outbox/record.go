package outbox

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"rvo-tui/rules"
)

// Kinds of record.
const (
	KindConfirmed = string(rules.PhaseConfirmed)
	KindEnded     = string(rules.PhaseEnded)
	KindClip      = "clip" // the clip of an event was saved or lost
)

// Kinds are all kinds of record.
var Kinds = []string{KindConfirmed, KindEnded, KindClip}

// Record is one entry of the outbox: an event, or the result of its clip. It is
// immutable.
type Record struct {
	Seq   uint64      `json:"-"` // ascending in order of arrival
	Event rules.Event `json:"event"`
	// Saves means that a clip of the event is being saved.
	Saves bool `json:"saves,omitempty"`
	// Clip is the result of the clip; nil: the record is the event itself.
	Clip *Clip `json:"clip,omitempty"`
	// For is the only output of a record that is sent again; empty: all.
	For string `json:"for,omitempty"`
}

// Clip is the result of an event's clip.
type Clip struct {
	Dir        string `json:"dir"`   // directory of the clip
	Movie      string `json:"movie"` // file in Dir
	DurationMS int64  `json:"duration_ms"`
	Bytes      int64  `json:"bytes"` // size of all its files
	Lost       string `json:"lost"`  // why there is no clip; empty: there is one
}

// Kind returns the kind of the record.
func (r *Record) Kind() string {
	if r.Clip != nil {
		return KindClip
	}
	return string(r.Event.Phase)
}

// ID returns the delivery ID, which is the same for every attempt and after a restart.
func (r *Record) ID() string {
	if r.Clip != nil {
		return r.Event.ID + "-clip"
	}
	return r.Event.ID
}

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // cannot happen: numbers of events were checked by Offer
	}
	return text
}

func decodeRecord(key, value []byte) (Record, error) {
	var r Record
	if len(key) != 8 {
		return r, fmt.Errorf("a key of %d bytes", len(key))
	}
	if err := json.Unmarshal(value, &r); err != nil {
		return r, err
	}
	r.Seq = binary.BigEndian.Uint64(key)
	return r, nil
}

func keyOf(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// position is how far an output has come, as stored.
type position struct {
	Seq uint64 `json:"seq"` // last finished record
	// Until is the last record of a summary whose delivery has started; 0: none.
	Until  uint64    `json:"until,omitempty"`
	Tokens float64   `json:"tokens"` // of the rate limit
	At     time.Time `json:"at"`     // time at which it had these tokens
}

// aside is a message refused by a receiver, as stored.
type aside struct {
	Output string `json:"output"`
	Record Record `json:"record"`
	Reason string `json:"reason"`
	Tries  int    `json:"tries"`
}
