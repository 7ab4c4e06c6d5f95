package ui

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"rvo-tui/capture"
	"rvo-tui/internal/logging"
	"rvo-tui/runtime/engine"
	"rvo-tui/ui/draw"
	"rvo-tui/ui/pane"
	"rvo-tui/ui/remote"
)

// onField opens the form of a kind at a field.
func onField(t *testing.T, m *model, kind, key string) *form {
	t.Helper()
	typing(m, "a")
	f := m.overlay.(*form)
	for f.kinds[f.kind] != kind {
		typing(m, "down")
	}
	typing(m, "enter")
	for f.fields[f.at].Key != key {
		typing(m, "down")
	}
	return f
}

// A choice of a form is changed by its keys alone: neither by pasted text nor by a mouse button that
// is released.
func TestChoicesAreOnlyStepped(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	f := onField(t, m, "motion", cameraField)
	m.Update(tea.PasteMsg{Content: "foo"})
	if f.values[cameraField] != "" {
		t.Errorf("paste: %q", f.values[cameraField])
	}
	typing(m, "right")
	m.Update(tea.MouseReleaseMsg{X: 1, Y: 1, Button: tea.MouseLeft})
	if f.values[cameraField] != "all" {
		t.Errorf("release: %q", f.values[cameraField])
	}
}

// The end of a typed address is visible, however narrow the screen is.
func TestTypedAddressIsVisibleOnNarrowScreens(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 60, 24)
	m.pick()
	typing(m, "up")
	typing(m, strings.Split("rtsp://10.0.0.7:8554/a/very/long/path/of/a/stream/end", "")...)
	if s := ansi.Strip(m.View().Content); !strings.Contains(s, "stream/end") {
		t.Errorf("%s", s)
	}
}

// A difference that arrives late does not take the keys that are typed into another dialog.
func TestReviewWaitsForTheOpenDialog(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	typing(m, ":", "d")
	m.Update(diffMsg{diff: sampleDiff(), write: true})
	if _, ok := m.overlay.(*palette); !ok {
		t.Errorf("overlay is %T", m.overlay)
	}
	typing(m, "esc")
	if _, ok := m.overlay.(*review); !ok {
		t.Errorf("overlay is %T", m.overlay)
	}
}

// Panes go on being drawn when the clock of the other process is set back.
func TestClockOfTheOtherProcessIsSetBack(t *testing.T) {
	m := linked(t, remote.Link{State: remote.LinkLive}, 120, 40)
	at := func(d time.Duration, fps float64) {
		s := *sample()
		s.At = noon.Add(d)
		s.Cameras[0].FPS = fps
		m.take(feedMsg{snap: &s, link: remote.Link{State: remote.LinkLive}})
	}
	at(time.Second, 30)
	m.screen()
	at(-time.Hour, 20)
	m.screen()
	at(-time.Hour+time.Second, 7.7)
	s := ansi.Strip(strings.Join(m.screen(), "\n"))
	if !strings.Contains(s, " 7.7 ") {
		t.Errorf("%s", s)
	}
}

// An overlay that begins or ends within a wide character keeps the lines' width.
func TestOverlayOverWideCharacters(t *testing.T) {
	for _, off := range []string{"", "x"} {
		m := shown(t, newFake(), DefaultConfig(), 120, 40)
		m.allLog = []logging.Line{{Seq: 9, Text: off + strings.Repeat("長", 100)}}
		m.sift()
		m.focusOn(pane.Log)
		m.zoom = true
		m.arrange()
		m.press("?")
		for i, l := range strings.Split(m.View().Content, "\n") {
			if n := draw.Width(l); n != 120 {
				t.Errorf("%q line %d: %d %q", off, i, n, ansi.Strip(l))
			}
		}
		m.overlay = &confirm{question: "Detach?"}
		for i, l := range strings.Split(m.View().Content, "\n") {
			if n := draw.Width(l); n != 120 {
				t.Errorf("%q line %d: %d %q", off, i, n, ansi.Strip(l))
			}
		}
	}
}

// A zone without corners, from another program, is not drawn.
func TestZoneWithoutCorners(t *testing.T) {
	f := newFake()
	f.snap.Cameras[0].Zones = append(f.snap.Cameras[0].Zones, engine.ZoneView{Name: "a"})
	m := shown(t, f, DefaultConfig(), 120, 40)
	m.View()
	if m.crash != nil {
		t.Errorf("crash %v", m.crash)
	}
}

