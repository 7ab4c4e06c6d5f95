package text

import "testing"

func TestGist(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"an event has no clip event=01890a5d-ac96 camera=door reason=disk", `an event has no clip event=01890a5e-bb camera="back yard" reason=disk`, true},
		{"too little free disk: 12 MiB, retry in 1.5s", "too little free disk: 9 MiB, retry in 500ms", true},
		{"an event has no clip event=a reason=disk", "an event has no clip event=a reason=queue", false},
	} {
		if same := Gist(c.a) == Gist(c.b); same != c.same {
			t.Errorf("%q and %q: %v, want %v", c.a, c.b, same, c.same)
		}
	}
}
