//go:build cgo

package libav

import (
	"path/filepath"
	"testing"
	"time"

	"rvo-tui/capture"
)

// cameraAAC returns ten seconds of a tone.
func cameraAAC(t *testing.T) (packets []*capture.Packet) {
	t.Helper()
	src := mustOpen(t, made(t, "sound.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=5", "-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", "10", "-c:a", "aac"))
	for p, err := src.Read(); err == nil; p, err = src.Read() {
		if !p.Track.Video {
			packets = append(packets, p)
		}
	}
	return packets
}

// A camera with a variable frame rate and unknown frame durations, and fragments that end with
// sound: FFmpeg would guess the time of the first frame of each fragment.
func TestFramesOfUnknownDuration(t *testing.T) {
	video, sound := cameraH264(t, "-bf", "0")[:70], cameraAAC(t)
	at := time.Duration(0)
	for i, p := range video {
		p.PTS, p.DTS = at, at
		at += time.Duration(40+180*(i%2)) * time.Millisecond
	}
	dir := t.TempDir()
	grown, path := filepath.Join(dir, "grown.mp4"), filepath.Join(dir, "clip.mp4")
	if err := write(grown, 0, false, video, sound); err != nil {
		t.Fatal(err)
	}
	if err := (Muxer{}).Finish(grown, path); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{grown, path} {
		movie, err := Muxer{}.Read(file)
		if err != nil || len(movie.Times) != len(video) {
			t.Fatalf("%s: %d frames: %v", file, len(movie.Times), err)
		}
		for i, at := range movie.Times {
			if (at - video[i].PTS).Abs() > time.Millisecond {
				t.Errorf("%s: frame %d is shown at %v, want %v", filepath.Base(file), i, at, video[i].PTS)
			}
		}
	}
}

// Overlapping sound, as when a file is played again, costs no clip.
func TestSoundThatOverlaps(t *testing.T) {
	video := cameraH264(t, "-bf", "0")
	var sound []*capture.Packet
	for _, p := range cameraAAC(t) {
		more := *p
		more.PTS += p.Duration / 2
		more.DTS = more.PTS
		sound = append(sound, p, &more)
	}
	if _, movie := finished(t, 0, false, video, sound); movie.Samples != len(sound) || len(movie.Times) != len(video) {
		t.Errorf("%d pieces of sound of %d, %d frames of %d", movie.Samples, len(sound), len(movie.Times), len(video))
	}
}
