package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/internal/logging"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/ui/film"
	"rvo-tui/ui/pane"
	"rvo-tui/ui/remote"
)

// drawn is a movie of five seconds, 10 frames per second, without a decoder.
type drawn struct{ next int }

func (s *drawn) Tracks() []*capture.Track { return nil }
func (s *drawn) Live() bool               { return false }
func (s *drawn) Close() error             { return nil }

func (s *drawn) Read() (*capture.Packet, error) {
	at := time.Duration(s.next) * 100 * ms
	if s.next++; s.next > 50 {
		return nil, io.EOF
	}
	return &capture.Packet{Track: &capture.Track{Video: true}, Data: []byte{1}, PTS: at, DTS: at, Duration: 100 * ms, Key: true}, nil
}

type painter struct{}

func (painter) Decode(packets []*capture.Packet, _ bool) (capture.Decoded, error) {
	return capture.Decoded{Image: canvas{}, Packet: packets[len(packets)-1], Frames: len(packets)}, nil
}
func (painter) Drain() (capture.Decoded, error) { return capture.Decoded{}, nil }
func (painter) Flush()                          {}
func (painter) Close()                          {}

type canvas struct{}

func (canvas) Size() (int, int)           { return 160, 90 }
func (canvas) Luma() (capture.Luma, bool) { return capture.Luma{}, false }
func (canvas) Free()                      {}

func (canvas) Convert(dst []byte, t capture.Target) error {
	copy(dst, gradient(t.Width, t.Height).Pixels)
	return nil
}

var drawnFilms = film.Opener{
	Open:    func(context.Context, string) (capture.PacketSource, error) { return new(drawn), nil },
	Decoder: func(*capture.Track, capture.Config) (capture.Decoder, error) { return painter{}, nil },
}

func TestClipPlaysInItsEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{Film: drawnFilms})
		g.keys("tab", "tab", "tab", "g", "enter")
		time.Sleep(1700 * ms)
		g.sees("playing  1.")
		time.Sleep(500 * ms)
		g.sees("┌car") // the detections of that time
		g.sees("clip saved: evidence/street/2026-03-14/11-58-55_0197-a/clip.mp4")
		g.keys("space")
		g.sees("paused ")
		g.keys("left", "left")
		g.sees("paused   ")
		before := g.m.overlay.(*eventDetail).shot.At
		g.keys("right")
		if at := g.m.overlay.(*eventDetail).shot.At; at <= before || at > before+200*ms {
			t.Errorf("right goes from %v to %v", before, at)
		}
		synctest.Wait()
		at := spots(g.m)
		bar := at["seek "]
		n := g.m.targets(bar[0], bar[1])[1].W
		g.p.Send(tea.MouseClickMsg{X: bar[0] + n - 1, Y: bar[1], Button: tea.MouseLeft})
		g.settle()
		g.sees(" 4.9 of 5.0 s")
		g.p.Send(tea.MouseClickMsg{X: at["action toggle"][0], Y: at["action toggle"][1], Button: tea.MouseLeft})
		g.settle()
		g.sees("playing  0.") // from its beginning
		time.Sleep(6 * time.Second)
		g.sees("paused   4.9 of 5.0 s")
		g.keys("]")
		g.sees("the end of an event has no clip; [ goes to its beginning")
		g.keys("[")
		time.Sleep(time.Second)
		g.sees("playing")
		g.p.Send(tea.MouseClickMsg{X: 0, Y: 0, Button: tea.MouseLeft}) // outside of the box
		g.settle()
		if g.m.overlay != nil {
			t.Error("a click outside of the box does not close it")
		}
		g.keys("q")
		g.ends()
	})
}

func TestClipThatCannotPlaySaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{Film: film.Opener{
			Open: func(context.Context, string) (capture.PacketSource, error) {
				return nil, errors.New("built without FFmpeg")
			},
			Decoder: drawnFilms.Decoder,
		}})
		g.keys("tab", "tab", "tab", "g", "enter")
		g.sees("cannot be played")
		g.sees("play clip: built without FFmpeg")
		g.sees("clip saved: ")
		g.keys("esc", "q")
		g.ends()
	})
}

