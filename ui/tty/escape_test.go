package tty

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var dawn = time.Date(2026, 3, 14, 6, 0, 0, 0, time.UTC)

// sent are sequences that terminals send.
var sent = []string{
	"\x1b[B", "\x1b[1;5C", "\x1bOP", "\x1bO5P", "\x1b[15~", "\x1b[[A", "\x1b[7$", "\x1b\x1b[A",
	"\x1b[<65;20;5M", "\x1b[<0;120;40m", "\x1b[M abc"[:6], "\x1b[I", "\x1b[O",
	"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", "\x1b]11;rgb:1e1e/1e1e/1e1e\a",
	"\x1b[?62;22c", "\x1b[?2026;2$y", "\x1b[>1;4600;0c", "\x1b[?0u", "\x1b[27u", "\x1b[97;3u",
	"\x1bP>|xterm(390)\x1b\\", "\x1bP1+r524742=38\x1b\\", "\x1b_Gi=1;OK\x1b\\", "\x1b[200~", "\x1b[201~",
}

// feedAll feeds pieces with pauses between them, and waits at the end.
func feedAll(pieces []string, pause time.Duration) string {
	var f filter
	var out []byte
	now := dawn
	for _, p := range pieces {
		out = f.feed(now, []byte(p), out)
		now = now.Add(pause)
	}
	for range 3 {
		now = now.Add(restWait)
		out = f.expire(now, out)
	}
	return string(out)
}

// A sequence arrives complete or not at all, and a pause after its ESC gives the key Esc,
// whatever the pieces and the pauses.
func TestSequencesAreNeverKeys(t *testing.T) {
	for _, seq := range sent {
		for _, pause := range []time.Duration{0, 20 * time.Millisecond, 150 * time.Millisecond, 900 * time.Millisecond} {
			var cuts [][]string
			for i := 1; i < len(seq); i++ {
				cuts = append(cuts, []string{seq[:i], seq[i:]})
			}
			cuts = append(cuts, strings.Split(seq, ""))
			for _, pieces := range cuts {
				got := feedAll(append(pieces, "j"), pause)
				keys, found := strings.CutSuffix(got, "j")
				if pause > escWait && strings.HasPrefix(seq, "\x1b\x1b") {
					keys = strings.TrimPrefix(keys, escKey)
				}
				if !found || keys != seq && keys != escKey && !(seq == "\x1b\x1b[A" && keys == "\x1b[A") {
					t.Fatalf("%q with pauses of %v arrives as %q", pieces, pause, got)
				}
				if pause <= 20*time.Millisecond && keys != seq {
					t.Errorf("%q with pauses of %v arrives as %q", pieces, pause, got)
				}
			}
		}
	}
}

func TestKeysOfAPerson(t *testing.T) {
	for _, tt := range []struct {
		pieces []string
		pause  time.Duration
		want   string
	}{
		{[]string{"\x1b"}, 0, escKey},
		{[]string{"\x1b", "\x1b"}, 300 * time.Millisecond, escKey + escKey},
		{[]string{"\x1b\x1b"}, 0, escKey + escKey},
		{[]string{"\x1b\x1bq"}, 0, escKey + "\x1bq"},
		{[]string{"\x1b", "q"}, 300 * time.Millisecond, escKey + "q"},
		{[]string{"\x1b", "[", "j"}, 300 * time.Millisecond, escKey + "[j"},
		{[]string{"\x1b", "P"}, 300 * time.Millisecond, escKey + "P"},
		{[]string{"\x1b", "P", "q"}, 300 * time.Millisecond, escKey + "Pq"},
		{[]string{"\x1b", "]", "\x1b"}, 300 * time.Millisecond, escKey + "]" + escKey},
		{[]string{"\x1b", "["}, 1200 * time.Millisecond, escKey + "["},
		{[]string{"\x1bx"}, 0, "\x1bx"},
		{[]string{"h", "\xc3", "\xa9", "é車"}, 2 * time.Second, "héé車"},
		{[]string{"\x1b[200~a\nb:c\x1b[201~"}, 0, "\x1b[200~a\nb:c\x1b[201~"},
	} {
		if got := feedAll(tt.pieces, tt.pause); got != tt.want {
			t.Errorf("%q with pauses of %v arrives as %q, want %q", tt.pieces, tt.pause, got, tt.want)
		}
	}
}

func TestLongAnswerIsDropped(t *testing.T) {
	text := "\x1b]52;c;" + strings.Repeat("QUJD", 10_000) + "\x1b\\"
	if got := feedAll([]string{text[:9000], text[9000:], "j"}, 0); got != "j" {
		t.Errorf("got %d bytes", len(got))
	}
}

// Whatever arrives, what is held is bounded, and only complete characters and sequences are
// passed on.
func FuzzFilter(f *testing.F) {
	for _, s := range sent {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, step uint8) {
		var k filter
		var out []byte
		now := dawn
		for _, b := range in {
			now = now.Add(time.Duration(step) * 5 * time.Millisecond)
			out = k.feed(now, []byte{b}, out)
			if len(k.held) > heldMost+1 {
				t.Fatalf("%d bytes are held", len(k.held))
			}
		}
		for range 3 {
			now = now.Add(restWait)
			out = k.expire(now, out)
		}
		if len(k.held) > 0 {
			t.Fatalf("%q is held for ever", k.held)
		}
		for len(out) > 0 {
			n, state := scan(out)
			if state != whole {
				t.Fatalf("%q was passed on", out)
			}
			out = out[n:]
		}
	})
}

func TestAnyMixArrives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom(append([]string{"j", "q", "é", "長"}, sent...)), 1, 6).Draw(t, "parts")
		in := strings.Join(parts, "")
		cut := rapid.IntRange(0, len(in)).Draw(t, "cut")
		if got := feedAll([]string{in[:cut], in[cut:]}, 30*time.Millisecond); got != in {
			t.Fatalf("%q arrives as %q", in, got)
		}
	})
}
