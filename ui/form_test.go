package ui

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"rvo-tui/internal/option"
	"rvo-tui/runtime"
)

// Every key of every kind has a field, and what is typed there arrives.
func TestAttachFormHasEveryKey(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 80, 24)
	typed := map[reflect.Kind]string{reflect.Int: "3", reflect.Float64: "0.5", reflect.String: "text", reflect.Slice: "a"}
	for i, name := range m.opts.Kinds.Names() {
		f := newForm(m).(*form)
		f.kind = i
		f.pick(m, "enter")
		want := slices.Concat(option.Keys(m.opts.Kinds[name].Own()), option.Keys(m.opts.Kinds[name].Common()))
		for _, key := range want {
			i := slices.IndexFunc(f.fields, func(o field) bool { return o.Key == key })
			if key == "kind" || key == "cameras" {
				continue
			}
			if i < 0 {
				t.Errorf("%s: there is no field for %s", name, key)
				continue
			}
			f.focus(i)
			o := f.fields[i]
			switch {
			case o.choices != nil:
				f.choose("right")
			case o.Key == "ttl" || o.Key == "timeout" || o.Key == "busy":
				f.values[key] = "2s"
			default:
				f.values[key] = typed[o.Type.Kind()]
			}
			cfg, _ := f.config(m)
			if v := cfg.Value(key); !v.IsValid() || v.IsZero() && key != "enabled" || key == "enabled" && cfg.Enabled {
				t.Errorf("%s: %s is not set by %q", name, key, f.values[key])
			}
			if lines := f.draw(m, m.screen()); len(lines) != m.h {
				t.Errorf("%s: with %s in focus the screen has %d lines", name, key, len(lines))
			}
		}
	}
}

func TestConditionsAreTypedWithBlanks(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 80, 24)
	want := []string{"motion > 0.01"}
	f := newForm(m).(*form)
	f.pick(m, "enter")
	f.values["needs"] = " motion > 0.01 "
	if cfg, problems := f.config(m); !slices.Equal(cfg.Needs, want) || len(problems) > 0 {
		t.Errorf("form: %q, %v", cfg.Needs, problems)
	}
	f.values["needs"] = "motion >"
	if _, problems := f.config(m); problems["needs"] == "" {
		t.Error("half a condition is taken")
	}
	for _, line := range []string{"attach dummy needs = motion > 0.01 max_fps=5", "attach dummy max_fps=5 needs=motion > 0.01", `attach dummy "needs=motion > 0.01"`} {
		o, err := parseOrder(line, "street", testKinds())
		if err != nil || !slices.Equal(o.command.Attached.Needs, want) {
			t.Errorf("%s: %+v, %v", line, o.command.Attached, err)
		}
	}
}

// A password is never on the screen, from its first letter to the answer, wherever it is typed,
// and arrives complete.
func TestTypedPasswordsDoNotShow(t *testing.T) {
	const line = "yard rtsp://u:geheim@10.0.0.7/x"
	hidden := func(g *program) {
		t.Helper()
		if s := g.screen(); strings.Contains(s, "geh") {
			t.Errorf("the password shows:\n%s", s)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		g.keys(":")
		for _, k := range strings.Split("add_camera "+line, "") {
			g.keys(k)
			hidden(g)
		}
		g.sees("add_camera yard rtsp://u:******@10.0.0.7/x")
		g.keys("enter")
		hidden(g)
		g.commanded(runtime.Command{Do: runtime.AddCamera})
		if got := g.backend.did()[0].Added.Source; got != "rtsp://u:geheim@10.0.0.7/x" {
			t.Errorf("the camera comes from %q", got)
		}
		for _, wrong := range []string{"attach motion rtsp://u:geheim@h", "rtsp://u:geheim@h", "attach remote endpoint=http://u:geheim@h:1"} {
			g.keys(append(append([]string{":"}, strings.Split(wrong, "")...), "enter")...)
			hidden(g)
			g.keys("esc")
		}
		g.keys("A")
		g.keys("up")
		for _, k := range strings.Split("rtsp://u:geheim@", "") {
			g.keys(k)
			hidden(g)
		}
		g.sees("rtsp://u:******@")
		g.keys("esc", "a", "r", "enter", "tab")
		g.keys(strings.Split("http://u:geheim@h:1", "")...)
		g.sees("http://u:******@h:1")
		hidden(g)
		g.keys("enter")
		hidden(g)
		g.keys("esc", "q")
		g.ends()
	})
}
