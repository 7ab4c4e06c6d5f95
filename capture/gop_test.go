package capture

import "testing"

func TestGOPBeginsWithItsKeyFrame(t *testing.T) {
	one, two := &Track{Video: true}, &Track{Video: true}
	var g GOP
	for i, step := range []struct {
		track *Track
		key   bool
		bytes int
		kept  int
	}{
		{one, false, 1, 0},
		{one, true, 1, 1},
		{one, false, 1, 2},
		{one, true, 1, 1},
		{one, false, 1, 2},
		{two, false, 1, 0}, // another connection, in the middle of its GOP
		{two, true, 1, 1},
		{two, false, keptBytes, 0},
		{two, false, 1, 0},
		{two, true, 1, 1},
	} {
		g.Add(&Packet{Track: step.track, Key: step.key, Data: make([]byte, step.bytes)})
		kept := g.Packets()
		if len(kept) != step.kept || len(kept) > 0 && !kept[0].Key {
			t.Fatalf("step %d: %d packets are kept, want %d from a key frame on", i, len(kept), step.kept)
		}
	}
}
