package ui

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/runtime"
	"rvo-tui/ui/remote"
)

// linked is a dashboard of the sample over a link.
func linked(t *testing.T, k remote.Link, w, h int) *model {
	t.Helper()
	m := shown(t, newFake(), DefaultConfig(), w, h)
	m.opts.Link = func() remote.Link { return k }
	m.keys.rename(actQuit, "disconnect", "")
	for i := range m.newest.Cameras[0].Signals[:2] {
		m.newest.Cameras[0].Signals[i].Frame = 37040 // they had an answer
	}
	m.take(feedMsg{snap: m.newest, link: remote.Link{State: remote.LinkLive, Host: "nvr", PID: 812, Version: "v1.2.3"}})
	m.take(feedMsg{link: k})
	return m
}

func TestHeadShowsTheLink(t *testing.T) {
	met := remote.Link{Addr: "10.0.0.5:7443", Host: "nvr", PID: 812, Version: "v1.2.3"}
	in := func(state remote.LinkState, change func(k *remote.Link)) remote.Link {
		k := met
		k.State = state
		change(&k)
		return k
	}
	reason := "no rvo-tui answers at 10.0.0.5:7443: start one, or name its address"
	var all strings.Builder
	for _, c := range []struct {
		name string
		link remote.Link
		snap bool
		well bool
	}{
		{"nobody has answered", remote.Link{State: remote.LinkConnecting, Addr: "10.0.0.5:7443"}, false, false},
		{"nobody answers", remote.Link{State: remote.LinkConnecting, Addr: "10.0.0.5:7443", Reason: reason, Next: 1200 * ms}, false, false},
		{"live", in(remote.LinkLive, func(*remote.Link) {}), true, false},
		{"live and well", in(remote.LinkLive, func(*remote.Link) {}), true, true},
		{"read-only", in(remote.LinkLive, func(k *remote.Link) { k.ReadOnly = true }), true, true},
		{"lost", in(remote.LinkLost, func(k *remote.Link) { k.Quiet, k.Next, k.Reason = 3400*ms, 800*ms, reason }), true, false},
		{"lost, trying", in(remote.LinkLost, func(k *remote.Link) { k.Quiet, k.Reason = 3*time.Minute, reason }), true, false},
		{"hostile", in(remote.LinkLost, func(k *remote.Link) { k.Host, k.Reason = "\x1b[31mred", "\x1b]0;title\x07" }), true, false},
	} {
		for _, w := range []int{80, 120, 170} {
			m := linked(t, c.link, w, 40)
			if !c.snap {
				m.scene.Snap, m.newest = nil, nil
			}
			if c.well {
				m.scene.Snap = &runtime.Snapshot{At: noon, Cameras: m.newest.Cameras[:1]}
				m.scene.Snap.Cameras[0].Detectors = m.newest.Cameras[0].Detectors[:1]
			}
			fmt.Fprintf(&all, "%s, %d wide\n%s", c.name, w, plainText(t, []string{m.makeHead()}, w))
		}
	}
	golden(t, "head_links", all.String())
}

func TestScreenOfALostLink(t *testing.T) {
	k := remote.Link{State: remote.LinkLost, Addr: "/run/rvo-tui/control.sock", Host: "nvr", PID: 812, Version: "v1.2.3", Quiet: 12 * time.Second, Reason: "connected, but no data arrives"}
	m := linked(t, k, 120, 40)
	golden(t, "screen_lost", plainText(t, m.screen(), 120))
	if at := m.now().Sub(noon); at != 12*time.Second {
		t.Errorf("time advances by %v", at)
	}
	m.take(feedMsg{snap: m.newest, link: remote.Link{State: remote.LinkLive, Host: "nvr"}})
	if strings.Contains(strings.Join(m.screen(), "\n"), "─ old ─") {
		t.Error("what is shown is still marked as old")
	}
}

func TestFreshSnapshotsOfAnotherProcessAreNotCompared(t *testing.T) {
	m := linked(t, remote.Link{State: remote.LinkLive}, 120, 40)
	kept := m.scene.Hist
	next := *m.newest
	next.At = next.At.Add(time.Second)
	m.take(feedMsg{snap: &next, link: remote.Link{State: remote.LinkLive}})
	if m.scene.Hist != kept {
		t.Error("what is remembered of the same process is forgotten")
	}
	after := next
	after.At, after.Started = next.At.Add(time.Second), noon
	m.take(feedMsg{snap: &after, link: remote.Link{State: remote.LinkLive}})
	if m.scene.Hist == kept {
		t.Error("two processes are compared")
	}
}

func TestReadOnlyLinkChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link := remote.Link{State: remote.LinkLive, Host: "nvr", ReadOnly: true}
		g := start(t, Options{Link: func() remote.Link { return link }})
		g.show(func(*runtime.Snapshot) {})
		g.sees("disconnect")
		for _, key := range []string{"space", "a", "x", "+", "e", "c", "p", "A", "r"} {
			g.keys(key)
			g.sees("read-only: this token cannot change")
			if g.m.overlay != nil {
				t.Errorf("%s opens something", key)
			}
		}
		g.keys(":")
		g.keys(strings.Split("reload", "")...)
		g.keys("enter")
		g.sees("read-only")
		g.keys(":")
		g.keys(strings.Split("pause", "")...)
		g.keys("enter")
		g.sees("read-only")
		g.keys("esc")
		if n := len(g.backend.did()); n != 0 {
			t.Errorf("%d commands were given", n)
		}
		g.show(func(s *runtime.Snapshot) { s.Clips.Building = true })
		g.keys("q") // clips being saved there do not matter here
		g.ends()
	})
}

func TestLostLinkIsToldWithoutSnapshots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		link := remote.Link{State: remote.LinkLive, Host: "nvr"}
		g := start(t, Options{Link: func() remote.Link {
			k := link
			if d := time.Since(began); d > 5*time.Second {
				k.State, k.Quiet, k.Reason = remote.LinkLost, d-5*time.Second, "gone"
			}
			return k
		}})
		g.show(func(*runtime.Snapshot) {})
		time.Sleep(8 * time.Second)
		g.sees("connection lost 3 s: gone")
		g.keys("space")
		g.sees("not connected: nothing can be changed")
		g.keys("j") // keys that change nothing work
		g.keys("space")
		time.Sleep(9500 * time.Millisecond)
		g.sees("connection lost 13 s: gone")
		if strings.Contains(g.screen(), "not connected: nothing") {
			t.Error("a notice stays for ever")
		}
		g.keys("q")
		g.ends()
	})
}

// A camera of another process cannot be a file, so none is suggested.
func TestMenuOfCamerasProposesNoFileElsewhere(t *testing.T) {
	here := shown(t, newFake(), DefaultConfig(), 120, 40)
	there := linked(t, remote.Link{State: remote.LinkLive}, 120, 40)
	for m, file := range map[*model]bool{here: true, there: false} {
		m.pick()
		if hint := m.overlay.(*picker).in.Placeholder; strings.Contains(hint, "a file") != file || !strings.Contains(hint, "rtsp://") {
			t.Errorf("over a link %v: it proposes %q", !file, hint)
		}
	}
}
