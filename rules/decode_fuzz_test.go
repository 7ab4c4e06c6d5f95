package rules

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzEvent: a decoded event is encoded, and decoded again, to the same.
func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"event_id":"x","event_type":"seen","event_ts_ns":91250000000,"confidence":0.94,"camera":"door","time":"2030-01-02T03:05:06.000070000Z","phase":"confirmed","age_ms":150,"age_split_ms":{"capture":3},"frame_id":912,"clauses":[{"text":"person >= 1","signal":"person","op":">=","threshold":1,"value":2,"age_ms":150,"truth":"true"}]}`))
	f.Add([]byte(`{"phase":"ended","duration_ms":1e300,"clauses":[{"value":null,"truth":"unknown","unknown_because":"stale"}],"tracks":[{"id":1,"path":[]}]}`))
	f.Add([]byte(`{"time":"0000-01-01T00:00:00Z","event_ts_ns":-9223372036854775808,"age_split_ms":{"event":-1e308}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var e Event
		if json.Unmarshal(text, &e) != nil {
			return
		}
		once, err := e.AppendLine(nil)
		if err != nil {
			return // a year that JSON cannot have
		}
		if n := bytes.Count(once, []byte("\n")); n != 1 || !json.Valid(once) {
			t.Fatalf("%d line ends in %q", n, once)
		}
		var again Event
		if err := json.Unmarshal(once, &again); err != nil {
			t.Fatalf("%q: %v", once, err)
		}
		twice, err := again.AppendLine(nil)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q was written as %q (%v)", once, twice, err)
		}
	})
}
