package ui

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"rvo-tui/capture"
	"rvo-tui/runtime"
)

// program is a whole dashboard that runs in a bubble, without a terminal.
type program struct {
	t       *testing.T
	backend *fake
	m       *model
	p       *tea.Program
	cancel  context.CancelFunc
	done    chan error
}

// start runs a dashboard. Call it in a bubble.
func start(t *testing.T, opts Options) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	g := &program{t: t, backend: newFake(), cancel: cancel, done: make(chan error, 1)}
	opts.Config, opts.Kinds = DefaultConfig(), testKinds()
	started := make(chan struct{})
	go func() {
		g.done <- run(ctx, g.backend, opts, &meter{File: out}, nil, func(p *tea.Program) { g.p = p; close(started) },
			tea.WithInput(nil), tea.WithOutput(new(strings.Builder)), tea.WithWindowSize(120, 40),
			tea.WithColorProfile(colorprofile.TrueColor), tea.WithEnvironment([]string{"TERM=xterm-256color"}),
			tea.WithFilter(func(m tea.Model, msg tea.Msg) tea.Msg {
				g.m = m.(*model)
				if o, ok := msg.(overlay); ok {
					g.m.overlay = o
				}
				return msg
			}))
	}()
	<-started
	g.settle()
	return g
}

// settle lets everything happen that needs no further key.
func (g *program) settle() {
	time.Sleep(200 * time.Millisecond)
	synctest.Wait()
}

func (g *program) keys(names ...string) {
	for _, k := range names {
		g.p.Send(pressed(k))
	}
	g.settle()
}

// show publishes a changed sample.
func (g *program) show(change func(s *runtime.Snapshot)) {
	s := sample()
	s.At = g.m.now().Add(time.Second)
	change(s)
	g.backend.snapshots <- s
	g.settle()
}

func (g *program) screen() string {
	synctest.Wait()
	text := ansi.Strip(g.m.View().Content)
	g.p.Send(nil) // the program handles later messages after this one
	synctest.Wait()
	return text
}

func (g *program) sees(text string) {
	g.t.Helper()
	if s := g.screen(); !strings.Contains(s, text) {
		g.t.Errorf("the screen does not show %q:\n%s", text, s)
	}
}

// commanded fails unless the last command is the wanted one.
func (g *program) commanded(want runtime.Command) {
	g.t.Helper()
	all := g.backend.did()
	if len(all) == 0 {
		g.t.Fatalf("no command was given, want %+v", want)
	}
	got := all[len(all)-1]
	got.Attached, got.Added = nil, nil
	if got != want {
		g.t.Errorf("commanded %+v, want %+v", got, want)
	}
}

// ends waits for the program to end by itself.
func (g *program) ends() {
	g.t.Helper()
	synctest.Wait()
	select {
	case err := <-g.done:
		if err != nil {
			g.t.Errorf("ended with %v", err)
		}
	default:
		g.t.Error("does not end")
		g.cancel()
		<-g.done
	}
}

func TestCommandsOfKeys(t *testing.T) {
	tests := []struct {
		name string
		keys []string
		want runtime.Command
		says string
	}{
		{"disable", []string{"j", "j", "space"}, runtime.Command{Do: runtime.Disable, Camera: "street", Detector: "motion"}, "motion is disabled"},
		{"enable", []string{"G", "space"}, runtime.Command{Do: runtime.Enable, Camera: "street", Detector: "quality"}, "quality is enabled"},
		{"faster", []string{"+"}, runtime.Command{Do: runtime.SetRate, Camera: "street", Detector: "heavy", FPS: 12}, "at most 12.0"},
		{"slower", []string{"-"}, runtime.Command{Do: runtime.SetRate, Camera: "street", Detector: "heavy", FPS: 8}, "at most 8.0"},
		{"detach", []string{"x", "y"}, runtime.Command{Do: runtime.Detach, Camera: "street", Detector: "heavy"}, "heavy is detached"},
		{"rule off", []string{"e"}, runtime.Command{Do: runtime.RuleOff, Camera: "street", Rule: "motion"}, "rule motion is disabled"},
		{"rule on", []string{"tab", "tab", "G", "e"}, runtime.Command{Do: runtime.RuleOn, Camera: "street", Rule: "tamper"}, "rule tamper is enabled"},
		{"acknowledge", []string{"!", "j", "j", "space"}, runtime.Command{Do: runtime.Acknowledge, Alert: "detector_slow:heavy"}, "acknowledged until it clears: detector heavy"},
		{"take the mark back", []string{"!", "j", "space"}, runtime.Command{Do: runtime.Acknowledge, Alert: "detector_failed:parcel"}, "no longer acknowledged"},
		{"go to what an alert is about", []string{"2", "!", "j", "enter", "space"}, runtime.Command{Do: runtime.Disable, Camera: "street", Detector: "parcel"}, "parcel is disabled"},
		{"pick from the fleet", []string{"0", "enter", "p"}, runtime.Command{Do: runtime.Pause, Camera: "door"}, "door is paused"},
		{"search the fleet", []string{"0", "/", "s", "t", "r", "e", "e", "t", "enter", "enter", "p"}, runtime.Command{Do: runtime.Pause, Camera: "street"}, "street is paused"},
		{"sort the fleet", []string{"0", "<", ">", ">", "G", "enter", "p"}, runtime.Command{Do: runtime.Pause, Camera: "street"}, "street is paused"},
		{"camera by letters", []string{":", "c", "a", "m", "e", "r", "a", "space", "d", "r", "enter", "p"}, runtime.Command{Do: runtime.Pause, Camera: "door"}, "door is paused"},
		{"clip", []string{"c"}, runtime.Command{Do: runtime.SaveClip, Camera: "street"}, "being saved"},
		{"pause", []string{"2", "p"}, runtime.Command{Do: runtime.Pause, Camera: "door"}, "door is paused"},
		{"palette", append(strings.Split("set_rate heavy 3", ""), "enter"), runtime.Command{Do: runtime.SetRate, Camera: "street", Detector: "heavy", FPS: 3}, "done: set_rate heavy 3"},
		{"palette completes", []string{"r", "u", "tab", "f", "tab", "p", "tab", "enter"}, runtime.Command{Do: runtime.RuleOff, Camera: "street", Rule: "parcel_left"}, "done"},
		{"palette for all", append(strings.Split("pause --camera all", ""), "enter"), runtime.Command{Do: runtime.Pause}, "done"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := start(t, Options{})
				keys := tt.keys
				if strings.HasPrefix(tt.name, "palette") {
					keys = append([]string{":"}, keys...)
				}
				for i, k := range keys {
					if k == " " {
						keys[i] = "space"
					}
				}
				g.keys(keys...)
				g.commanded(tt.want)
				g.sees(tt.says)
				g.keys("q")
				g.ends()
			})
		})
	}
}

func TestRefusedCommandSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		g.backend.fail = errors.New("detach: \x1b[31mno such detector")
		g.keys("space")
		g.sees("detach: [31mno such detector")
		g.keys("x", "n")
		if n := len(g.backend.did()); n != 1 {
			t.Errorf("%d commands were given, want 1", n)
		}
		g.keys("q")
		g.ends()
	})
}

func TestAttachForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		g.keys("a", "r", "enter", "enter")
		g.sees("is missing; say where the service listens")
		g.keys(strings.Split("10.0.0.9:50051", "")...)
		g.keys("up")
		g.keys(strings.Split("parcels", "")...)
		for range 8 {
			g.keys("down")
		}
		g.keys("0", "enter")
		g.sees("cannot be 0")
		if n := len(g.backend.did()); n != 0 {
			t.Fatalf("%d commands were given before the form was right", n)
		}
		g.keys("backspace", "4", "enter")
		g.commanded(runtime.Command{Do: runtime.Attach, Camera: "street"})
		c := g.backend.did()[0].Attached
		if c.Kind != "remote" || c.Name != "parcels" || c.Text("endpoint") != "10.0.0.9:50051" || c.MaxFPS != 4 {
			t.Errorf("attached %+v", c)
		}
		g.sees("parcels is attached")
		g.keys("q")
		g.ends()
	})
}

func TestFreezeStopsSampling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		g.keys("f")
		g.sees("frozen at 12:00:00")
		g.show(func(s *runtime.Snapshot) { s.Cameras[0].Detectors[0].Name = "unseen" })
		if strings.Contains(g.screen(), "unseen") {
			t.Error("a frozen screen has changed")
		}
		g.keys("f")
		g.show(func(s *runtime.Snapshot) { s.Cameras[0].Detectors[0].Name = "thawed" })
		g.sees("thawed")
		g.keys("q")
		g.ends()
	})
}

func TestFilterZoomAndPanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		g.keys(append([]string{"tab", "tab", "tab", "/"}, strings.Split("blind", "")...)...)
		g.keys("enter", "z")
		if s := g.screen(); strings.Contains(s, "motion") || !strings.Contains(s, "blind") {
			t.Errorf("the filter does not hold:\n%s", s)
		}
		g.keys("esc", "esc")
		g.sees("Detectors")
		g.sees("11:58:55")
		g.keys("tab", "tab", "shift+tab", "v", "0", "esc", "?")
		g.sees("Keys")
		g.keys("q", "q")
		g.ends()
	})
}

func TestSelectionStaysWithItsDetector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		g.keys("j")
		g.show(func(s *runtime.Snapshot) { s.Cameras[0].Detectors = slices.Delete(s.Cameras[0].Detectors, 1, 2) }) // the one above
		g.keys("space")
		g.commanded(runtime.Command{Do: runtime.Disable, Camera: "street", Detector: "parcel"})
		g.keys("q")
		g.ends()
	})
}

func TestQuitAsksWhileClipsAreWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		g.show(func(s *runtime.Snapshot) { s.Clips.Building = true })
		g.keys("q")
		g.sees("Clips are being written")
		g.keys("n", "ctrl+c", "y")
		g.ends()
	})
	t.Run("a second ctrl+c", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := start(t, Options{})
			g.show(func(s *runtime.Snapshot) { s.Clips.Building = true })
			g.keys("ctrl+c")
			g.sees("Clips are being written")
			g.keys("ctrl+c")
			g.ends()
		})
	})
}

func TestEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		g.cancel()
		g.ends()
	})
}

// broken is an overlay that panics.
type broken struct{ drawing bool }

func (b broken) update(*model, tea.Msg) (overlay, tea.Cmd) {
	if !b.drawing {
		panic("broken update")
	}
	return b, nil
}

func (b broken) draw(_ *model, screen []string) []string {
	if b.drawing {
		panic("broken view")
	}
	return screen
}

func TestPanicEndsTheScreenAndStartsItAgain(t *testing.T) {
	for _, drawing := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			g := start(t, Options{})
			g.p.Send(broken{drawing})
			g.keys("j")
			synctest.Wait()
			var c *crash
			if err := <-g.done; !errors.As(err, &c) || !strings.Contains(string(c.stack), "broken") {
				t.Errorf("ended with %v", err)
			}
		})
	}
	runs := 0
	err := again(t.Context(), Options{Pick: true}, func(o Options) error {
		if runs++; runs < 3 {
			return &crash{cause: "once more"}
		}
		if o.Pick {
			t.Error("begins with the camera menu again")
		}
		return nil
	})
	if err != nil || runs != 3 {
		t.Errorf("%d runs ended with %v", runs, err)
	}
	runs = 0
	if err := again(t.Context(), Options{}, func(Options) error { runs++; return &crash{} }); err == nil || runs != maxCrashes+1 {
		t.Errorf("%d runs ended with %v", runs, err)
	}
}

// Panics that are far apart, over months, never end the dashboard and what runs beside it.
func TestRarePanicsDoNotAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		err := again(t.Context(), Options{}, func(Options) error {
			if runs++; runs > 3*maxCrashes {
				return nil
			}
			time.Sleep(24 * time.Hour)
			return &crash{}
		})
		if err != nil {
			t.Errorf("ended after %d runs with %v", runs, err)
		}
	})
}

func TestEventDetailShowsItsClip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		g.keys("tab", "tab", "tab", "g", "enter")
		g.sees("evidence/street/2026-03-14/11-58-55_0197-a/clip.mp4")
		g.keys("esc", "j", "enter")
		g.sees("the end of an event has no clip")
		g.keys("esc", "q")
		g.ends()
	})
}

func TestMouse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		at := func(text string) (x, y int) {
			for y, l := range strings.Split(g.screen(), "\n") {
				if i := strings.Index(l, text); i >= 0 {
					return ansi.StringWidth(l[:i]), y
				}
			}
			t.Fatalf("the screen does not show %q", text)
			return 0, 0
		}
		x, y := at("heavy    backoff")
		g.p.Send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
		g.keys("space")
		g.commanded(runtime.Command{Do: runtime.Disable, Camera: "street", Detector: "heavy"})
		x, y = at("blind ")
		g.p.Send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
		g.p.Send(tea.MouseWheelMsg{X: x, Y: y, Button: tea.MouseWheelDown})
		g.keys("e")
		g.commanded(runtime.Command{Do: runtime.RuleOn, Camera: "street", Rule: "tamper"})
		x, y = at("heavy    backoff")
		for range 2 {
			g.p.Send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
		}
		g.settle()
		g.sees("Detector heavy on street")
		g.keys("esc", "q")
		g.ends()
	})
}

func TestCameraMenu(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{
			Pick: true,
			Devices: func() []capture.Choice {
				time.Sleep(time.Second)
				return []capture.Choice{{Source: "device:4", Label: "webcam"}}
			},
			Try: func(_ context.Context, cfg capture.Config) error {
				time.Sleep(2 * time.Second)
				if strings.HasPrefix(cfg.Source, "rtsp") {
					return errors.New("wrong user or password")
				}
				return nil
			},
		})
		g.sees("looking for capture devices")
		time.Sleep(time.Second)
		g.sees("device:4")
		g.keys("up")
		g.keys(strings.Split("rtsp://u:secret@", "")...)
		g.sees("names no host")
		g.keys(strings.Split("10.0.0.7/x", "")...)
		g.keys("enter")
		g.sees("trying rtsp://u:***@10.0.0.7/x")
		time.Sleep(2 * time.Second)
		g.sees("wrong user or password")
		g.keys("down", "enter")
		time.Sleep(2 * time.Second)
		g.settle()
		g.commanded(runtime.Command{Do: runtime.AddCamera})
		if c := g.backend.did()[0].Added; c.Source != "device:4" || c.Name != "device4" {
			t.Errorf("added %q from %q", c.Name, c.Source)
		}
		g.keys("q")
		g.ends()
	})
}
