package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// troubledConfig has twelve cameras. One is unreachable, one has a failing detector, and one a
// detector that is too slow. A second rule of the first can never fire.
func troubledConfig() string {
	var b strings.Builder
	b.WriteString("[log]\nfile = \"log\"\n[metrics]\nlisten = \"\"\n[control]\nsocket = \"\"\n[clips]\nbefore = \"1s\"\nafter = \"1s\"\nmin_free = \"0B\"\n")
	for i := range 12 {
		source := "synthetic:street"
		if i == 4 {
			source = "rtsp://127.0.0.1:9/none"
		}
		fmt.Fprintf(&b, "[[camera]]\nname = \"cam%02d\"\nsource = %q\nwidth = 160\nheight = 90\nfps = 3\n", i, source)
	}
	b.WriteString(`
[[detector]]
name = "motion"
kind = "motion"
max_fps = 3
[[detector]]
name = "parcels"
kind = "remote"
endpoint = "127.0.0.1:9"
cameras = ["cam02"]
[[detector]]
name = "heavy"
kind = "load"
busy = "2s"
timeout = "10s"
max_fps = 3
cameras = ["cam09"]
[[rule]]
event = "moved"
when = "motion > 0.01"
cooldown = "2s"
[[rule]]
event = "left"
when = "parcels >= 1 && motion < 0.5"
for = "2s"
cameras = ["cam02"]
`)
	return b.String()
}

// With few keys, a new user finds which cameras are in trouble and why, why a rule does not fire,
// what holds the slots and where a clip is, and disables a rule on one camera, enables it, and
// disables it in the file.
func TestTroubleIsFoundWithFewKeys(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			x := newTerminal(t, size[0], size[1])
			write(t, filepath.Join(x.dir, "rvo.toml"), troubledConfig())
			x.text("RVO_CONFIG= LC_ALL=C.UTF-8 " + binary + "; echo ended $?")
			x.keys("Enter")

			// The first line shows one alert with its camera and cause, the alerts pane all three.
			wait(t, patience, "cam04 and its cause", func() bool {
				first, _, _ := strings.Cut(x.screen(), "\n")
				return strings.Contains(first, "cam04") && strings.Contains(first, "refused")
			})
			x.keys("!")
			x.sees("detector parcels failed on cam02")
			x.sees("detector heavy is too slow on cam09")
			x.sees("refused: check") // the cause of the selected one
			// The table lists the three first.
			x.keys("0")
			x.sees("12 of 12 cameras, by trouble")
			for i, name := range []string{"cam02", "cam04", "cam09"} {
				wait(t, patience, name+" among the first", func() bool {
					lines := strings.Split(x.screen(), "\n")
					return len(lines) > 5 && strings.Contains(lines[3+i], name)
				})
			}
			x.keys("Enter")
			// Its first rule is disabled on this camera, enabled, and disabled in the file.
			x.keys("e")
			x.sees("rule moved is disabled")
			x.sees("modified")
			x.keys("u")
			x.sees("undone: ")
			wait(t, patience, "nothing modified", func() bool { return !strings.Contains(x.screen(), "modified") })
			x.keys("e")
			x.sees("modified")
			x.keys("W")
			x.sees("+disabled_on = [\"cam02\"]")
			x.keys("y")
			x.sees("written to the configuration file")
			wait(t, patience, "nothing modified", func() bool { return !strings.Contains(x.screen(), "modified") })
			want := strings.Replace(troubledConfig(), "cooldown = \"2s\"\n", "cooldown = \"2s\"\ndisabled_on = [\"cam02\"]\n", 1)
			if got := read(t, filepath.Join(x.dir, "rvo.toml")); got != want {
				t.Errorf("the file is\n%s\nwant\n%s", got, want)
			}
			// Why the other rule does not fire.
			x.keys("Tab", "Tab", "G", "Enter")
			x.sees("Rule left on cam02")
			x.sees("unknown: parcels")
			x.sees("? parcels >= 1")
			// What holds the slots: the page of the slow detector.
			x.keys("q", "!", "G", "Enter", "Enter")
			x.sees("Detector heavy on cam09")
			// The path of a clip.
			x.keys("q")
			x.text(":events rule=moved")
			x.keys("Enter", "g", "Enter")
			x.sees("clip saved: ")
			x.keys("G")
			x.sees("clip.") // mp4, or avi where nothing encodes H.264
			x.keys("q")
			x.quits()
		})
	}
}

// quits ends the dashboard, even while clips are being saved.
func (x *terminal) quits() {
	x.t.Helper()
	x.keys("q")
	wait(x.t, patience, "the end, or a question", func() bool {
		s := x.screen()
		if strings.Contains(s, "Quit anyway?") {
			x.keys("y")
		}
		return strings.Contains(s, "ended 0")
	})
}
