//go:build cgo

package libav

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rvo-tui/capture"
)

// count plays a file to its end and returns the number of its frames and of its visible packets.
func count(t *testing.T, path string) (frames int) {
	t.Helper()
	play(t, path, func(d capture.Decoded) { frames += d.Frames })
	return frames
}

// A file trimmed without reencoding begins with frames that an edit list hides. Without an edit
// list, frames from the key frame on are shown. The number must be that of FFmpeg's own programs.
func TestTrimmedFiles(t *testing.T) {
	if n := count(t, "testdata/trimmed.mp4"); n != 50 {
		t.Errorf("%d frames, want 50", n)
	}
	source := []string{"-f", "lavfi", "-i", "testsrc=rate=25:size=160x120:duration=6", "-f", "lavfi", "-i", "sine=duration=6", "-g", "250"}
	long := made(t, "long.mp4", append(source, "-c:v", "libx264", "-c:a", "aac")...)
	free := made(t, "long.webm", append(source, "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus")...)
	for _, name := range []string{"a.mp4", "a.mov", "a.m4v", "a.3gp", "a.mkv", "a.ts", "a.m2ts", "a.avi", "a.flv", "a.f4v", "a.nut", "a.asf", "a.webm"} {
		for _, sound := range []string{"-c:a", "-an"} {
			t.Run(name+" "+sound, func(t *testing.T) {
				args := []string{"-ss", "4", "-i", long, "-c", "copy"}
				if name == "a.webm" {
					args[3] = free
				}
				if sound == "-an" {
					args = append(args, "-an")
				}
				path := made(t, name, args...)
				if got, want := count(t, path), shownByFFmpeg(t, path); got != want || want < 48 {
					t.Errorf("%d frames, want %d", got, want)
				}
			})
		}
	}
}

// shownByFFmpeg returns the number of frames that FFmpeg shows.
func shownByFFmpeg(t *testing.T, path string) int {
	t.Helper()
	out := run(t, "ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", path)
	n, err := strconv.Atoi(strings.Trim(strings.Fields(string(out))[0], ","))
	if err != nil {
		t.Fatalf("ffprobe %s: %v", path, err)
	}
	return n
}

