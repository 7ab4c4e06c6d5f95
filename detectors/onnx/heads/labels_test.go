package heads

import (
	"slices"
	"testing"

	"rvo-tui/internal/text"
)

func TestLabels(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"plain", "person\ncar\n", []string{"person", "car"}},
		{"carriage returns and a byte order mark", "\ufeffperson\r\ntraffic light\r\n\r\n", []string{"person", "traffic light"}},
		{"an empty line counts", "person\n\ncar", []string{"person", "", "car"}},
		{"comments", "# of COCO\nperson\ncar", []string{"person", "car"}},
		{"numbered", "0 person\n1 car", []string{"person", "car"}},
		{"numbered with gaps", "1: person\n3: traffic light\n", []string{"", "person", "", "traffic light"}},
		{"numbers alone", "0\n1\n2", []string{"0", "1", "2"}},
		{"some begin with a number", "3 series\ncar", []string{"3 series", "car"}},
		{"numbers that fall", "1 euro\n1 dollar", []string{"1 euro", "1 dollar"}},
		{"yaml, mapping", "path: coco8\nnc: 2\nnames:\n  0: person  # people\n  2: 'traffic light'\n\ndownload: x", []string{"person", "", "traffic light"}},
		{"yaml, list", "names:\n- person\n- \"traffic light\"\nnc: 2", []string{"person", "traffic light"}},
		{"yaml, on a line", "nc: 2\nnames: ['person', 'car']", []string{"person", "car"}},
		{"yaml, without quotes", "names: [person, car]", []string{"person", "car"}},
		{"empty", "\n\n", nil},
		{"yaml without names", "names:\nnc: 2", nil},
		{"yaml with nonsense", "names:\n  person", nil},
		{"yaml with a broken list", "names: [person", nil},
		{"a number beyond all", "0 a\n99999999 b", []string{"0 a", "99999999 b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseLabels(tt.text)
			if !slices.Equal(got, tt.want) || (err == nil) != (tt.want != nil) {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestNames(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{`{0: 'person', 1: "driver's seat"}`, []string{"person", "driver's seat"}},
		{`{0: 'person', 2: 'car'}`, []string{"person", "", "car"}},
		{`['a', 'b\'c']`, []string{"a", "b'c"}},
		{`{"0": "person"}`, []string{"person"}},
		{`{1: 'b', 0: 'a'}`, nil},
		{`{-1: 'a'}`, nil},
		{`{0: 'a' 1: 'b'}`, nil},
		{`{999999: 'a'}`, nil},
		{`['a`, nil},
		{`['a]`, nil},
		{`person`, nil},
		{``, nil},
	}
	for _, tt := range tests {
		if got := ParseNames(tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("%s gives %q, want %q", tt.text, got, tt.want)
		}
	}
}

func FuzzLabels(f *testing.F) {
	f.Add("names:\n  0: person\n  7: car")
	f.Add("0 person\n2 car")
	f.Add("{0: 'person', 1: \"a\"}")
	f.Fuzz(func(t *testing.T, text string) {
		labels, err := ParseLabels(text)
		if (err == nil) != (len(labels) > 0) || len(labels) > maxLabels {
			t.Errorf("%d labels, %v", len(labels), err)
		}
		if len(ParseNames(text)) > maxLabels {
			t.Error("too many names")
		}
	})
}

// FuzzNames checks that labels from a model are bounded and printable.
func FuzzNames(f *testing.F) {
	f.Add("{0: 'person', 1: 'traffic light'}")
	f.Add(`["a", 'it\'s', b]`)
	f.Add("{99999: 'x'}")
	f.Fuzz(func(t *testing.T, source string) {
		labels := ParseNames(source)
		if len(labels) > maxLabels {
			t.Fatalf("%d labels", len(labels))
		}
		for _, label := range labels {
			if text.Clean(label) != label {
				t.Fatalf("label %q", label)
			}
		}
	})
}
