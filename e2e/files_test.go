package e2e

import (
	"bytes"
	be "encoding/binary"
	"fmt"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ffmpegMakes makes a file with FFmpeg.
func ffmpegMakes(t testing.TB, file string, args ...string) {
	t.Helper()
	args = append(append([]string{"-v", "error", "-y"}, args...), file)
	if out, err := exec.Command(tool(t, "ffmpeg", "ffmpeg"), args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, out)
	}
}

// turn writes a copy of an MP4 file with a rotation.
func turn(t testing.TB, file, to string, degrees int) {
	t.Helper()
	data := []byte(read(t, file))
	const one = 0x10000
	m := map[int][4]int32{90: {0, one, -one, 0}, 180: {-one, 0, 0, -one}, 270: {0, -one, one, 0}}[degrees]
	// The matrix of the first track, which is the video, is at offset 40.
	box := bytes.Index(data, []byte("tkhd")) + 4 + 40
	for i, at := range []int{0, 4, 12, 16} {
		be.BigEndian.PutUint32(data[box+at:], uint32(m[i]))
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Files trimmed without reencoding, in every container, and rotated files, all with and without
// sound, play to their end, and their clips are complete and look the same.
func TestTrimmedAndTurnedFiles(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	video := []string{"-f", "lavfi", "-i", "testsrc2=rate=25:size=160x120:duration=6", "-f", "lavfi", "-i", "sine=duration=6", "-g", "100"}
	ffmpegMakes(t, in("long.mp4"), append(video, "-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac")...)
	ffmpegMakes(t, in("long.webm"), append(video, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus")...)
	ffmpegMakes(t, in("short.mp4"), append(video, "-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac", "-t", "2")...)

	for _, sound := range []string{"sound", "mute"} { // as many clips at a time as there may be
		t.Run(sound, func(t *testing.T) {
			t.Parallel()
			trimmedAndTurned(t, dir, sound)
		})
	}
}

func trimmedAndTurned(t *testing.T, dir, sound string) {
	in := func(name string) string { return filepath.Join(dir, name) }
	cut := []string{"-c", "copy"}
	if sound == "mute" {
		cut = append(cut, "-an")
	}
	config, turned := nice, map[string]int{}
	cameras := 0
	camera := func(name, file string) {
		config += fmt.Sprintf("[[camera]]\nname = %q\nsource = %q\n", name, file)
		cameras++
	}
	for _, ext := range []string{"mp4", "mov", "m4v", "3gp", "mkv", "ts", "m2ts", "avi", "flv", "nut", "asf", "webm"} {
		from := "long.mp4"
		if ext == "webm" {
			from = "long.webm"
		}
		file := in(sound + "." + ext)
		ffmpegMakes(t, file, append([]string{"-ss", "5", "-i", in(from)}, cut...)...)
		camera(ext, file)
	}
	ffmpegMakes(t, in(sound+"_plain.mp4"), append([]string{"-i", in("short.mp4")}, cut...)...)
	for _, degrees := range []int{90, 180, 270} {
		name := fmt.Sprintf("turned%d", degrees)
		turn(t, in(sound+"_plain.mp4"), in(sound+name+".mp4"), degrees)
		camera(name, in(sound+name+".mp4"))
		turned[name] = degrees
	}
	config += `
[[detector]]
name = "motion"
kind = "motion"
ttl  = "30s"

[[rule]]
event    = "seen"
when     = "motion >= 0"
cooldown = "1h"
before   = "3s"
after    = "500ms"
`
	p := start(t, setup{config: config, args: []string{"--no-ui", "--metrics-listen", ""}})
	if status := p.status(2 * patience); status != 0 {
		t.Fatalf("it ends with status %d:\n%s", status, tail(p.stderr.String()))
	}
	for _, bad := range []string{"truncated", "damaged", "camera failed"} {
		if strings.Contains(p.stderr.String(), bad) {
			t.Errorf("it says %q:\n%s", bad, tail(p.stderr.String()))
		}
	}
	for _, c := range checkClips(t, p, cameras) {
		m := c.meta.Movie
		if muted := sound == "mute"; muted != (m.Sound == "") || c.meta.PreRoll.Actual < 0 || m.Frames == 0 {
			t.Errorf("%s: %+v", c.meta.Camera, c.meta)
		}
		degrees, ok := turned[c.meta.Camera]
		if !ok {
			continue
		}
		clip := filepath.Join(p.dir, "evidence", c.Path)
		if got, want := rotationOf(t, filepath.Join(clip, m.File)), rotationOf(t, in(sound+c.meta.Camera+".mp4")); got != want || want == "" {
			t.Errorf("%s: the clip is turned by %q, want %q", c.meta.Camera, got, want)
		}
		thumb, err := jpeg.DecodeConfig(strings.NewReader(read(t, filepath.Join(clip, "thumb.jpg"))))
		if upright := degrees == 180; err != nil || upright != (thumb.Width > thumb.Height) {
			t.Errorf("%s: the thumbnail is %dx%d: %v", c.meta.Camera, thumb.Width, thumb.Height, err)
		}
	}
}

// rotationOf returns the rotation of a file according to ffprobe.
func rotationOf(t testing.TB, file string) string {
	t.Helper()
	out, err := exec.Command(tool(t, "ffprobe", "ffmpeg"), "-v", "error", "-select_streams", "v", "-show_entries", "stream_side_data=rotation", "-of", "csv=p=0", file).Output()
	if err != nil {
		t.Fatalf("ffprobe %s: %v", file, err)
	}
	return strings.Trim(strings.TrimSpace(string(out)), ",")
}
