package e2e

import (
	be "encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// watched is a camera at an address, with motion detection.
func watched(source, more string) string {
	return nice + fmt.Sprintf("[[camera]]\nname = \"door\"\nsource = %q\n%s\n[[detector]]\nname = \"motion\"\nkind = \"motion\"\n", source, more)
}

// A camera that allows one session allows the next one after a pause, a reload, and every way to
// end.
func TestRTSPEndsItsSessions(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	server := serveRTSP(t, 0, "--size", "320x240")
	proxy := newRTSPProxy(t, &rtspProxy{target: fmt.Sprintf("127.0.0.1:%d", server.port), single: true})
	d := &daemon{run: runtimeDir(t)}
	p := start(t, setup{
		config: watched(proxy.url(), ""), env: []string{"XDG_RUNTIME_DIR=" + d.run},
		args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"},
	})
	d.program = p
	live := func() {
		t.Helper()
		p.until(patience, "the camera to be live", func() bool { return p.state("door", "live") })
	}
	live()
	for range 2 {
		if _, problem, status := d.ctl("pause", "--camera", "door"); status != 0 {
			t.Fatal(problem)
		}
		p.until(patience, "the camera to be paused", func() bool { return p.state("door", "paused") })
		d.ctl("resume", "--camera", "door")
		live()
	}
	write(t, filepath.Join(p.dir, "rvo.toml"), watched(proxy.url(), "stall_timeout = \"6s\""))
	p.signal(syscall.SIGHUP)
	p.reloads("ok", 1)
	live()
	p.signal(syscall.SIGINT)
	p.status(20 * time.Second)
	ended := run(t, setup{config: watched(proxy.url(), ""), args: []string{"--no-ui", "--metrics-listen", "", "--duration", "2s"}}, patience)
	if !strings.Contains(ended.stderr.String(), "camera live") {
		t.Errorf("the next run got no session:\n%s", tail(ended.stderr.String()))
	}
	wait(t, patience, "all sessions to end", func() bool {
		conns, teardowns, _ := proxy.counts()
		return teardowns == conns
	})
	if conns, teardowns, refused := proxy.counts(); refused != 0 || conns < 5 {
		t.Errorf("%d connections, %d ended with TEARDOWN, %d refused", conns, teardowns, refused)
	}
	// If the session is taken, the reason says so.
	taken := start(t, setup{config: watched(proxy.url(), ""), args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	taken.until(patience, "the camera to be live", func() bool { return taken.state("door", "live") })
	second := start(t, setup{config: watched(proxy.url(), ""), args: []string{"--no-ui", "--metrics-listen", ""}})
	second.logs("the camera accepts no more connections", patience)
}

// A redirect does not take the login to another host.
func TestRTSPRedirectKeepsLogin(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var heard []string
	var to string
	request := regexp.MustCompile(`^([A-Z_]+) `)
	stub := func(host string, answer func(method string) string) string {
		ln, err := net.Listen("tcp", host+":0")
		if err != nil {
			t.Skipf("no second address of the loopback: %v", err)
		}
		var work sync.WaitGroup
		work.Go(func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				work.Go(func() {
					defer c.Close()
					buf := make([]byte, 4096)
					for {
						_ = c.SetReadDeadline(time.Now().Add(patience))
						n, err := c.Read(buf)
						if err != nil {
							return
						}
						mu.Lock()
						heard = append(heard, host+": "+string(buf[:n]))
						mu.Unlock()
						cseq := regexp.MustCompile(`CSeq: (\d+)`).FindSubmatch(buf[:n])
						method := request.FindSubmatch(buf[:n])
						if cseq == nil || method == nil {
							return
						}
						fmt.Fprintf(c, "RTSP/1.0 %s\r\nCSeq: %s\r\n\r\n", answer(string(method[1])), cseq[1])
					}
				})
			}
		})
		t.Cleanup(func() {
			ln.Close()
			work.Wait()
		})
		return ln.Addr().String()
	}
	to = stub("127.0.0.2", func(string) string { return "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"" })
	from := stub("127.0.0.1", func(method string) string {
		if method == "OPTIONS" {
			return "200 OK"
		}
		return "302 Moved\r\nLocation: rtsp://" + to + "/x"
	})
	p := start(t, setup{config: watched("rtsp://joe:"+canary+"@"+from+"/x", ""), args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	p.until(patience, "the camera to fail", func() bool { return p.state("door", "failed") })
	p.logs("the one in the address is only for 127.0.0.1", patience)
	p.stop()
	mu.Lock()
	defer mu.Unlock()
	for _, request := range heard {
		if strings.Contains(request, "Authorization") {
			t.Errorf("a login was sent to %s", request)
		}
	}
	if len(heard) < 3 || strings.Contains(p.stderr.String(), canary) {
		t.Errorf("%d requests; the log:\n%s", len(heard), tail(p.stderr.String()))
	}
}

// Flowing data shows that the camera is alive, even without frames.
func TestRTSPWaitsForAKeyFrame(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	server := serveRTSP(t, 0, "--launch", "videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=25/1 ! x264enc tune=zerolatency speed-preset=ultrafast option-string=scenecut=0:keyint=150:min-keyint=150 ! rtph264pay name=pay0 pt=96 config-interval=-1")
	proxy := newRTSPProxy(t, &rtspProxy{
		target: fmt.Sprintf("127.0.0.1:%d", server.port),
		rtp:    func(_ []byte, playing time.Duration) bool { return playing > 300*time.Millisecond },
	})
	d := &daemon{run: runtimeDir(t)}
	p := start(t, setup{
		config: watched(proxy.url(), "stall_timeout = \"1500ms\""), env: []string{"XDG_RUNTIME_DIR=" + d.run},
		args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"},
	})
	d.program = p
	p.logs("the API is served", patience)
	p.until(patience, "a reason", func() bool {
		out, _, _ := d.ctl("status", "--json")
		return strings.Contains(out, "waiting for a key frame")
	})
	p.until(patience, "the camera to be live", func() bool { return p.state("door", "live") })
	if n := p.metrics()[`rvo_camera_connects_total{camera="door"}`]; n != 1 {
		t.Errorf("it connected %v times", n)
	}
}

// RTP times that jump by hours for one frame neither end nor delay a stream.
func TestRTSPTimesThatJump(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	server := serveRTSP(t, 0, "--size", "320x240")
	proxy := newRTSPProxy(t, &rtspProxy{
		target: fmt.Sprintf("127.0.0.1:%d", server.port),
		rtp: func(packet []byte, _ time.Duration) bool {
			if stamp := be.BigEndian.Uint32(packet[4:]); stamp/3600%20 == 0 {
				be.BigEndian.PutUint32(packet[4:], stamp+7200*90000)
			}
			return true
		},
	})
	p := start(t, setup{config: watched(proxy.url(), ""), args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	p.until(patience, "100 frames", func() bool { return p.metrics()[`rvo_camera_frames_total{camera="door"}`] >= 100 })
	m := p.metrics()
	if m[`rvo_camera_connects_total{camera="door"}`] != 1 || m[`rvo_camera_state{camera="door",state="live"}`] != 1 {
		t.Errorf("connected %v times", m[`rvo_camera_connects_total{camera="door"}`])
	}
}

// Lost packets of a still image are counted, and are no motion.
func TestRTSPLossIsNoMotion(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	server := serveRTSP(t, 0, "--launch", "videotestsrc is-live=true pattern=smpte75 ! video/x-raw,format=I420,width=640,height=360,framerate=25/1 ! x264enc bitrate=4000 key-int-max=25 speed-preset=ultrafast option-string=slices=8:scenecut=0 ! rtph264pay name=pay0 pt=96 config-interval=-1 mtu=400")
	lost := rand.New(rand.NewPCG(1, 2))
	proxy := newRTSPProxy(t, &rtspProxy{
		target: fmt.Sprintf("127.0.0.1:%d", server.port),
		rtp:    func([]byte, time.Duration) bool { return lost.IntN(100) >= 3 },
	})
	config := watched(proxy.url(), "") + "[[rule]]\nevent = \"moved\"\nwhen = \"motion > 0.001\"\nclip = false\n"
	p := start(t, setup{config: config, args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	p.until(patience, "ten seconds of frames, and damaged ones", func() bool {
		m := p.metrics()
		return m[`rvo_camera_frames_decoded_total{camera="door"}`] >= 250 && m[`rvo_camera_frames_damaged_total{camera="door"}`] > 3
	})
	p.stop()
	if n := len(p.stdout.lines()); n != 0 {
		t.Errorf("%d events: %s", n, p.stdout.lines()[0])
	}
}
