package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"rvo-tui/capture"
	"rvo-tui/runtime"
)

// camerasView lists the cameras, for w cells.
func camerasView(s *scene, w int) body {
	b := body{title: "Cameras", rows: true, empty: "No camera. Press " + s.hints.addCamera + " to add one."}
	if s.snap == nil {
		return b
	}
	cams := s.snap.Cameras
	live := 0
	name := 6
	for i := range cams {
		if cams[i].State == capture.Live {
			live++
		}
		name = max(name, min(width(s.th.text(cams[i].Name)), 20))
	}
	b.n, b.note = len(cams), fmt.Sprintf("%d of %d live", live, len(cams))
	wide := w >= name+58
	gap := "  "
	if w < name+33 {
		gap = " "
	}
	head := "   # " + fit("name", name) + gap + "  " + fit("state", 12) + right("fps", 5) + right("age", 7)
	if wide {
		head += "  " + fit("size", 10) + right("reconn", 6) + "  source"
	}
	b.head = []string{s.th.dim.of(head)}
	b.key = func(i int) string { return cams[i].Name }
	b.row = func(i int) string {
		c := &cams[i]
		number := " "
		if i < 9 {
			number = strconv.Itoa(i + 1)
		}
		mark := " "
		if i == s.cam {
			mark = s.th.accent.of(s.th.live)
		}
		look := cameraInk(s.th, c.State)
		line := " " + mark + " " + s.th.dim.of(number) + " " + fit(s.th.text(c.Name), name) + gap +
			look.of(s.th.dot+" "+fit(string(c.State), 12)) + right(rate(c.FPS), 5) + right(frameAge(c), 7)
		if wide {
			size := "-"
			if c.Width > 0 {
				size = fmt.Sprintf("%dx%d", c.Width, c.Height)
			}
			line += "  " + fit(size, 10) + right(count(reconnects(c)), 6) + "  " + s.th.dim.of(s.th.text(c.Source))
		}
		return line
	}
	if c := s.camera(); c != nil && len(cams) > 0 {
		b.foot = cameraFoot(s, c, w)
	}
	return b
}

func cameraFoot(s *scene, c *runtime.CameraView, w int) []string {
	parts := []string{count(c.Frames) + " frames", count(c.Superseded) + " unseen", count(c.Stalls) + " stalls"}
	if w < 70 {
		size := "no frame"
		if c.Width > 0 {
			size = fmt.Sprintf("%dx%d", c.Width, c.Height)
		}
		parts = []string{size, parts[0], count(reconnects(c)) + " reconnects"}
	}
	line := " " + s.th.dim.of(strings.Join(parts, "  "))
	if c.Lagging {
		line = " " + s.th.warn.of("lags by "+coarse(c.Lag)) + "  " + line[1:]
	}
	foot := []string{line}
	if c.Reason != "" {
		for _, l := range wrap(s.th.text(c.Reason), w-2) {
			foot = append(foot, " "+cameraInk(s.th, c.State).of(l))
		}
	}
	return foot
}

func reconnects(c *runtime.CameraView) uint64 {
	if c.Connects == 0 {
		return 0
	}
	return c.Connects - 1
}

func frameAge(c *runtime.CameraView) string {
	if c.FrameID == 0 {
		return "-"
	}
	if c.FrameAge < 100*time.Millisecond {
		return "<0.1s" // between two frames it swings by an interval
	}
	return coarse(c.FrameAge)
}

// cameraInk returns the colour of a camera's state.
func cameraInk(t *theme, s capture.State) ink {
	switch s {
	case capture.Live:
		return t.good
	case capture.Paused, capture.Ended:
		return t.dim
	case capture.Failed:
		return t.bad
	}
	return t.warn
}
