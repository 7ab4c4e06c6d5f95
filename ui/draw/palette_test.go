package draw

import (
	"math"
	"slices"
	"strconv"
	"testing"
)

// contrast is the WCAG 2 contrast ratio of two colours.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	luminance := func(c string) (l float64) {
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			n, err := strconv.ParseUint(c[1+2*i:3+2*i], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			v := float64(n) / 255
			if v <= 0.04045 {
				l += weight * v / 12.92
			} else {
				l += weight * math.Pow((v+0.055)/1.055, 2.4)
			}
		}
		return l
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Text of every theme is readable on its backgrounds (4.5, or 7 for the theme contrast), and the
// stages can be distinguished from them (3).
func TestThemesHaveContrast(t *testing.T) {
	for _, name := range Themes() {
		p, ok := PaletteOf(name)
		if name == "mono" {
			continue
		}
		if !ok {
			t.Errorf("%s has no colors", name)
			continue
		}
		p.Validate(func(key, problem string) { t.Errorf("%s: %s: %s", name, key, problem) })
		grounds := []string{"#000000", "#1e1e1e"}
		if p.Light {
			grounds = []string{"#ffffff", "#f5f5f5"}
		}
		grounds = append(grounds, p.Selected, p.SelectedOff)
		least := 4.5
		if name == "contrast" {
			least = 7
		}
		for key, list := range p.colors() {
			want := least
			switch key {
			case "selected", "selected_off", "border":
				continue
			case "stages":
				want = 3
			}
			for _, c := range list {
				for _, ground := range grounds {
					if got := contrast(t, c, ground); got < want {
						t.Errorf("%s: %s %s on %s has a contrast of %.2f, want %v", name, key, c, ground, got, want)
					}
				}
			}
		}
		states := []string{p.Good, p.Warn, p.Bad, p.Info, p.Accent, p.Dim}
		slices.Sort(states)
		if len(slices.Compact(states)) != 6 {
			t.Errorf("%s: two states have one color", name)
		}
	}
}

func TestPaletteOfAFile(t *testing.T) {
	p := Palette{Base: "light", Bad: "#aa0000"}.Fill()
	light, _ := PaletteOf("light")
	if p.Bad != "#aa0000" || p.Good != light.Good || !p.Light {
		t.Errorf("%+v", p)
	}
	problems := map[string]bool{}
	Palette{Base: "sepia", Dim: "red", Stages: []string{"#000000"}}.Validate(func(key, _ string) { problems[key] = true })
	if !problems["base"] || !problems["dim"] || !problems["stages"] || len(problems) != 3 {
		t.Errorf("problems: %v", problems)
	}
}
