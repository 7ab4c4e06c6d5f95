//go:build cgo

package libav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rvo-tui/capture"
)

// run returns the output of a program.
func run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(name, "is not installed")
	}
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, stderr.Bytes())
	}
	return out
}

var startCode = []byte{0, 0, 0, 1}

// splitNALs returns the NAL units of an Annex B stream.
func splitNALs(stream []byte) [][]byte {
	var units [][]byte
	for _, part := range bytes.Split(stream, startCode[1:]) {
		if part = bytes.TrimRight(part, "\x00"); len(part) > 0 {
			units = append(units, part)
		}
	}
	return units
}

// cameraH264 returns ten seconds of H.264 at 25 frames a second, with the
// arguments for the encoder.
func cameraH264(t *testing.T, args ...string) []*capture.Packet {
	t.Helper()
	file := filepath.Join(t.TempDir(), "camera.mkv")
	run(t, "ffmpeg", append(append([]string{
		"-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25", "-t", "10",
		"-c:v", "libx264", "-preset", "veryfast", "-x264-params", "aud=1:repeat-headers=1:keyint=50:scenecut=0",
	}, args...), file)...)
	stream := run(t, "ffmpeg", "-v", "error", "-i", file, "-c", "copy", "-bsf:v", "h264_mp4toannexb", "-f", "h264", "-")
	var frames [][]byte
	for _, unit := range splitNALs(stream) {
		const delimiter = 9
		if unit[0]&31 == delimiter {
			frames = append(frames, nil)
		}
		if len(frames) == 0 {
			continue // FFmpeg repeats the parameter sets before the first delimiter
		}
		last := &frames[len(frames)-1]
		*last = append(append(*last, startCode...), unit...)
	}
	track := &capture.Track{Video: true, Codec: capture.H264, Width: 320, Height: 240}
	var packets []*capture.Packet
	times := strings.Fields(string(run(t, "ffprobe", "-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0", file)))
	for i, text := range times {
		pts, err := strconv.ParseFloat(strings.Trim(text, ","), 64)
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, &capture.Packet{
			Track: track, Data: frames[i], Key: i%50 == 0, PTS: time.Duration(pts * 1e9).Round(time.Millisecond),
			DTS: time.Duration(i)*40*time.Millisecond - 80*time.Millisecond,
		})
	}
	for _, p := range packets {
		p.DTS += packets[0].PTS
	}
	return packets
}

// cameraMuLaw returns ten seconds of a beep every second.
func cameraMuLaw(t *testing.T) []*capture.Packet {
	t.Helper()
	sound := run(t, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "aevalsrc='if(lt(mod(t,1),0.1),0.5*sin(2*PI*1000*t),0)':s=8000", "-t", "10", "-f", "mulaw", "-")
	track := &capture.Track{Codec: capture.PCMU, SampleRate: 8000, Channels: 1}
	var packets []*capture.Packet
	for piece := range slices.Chunk(sound, 160) {
		at := time.Duration(len(packets)) * 20 * time.Millisecond
		packets = append(packets, &capture.Packet{Track: track, Data: piece, Key: true, PTS: at, DTS: at, Duration: 20 * time.Millisecond})
	}
	return packets
}

// cut returns the packets needed for a movie that begins at start.
func cut(packets []*capture.Packet, start time.Duration) []*capture.Packet {
	first := 0
	for i, p := range packets {
		if p.Track.Video && p.Key && p.PTS <= start || !p.Track.Video && p.PTS+p.Duration <= start {
			first = i
		}
	}
	return packets[first:]
}

