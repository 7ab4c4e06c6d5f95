package e2e

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// recordingOf makes a recording of 40 seconds: H.264 with B-frames and a key frame every two
// seconds, and a beep every second.
func recordingOf(t testing.TB, name string, sound ...string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, name)
	args := append([]string{
		"-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25", "-f", "lavfi",
		"-i", "aevalsrc='if(lt(mod(t,1),0.1),0.5*sin(2*PI*1000*t),0)':s=48000", "-t", "40",
		"-c:v", "libx264", "-preset", "veryfast", "-x264-params", "keyint=50:scenecut=0:bframes=2", "-b:v", "500k",
	}, sound...)
	if out, err := exec.Command(tool(t, "ffmpeg", "ffmpeg"), append(args, path)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // for a server that runs as nobody
		t.Fatal(err)
	}
	return path
}

// serveVLC serves a file over RTSP with VLC, and returns its address.
func serveVLC(t testing.TB, file string) string {
	t.Helper()
	address := "rtsp://127.0.0.1:" + quietPort(t) + "/stream"
	cmd := exec.Command(tool(t, "vlc", "vlc-bin vlc-plugin-base"), "-I", "dummy", "--no-media-library", "--no-plugins-scan",
		"--loop", file, "--sout", "#rtp{sdp="+address+"}", "--sout-keep")
	home := t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+home)
	if os.Getuid() == 0 { // which VLC refuses to be
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		for dir := filepath.Dir(file); len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chown(home, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Skipf("VLC does not start: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // killed
	})
	return address
}

// codedFrame is a frame of a file: its slices and its presentation time.
type codedFrame struct {
	at   float64
	hash string
}

// framesOf returns the coded frames of a movie in decoding order, including hidden ones, without
// parameter sets and other non-slice data.
func framesOf(t testing.TB, file string) (all []codedFrame) {
	t.Helper()
	args := []string{"-v", "error"}
	if filepath.Ext(file) == ".mp4" {
		args = append(args, "-ignore_editlist", "1")
	}
	args = append(args, "-i", file, "-map", "0:v", "-c", "copy", "-bsf:v", "h264_mp4toannexb,filter_units=pass_types=1-5", "-copyts", "-f", "framemd5", "-")
	out, err := exec.Command(tool(t, "ffmpeg", "ffmpeg"), args...).Output()
	if err != nil {
		t.Fatalf("ffmpeg: %v", err)
	}
	tick := 0.0
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "#tb" {
			var n, d float64
			if _, err := fmt.Sscanf(f[2], "%g/%g", &n, &d); err != nil {
				t.Fatal(err)
			}
			tick = n / d
		}
		if f := strings.Split(line, ","); !strings.HasPrefix(line, "#") && len(f) >= 6 {
			pts, err := strconv.ParseFloat(strings.TrimSpace(f[2]), 64)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, codedFrame{pts * tick, strings.TrimSpace(f[5])})
		}
	}
	return all
}

var silenceEnd = regexp.MustCompile(`silence_end: ([\d.]+)`)

// beeps returns the start times of the beeps in a movie.
func beeps(t testing.TB, file string) (all []float64) {
	t.Helper()
	out, err := exec.Command(tool(t, "ffmpeg", "ffmpeg"), "-i", file, "-vn", "-af", "silencedetect=n=-30dB:d=0.3", "-f", "null", "-").CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	for _, m := range silenceEnd.FindAllSubmatch(out, -1) {
		at, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, at)
	}
	return all
}

// If the camera is lost after the event, its clip shows the last frame until the end.
func TestClipOfACameraThatIsLost(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	tool(t, "ffprobe", "ffmpeg")
	server := serveRTSP(t, 0, "--size", "320x240", "--fps", "25")
	p := start(t, setup{args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}, config: nice + fmt.Sprintf(`
[[camera]]
name   = "gate"
source = "rtsp://127.0.0.1:%d/stream"

[[detector]]
name = "motion"
kind = "motion"

[[rule]]
event    = "seen"
when     = "motion >= 0"
for      = "2s"
cooldown = "1h"
before   = "1s"
after    = "3s"
`, server.port)})
	p.until(patience, "an event", func() bool { return strings.Contains(p.stdout.String(), "seen") })
	if err := server.process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.until(patience, "its clip", func() bool { return len(directories(t, p.dir)) == 1 })
	p.stop()
	for _, c := range checkClips(t, p, 1) {
		if m := c.meta.Movie; !m.Copied || m.Duration < 4000 || m.Duration > 4200 {
			t.Errorf("the last frame is not shown until the end of the clip: %+v", m)
		}
	}
}

