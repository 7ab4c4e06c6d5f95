package query

import (
	"testing"
	"time"

	"rvo-tui/runtime"
)

// FuzzParse: a filter that Check accepts selects by each of its words, however it is spaced.
func FuzzParse(f *testing.F) {
	f.Add("camera=yard rule=blind since=10m parcel", "parcel")
	f.Add("since=-1s camera==", "İ")
	f.Fuzz(func(t *testing.T, line, said string) {
		now := time.Unix(1e9, 0)
		var e runtime.RecentEvent
		e.Event.Camera, e.Event.Type, e.Event.Time = said, said, now
		q, spaced := Parse(line), Parse("  "+line+"\t")
		if q.Event(&e, now) != spaced.Event(&e, now) {
			t.Fatalf("%q selects another event with spaces around it", line)
		}
		empty := Parse("")
		if !empty.Event(&e, now) {
			t.Fatal("an empty query leaves something out")
		}
		if Check(line) == nil && q.since < 0 {
			t.Fatalf("%q has a duration of %v", line, q.since)
		}
	})
}
