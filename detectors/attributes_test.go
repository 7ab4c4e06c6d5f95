package detectors

import (
	"testing"
	"time"
)

func boxAt(x float64, attributes ...Attribute) Detection {
	return Detection{Label: "car", Box: Box{X: x, Y: 0.1, W: 0.2, H: 0.2}, Attributes: attributes}
}

func TestAttributesGoToTheBoxThatOverlapsMost(t *testing.T) {
	plate := func(label string, expires time.Duration) Attribute {
		return Attribute{Name: "plate", Label: label, Value: 1, Expires: expires}
	}
	color := Attribute{Name: "color", Label: "red", Value: 1, Expires: time.Second}
	truck := boxAt(0.1)
	truck.Label = "truck"
	for _, c := range []struct {
		name        string
		found, from []Detection
		want        []string
	}{
		{"moved", []Detection{boxAt(0.12), boxAt(0.5)}, []Detection{boxAt(0.1, plate("A", 2))}, []string{"car plate A", "car"}},
		{"the nearer one", []Detection{boxAt(0.18), boxAt(0.11)}, []Detection{boxAt(0.1, plate("A", 2))}, []string{"car", "car plate A"}},
		{"each once", []Detection{boxAt(0.11), boxAt(0.12)}, []Detection{boxAt(0.1, plate("A", 2)), boxAt(0.1, plate("B", 2))}, []string{"car plate A", "car plate B"}},
		{"too far", []Detection{boxAt(0.25)}, []Detection{boxAt(0.1, plate("A", 2))}, []string{"car"}},
		{"another label", []Detection{truck}, []Detection{boxAt(0.1, plate("A", 2))}, []string{"truck"}},
		{"expired", []Detection{boxAt(0.1)}, []Detection{boxAt(0.1, plate("A", 1))}, []string{"car"}},
		{"the newer one counts", []Detection{boxAt(0.1, plate("A", 3), color)}, []Detection{boxAt(0.1, plate("B", 2))}, []string{"car color red plate B"}},
		{"nobody", nil, []Detection{boxAt(0.1, plate("A", 2))}, nil},
	} {
		before := append([]Detection(nil), c.found...)
		got := Attributed(c.found, c.from, 1)
		if len(got) != len(c.want) {
			t.Errorf("%s: %d detections, want %d", c.name, len(got), len(c.want))
			continue
		}
		for i := range got {
			if text := got[i].Caption(""); text != c.want[i] {
				t.Errorf("%s: %q, want %q", c.name, text, c.want[i])
			}
			if len(before[i].Attributes) != len(c.found[i].Attributes) {
				t.Errorf("%s: what was found is written to", c.name)
			}
		}
	}
}

func TestAttributesThatAreUnknown(t *testing.T) {
	was := []Detection{boxAt(0.1, Attribute{Name: "plate", Value: 1, Expires: 10}, Attribute{Name: "color", Value: 1, Expires: 20}), boxAt(0.5)}
	for _, c := range []struct {
		now  time.Duration
		want string
	}{{9, "car plate 1 color 1"}, {10, "car plate ? color 1"}, {20, "car plate ? color ?"}} {
		got := AttributedAt(was, c.now)
		if text := got[0].Caption(""); text != c.want {
			t.Errorf("at %v: %q, want %q", c.now, text, c.want)
		}
	}
	failed := Unattributed(was, []string{"color", "other"}, Stuck)
	if a := failed[0].Attribute("color"); a.Unknown != Stuck || failed[0].Attribute("plate").Unknown != Known {
		t.Errorf("after its detector was stuck: %+v", failed[0].Attributes)
	}
	if was[0].Attributes[0].Unknown != Known || was[0].Attributes[1].Unknown != Known {
		t.Error("what others read was written to")
	}
}
