package logging

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// textLog is a handler as programs use it, without times.
func textLog(out *bytes.Buffer) slog.Handler {
	return slog.NewTextHandler(out, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey && len(groups) == 0 {
				return slog.Attr{}
			}
			return a
		},
	})
}

// runLog runs a ring in a bubble and returns a function that ends it.
func runLog(h *Ring) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = h.Run(ctx) }()
	return func() { cancel(); <-done }
}

func TestRingText(t *testing.T) {
	tests := []struct {
		name string
		log  func(*slog.Logger)
		want string
	}{
		{"plain", func(l *slog.Logger) { l.Info("camera is live") }, "camera is live"},
		{"attributes", func(l *slog.Logger) { l.Info("x", "camera", "door", "n", 3) }, "x camera=door n=3"},
		{"quoted", func(l *slog.Logger) { l.Info("x", "error", `no "such" file`, "e", "") }, `x error="no \"such\" file" e=""`},
		{"with", func(l *slog.Logger) { l.With("camera", "door").Info("x", "n", 1) }, "x camera=door n=1"},
		{"groups", func(l *slog.Logger) { l.WithGroup("a").With("b", 1).WithGroup("c").Info("x", "d", 2) }, "x a.b=1 a.c.d=2"},
		{"group value", func(l *slog.Logger) { l.Info("x", slog.Group("g", "a", 1), slog.Group("", "b", 2)) }, "x g.a=1 b=2"},
		{"empty attribute", func(l *slog.Logger) { l.Info("x", slog.Attr{}, "a", 1) }, "x a=1"},
		{"line ends", func(l *slog.Logger) { l.Info("a\nb\r\tc") }, "a b c"},
		{"escape sequence", func(l *slog.Logger) { l.Info("a\x1b[31mb\u009b", "k", "\u202etxt") }, "a[31mb k=txt"},
		{"not UTF-8", func(l *slog.Logger) { l.Info("a\xffb") }, "ab"},
		{"long", func(l *slog.Logger) { l.Info(strings.Repeat("ä", MaxLineBytes)) }, strings.Repeat("ä", MaxLineBytes/2-2) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := NewRing(slog.DiscardHandler)
			tt.log(slog.New(always{h}))
			lines := h.Lines(0)
			if len(lines) != 1 || lines[0].Text != tt.want || lines[0].Seq != 1 || lines[0].Time.IsZero() {
				t.Errorf("lines %+v, want %q", lines, tt.want)
			}
		})
	}
}

// always enables a handler at every level.
type always struct{ slog.Handler }

func (always) Enabled(context.Context, slog.Level) bool   { return true }
func (a always) WithAttrs(attrs []slog.Attr) slog.Handler { return always{a.Handler.WithAttrs(attrs)} }

func (a always) WithGroup(name string) slog.Handler            { return always{a.Handler.WithGroup(name)} }
func (a always) Handle(c context.Context, r slog.Record) error { return a.Handler.Handle(c, r) }

func TestRingPassesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		h := NewRing(textLog(&out))
		end := runLog(h)
		log := slog.New(h).With("camera", "door")
		log.Debug("below the level of the next handler")
		log.Info("one")
		log.Warn("two", "n", 2)
		log.Error("three")
		end()
		want := "level=INFO msg=one camera=door\nlevel=WARN msg=two camera=door n=2\nlevel=ERROR msg=three camera=door\n"
		if out.String() != want {
			t.Errorf("passed on:\n%swant:\n%s", &out, want)
		}
		if got, want := h.View(), (View{Errors: 1, Warnings: 1}); got != want {
			t.Errorf("view %+v, want %+v", got, want)
		}
	})
}

func TestRingKeepsTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewRing(textLog(new(bytes.Buffer)))
		log := slog.New(h)
		for i := range MaxLines + 20 {
			log.Info(fmt.Sprint(i))
		}
		all := h.Lines(0)
		if len(all) != MaxLines || all[0].Text != "20" || all[0].Seq != 21 || all[MaxLines-1].Text != "519" {
			t.Fatalf("%d lines from %+v", len(all), all[0])
		}
		if got := h.Lines(518); len(got) != 2 || got[0].Text != "518" || got[1].Text != "519" {
			t.Errorf("lines after 518: %+v", got)
		}
		for _, seq := range []uint64{520, 1000} {
			if got := h.Lines(seq); len(got) != 0 {
				t.Errorf("lines after %d: %+v", seq, got)
			}
		}
		if depth, capacity, dropped := h.Queue(); depth != logQueue || capacity != logQueue || dropped != MaxLines+20-logQueue {
			t.Errorf("with a next handler that takes no lines: %d of %d, %d dropped", depth, capacity, dropped)
		}
	})
}

func TestRingCollapsesRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		h := NewRing(textLog(&out))
		end := runLog(h)
		log := slog.New(h)
		for i := range 90 {
			log.Warn("no frame", "camera", "door")
			if i%30 == 0 {
				log.Warn("no frame", "camera", "yard")
			}
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		var got []string
		for _, l := range h.Lines(0) {
			got = append(got, l.Text)
		}
		door, yard := "no frame camera=door", "no frame camera=yard"
		want := []string{door, yard, door, door, door, door, yard, yard, door + " (85 times more)"}
		if !slices.Equal(got, want) {
			t.Errorf("kept %q, want %q", got, want)
		}
		if v := h.View(); v.Warnings != 93 {
			t.Errorf("%d warnings, want every one counted", v.Warnings)
		}
		end()
		if !strings.HasSuffix(out.String(), "msg=\"no frame\" camera=door repeated=85\n") || strings.Count(out.String(), "\n") != 9 {
			t.Errorf("passed on:\n%s", &out)
		}
	})
}

// stuckHandler returns only when its context ends or the test lets it.
type stuckHandler struct {
	slog.Handler
	gate chan struct{}
}

func (s stuckHandler) Enabled(context.Context, slog.Level) bool { return true }
func (s stuckHandler) Handle(context.Context, slog.Record) error {
	<-s.gate
	return nil
}

func TestRingNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		h := NewRing(stuckHandler{slog.DiscardHandler, gate})
		end := runLog(h)
		start := time.Now()
		for i := range 2 * logQueue {
			slog.New(h).Info(fmt.Sprint(i))
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("logging to a stuck terminal took %v", d)
		}
		close(gate)
		end()
	})
}