// write makes a fragmented movie of tracks that begins at start.
func write(path string, start time.Duration, encode bool, tracks ...[]*capture.Packet) error {
	var want []capture.MovieTrack
	var all []*capture.Packet
	for _, packets := range tracks {
		want = append(want, capture.MovieTrack{First: packets[0], Encode: encode || !(Muxer{}).Copies(packets[0].Track.Codec)})
		all = append(all, packets...)
	}
	slices.SortStableFunc(all, func(a, b *capture.Packet) int { return int(a.DTS - b.DTS) })
	w, err := Muxer{}.Create(path, want)
	if err != nil {
		return err
	}
	for _, p := range all {
		n := slices.IndexFunc(tracks, func(packets []*capture.Packet) bool { return packets[0].Track == p.Track })
		if err := w.Write(n, p, p.PTS-start, p.DTS-start, p.Duration); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return w.Close()
}

// finished makes a finished movie and reads it.
func finished(t *testing.T, start time.Duration, encode bool, tracks ...[]*capture.Packet) (string, capture.Movie) {
	t.Helper()
	grown, path := filepath.Join(t.TempDir(), "grown.mp4"), filepath.Join(t.TempDir(), "clip.mp4")
	if err := write(grown, start, encode, tracks...); err != nil {
		t.Fatal(err)
	}
	if err := (Muxer{}).Finish(grown, path); err != nil {
		t.Fatal(err)
	}
	movie, err := Muxer{}.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if complaints := run(t, "ffmpeg", "-v", "error", "-i", path, "-f", "null", "-"); len(complaints) > 0 {
		t.Fatalf("FFmpeg complains: %s", complaints)
	}
	return path, movie
}

// FFmpeg reports an average duration for the last packet of a file; the header has the exact one.
func TestLastFrameLasts(t *testing.T) {
	for _, arguments := range [][]string{{"-bf", "0"}, {"-bf", "2"}} {
		camera := cameraH264(t, arguments...)
		for _, start := range []time.Duration{0, 211 * time.Millisecond} {
			for _, n := range []int{10, 51} { // of one fragment, and of two
				packets := slices.Clone(camera[:n])
				last := *packets[n-1]
				last.Duration = 2 * time.Second
				packets[n-1] = &last
				want := last.PTS + last.Duration - start
				if _, movie := finished(t, start, false, packets); (movie.Duration - want).Abs() > time.Millisecond {
					t.Errorf("%v from %v, %d frames: it plays for %v, want %v", arguments, start, n, movie.Duration, want)
				}
			}
		}
	}
}

// box returns the content of the boxes on a path in an MP4 file.
func box(data []byte, path ...string) (found [][]byte) {
	for len(data) >= 8 {
		size := int(binary.BigEndian.Uint32(data))
		if size < 8 || size > len(data) {
			return found
		}
		if string(data[4:8]) == path[0] {
			if len(path) == 1 {
				found = append(found, data[8:size])
			} else {
				found = append(found, box(data[8:size], path[1:]...)...)
			}
		}
		data = data[size:]
	}
	return found
}

// movieNALs returns the NAL units of the first track, read by an independent MP4 parser.
func movieNALs(t *testing.T, path string) (units [][]byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	stbl := box(data, "moov", "trak", "mdia", "minf", "stbl")[0]
	number := func(b []byte, i int) int { return int(binary.BigEndian.Uint32(b[i:])) }
	sizes, runs, chunks := box(stbl, "stsz")[0], box(stbl, "stsc")[0], box(stbl, "stco")[0]
	sample := 0
	for c := range number(chunks, 4) {
		at, count := number(chunks, 8+4*c), 0
		for r := range number(runs, 4) {
			if number(runs, 8+12*r) <= c+1 {
				count = number(runs, 8+12*r+4)
			}
		}
		for range count {
			end := at + number(sizes, 12+4*sample)
			for at < end {
				n := number(data, at)
				units = append(units, data[at+4:at+4+n])
				at += 4 + n
			}
			sample++
		}
	}
	return units
}

func TestMovieHasExactlyTheNALUnitsOfItsWindow(t *testing.T) {
	for _, frames := range []struct{ name, bf string }{{"with B-frames", "2"}, {"without B-frames", "0"}} {
		t.Run(frames.name, func(t *testing.T) {
			video := cut(cameraH264(t, "-bf", frames.bf), 3100*time.Millisecond)
			start := video[0].PTS + 27*40*time.Millisecond
			path, movie := finished(t, start, false, video)
			if movie.Codec != capture.H264 || movie.Width != 320 || movie.Height != 240 || len(movie.Times) != len(video) || movie.Hidden != 27 {
				t.Errorf("movie %+v, want %d frames, 27 of them hidden", movie, len(video))
			}
			want := time.Duration(len(video)-27) * 40 * time.Millisecond
			if (movie.Duration - want).Abs() > time.Millisecond {
				t.Errorf("plays for %v, want %v", movie.Duration, want)
			}
			var sent [][]byte
			for _, p := range video {
				sent = append(sent, splitNALs(p.Data)...)
			}
			got := movieNALs(t, path)
			for i := range min(len(sent), len(got)) {
				if !bytes.Equal(sent[i], got[i]) {
					t.Fatalf("NAL unit %d of %d has %d bytes of type %d, sent were %d of type %d", i, len(sent), len(got[i]), got[i][0]&31, len(sent[i]), sent[i][0]&31)
				}
			}
			if len(got) != len(sent) {
				t.Errorf("%d NAL units, sent were %d", len(got), len(sent))
			}
		})
	}
}

func TestG711BecomesAACInStep(t *testing.T) {
	const start = 2100 * time.Millisecond
	video, sound := cameraH264(t, "-bf", "0"), cut(cameraMuLaw(t), start)
	for _, p := range video {
		p.PTS, p.DTS = p.PTS-video[0].PTS, p.PTS-video[0].PTS
	}
	path, movie := finished(t, start, false, cut(video, start), sound)
	if movie.Sound != capture.AAC || (movie.Duration-7900*time.Millisecond).Abs() > 30*time.Millisecond {
		t.Errorf("movie %+v, want 7.9 s with AAC", movie)
	}
	// The first beep after the start is at 3 s of the camera, which is 0.9 s of the movie.
	raw := run(t, "ffmpeg", "-v", "error", "-i", path, "-map", "0:a", "-af", "aresample=async=1:first_pts=0", "-f", "s16le", "-ac", "1", "-ar", "8000", "-")
	beep := -1
	for i := 0; i+1 < len(raw); i += 2 {
		if v := int16(binary.LittleEndian.Uint16(raw[i:])); v > 3000 {
			beep = i / 2
			break
		}
	}
	if at := time.Duration(beep) * time.Second / 8000; (at - 900*time.Millisecond).Abs() > 20*time.Millisecond {
		t.Errorf("the beep is at %v of the movie, want 900ms", at)
	}
}

func TestSoundWithAGapStaysInStep(t *testing.T) {
	video, sound := cameraH264(t, "-bf", "0"), cameraMuLaw(t)
	for _, p := range video {
		p.PTS, p.DTS = p.PTS-video[0].PTS, p.PTS-video[0].PTS
	}
	holed := append(slices.Clone(sound[:100]), sound[225:]...) // 2 s to 4.5 s were lost
	_, whole := finished(t, 0, false, video, sound)
	_, movie := finished(t, 0, false, video, holed)
	if movie.Samples != whole.Samples {
		t.Errorf("%d packets of sound, want %d: the gap is filled with silence", movie.Samples, whole.Samples)
	}
}

func TestMJPEGIsEncodedWithItsTrueTimes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "%03d.jpg")
	run(t, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=322x241:r=10", "-t", "3", file)
	track := &capture.Track{Video: true, Codec: capture.MJPEG, Width: 322, Height: 241}
	var packets []*capture.Packet
	var times []time.Duration
	at := time.Duration(0)
	for i := range 30 {
		data, err := os.ReadFile(fmt.Sprintf(file, i+1))
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, &capture.Packet{Track: track, Data: data, Key: true, PTS: at, DTS: at, Duration: 50 * time.Millisecond})
		times = append(times, at)
		at += time.Duration(20+37*(i%5)) * time.Millisecond
	}
	_, movie := finished(t, 0, true, packets)
	if movie.Codec != capture.H264 || movie.Width != 322 || movie.Height != 240 {
		t.Errorf("movie %+v, want H.264 of 322x240", movie)
	}
	if len(movie.Times) != len(times) {
		t.Fatalf("%d frames, want %d", len(movie.Times), len(times))
	}
	for i, want := range times {
		if (movie.Times[i] - want).Abs() > time.Millisecond {
			t.Errorf("frame %d is shown at %v, want %v", i, movie.Times[i], want)
		}
	}
}