func TestEvidenceInWords(t *testing.T) {
	event := func(typ string, ago time.Duration) runtime.RecentEvent {
		return runtime.RecentEvent{Seq: 9, Event: rules.Event{ID: "new", Type: typ, Camera: "street", Phase: rules.PhaseConfirmed, Time: noon.Add(-ago)}}
	}
	for _, tt := range []struct {
		name  string
		event runtime.RecentEvent
		err   error
		want  string
		waits bool
	}{
		{"to come", event("motion", 3500*ms), clips.ErrNoClip, "clip in 2 s", true},
		{"late", event("motion", 7*time.Second), clips.ErrNoClip, "the clip is being written", true},
		{"lost", event("motion", time.Hour), clips.ErrNoClip, "this event has no clip", false},
		{"lost, as the log says", runtime.RecentEvent{Event: rules.Event{ID: "dropped", Type: "motion", Camera: "street", Phase: rules.PhaseConfirmed, Time: noon}}, clips.ErrNoClip, "the clip was lost: queue", false},
		{"none kept", event("blind", time.Second), clips.ErrNoClip, "this rule records no clips", false},
		{"kept until the rule was changed", runtime.RecentEvent{Event: rules.Event{Type: "blind", Camera: "street", Phase: rules.PhaseConfirmed, Time: noon, Clip: true}}, clips.ErrNoClip, "being written", true},
		{"of a rule that is gone", event("other", time.Second), clips.ErrNoClip, "being written", true},
		{"no disk", event("motion", time.Hour), errors.New("list clips: input/output error"), "input/output error", false},
		{"its end", runtime.RecentEvent{Event: rules.Event{Phase: rules.PhaseEnded, Time: noon}}, clips.ErrNoClip, "the end of an event has no clip", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake()
			r := &f.snap.Cameras[0].Rules[0]
			r.Clip, r.ClipAfter = true, 5*time.Second
			m := shown(t, f, DefaultConfig(), 80, 24)
			m.take(feedMsg{snap: f.snap, log: []logging.Line{{Seq: 9, Level: slog.LevelWarn, Text: "an event has no clip event=dropped camera=street reason=queue"}}})
			newEventDetail(m, tt.event)
			d := m.overlay.(*eventDetail)
			if got := ansi.Strip(d.evidence(m, 70)); !strings.Contains(got, "loading") && tt.event.Event.Phase == rules.PhaseConfirmed {
				t.Errorf("at first it says %q", got)
			}
			_, again := d.update(m, clipMsg{seq: tt.event.Seq, err: tt.err})
			if got := ansi.Strip(d.evidence(m, 70)); !strings.Contains(got, tt.want) {
				t.Errorf("it says %q, want %q", got, tt.want)
			}
			if (again != nil) != tt.waits {
				t.Errorf("it is looked for again: %v, want %v", again != nil, tt.waits)
			}
		})
	}
}

func TestPathsAreNotBrokenInTwo(t *testing.T) {
	for _, size := range [][2]int{{40, 10}, {80, 24}, {100, 30}, {200, 60}} {
		m := shown(t, newFake(), DefaultConfig(), size[0], size[1])
		newEventDetail(m, sampleEvents()[0])
		clip, err := m.backend.Clip("0197-a")
		clip.Path = "/var/lib/rvo-tui/evidence/" + clip.Path
		m.Update(clipMsg{1, clip, err})
		lines := strings.Split(ansi.Strip(m.View().Content), "\n")
		found := 0
		for _, l := range lines {
			if strings.Contains(l, "clip.mp4") {
				found++
				if size[0] >= 120 && !strings.Contains(l, clip.Path) {
					t.Errorf("at %v the path is cut though there is room: %s", size, l)
				}
			}
		}
		if found != 1 {
			t.Errorf("at %v the path's end is on %d lines:\n%s", size, found, strings.Join(lines, "\n"))
		}
	}
}

func TestOpenerGetsTheClip(t *testing.T) {
	dir := t.TempDir()
	script, out := filepath.Join(dir, "player"), filepath.Join(dir, "out")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nprintf '%s|' \"$@\" > "+out+"\n[ \"$1\" != --fail ]\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	m.focusOn(pane.Events)
	typing(m, "g")
	m.opts.Config.Opener = script + " --loop"
	if msg := m.press("o")(); msg != nil {
		t.Errorf("it came to %v", msg)
	}
	if text, err := os.ReadFile(out); err != nil || !strings.HasPrefix(string(text), "--loop|evidence/street/") {
		t.Errorf("the program got %q, %v", text, err)
	}
	for _, opener := range []string{script + " --fail", filepath.Join(dir, "none")} {
		m.opts.Config.Opener = opener
		if msg, ok := m.press("o")().(doneMsg); !ok || msg.err == nil || !strings.Contains(msg.err.Error(), "[ui] opener") {
			t.Errorf("%s came to %v", opener, msg)
		}
	}
	m.opts.Config.Opener = ""
	if m.press("o") != nil || !strings.Contains(m.notice.text, "[ui] opener") {
		t.Errorf("without a program it says %q", m.notice.text)
	}
	os.Remove(out)
	m.opts.Config.Opener = script
	m.opts.Link = func() remote.Link { return remote.Link{} }
	if m.press("o") != nil || !strings.Contains(m.notice.text, "another process") {
		t.Errorf("connected it says %q", m.notice.text)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a path of another process was given to a program")
	}
}

// The clip of an event at all tested screen sizes.
func TestEvidenceAtAllSizes(t *testing.T) {
	for _, size := range [][2]int{{40, 10}, {80, 24}, {100, 30}, {120, 40}, {200, 60}} {
		for _, ascii := range []bool{false, true} {
			name := fmt.Sprintf("evidence_%dx%d", size[0], size[1])
			if ascii {
				name += "_ascii"
			}
			t.Run(name, func(t *testing.T) {
				cfg := DefaultConfig()
				cfg.ASCII = ascii
				m := shown(t, newFake(), cfg, size[0], size[1])
				newEventDetail(m, sampleEvents()[0])
				d := m.overlay.(*eventDetail)
				clip, err := m.backend.Clip("0197-a")
				m.Update(clipMsg{1, clip, err})
				meta, _ := m.backend.Meta(m.ctx, clip)
				if w, h := d.room(m); w > 0 {
					m.Update(film.Shot{
						Event: "0197-a", Frame: gradient(min(w, 2*h*16/9), min(2*h, w*9/16)/2*2), At: 2 * time.Second, Length: 5 * time.Second, Mark: 1500 * ms, Found: meta.Found,
					})
				}
				text := plainText(t, strings.Split(m.View().Content, "\n"), size[0])
				for _, theme := range looks {
					m.themeName = theme
					m.retheme()
					plainText(t, strings.Split(m.View().Content, "\n"), size[0])
				}
				golden(t, name, text)
			})
		}
	}
}