// edited writes a copy of an MP4 file of one track with another edit list: the duration of each
// part, and its start in the track (-1: empty), in milliseconds.
func edited(t *testing.T, file string, parts ...[2]int) string {
	t.Helper()
	data := mustRead(t, file)
	at := bytes.Index(data, []byte("elst"))
	old := int(binary.BigEndian.Uint32(data[at-4:]))
	box := binary.BigEndian.AppendUint32(nil, uint32(16+12*len(parts)))
	box = binary.BigEndian.AppendUint32(append(box, "elst\x00\x00\x00\x00"...), uint32(len(parts)))
	for _, p := range parts {
		begin := int32(-1)
		if p[1] >= 0 {
			begin = int32(p[1]*12800/1000 + 1024) // two frames are reordered
		}
		box = binary.BigEndian.AppendUint32(box, uint32(p[0]))
		box = binary.BigEndian.AppendUint32(box, uint32(begin))
		box = append(box, 0, 1, 0, 0)
	}
	for _, name := range []string{"edts", "trak", "moov"} {
		n := bytes.Index(data, []byte(name)) - 4
		binary.BigEndian.PutUint32(data[n:], binary.BigEndian.Uint32(data[n:])+uint32(len(box)-old))
	}
	path := filepath.Join(t.TempDir(), "edited.mp4")
	if err := os.WriteFile(path, slices.Concat(data[:at-4], box, data[at-4+old:]), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Parts left out by an edit list are no damage: the file plays to its end, in order.
func TestEditLists(t *testing.T) {
	long := made(t, "long.mp4", "-f", "lavfi", "-i", "testsrc=rate=25:size=160x120:duration=6", "-g", "25", "-c:v", "libx264", "-bf", "2")
	for name, parts := range map[string][][2]int{
		"its end":          {{3000, 0}},
		"both ends":        {{2000, 2500}},
		"a part":           {{1500, 0}, {2000, 3200}},
		"many":             {{400, 0}, {400, 1400}, {400, 2900}, {1000, 5000}},
		"nothing at first": {{2000, -1}, {3000, 0}},
		"its order":        {{1000, 4000}, {1000, 1000}},
	} {
		t.Run(name, func(t *testing.T) {
			path := edited(t, long, parts...)
			frames, last := 0, time.Duration(-1<<62)
			play(t, path, func(d capture.Decoded) {
				frames += d.Frames
				if d.Packet.PTS <= last {
					t.Errorf("frame %d at %v after %v", frames, d.Packet.PTS, last)
				}
				last = d.Packet.PTS
			})
			if want := shownByFFmpeg(t, path); frames != want || want < 25 {
				t.Errorf("%d frames, want %d", frames, want)
			}
		})
	}
}

// Times that jump back do not end a file.
func TestTimesThatJumpBack(t *testing.T) {
	var all []byte
	for _, offset := range []string{"50000", "10", "95400"} { // the last one wraps
		all = append(all, mustRead(t, made(t, "part.ts", "-f", "lavfi", "-i", "testsrc=rate=25:size=320x240:duration=1.2", "-output_ts_offset", offset))...)
	}
	path := filepath.Join(t.TempDir(), "jump.ts")
	if err := os.WriteFile(path, all, 0o600); err != nil {
		t.Fatal(err)
	}
	if n := count(t, path); n != 90 {
		t.Errorf("%d frames, want 90", n)
	}
}

// Packet times increase, whatever the container lacks.
func TestPacketTimes(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
	}{ // in raw streams, frames held back at the end get the time of the last packet
		{"a.mp4", []string{"-bf", "2"}},
		{"a.mkv", []string{"-bf", "2"}},
		{"a.ts", []string{"-bf", "2"}},
		{"a.avi", []string{"-c:v", "mjpeg"}},
		{"a.h264", []string{"-bf", "2"}},
		{"a.hevc", []string{"-c:v", "libx265", "-x265-params", "log-level=error"}},
		{"a.y4m", []string{"-pix_fmt", "yuv420p"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := made(t, c.name, append([]string{"-f", "lavfi", "-i", "testsrc=rate=25:size=160x120:duration=2"}, c.args...)...)
			src := mustOpen(t, path)
			last := time.Duration(-1 << 62)
			n := 0
			for ; ; n++ {
				p, err := src.Read()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if p.DTS <= last || p.PTS < p.DTS || p.PTS > 3*time.Second {
					t.Errorf("packet %d: %v %v after %v", n, p.PTS, p.DTS, last)
				}
				if n == 0 && !p.Key {
					t.Error("the first packet is no key frame")
				}
				last = p.DTS
			}
			if n != 50 {
				t.Errorf("%d packets, want 50", n)
			}
			var times []time.Duration
			play(t, path, func(d capture.Decoded) { times = append(times, d.Packet.PTS) })
			raw := strings.HasPrefix(filepath.Ext(c.name), ".h")
			for i := 1; i < len(times); i++ {
				if times[i] < times[i-1] || times[i] == times[i-1] && !raw {
					t.Errorf("frame %d at %v after %v", i, times[i], times[i-1])
				}
			}
		})
	}
}

// H.264 comes as Annex B with its parameter sets, AAC without ADTS.
func TestForms(t *testing.T) {
	args := []string{"-f", "lavfi", "-i", "testsrc=rate=25:size=160x120:duration=1", "-f", "lavfi", "-i", "sine=duration=1", "-c:v", "libx264", "-c:a", "aac"}
	for _, name := range []string{"a.mp4", "a.ts", "a.mkv"} {
		src := mustOpen(t, made(t, name, args...))
		seen := map[capture.Codec]bool{}
		for {
			p, err := src.Read()
			if err != nil {
				break
			}
			seen[p.Track.Codec] = true
			switch p.Track.Codec {
			case capture.H264:
				if !strings.HasPrefix(string(p.Data), "\x00\x00\x00\x01") && !strings.HasPrefix(string(p.Data), "\x00\x00\x01") {
					t.Fatalf("%s: no Annex B: % x", name, p.Data[:8])
				}
				if c := string(p.Track.Config); !strings.HasPrefix(c, "\x00\x00\x00\x01") && !strings.HasPrefix(c, "\x00\x00\x01") {
					t.Fatalf("%s: configuration % x", name, c)
				}
			case capture.AAC:
				if p.Data[0] == 0xff && p.Data[1]&0xf0 == 0xf0 {
					t.Fatalf("%s: with ADTS header", name)
				}
				if len(p.Track.Config) < 2 || p.Track.SampleRate != 44100 || p.Track.Channels != 1 {
					t.Fatalf("%s: %+v", name, p.Track)
				}
			}
		}
		if !seen[capture.H264] || !seen[capture.AAC] {
			t.Errorf("%s: only %v", name, seen)
		}
	}
}

// If sound is off, it is not even read.
func TestSoundIsLeftOut(t *testing.T) {
	path := made(t, "a.ts", "-f", "lavfi", "-i", "testsrc=rate=25:size=160x120:duration=1", "-f", "lavfi", "-i", "sine=duration=1")
	for _, noSound := range []bool{false, true} {
		l := New(Options{Log: slog.New(slog.DiscardHandler), NoSound: noSound})
		src, err := l.OpenFile(t.Context(), config(path), capture.Address{Kind: capture.KindFile, Path: path})
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		video, sound := 0, 0
		for p, err := src.Read(); err == nil; p, err = src.Read() {
			if p.Track.Video {
				video++
			} else {
				sound++
			}
		}
		if video != 25 || (sound == 0) != noSound || (len(src.Tracks()) == 1) != noSound {
			t.Errorf("without sound %v: %d packets of video, %d of sound, tracks %v", noSound, video, sound, src.Tracks())
		}
	}
}

// Missing hardware decoding is reported, and software decodes instead.
func TestHardwareThatIsNotThere(t *testing.T) {
	src := mustOpen(t, made(t, "a.mp4", "-f", "lavfi", "-i", "testsrc=rate=25:size=160x120:duration=0.2"))
	p, err := src.Read()
	if err != nil {
		t.Fatal(err)
	}
	for _, accel := range []string{"none", "any", "vaapi", "qsv"} {
		var log bytes.Buffer
		cfg := config("a.mp4")
		cfg.HWAccel = accel
		dec, err := New(Options{Log: slog.New(slog.NewTextHandler(&log, nil))}).OpenDecoder(p.Track, cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer dec.Close()
		d, err := dec.Decode([]*capture.Packet{p}, true)
		if err != nil || d.Image == nil {
			t.Fatalf("%s: %v", accel, err)
		}
		defer d.Image.Free()
		told := strings.Contains(log.String(), "hardware decoding is not available; decoding in software\" camera=test hwaccel="+accel)
		if _, accelerated := os.Stat("/dev/dri"); accel == "none" && log.Len() > 0 || accel != "none" && accelerated != nil && !told {
			t.Errorf("%s: the log says %q", accel, log.String())
		}
	}
}

// A decoder can also be opened from the description of a track from any source.
func TestDecoderWithoutNative(t *testing.T) {
	src := mustOpen(t, made(t, "a.mp4", "-f", "lavfi", "-i", "testsrc=rate=25:size=160x120:duration=0.4"))
	track := *src.Tracks()[0]
	track.Native = nil
	dec, _, err := library.newDecoder(&track, "none")
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	var all []*capture.Packet
	for {
		p, err := src.Read()
		if err != nil {
			break
		}
		all = append(all, p)
	}
	d, err := dec.Decode(all, true)
	if err != nil || d.Frames != 10 || d.Image == nil || d.Packet != latest(all) {
		t.Fatalf("%+v, %v: want 10 frames, and the newest of them", d, err)
	}
	d.Image.Free()
	if _, _, err := library.newDecoder(&capture.Track{Video: true, Codec: "nonsense"}, "none"); !errors.Is(err, capture.ErrUnsupported) {
		t.Errorf("an unknown codec: %v", err)
	}
}

func latest(packets []*capture.Packet) *capture.Packet {
	last := packets[0]
	for _, p := range packets {
		if p.PTS > last.PTS {
			last = p
		}
	}
	return last
}

// Packets can be decoded in batches of any size.
func TestBatches(t *testing.T) {
	src := mustOpen(t, made(t, "a.mp4", "-f", "lavfi", "-i", "testsrc=rate=25:size=64x64:duration=2"))
	dec, _, err := library.newDecoder(src.Tracks()[0], "none")
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	var all []*capture.Packet
	for {
		p, err := src.Read()
		if err != nil {
			break
		}
		all = append(all, p)
	}
	frames := 0
	for n := 5; len(all) > 0; n = (n+2)%5 + 1 {
		n = min(n, len(all))
		d, err := dec.Decode(all[:n], len(all) == n)
		if err != nil {
			t.Fatal(err)
		}
		if d.Image != nil {
			d.Image.Free()
		}
		frames += d.Frames
		goruntime.GC() // nothing is left that points to packets
		all = all[n:]
	}
	if frames != 50 {
		t.Errorf("%d frames, want 50", frames)
	}
}

// Damage is concealed and reported.
func TestDamagedPackets(t *testing.T) {
	src := mustOpen(t, made(t, "a.mp4", "-f", "lavfi", "-i", "testsrc2=rate=25:size=320x240:duration=2", "-c:v", "libx264", "-x264-params", "slices=4:bframes=0:keyint=25"))
	dec, _, err := library.newDecoder(src.Tracks()[0], "none")
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	frames, damaged := 0, 0
	for n := 0; ; n++ {
		p, err := src.Read()
		if err != nil {
			break
		}
		if n%10 == 5 {
			p.Data = p.Data[:len(p.Data)/2]
		}
		d, err := dec.Decode([]*capture.Packet{p}, false)
		if err != nil {
			t.Fatal(err)
		}
		frames += d.Frames
		damaged += d.DamagedFrames
		if d.Image != nil {
			d.Image.Free()
		}
	}
	if frames < 48 || damaged < 4 || damaged > 10 {
		t.Errorf("%d frames, %d of them damaged; want 50 and 5", frames, damaged)
	}
}

// Frames predicted from a damaged frame count as damaged up to the next key frame.
func TestDamageSpreads(t *testing.T) {
	src := mustOpen(t, made(t, "a.mp4", "-f", "lavfi", "-i", "testsrc2=rate=25:size=320x240:duration=2", "-c:v", "libx264", "-x264-params", "slices=4:bframes=0:keyint=10:scenecut=0"))
	var packets []*capture.Packet
	for len(packets) < 20 {
		p, err := src.Read()
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, p)
	}
	for name, hurt := range map[string]func(p *capture.Packet){
		"cut":      func(p *capture.Packet) { p.Data = p.Data[:len(p.Data)/2] },
		"reported": func(p *capture.Packet) { p.Damaged = true },
	} {
		dec, _, err := library.newDecoder(src.Tracks()[0], "none")
		if err != nil {
			t.Fatal(err)
		}
		defer dec.Close()
		for n, p := range packets {
			if n == 5 {
				p = new(*p)
				hurt(p)
			}
			d, err := dec.Decode([]*capture.Packet{p}, false)
			if err != nil || d.Image == nil {
				t.Fatalf("%s, frame %d: %v", name, n, err)
			}
			d.Image.Free()
			if want := n >= 5 && n < 10; d.Damaged != want {
				t.Errorf("%s, frame %d: damaged %v", name, n, d.Damaged)
			}
		}
	}
}

func TestFileErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole := mustRead(t, made(t, "test.mp4", "-f", "lavfi", "-i", "testsrc=rate=25:size=320x240:duration=2", "-movflags", "+faststart"))
	late := mustRead(t, made(t, "test.mp4", "-f", "lavfi", "-i", "testsrc=rate=25:size=320x240:duration=2"))
	for name, c := range map[string]struct {
		path string
		is   error
		says string
	}{
		"missing":     {dir + "/none.mp4", os.ErrNotExist, "check the path"},
		"a directory": {dir, capture.ErrUnsupported, "not a regular file"},
		"empty":       {write("empty.mp4", nil), capture.ErrUnsupported, "empty"},
		"no index":    {write("short.mp4", late[:len(late)/2]), capture.ErrUnsupported, "truncated"},
		"text":        {write("text.mp4", []byte(strings.Repeat("no video ", 100))), capture.ErrUnsupported, ""},
		"sound":       {made(t, "sound.mp4", "-f", "lavfi", "-i", "sine=duration=1"), capture.ErrUnsupported, "no video"},
		"a playlist":  {write("list.m3u8", []byte("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n")), nil, ""},
		"a list":      {write("list.txt", []byte("ffconcat version 1.0\nfile http://127.0.0.1:1/a.ts\n")), nil, ""},
	} {
		src, err := library.OpenFile(t.Context(), config(c.path), capture.Address{Kind: capture.KindFile, Path: c.path})
		if err == nil {
			src.Close()
			t.Errorf("%s: opens", name)
			continue
		}
		if c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	src := mustOpen(t, write("cut.mp4", whole[:len(whole)/2]))
	for {
		if _, err := src.Read(); err != nil {
			if errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "truncated") {
				t.Errorf("a truncated file: %v", err)
			}
			break
		}
	}
}

func TestOpenIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := made(t, "a.mp4", "-f", "lavfi", "-i", "testsrc=rate=25:size=64x64:duration=0.2")
	if src, err := library.OpenFile(ctx, config(path), capture.Address{Kind: capture.KindFile, Path: path}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", src, err)
	}
}