// Clips of streams from two kinds of servers contain the same slices, with the sound in sync, and
// play in a browser.
func TestCopiedClips(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	tool(t, "ffprobe", "ffmpeg")
	aac := recordingOf(t, "aac.mkv", "-c:a", "aac")
	phone := recordingOf(t, "phone.mkv", "-c:a", "pcm_mulaw", "-ar", "8000")
	launch := "filesrc location=%s ! matroskademux name=d d.video_0 ! queue ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 d.audio_0 ! queue ! %s"
	gst := func(file, sound string) string {
		return fmt.Sprintf("rtsp://127.0.0.1:%d/stream", serveRTSP(t, 0, "--launch", fmt.Sprintf(launch, file, sound)).port)
	}
	cameras := map[string]struct{ source, more, file, sound string }{
		"gstreamer": {gst(aac, "aacparse ! rtpmp4gpay name=pay1 pt=97"), "", aac, "aac"},
		"phone":     {gst(phone, "rtppcmupay name=pay1"), "", phone, "aac"},
		"vlc":       {serveVLC(t, aac), "transport = \"udp\"\n", aac, "aac"},
	}
	config := nice
	for name, c := range cameras {
		config += fmt.Sprintf("[[camera]]\nname = %q\nsource = %q\n%s", name, c.source, c.more)
	}
	config += `
[[detector]]
name = "motion"
kind = "motion"

[[rule]]
event    = "seen"
when     = "motion >= 0"
for      = "5s"
cooldown = "1h"
before   = "3s"
after    = "3s"
`
	p := start(t, setup{config: config, args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	p.until(patience, "a clip of each camera", func() bool { return len(directories(t, p.dir)) == len(cameras) })
	p.stop()
	all := checkClips(t, p, len(cameras))
	for _, c := range all {
		camera, m := cameras[c.meta.Camera], c.meta.Movie
		movie := filepath.Join(p.dir, "evidence", c.Path, m.File)
		if !m.Copied || m.Codec != "h264" || m.Sound != camera.sound || m.Width != 320 || m.Height != 180 {
			t.Errorf("%s: %+v", c.meta.Camera, m)
		}
		sent, kept := framesOf(t, camera.file), framesOf(t, movie)
		first := slices.IndexFunc(sent, func(s codedFrame) bool { return len(kept) > 0 && s.hash == kept[0].hash })
		if first < 0 || len(kept) < 150 {
			t.Errorf("%s: %d frames, which begin with none that was sent", c.meta.Camera, len(kept))
			continue
		}
		for i, s := range kept {
			if want := sent[(first+i)%len(sent)]; s.hash != want.hash {
				t.Errorf("%s: frame %d of %d is not what was sent", c.meta.Camera, i, len(kept))
				break
			}
		}
		// A beep begins with each second of the recording.
		heard := beeps(t, movie)
		if len(heard) < 5 {
			t.Errorf("%s: %d beeps", c.meta.Camera, len(heard))
			continue
		}
		hidden := len(kept) - m.Frames
		shown := slices.MinFunc(kept[hidden:], func(a, b codedFrame) int { return int(math.Copysign(1, a.at-b.at)) })
		at := sent[(first+slices.Index(kept, shown))%len(sent)].at
		var off []float64
		for _, b := range heard[1:] {
			late := math.Mod(b+at+10, 1)
			off = append(off, min(late, 1-late))
		}
		slices.Sort(off)
		worst, most := off[len(off)-1], 0.06
		if c.meta.Camera == "vlc" {
			worst = off[len(off)/2] // UDP loses the beginning of a beep where the machine is busy
			most = 0.15             // its sender reports move its sound by up to 0.12 s, which FFmpeg receives so, too
		}
		if worst > most {
			t.Errorf("%s: beeps %v, where the movie begins with %.3f s of what was sent: %.3f s out of step", c.meta.Camera, heard, at, worst)
		}
	}
	verify := exec.Command(binary, "clips", "verify")
	verify.Dir, verify.Env = p.dir, p.cmd.Env
	if out, err := verify.CombinedOutput(); err != nil {
		t.Errorf("clips verify: %v\n%s", err, out)
	}
	checkPlayback(t, filepath.Join(p.dir, "evidence"), all)
}

// Detection uses the small stream of a camera, and the clip is of the large one, with the frame
// at the time of the event.
func TestEvidenceSource(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	tool(t, "ffprobe", "ffmpeg")
	small := serveRTSP(t, 0, "--size", "160x90")
	large := serveRTSP(t, 0, "--size", "640x360")
	config := nice + fmt.Sprintf("[[camera]]\nname = \"door\"\nsource = \"rtsp://127.0.0.1:%d/stream\"\nevidence_source = \"rtsp://127.0.0.1:%d/stream\"\n", small.port, large.port) + `
[[detector]]
name = "motion"
kind = "motion"

[[rule]]
event    = "seen"
when     = "motion >= 0"
for      = "4s"
cooldown = "1h"
before   = "1s"
after    = "1s"
`
	p := start(t, setup{config: config, args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	p.until(patience, "a clip", func() bool { return len(directories(t, p.dir)) == 1 })
	p.stop()
	c := checkClips(t, p, 1)[0]
	m := c.meta.Movie
	if !m.Copied || m.Codec != "h264" || m.Width != 640 || m.Height != 360 || c.meta.Confirming == nil {
		t.Fatalf("%+v", c.meta)
	}
	if ahead := c.Time.Sub(c.meta.Start).Seconds(); math.Abs(float64(*c.meta.Confirming)/25-ahead) > 0.5 {
		t.Errorf("frame %d confirmed an event %.2f s after the first one", *c.meta.Confirming, ahead)
	}
}
