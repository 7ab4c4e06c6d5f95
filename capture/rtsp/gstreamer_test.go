package rtsp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
)

const noServer = "apt install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav"

// gstreamer is a real server in a process of its own.
type gstreamer struct {
	*os.Process
	port int
}

func (g gstreamer) url(user *url.Userinfo) string {
	u := url.URL{Scheme: "rtsp", User: user, Host: fmt.Sprintf("127.0.0.1:%d", g.port), Path: "/stream"}
	return u.String()
}

// serve starts testdata/rtsp_server.py until the test ends.
func serve(t *testing.T, args ...string) gstreamer {
	t.Helper()
	// The distribution's Python has the distribution's modules.
	cmd := exec.Command("/usr/bin/python3", append([]string{"testdata/rtsp_server.py", "--port", "0", "--watch-stdin"}, args...)...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip("no python3: " + noServer)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // killed
	})
	g := gstreamer{Process: cmd.Process}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if _, scanErr := fmt.Sscanf(line, "ready %d", &g.port); scanErr != nil {
		t.Skipf("no RTSP server (%q, %v): %s", strings.TrimSpace(line), err, noServer)
	}
	return g
}

func receive(ctx context.Context, address string, change func(*capture.Config)) (*source, error) {
	cfg, addr := config(address)
	cfg.OpenTimeout = text.Duration(20 * time.Second)
	if change != nil {
		change(&cfg)
	}
	s, err := Open(ctx, cfg, addr, Options{Log: quiet})
	if err != nil {
		return nil, err
	}
	return s.(*source), nil
}

func TestGStreamer(t *testing.T) {
	g := serve(t, "--fps", "25", "--size", "320x240")
	for _, transport := range []string{"tcp", "udp"} {
		t.Run(transport, func(t *testing.T) {
			s, err := receive(t.Context(), g.url(nil), func(c *capture.Config) { c.Transport = transport })
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			packets := read(t, s, 40)
			for i, p := range packets {
				if p.Track.Width != 320 || p.Track.Height != 240 || p.DTS != p.PTS || time.Since(p.Captured) > time.Minute || i > 0 && p.PTS <= packets[i-1].PTS {
					t.Fatalf("packet %d: %+v of %+v", i, p, p.Track)
				}
			}
			// A busy server skips frames, and UDP may lose some: the interval between frames can
			// only grow.
			if took := packets[39].PTS - packets[10].PTS; took < time.Second || took > 10*time.Second {
				t.Errorf("29 frames at 25 a second take %v of presentation time", took)
			}
			if transport == "tcp" && s.Stats() != (Stats{}) {
				t.Errorf("%+v", s.Stats())
			}
		})
	}
	for path, says := range map[string]string{"none": "check the path"} {
		_, err := receive(t.Context(), strings.Replace(g.url(nil), "stream", path, 1), nil)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", path, err, says)
		}
	}
	if _, err := receive(t.Context(), strings.Replace(g.url(nil), "rtsp:", "rtsps:", 1), nil); err == nil || !strings.Contains(err.Error(), "does not speak TLS") {
		t.Errorf("rtsps:// at a port of rtsp://: %v", err)
	}
}

