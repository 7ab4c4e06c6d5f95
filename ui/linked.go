package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"rvo-tui/ui/draw"
	"rvo-tui/ui/remote"

	"rvo-tui/ui/pane"
)

// changes reports whether an action changes the runtime and so needs a live link.
func (a action) changes() bool {
	switch a {
	case actToggle, actAttach, actDetach, actFaster, actSlower, actRule, actClip, actPause, actCamera, actReload, actUndo, actDraw:
		return true
	}
	return false
}

// barred returns why the runtime cannot be changed now; empty if it can.
func (m *model) barred() string {
	switch {
	case m.opts.Link == nil:
		return ""
	case m.link.ReadOnly:
		return "read-only: this token cannot change anything; connect with control.token"
	case m.link.State != remote.LinkLive:
		return "not connected: nothing can be changed"
	}
	return ""
}

// relink stores the state of the link.
func (m *model) relink(k remote.Link) {
	if k.State != m.link.State {
		m.slowAt = time.Time{} // redraw at once
	}
	if k.State != m.link.State || k.State != remote.LinkLive || k.PID != m.link.PID || k.ReadOnly != m.link.ReadOnly {
		m.epoch++
	}
	m.link = k
	m.scene.Stale, m.scene.Waiting = k.State == remote.LinkLost, k.State == remote.LinkConnecting
	if k.Kinds != nil {
		m.opts.Kinds = k.Kinds
	}
}

// outdate makes the values on the screen age while no snapshot arrives.
func (m *model) outdate() {
	if m.frozen || m.newest == nil || m.link.State != remote.LinkLost {
		return
	}
	m.scene.Snap = m.newest.Aged(m.link.Quiet)
	m.fast++
	m.slow++
	m.arrange()
}

// renew resets the history if a snapshot does not continue the previous one: it is of another
// process, or too much later. If the clock of the other process was set back, nothing waits until it
// has caught up.
func (m *model) renew(before, next time.Time, sameProcess bool) {
	if next.Before(before) {
		m.slowAt = time.Time{}
		m.notice.until = next.Add(noticeTime)
		for _, s := range m.sent {
			s.until = time.Time{}
		}
	}
	if gap := next.Sub(before); !sameProcess || gap > pane.PastSeconds*time.Second || gap < 0 {
		m.scene.Hist = m.scene.Hist.Renewed()
	}
}

// faded draws a pane and its frame as outdated.
func (m *model) faded(lines []string) []string {
	for i, l := range lines {
		lines[i] = m.scene.Theme.Dim.Recolored(l)
	}
	return lines
}

// linkTrouble returns the header's notice that the connection is lost or not made yet; empty
// while it is live. Brief leaves out when the next try is.
func (m *model) linkTrouble(brief bool) string {
	k := m.link
	text := ""
	switch {
	case m.opts.Link == nil || k.State == remote.LinkLive:
		return ""
	case k.State == remote.LinkLost:
		text = "connection lost " + seconds(k.Quiet)
	default:
		text = "connecting to " + k.Addr
	}
	if k.Next > 0 && !brief {
		text += ", next try in " + seconds(k.Next+time.Second-1)
	}
	if k.Reason != "" {
		text += ": " + reasonHere(k)
	}
	return m.scene.Theme.Text(text)
}

// reasonHere returns why a link is not live, without the address: the header shows that already.
func reasonHere(k remote.Link) string {
	reason := strings.TrimPrefix(k.Reason, "rvo-tui at "+k.Addr+": ")
	return strings.Replace(reason, "no rvo-tui answers at "+k.Addr+":", "no rvo-tui answers:", 1)
}

// seconds formats a duration for use in a sentence.
func seconds(d time.Duration) string {
	if d < 2*time.Minute {
		return strconv.Itoa(int(d.Seconds())) + " s"
	}
	return draw.Clock(d)
}

// where returns the host of a remote process for the header, and who its PID and version; both
// are empty for this process.
func (m *model) where() (where, who string) {
	k := m.link
	if m.opts.Link == nil || k.Host == "" {
		return "", ""
	}
	where = "at " + k.Host
	if k.ReadOnly {
		where += " (read-only)"
	}
	return m.scene.Theme.Text(where), m.scene.Theme.Text(fmt.Sprintf("pid %d, version %s", k.PID, k.Version))
}
