package pane

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rvo-tui/capture"
	"rvo-tui/runtime"

	"rvo-tui/ui/draw"
)

// CamerasView lists the cameras, w cells wide.
func CamerasView(s *Scene, w int) Body {
	b := Body{Title: "Cameras", rows: true, empty: s.noCamera()}
	if s.Snap == nil {
		return b
	}
	cams := s.Snap.Cameras
	live := 0
	name := 6
	for i := range cams {
		if cams[i].State == capture.Live {
			live++
		}
		name = max(name, min(draw.Width(s.Theme.Text(cams[i].Name)), 20))
	}
	b.n, b.Note = len(cams), fmt.Sprintf("%d of %d live", live, len(cams))
	name = max(min(name, w-33), 4)
	order := s.CameraOrder()
	for _, i := range order {
		if any, _ := AlertsOf(s.Snap.Alerts, cams[i].Name, ""); any {
			b.pinned++
		}
	}
	wide := w >= name+58
	gap := "  "
	if w < name+33 {
		gap = " "
	}
	head := "   # " + draw.Fit("name", name) + gap + "  " + draw.Fit("state", 12) + draw.Right("fps", 5) + draw.Right("age", 7)
	if wide {
		head += "  " + draw.Fit("size", 10) + draw.Right("reconn", 6) + "  source"
	}
	b.head = []string{s.Theme.Dim.Of(head)}
	b.key = func(i int) string { return cams[order[i]].Name }
	b.row = func(row int) string {
		i := order[row]
		c := &cams[i]
		number := " "
		if i < 9 {
			number = strconv.Itoa(i + 1)
		}
		mark := " "
		if i == s.Cam {
			mark = s.Theme.Accent.Of(s.Theme.Live)
		}
		look, state := cameraInk(s.Theme, c.State), string(c.State)
		if s.Stale {
			look, state = s.Theme.Warn, "unknown"
		}
		line := " " + mark + " " + s.Theme.Dim.Of(number) + " " + draw.Fit(s.Theme.Text(c.Name), name) + gap +
			look.Of(s.Theme.Dot+" "+draw.Fit(state, 12)) + draw.Right(draw.Rate(c.FPS), 5) + draw.Right(frameAge(c), 7)
		if wide {
			size := "-"
			if c.Width > 0 {
				size = fmt.Sprintf("%dx%d", c.Width, c.Height)
			}
			line += "  " + draw.Fit(size, 10) + draw.Right(draw.Count(reconnects(c)), 6) + "  " + s.Theme.Dim.Of(s.Theme.Text(c.Source))
		}
		return line
	}
	if c := s.Camera(); c != nil && len(cams) > 0 {
		b.foot = cameraFoot(s, c, w)
	}
	return b
}

// decoding returns how much of a camera's video is decoded, and why.
func decoding(s *Scene, c *runtime.CameraView) string {
	line := fmt.Sprintf("decodes %s of %.0f fps: %s", c.Decoding, c.SentFPS, s.Theme.Text(c.DecodingWhy))
	if c.Damaged > 0 {
		line += "  " + draw.Count(c.Damaged) + " damaged"
	}
	return line
}

func cameraFoot(s *Scene, c *runtime.CameraView, w int) []string {
	parts := []string{draw.Count(c.Frames) + " frames", draw.Count(c.Superseded) + " unseen", draw.Count(c.Stalls) + " stalls"}
	if w < 70 {
		size := "no frame"
		if c.Width > 0 {
			size = fmt.Sprintf("%dx%d", c.Width, c.Height)
		}
		parts = []string{size, parts[0], draw.Count(reconnects(c)) + " reconnects"}
	}
	line := " " + s.Theme.Dim.Of(strings.Join(parts, "  "))
	if c.Lagging {
		line = " " + s.Theme.Warn.Of("lags by "+draw.Coarse(c.Lag)) + "  " + line[1:]
	}
	foot := []string{line}
	if c.Decoding != "" {
		foot = append(foot, " "+s.Theme.Dim.Of(draw.Fit(decoding(s, c), w-2)))
	}
	if r := c.Recording; r != nil {
		line := fmt.Sprintf("evidence stream %s, %.0f fps: %s", r.State, r.SentFPS, s.Theme.Text(cmp.Or(capture.Cause(r.Reason, r.Source), r.Source)))
		foot = append(foot, " "+recordingInk(s.Theme, r.State).Of(draw.Fit(line, w-2)))
	}
	if c.Reason != "" {
		for _, l := range draw.Wrap(s.Theme.Text(capture.Cause(c.Reason, c.Source)), w-2) {
			foot = append(foot, " "+cameraInk(s.Theme, c.State).Of(l))
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
		return "<0.1s" // it varies by a frame interval anyway
	}
	return draw.Coarse(c.FrameAge)
}

// recordingInk returns the colour of an evidence stream's state, highlighted only if something
// is wrong.
func recordingInk(t *draw.Theme, s capture.State) draw.Ink {
	if s == capture.Live {
		return t.Dim
	}
	return cameraInk(t, s)
}

// cameraInk returns the colour of a camera's state.
func cameraInk(t *draw.Theme, s capture.State) draw.Ink {
	switch s {
	case capture.Live:
		return t.Good
	case capture.Paused, capture.Ended:
		return t.Dim
	case capture.Failed:
		return t.Bad
	}
	return t.Warn
}