// A frozen dashboard, too, sees that the connection is live again.
func TestFrozenDashboardSeesTheLinkAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		<-f.snapshots
		var state, last atomic.Value
		state.Store(remote.LinkLost)
		want := new(demand)
		want.freeze(true)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			feed(ctx, f, Options{Config: DefaultConfig(), Link: func() remote.Link { return remote.Link{State: state.Load().(remote.LinkState)} }}, want, new(meter), func(msg tea.Msg) { last.Store(msg.(feedMsg).link.State) })
		}()
		time.Sleep(3 * linkTime)
		synctest.Wait()
		state.Store(remote.LinkLive)
		time.Sleep(3 * linkTime)
		synctest.Wait()
		if got := last.Load(); got != remote.LinkLive {
			t.Errorf("last sent %q", got)
		}
		cancel()
		<-done
	})
}

// Nothing fails on a screen too small to be drawn, whatever was in focus before.
func TestKeysOnAScreenTooSmall(t *testing.T) {
	for p := range pane.Count {
		m := shown(t, newFake(), DefaultConfig(), 120, 40)
		m.focusOn(p)
		m.press("/")
		m.Update(tea.WindowSizeMsg{Width: 8, Height: 3})
		m.Update(triedMsg{}) // the search handles it as if it were input
		m.overlay = nil
		if m.Update(pressed("q")); m.crash != nil || !m.quit {
			t.Errorf("%v: quit: %v, %v", p, m.quit, m.crash)
		}
	}
}

// Only the left button clicks: with the others, terminals paste.
func TestOtherMouseButtonsDoNothing(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	typing(m, "x")
	at := spots(m)["key y"]
	for _, b := range []tea.MouseButton{tea.MouseMiddle, tea.MouseRight, tea.MouseBackward} {
		if _, cmd := m.Update(tea.MouseClickMsg{X: at[0], Y: at[1], Button: b}); cmd != nil || m.overlay == nil {
			t.Errorf("button %v answers a question", b)
		}
	}
	typing(m, "esc", "?")
	m.Update(tea.MouseWheelMsg{X: 60, Y: 20, Button: tea.MouseWheelRight})
	if top := m.overlay.(*sheet).top; top != 0 {
		t.Errorf("a wheel to the side scrolls by %d", top)
	}
}

// A long address is not cut.
func TestLongAddressIsPasted(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	m.pick()
	typing(m, "up")
	long := "https://10.0.0.7/a.m3u8?sign=" + strings.Repeat("x", 2000)
	m.Update(tea.PasteMsg{Content: long})
	if got := m.overlay.(*picker).source(); got != long {
		t.Errorf("%d of %d characters arrive", len(got), len(long))
	}
	m.overlay = nil
	typing(m, ":")
	m.Update(tea.PasteMsg{Content: "filter " + long})
	if typing(m, "enter"); m.scene.Filter != long || len(m.state.History) != 0 {
		t.Errorf("the filter has %d of %d characters, the history %d lines", len(m.scene.Filter), len(long), len(m.state.History))
	}
}

// Events that have grown older than a query's "since" disappear without a new event.
func TestEventsGrowTooOld(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	m.scene.Filter = "since=30s"
	m.sift()
	for i, want := range []bool{true, true, false} {
		s := *sample()
		s.At = noon.Add(time.Duration(i) * 8 * time.Second)
		m.take(feedMsg{snap: &s})
		if got := strings.Contains(ansi.Strip(strings.Join(m.screen(), "\n")), "blind      door"); got != want {
			t.Errorf("after %v it is shown: %v", s.At.Sub(noon), got)
		}
	}
}

// A camera that could not be added is not shown when another one of its name appears later.
func TestFailedCameraIsNotShownLater(t *testing.T) {
	f := newFake()
	f.fail = errors.New("add camera: there are 64 already")
	m := shown(t, f, DefaultConfig(), 120, 40)
	m.Update(m.addCamera(capture.Config{Name: "yard"})())
	s := *sample()
	s.At = noon.Add(time.Second)
	yard := s.Cameras[1]
	yard.Name = "yard"
	s.Cameras = append(s.Cameras, yard)
	if m.take(feedMsg{snap: &s}); m.camera != "street" {
		t.Errorf("shows %s", m.camera)
	}
}

// Commands that need a name do not take the first one without it.
func TestPaletteWantsAName(t *testing.T) {
	for _, line := range []string{"camera", "sort"} {
		m := shown(t, newFake(), DefaultConfig(), 120, 40)
		m.show(1)
		typing(m, append(append([]string{":"}, strings.Split(line, "")...), "enter")...)
		if p, open := m.overlay.(*palette); !open || p.err == "" || m.camera != "door" {
			t.Errorf("%s: overlay %T, shows %s", line, m.overlay, m.camera)
		}
	}
}
