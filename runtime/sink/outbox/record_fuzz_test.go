package outbox

import (
	"bytes"
	"testing"
)

// FuzzRecord: a decoded record is stored, and decoded again, to the same.
func FuzzRecord(f *testing.F) {
	f.Add(keyOf(7), []byte(`{"event":{"event_id":"x","phase":"confirmed","time":"2030-01-02T03:05:06Z"},"saves":true}`))
	f.Add(keyOf(1<<63), []byte(`{"event":{},"clip":{"dir":"d","movie":"m","duration_ms":5,"bytes":9,"lost":""},"for":"hook"}`))
	f.Add([]byte("short"), []byte("{}"))
	f.Fuzz(func(t *testing.T, key, value []byte) {
		r, err := decodeRecord(key, value)
		if err != nil {
			return
		}
		if !bytes.Equal(keyOf(r.Seq), key) {
			t.Fatalf("key %x is %d", key, r.Seq)
		}
		if y := r.Event.Time.Year(); y < 0 || y > 9999 {
			return // JSON cannot have it, and no clock has
		}
		once := encode(r)
		again, err := decodeRecord(key, once)
		if err != nil || !bytes.Equal(encode(again), once) || again.ID() != r.ID() || again.Kind() != r.Kind() {
			t.Fatalf("%s was stored as %s (%v)", once, encode(again), err)
		}
	})
}