func TestGStreamerCodecs(t *testing.T) {
	const (
		video = "videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=25/1 ! "
		sound = " audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=2 ! "
		phone = " audiotestsrc is-live=true ! audio/x-raw,rate=8000,channels=1 ! "
	)
	for _, c := range []struct {
		video, sound capture.Codec
		launch       string
	}{
		{capture.H264, capture.AAC, video + "x264enc bframes=2 b-adapt=false key-int-max=50 speed-preset=veryfast option-string=slices=4 ! video/x-h264,profile=main ! rtph264pay name=pay0 pt=96" + sound + "avenc_aac ! rtpmp4gpay name=pay1 pt=97"},
		{capture.H264, capture.PCMU, video + "x264enc tune=zerolatency speed-preset=ultrafast ! rtph264pay name=pay0 pt=96 aggregate-mode=zero-latency" + phone + "mulawenc ! rtppcmupay name=pay1"},
		{capture.HEVC, capture.Opus, video + "x265enc tune=zerolatency speed-preset=ultrafast ! rtph265pay name=pay0 pt=96" + sound + "opusenc ! rtpopuspay name=pay1 pt=97"},
		{capture.VP8, capture.PCMA, video + "vp8enc deadline=1 ! rtpvp8pay name=pay0 pt=96" + phone + "alawenc ! rtppcmapay name=pay1"},
		{capture.VP9, capture.AAC, video + "vp9enc deadline=1 cpu-used=8 ! rtpvp9pay name=pay0 pt=96" + sound + "avenc_aac ! rtpmp4apay name=pay1 pt=97"},
		{capture.MJPEG, "", video + "jpegenc ! rtpjpegpay name=pay0 pt=26"},
	} {
		t.Run(string(c.video)+" "+string(c.sound), func(t *testing.T) {
			g := serve(t, "--launch", c.launch)
			s, err := receive(t.Context(), g.url(nil), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			count := map[capture.Codec]int{}
			reordered := false
			var decoded, heard time.Duration
			for count[c.video] < 40 {
				p := read(t, s, 1)[0]
				count[p.Track.Codec]++
				switch {
				case p.Damaged || len(p.Data) == 0:
					t.Fatalf("%+v", p)
				case !p.Track.Video:
					if heard != 0 && p.PTS <= heard || p.Duration <= 0 || p.Track.SampleRate == 0 {
						t.Fatalf("sound at %v for %v, after %v", p.PTS, p.Duration, heard)
					}
					heard = p.PTS
				case p.Track.Width != 320 || p.Track.Height != 240 || p.DTS > p.PTS || count[c.video] > 1 && p.DTS <= decoded:
					t.Fatalf("frame %d of %dx%d: DTS %v, PTS %v, after %v", count[c.video], p.Track.Width, p.Track.Height, p.DTS, p.PTS, decoded)
				case count[c.video] == 1 && !p.Key:
					t.Errorf("the first frame is no key frame")
				default:
					reordered = reordered || p.DTS < p.PTS-60*ms
					decoded = p.DTS
				}
			}
			if c.sound != "" && count[c.sound] < 10 || len(count) != len(s.Tracks()) {
				t.Errorf("received %v", count)
			}
			if c.sound == capture.AAC && c.video == capture.H264 && !reordered {
				t.Error("no frame was reordered")
			}
		})
	}
}

func TestGStreamerLogin(t *testing.T) {
	for _, auth := range []string{"digest", "basic"} {
		g := serve(t, "--user", "joe", "--password", "p@ss/w:rd", "--auth", auth)
		s, err := receive(t.Context(), g.url(url.UserPassword("joe", "p@ss/w:rd")), nil)
		if err != nil {
			t.Fatal(auth, err)
		}
		read(t, s, 1)
		s.Close()
		for _, user := range []*url.Userinfo{url.UserPassword("joe", "hunter2"), nil} {
			_, err := receive(t.Context(), g.url(user), nil)
			if !errors.Is(err, capture.ErrUnauthorized) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s as %v: %v", auth, user, err)
			}
		}
	}
}

// A stopped server is waited for until the context ends; a killed one is reported.
func TestGStreamerStops(t *testing.T) {
	g := serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	s, err := receive(ctx, g.url(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	read(t, s, 3)
	if err := g.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(300*ms, cancel)
	for err == nil {
		_, err = s.Read()
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	began := time.Now()
	s.Close()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("closing took %v", took)
	}
	if err := g.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if s, err = receive(t.Context(), g.url(nil), nil); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	read(t, s, 3)
	if err := g.Kill(); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = s.Read()
	}
	if errors.Is(err, context.Canceled) {
		t.Errorf("killed: %v", err)
	}
}
