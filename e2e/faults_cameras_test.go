package e2e

import (
	"fmt"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// faultCamera is a camera of a testbed. Beside other tests, frames may be seconds late.
func faultCamera(name, source string) string {
	stall := 2 * time.Second
	if !*allFaults {
		stall = 10 * time.Second
	}
	return fmt.Sprintf("[[camera]]\nname = %q\nsource = %q\nopen_timeout = \"2s\"\nstall_timeout = %q\n\n", name, source, stall)
}

// faultYard is a synthetic camera.
const faultYard = "[[camera]]\nname = \"yard\"\nsource = \"synthetic:street\"\nwidth = 320\nheight = 180\n\n"

// faultRest is common to all testbeds. A busy machine must not make a result stale.
const faultRest = nice + `
[[detector]]
name    = "motion"
kind    = "motion"
ttl     = "5s"
timeout = "20s"

[[rule]]
event    = "seen"
when     = "motion >= 0"
cooldown = "1s"
clip     = false
`

func playCameraFaults(t *testing.T, r *faultResults) {
	needOpenCV(t)
	port, err := strconv.Atoi(quietPort(t))
	if err != nil {
		t.Fatal(err)
	}
	small := []string{"--size", "320x240", "--fps", "25"}
	door := serveRTSP(t, port, small...)
	again := func(args ...string) func() error {
		return func() error {
			door.end()
			door = serveRTSP(t, port, args...)
			return nil
		}
	}
	steady := newProxy(t, fmt.Sprintf("127.0.0.1:%d", serveRTSP(t, 0, small...).port))
	web := serveMJPEG(t, 25)
	b := &testbed{
		cameras:   []string{"door", "gate", "web", "yard"},
		detectors: []string{"door/motion", "gate/motion", "web/motion", "yard/motion"},
		program: start(t, setup{
			args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"},
			config: faultCamera("door", fmt.Sprintf("rtsp://127.0.0.1:%d/stream", port)) + faultCamera("gate", "rtsp://"+steady.addr()+"/stream") +
				faultCamera("web", web.url) + faultYard + faultRest,
		}),
	}
	down := func(camera string, more ...sign) []sign {
		return append(more, inState(camera, "stalled", "reconnecting"), alerted("camera_down:"+camera), unwell(), unknown(camera+"/motion"))
	}
	stalls := func(camera string) []sign {
		return down(camera, said("camera stalled"), counted(fmt.Sprintf("rvo_camera_stalls_total{camera=%q}", camera)))
	}
	through := func(f fault) func() error { return func() error { return steady.fail(f) } }
	width := func(camera string, pixels float64) sign {
		return valued(fmt.Sprintf("rvo_camera_width_pixels{camera=%q}", camera), pixels)
	}
	b.playAll(t, "camera", r, []faultRow{
		{
			name: "RTSP server killed", then: reconnects,
			fast: true, hits: []string{"door"},
			inject: func() error { door.end(); return nil }, repair: again(small...),
			signs: down("door", said("camera reconnecting"), counted(`rvo_camera_connect_failures_total{camera="door"}`)),
		},
		{
			name: "RTSP server stopped", then: reconnects,
			hits:   []string{"door"},
			inject: func() error { return door.process.Signal(syscall.SIGSTOP) },
			repair: func() error { return door.process.Signal(syscall.SIGCONT) },
			signs:  stalls("door"),
		},
		{
			name: "RTSP server silent", then: reconnects,
			hits: []string{"gate"}, inject: through(silent), repair: steady.heal, signs: stalls("gate"),
		},
		{name: "RTSP server takes no connections", then: reconnects, hits: []string{"gate"}, inject: through(hole), repair: steady.heal, signs: stalls("gate")},
		{
			name: "RTSP stream trickles, 20 bytes a second", then: reconnects,
			hits: []string{"gate"}, inject: through(trickle), repair: steady.heal, signs: stalls("gate"),
		},
		{
			name: "RTSP stream turns into garbage", then: reconnects,
			hits: []string{"gate"}, inject: through(garbage), repair: steady.heal,
			signs: down("gate", said("camera reconnecting"), counted(`rvo_camera_connect_failures_total{camera="gate"}`)),
		},
		{
			name: "MJPEG server silent", then: reconnects,
			hits:   []string{"web"},
			inject: func() error { web.frozen.Store(true); return nil },
			repair: func() error { web.frozen.Store(false); return nil },
			signs:  stalls("web"),
		},
		{
			name: "RTSP server changes its frame size", then: nextSession,
			hits: []string{"door"}, inject: again("--size", "640x480", "--fps", "25"),
			signs: []sign{said("camera live"), width("door", 640)},
		},
		{
			name: "RTSP server changes from H.264 to MJPEG", then: nextSession,
			hits:   []string{"door"},
			inject: again("--size", "320x240", "--fps", "25", "--codec", "mjpeg"),
			signs:  []sign{said("camera live"), width("door", 320)},
		},
		{
			name: "MJPEG stream changes its frame size", then: "the stream goes on; frames have their new size",
			hits:   []string{"web"},
			inject: func() error { web.large.Store(true); return nil },
			signs:  []sign{said("stream changed its size"), counted(`rvo_camera_resizes_total{camera="web"}`), width("web", 640)},
		},
	})
}
