package rtsp

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"rvo-tui/capture"
)

// media is one track in a stream's description (SDP).
type media struct {
	video    bool
	codec    capture.Codec
	payload  uint8 // payload type
	rate     int   // RTP clock rate in Hz
	channels int
	format   map[string]string // parameters of a=fmtp, names in lower case
	control  string
	ours     bool // a back-channel, for sound sent to the camera
}

// maxMedia is the maximum number of tracks that are read from a description.
const maxMedia = 32

// encodings maps RTP encoding names, in upper case, to codecs.
var encodings = map[string]capture.Codec{
	"H264": capture.H264, "H265": capture.HEVC, "HEVC": capture.HEVC, "AV1": capture.AV1, "VP8": capture.VP8, "VP9": capture.VP9, "JPEG": capture.MJPEG,
	"MPEG4-GENERIC": capture.AAC, "MP4A-LATM": capture.AAC, "OPUS": capture.Opus, "PCMU": capture.PCMU, "PCMA": capture.PCMA,
}

// static are the payload types that need no a=rtpmap (RFC 3551).
var static = map[string]string{"0": "PCMU/8000", "8": "PCMA/8000", "26": "JPEG/90000"}

// parseSDP returns the tracks that this package can receive, the control attribute of
// the whole presentation, and the names of unsupported tracks.
func parseSDP(text []byte) (tracks []media, control string, unknown []string, err error) {
	var d sdp.SessionDescription
	if err := d.UnmarshalString(tidy(text)); err != nil {
		return nil, "", nil, errors.New("the camera's description of the stream cannot be parsed")
	}
	control, _ = d.Attribute("control")
	for _, m := range d.MediaDescriptions[:min(len(d.MediaDescriptions), maxMedia)] {
		kind := m.MediaName.Media
		if kind != "video" && kind != "audio" {
			continue
		}
		t, name := readMedia(m)
		if t.codec == "" {
			unknown = append(unknown, fmt.Sprintf("%s %.20q", kind, name))
			continue
		}
		t.video = kind == "video"
		tracks = append(tracks, t)
	}
	return tracks, control, unknown, nil
}

// tidy keeps the useful lines of a description. Cameras write the others in many
// invalid ways, which a parser rejects.
func tidy(text []byte) string {
	var out strings.Builder
	out.WriteString("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n")
	for line := range bytes.Lines(text) {
		line = bytes.ReplaceAll(bytes.Trim(line, "\r\n\t \x00"), []byte("\t"), []byte(" "))
		if len(line) < 3 || line[1] != '=' {
			continue
		}
		switch line[0] {
		case 'm':
			fields := strings.Fields(string(line[2:]))
			if len(fields) < 4 {
				fields = []string{"application", "0", "RTP/AVP", "0"} // to which the next lines belong
			}
			kind := strings.ToLower(fields[0])
			if kind != "video" && kind != "audio" {
				kind = "application"
			}
			// Ports are unused in RTSP.
			fmt.Fprintf(&out, "m=%s 0 RTP/AVP %s\r\n", kind, strings.Join(fields[3:], " "))
		case 'a':
			fmt.Fprintf(&out, "a=%s\r\n", bytes.TrimSpace(line[2:]))
		}
	}
	return out.String()
}

// readMedia returns a track with the first supported format. If there is none, its
// codec is empty and name is that of the first format.
func readMedia(m *sdp.MediaDescription) (t media, name string) {
	for _, format := range m.MediaName.Formats {
		payload, err := strconv.ParseUint(format, 10, 7)
		if err != nil {
			continue
		}
		mapping := static[format]
		t = media{payload: uint8(payload), format: map[string]string{}}
		for _, a := range m.Attributes {
			number, value, _ := strings.Cut(strings.TrimSpace(a.Value), " ")
			switch {
			case a.Key == "rtpmap" && number == format:
				mapping = strings.TrimSpace(value)
			case a.Key == "fmtp" && number == format:
				maps.Copy(t.format, parameters(value))
			case a.Key == "control":
				t.control = strings.TrimSpace(a.Value)
			case a.Key == "sendonly":
				t.ours = true
			}
		}
		encoding, rest, _ := strings.Cut(mapping, "/")
		rate, channels, _ := strings.Cut(rest, "/")
		if name == "" {
			name = encoding
		}
		t.rate, _ = strconv.Atoi(strings.TrimSpace(rate))
		if t.channels, _ = strconv.Atoi(channels); t.channels < 1 || t.channels > 8 {
			t.channels = 1
		}
		if t.codec = encodings[strings.ToUpper(encoding)]; t.codec == "" {
			continue
		}
		if t.codec == capture.AAC && strings.EqualFold(encoding, "MP4A-LATM") {
			t.format["latm"] = "1"
		}
		if t.rate <= 0 || t.rate > 1e6 {
			t.rate = defaultRate(t.codec)
		}
		return t, name
	}
	return media{}, name
}

func defaultRate(codec capture.Codec) int {
	switch codec {
	case capture.PCMU, capture.PCMA:
		return 8000
	case capture.Opus, capture.AAC:
		return 48000
	}
	return 90000
}

// choose returns the video track and the sound track to receive; sound is nil if there
// is none.
func choose(tracks []media, unknown []string) (video, sound *media, err error) {
	marked := false // some tracks are marked with a direction
	for _, t := range tracks {
		marked = marked || !t.ours
	}
	for i := range tracks {
		t := &tracks[i]
		switch {
		case t.video && video == nil:
			video = t
		case !t.video && sound == nil && !(t.ours && marked):
			sound = t
		}
	}
	if video != nil {
		return video, sound, nil
	}
	if len(unknown) > 0 {
		return nil, nil, fmt.Errorf("the stream contains %s, which is %w: set the camera to H.264, H.265 or MJPEG", strings.Join(unknown[:min(len(unknown), 3)], " and "), capture.ErrUnsupported)
	}
	return nil, nil, fmt.Errorf("a stream without video is %w: check the path of the address", capture.ErrUnsupported)
}

// parameterSets decodes comma-separated lists of base64 parameter sets, skipping
// damaged ones.
func parameterSets(lists ...string) [][]byte {
	var out [][]byte
	for _, list := range lists {
		for text := range strings.SplitSeq(list, ",") {
			text = strings.TrimRight(strings.TrimSpace(text), "=")
			if set, err := base64.RawStdEncoding.DecodeString(text); err == nil && len(set) > 2 && len(set) < maxParameterSet && len(out) < 16 {
				out = append(out, bytes.TrimPrefix(set, []byte{0, 0, 0, 1}))
			}
		}
	}
	return out
}

const maxParameterSet = 4 << 10

func hexParameter(text string) []byte {
	out, err := hex.DecodeString(text)
	if err != nil || len(out) > maxParameterSet {
		return nil
	}
	return out
}