func TestCutMovieIsFinishedUpToItsLastFragment(t *testing.T) {
	dir := t.TempDir()
	grown, part, path := filepath.Join(dir, "grown.mp4"), filepath.Join(dir, "part.mp4"), filepath.Join(dir, "clip.mp4")
	video := cameraH264(t, "-bf", "2")
	if err := write(grown, video[0].PTS, false, video); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(grown)
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	for n := 0; n < len(whole); n += len(whole)/23 + 1 {
		if err := os.WriteFile(part, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		os.Remove(path)
		if err := (Muxer{}).Finish(part, path); err != nil {
			if n > len(whole)/5 {
				t.Errorf("cut to %d of %d bytes: %v", n, len(whole), err)
			}
			continue
		}
		movie, err := Muxer{}.Read(path)
		if err != nil || len(movie.Times) < last {
			t.Errorf("cut to %d of %d bytes: %d frames after %d: %v", n, len(whole), len(movie.Times), last, err)
		}
		last = len(movie.Times)
	}
	if last < len(video)*4/5 {
		t.Errorf("of nearly all bytes came %d frames of %d", last, len(video))
	}
}

func TestFullDiskIsReported(t *testing.T) {
	err := write("/dev/full", 0, false, cameraH264(t, "-bf", "0"))
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v, want that of a full disk", err)
	}
}

func TestCreateSaysWhatItCannotDo(t *testing.T) {
	track := &capture.Track{Video: true, Codec: "no-such-codec"}
	_, err := Muxer{}.Create(filepath.Join(t.TempDir(), "clip.mp4"), []capture.MovieTrack{{First: &capture.Packet{Track: track, Data: []byte{1}}}})
	if !errors.Is(err, capture.ErrUnsupported) {
		t.Errorf("error %v, want ErrUnsupported", err)
	}
}

