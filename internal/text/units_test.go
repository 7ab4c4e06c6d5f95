package text

import (
	"strings"
	"testing"
	"time"
)

func TestBytes(t *testing.T) {
	for text, want := range map[string]Bytes{
		"64MiB": 64 << 20, "2GiB": 2 << 30, "1.5GiB": 3 << 29, "500MB": 500e6, "1 kb": 1000, "0": 0, "17": 17, "17B": 17, "1TiB": 1 << 40, "1tb": 1e12, " 3KiB ": 3 << 10,
	} {
		var b Bytes
		if err := b.UnmarshalText([]byte(text)); err != nil || b != want {
			t.Errorf("%q is %d, %v; want %d", text, b, err, want)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1e3", "1XiB", "1 2", "0x10", "NaN", "Inf", "9999999TiB", "1..5MB", "1MiBs", "1_000", "99999999999999999999"} {
		var b Bytes
		if err := b.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %d", text, b)
		}
	}
}

func FuzzBytes(f *testing.F) {
	for _, s := range []string{"64MiB", "1.5GB", "17", "9223372036854775807B", "8388608TiB"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var b, again Bytes
		if b.UnmarshalText([]byte(text)) != nil {
			return
		}
		if b < 0 {
			t.Fatalf("%q is %d", text, b)
		}
		if err := again.UnmarshalText([]byte(b.String())); err != nil || again != b {
			t.Errorf("%q is %d, written %s, read as %d, %v", text, b, b, again, err)
		}
	})
}

func TestDurationText(t *testing.T) {
	var d Duration
	if err := d.UnmarshalText([]byte("1m30s")); err != nil || d != Duration(90*time.Second) {
		t.Errorf("1m30s: %v, %v", d, err)
	}
	if back, err := d.MarshalText(); err != nil || string(back) != "1m30s" {
		t.Errorf("back: %q, %v", back, err)
	}
	if err := d.UnmarshalText([]byte("10")); err == nil || !strings.Contains(err.Error(), "500ms") {
		t.Errorf("a number without a unit: %v", err)
	}
}
