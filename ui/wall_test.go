package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"rvo-tui/capture"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/ui/pane"
	"rvo-tui/ui/remote"
)

// walled is the wall of a site with a number of cameras, of which the second is in trouble.
func walled(t *testing.T, cameras, w, h int) *model {
	t.Helper()
	f := newFake()
	street := f.snap.Cameras[0]
	for i := 2; i < cameras; i++ {
		c := street
		c.Name = fmt.Sprintf("yard-%d", i+1)
		f.snap.Cameras = append(f.snap.Cameras, c)
	}
	m := shown(t, f, DefaultConfig(), w, h)
	m.press("w")
	fetch(m, f)
	return m
}

func TestWall(t *testing.T) {
	for _, tt := range []struct{ cameras, w, h, tiles int }{
		{2, 80, 24, 1}, {2, 120, 40, 2}, {12, 120, 40, 4}, {12, 200, 60, 12}, {32, 200, 60, 12}, {3, 40, 10, 1},
	} {
		t.Run(fmt.Sprintf("%d_%dx%d", tt.cameras, tt.w, tt.h), func(t *testing.T) {
			m := walled(t, tt.cameras, tt.w, tt.h)
			if views, _ := m.want.get(); len(views) != tt.tiles {
				t.Errorf("asks for %d frames, want %d", len(views), tt.tiles)
			}
			golden(t, fmt.Sprintf("wall_%d_%dx%d", tt.cameras, tt.w, tt.h), plainText(t, strings.Split(m.View().Content, "\n"), tt.w))
		})
	}
}

func TestWallIsWalked(t *testing.T) {
	m := walled(t, 12, 120, 40)
	at := func(want int) {
		t.Helper()
		if got := m.cursors[pane.Wall].Sel; got != want {
			t.Errorf("tile %d, want %d", got, want)
		}
	}
	at(0)
	typing(m, "right", "down")
	at(3)
	typing(m, "l")
	at(4)
	views, _ := m.want.get()
	if views[0].Camera != "yard-5" || len(m.scene.Shots) != 0 {
		t.Errorf("the next page asks for %v, and %d frames of the one before are kept", views, len(m.scene.Shots))
	}
	m.Update(tea.MouseClickMsg{X: 70, Y: 30, Button: tea.MouseLeft})
	at(7)
	m.Update(tea.MouseClickMsg{X: 70, Y: 30, Button: tea.MouseLeft})
	if m.camera != "yard-8" || m.focus == pane.Wall {
		t.Errorf("a double click shows %s in %v", m.camera, m.focus)
	}
	typing(m, "w", "w")
	if m.focus == pane.Wall {
		t.Error("w does not close the wall")
	}
}

func TestWallFlashesWithEvents(t *testing.T) {
	m := walled(t, 4, 120, 40)
	before := m.View().Content
	next := *m.newest
	next.At = next.At.Add(time.Second)
	e := runtime.RecentEvent{Seq: 9, Event: rules.Event{Type: "parcel_left", Camera: "yard-3", Time: next.At, Phase: rules.PhaseConfirmed}}
	m.take(feedMsg{snap: &next, events: []runtime.RecentEvent{e}})
	text := m.View().Content
	if !strings.Contains(text, "parcel_left") || strings.Contains(before, "parcel_left") {
		t.Error("the tile does not tell of its event")
	}
	lit := func() bool { return strings.Contains(m.View().Content, m.scene.Theme.Good.On+m.scene.Theme.Corner[0]) }
	if !lit() {
		t.Error("its frame is as before")
	}
	lost := next
	lost.Cameras = slices.Clone(next.Cameras)
	lost.Cameras[2].State = capture.Reconnecting
	if m.take(feedMsg{snap: &lost}); lit() || strings.Contains(m.View().Content, "parcel_left") {
		t.Error("the event hides that its camera is lost")
	}
	for _, later := range []time.Duration{600 * time.Millisecond, 5 * time.Second} {
		s := *m.newest
		s.At = next.At.Add(later)
		if m.take(feedMsg{snap: &s}); lit() {
			t.Errorf("its frame is lit after %v", later)
		}
	}
}

func TestTilesAreFetchedInTurn(t *testing.T) {
	var f frames
	views := []runtime.PreviewSpec{{Camera: "a"}, {Camera: "b"}, {Camera: "c"}, {Camera: "d"}}
	count := map[int]int{}
	for i := range 100 { // ten seconds
		count[f.next(noon.Add(time.Duration(i)*100*ms), views, 0)]++
	}
	for i := range views {
		if n := count[i]; n < 10*remote.TileRate-6 || n > 10*remote.TileRate+1 {
			t.Errorf("tile %d was fetched %d times within ten seconds", i, n)
		}
	}
	if f.next(noon, nil, 0) != -1 || f.next(noon, views[:1], 0) != 0 || f.next(noon, views[:1], 0) != 0 {
		t.Error("a single preview waits")
	}
}

// New screen contents are drawn even if the screen before was expensive.
func TestFirstFramesAreFree(t *testing.T) {
	f := frames{limit: 1000}
	views := []runtime.PreviewSpec{{Camera: "a"}}
	f.next(noon, views, 0)
	if got := f.next(noon.Add(100*ms), views, 50_000); got != -1 {
		t.Fatalf("beyond the budget frame %d is fetched", got)
	}
	views = []runtime.PreviewSpec{{Camera: "b"}, {Camera: "c"}}
	seen := map[int]bool{}
	for i := range 20 {
		seen[f.next(noon.Add(time.Duration(2+i)*100*ms), views, uint64(60_000+i*10_000))] = true
	}
	if !seen[0] || !seen[1] {
		t.Errorf("fetched: %v", seen)
	}
}

// After the clock was set back, events that seem to be of the future do not make tiles flash.
func TestEventsOfTheFutureDoNotFlash(t *testing.T) {
	m := walled(t, 4, 200, 60)
	e := sampleEvents()[0]
	e.Event.Camera, e.Event.Time = m.scene.Snap.Cameras[0].Name, m.now().Add(time.Hour)
	m.allEvent = []runtime.RecentEvent{e}
	m.sift()
	m.epoch++
	if s := ansi.Strip(m.View().Content); strings.Contains(s, "● "+e.Event.Type) {
		t.Errorf("it flashes:\n%s", s)
	}
}