// Copied and encoded, with and without sound, a movie keeps the rotation of its camera.
func TestMovieKeepsItsTurn(t *testing.T) {
	sound, video := cameraMuLaw(t)[:50], cameraH264(t, "-bf", "0", "-t", "1")
	for turn := range 16 {
		rotation, mirror, heard := turn%4*90, turn&4 != 0, turn&8 != 0
		track := *video[0].Track
		track.Rotation, track.Mirror = rotation, mirror
		for _, p := range video {
			p.Track = &track
		}
		tracks := [][]*capture.Packet{video}
		if heard {
			tracks = append(tracks, sound)
		}
		for _, encode := range []bool{false, true} {
			path, movie := finished(t, video[0].PTS, encode, tracks...)
			if got := mustOpen(t, path).Tracks()[0]; got.Rotation != rotation || got.Mirror != mirror || (movie.Sound != "") != heard {
				t.Errorf("turned by %d, mirror %v, encoded %v: read back as %d, %v, sound %q", rotation, mirror, encode, got.Rotation, got.Mirror, movie.Sound)
			}
		}
	}
}

// A movie has the colour tags of its camera, and looks like the camera's video.
func TestMovieKeepsItsColors(t *testing.T) {
	for name, args := range map[string][]string{
		"bt709,tv":       {"-vf", "scale=out_color_matrix=bt709", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"},
		"bt709,pc":       {"-vf", "scale=out_color_matrix=bt709:out_range=pc,format=yuv420p", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "pc"},
		"smpte170m,tv":   {"-vf", "scale=out_color_matrix=smpte170m", "-colorspace", "smpte170m", "-color_primaries", "smpte170m", "-color_trc", "smpte170m", "-color_range", "tv"},
		"bt470bg,tv odd": {"-vf", "scale=out_color_matrix=bt601,scale=321:241,format=yuv444p", "-colorspace", "bt470bg", "-color_range", "tv"},
	} {
		t.Run(name, func(t *testing.T) {
			camera := made(t, "camera.mp4", append([]string{"-f", "lavfi", "-i", "testsrc2=rate=25:size=320x240:duration=0.4", "-c:v", "libx264", "-crf", "10", "-bf", "0"}, args...)...)
			src := mustOpen(t, camera)
			var video []*capture.Packet
			for p, err := src.Read(); err == nil; p, err = src.Read() {
				video = append(video, p)
			}
			matrix, rest, _ := strings.Cut(name, ",")
			levels, odd, _ := strings.Cut(rest, " ")
			for _, encode := range []bool{false, true} {
				path, movie := finished(t, video[0].PTS, encode, video)
				says := strings.Fields(string(run(t, "ffprobe", "-v", "error", "-show_entries", "stream=color_space,color_range", "-of", "default=nw=1:nk=1", path)))
				want := []string{levels, matrix}
				if encode {
					want[0] = "tv" // limited range, which every player supports
				}
				if !slices.Contains(says, want[0]) || !slices.Contains(says, want[1]) {
					t.Errorf("encoded %v: it is tagged %v, want %v", encode, says, want)
				}
				if odd != "" && !encode && (movie.Width != 321 || movie.Height != 241) || odd != "" && encode && (movie.Width != 320 || movie.Height != 240) {
					t.Errorf("encoded %v: its size is %dx%d", encode, movie.Width, movie.Height)
				}
				if odd != "" {
					continue
				}
				floor := 60.0
				if encode {
					floor = 30 // dB that coding leaves; a wrong matrix leaves 24
				}
				shown := func(file string) []byte {
					return ffmpeg(t, "-i", file, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "bgr24", "-")
				}
				if db := psnr(shown(camera), shown(path)); !(db >= floor) {
					t.Errorf("encoded %v: %.1f dB", encode, db)
				}
			}
		})
	}
}

func TestFramesAreThoseThatAreShown(t *testing.T) {
	video := cut(cameraH264(t, "-bf", "2"), 3100*time.Millisecond)
	track := *video[0].Track
	track.Rotation = 90
	for _, p := range video {
		p.Track = &track
	}
	path, movie := finished(t, video[0].PTS+27*40*time.Millisecond, false, video)
	var times []time.Duration
	if err := (Muxer{}).Frames(path, 60, func(at time.Duration, data []byte) bool {
		times = append(times, at)
		if size, err := jpeg.DecodeConfig(bytes.NewReader(data)); err != nil || size.Width != 60 || size.Height != 80 {
			t.Fatalf("a frame of 240x320 is %+v, %v", size, err)
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
	if want := movie.Times[movie.Hidden:]; !slices.Equal(times, want) {
		t.Errorf("frames at %v, want %v", times, want)
	}
}
