package engine

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

func TestBrokenHistogramsAreRefused(t *testing.T) {
	h := new(Histogram)
	h.Record(time.Millisecond)
	for _, text := range []string{
		`{"count":2,"bins":"AQE="}`,                 // one in bucket 1
		`{"count":0,"bins":"AQ=="}`,                 // a gap alone
		`{"count":0,"bins":"AQA="}`,                 // an empty bucket
		`{"count":1,"bins":"//8BAQ=="}`,             // beyond the last bucket
		`{"count":1,"bins":"////////////AQE="}`,     // far beyond
		`{"count":1,"bins":"gICAgICAgICAgICAgAE="}`, // no number
		`{"count":-1}`, `[]`, `7`,
	} {
		if err := json.Unmarshal([]byte(text), h); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
	if h.Count() != 1 || h.Max() != time.Millisecond {
		t.Error("a refused text changes the histogram")
	}
}

func TestHistogramTellsItsQuantiles(t *testing.T) {
	h := new(Histogram)
	for i := range 1000 {
		h.Record(time.Duration(i) * time.Microsecond)
	}
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var v histogramJSON
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	want := h.Quantiles(jsonQuantiles[:]...)
	got := []time.Duration{v.P50, v.P90, v.P99, v.P999}
	if !reflect.DeepEqual(got, want) || v.Count != 1000 || v.Sum != uint64(h.Sum()) || v.Max != uint64(h.Max()) {
		t.Errorf("%s; want quantiles %v", text, want)
	}
}
