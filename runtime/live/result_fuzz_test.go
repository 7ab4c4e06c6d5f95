package live

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzResult: a decoded result is encoded, and decoded again, to the same.
func FuzzResult(f *testing.F) {
	f.Add([]byte(`{"detector":"motion","signals":[{"signal":"motion","value":null,"detections":[{"label":"a","score":0.5,"box":{"x":0,"y":0,"w":1,"h":1}}]}]}`))
	f.Add([]byte(`{"signals":[{"value":1e308},{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var r Result
		if json.Unmarshal(text, &r) != nil {
			return
		}
		once, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var again Result
		if err := json.Unmarshal(once, &again); err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		if twice, err := json.Marshal(again); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%s was written as %s (%v)", once, twice, err)
		}
	})
}
