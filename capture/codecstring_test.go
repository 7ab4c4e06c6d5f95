package capture

import "testing"

func TestCodecString(t *testing.T) {
	for _, c := range []struct {
		name  string
		track Track
		want  string
	}{
		{"H.264 high 4.0", Track{Codec: H264, Config: []byte("\x00\x00\x00\x01\x67\x64\x00\x28\xac\x00\x00\x01\x68\xee")}, "avc1.640028"},
		{"H.264, picture parameters first", Track{Codec: H264, Config: []byte("\x00\x00\x01\x68\xee\x00\x00\x00\x01\x67\x42\xc0\x1e\x95")}, "avc1.42c01e"},
		{"H.264 without parameters", Track{Codec: H264}, ""},
		{"H.264 cut off", Track{Codec: H264, Config: []byte("\x00\x00\x01\x67\x42")}, ""},
		// Main profile, as in the examples of ISO/IEC 14496-15.
		{"H.265 main 3.1", Track{Codec: HEVC, Config: []byte("\x00\x00\x01\x42\x01\x01\x01\x60\x00\x00\x03\x00\xb0\x00\x00\x03\x00\x00\x03\x00\x5d\xa0")}, "hev1.1.6.L93.B0"},
		{"H.265 cut off", Track{Codec: HEVC, Config: []byte("\x00\x00\x01\x42\x01\x01\x01\x60")}, ""},
		{"VP8", Track{Codec: VP8}, "vp8"},
		{"JPEG", Track{Codec: MJPEG}, ""},
	} {
		if got := c.track.CodecString(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
