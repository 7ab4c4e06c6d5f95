package capture

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"rvo-tui/internal/text"
)

// Config is one [[camera]] of the configuration.
type Config struct {
	// Name is unique and identifies the camera in events, metrics and commands.
	Name string `toml:"name" help:"unique; letters, digits, _, - and ."`
	// Source is where frames come from: "device:N", an rtsp://, rtsps://, http:// or
	// https:// address, a file, or "synthetic:SCENE". It may contain a password: show
	// it only through Redact.
	Source string `toml:"source" help:"rtsp://user:password@host/path, http://…, device:N or synthetic:SCENE"`
	// EvidenceSource is a second stream of the camera, which is recorded for clips
	// instead of Source and never decoded. Empty: none. It has its own login and uses
	// the same TLS setting.
	EvidenceSource string `toml:"evidence_source" help:"a second stream of the camera, kept for clips in place of source"`
	// Clock is the camera's clock, shared by its two streams. Nil: each stream has its
	// own.
	Clock *Clock `toml:"-"`
	// Loop restarts a file when it ends.
	Loop bool `toml:"loop" help:"files: start over at the end"`
	// FPS limits the frame rate. Frames above it are dropped before decoding. It is the
	// rate of a synthetic scene, and the rate requested from a device. 0: that of the
	// source (synthetic: 30).
	FPS float64 `toml:"fps" help:"maximum frame rate; 0: that of the source"`
	// Width and Height are the size requested from a device, the size of a synthetic
	// scene, and the size to which other sources are scaled. 0: that of the source
	// (synthetic: 1280x720). If only one is set, the aspect ratio is kept.
	Width  int `toml:"width" help:"width to scale to, or to request from a device; 0: that of the source"`
	Height int `toml:"height" help:"height to scale to, or to request from a device; if only one of width and height is set, the aspect ratio is kept"`
	// Transport is the RTSP transport: "tcp" or "udp".
	Transport string `toml:"transport" help:"transport of rtsp://; udp does not resend lost packets" oneof:"tcp udp"`
	// TLS is how the certificate of an rtsps:// or https:// source is verified.
	TLS Trust `toml:"tls" help:"rtsps:// and https://: verify, pin:SHA256… for one certificate, or insecure for any"`
	// Decode is how much of the video is decoded: "auto" (as needed), "all" or
	// "keyframes".
	Decode string `toml:"decode" help:"how much of the video is decoded; auto: as much as is needed" oneof:"auto all keyframes"`
	// HWAccel requests hardware decoding from FFmpeg: "none", "any", "vaapi" or "qsv".
	// If the machine lacks it, decoding falls back to software and says so.
	HWAccel string `toml:"hwaccel" help:"decode on the graphics hardware" oneof:"none any vaapi qsv"`
	// OpenTimeout limits opening the source, and StallTimeout the wait for the next
	// frame.
	OpenTimeout  text.Duration `toml:"open_timeout" help:"the longest time to open the source"`
	StallTimeout text.Duration `toml:"stall_timeout" help:"the longest time without a frame, after which it is reopened"`
}

// DefaultConfig returns the defaults of a camera.
func DefaultConfig() Config {
	return Config{
		Transport:    "tcp",
		TLS:          TrustVerify,
		Decode:       DecodeAuto,
		HWAccel:      "none",
		OpenTimeout:  text.Duration(5 * time.Second),
		StallTimeout: text.Duration(5 * time.Second),
	}
}

// MaxSide is the longest side of a frame that a configuration may request, in pixels.
const MaxSide = 7680

const (
	minTimeout = 100 * time.Millisecond
	maxTimeout = 5 * time.Minute
)

var (
	// A camera's name is used as the name of a directory of clips.
	cameraName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$`)
	transports = []string{"tcp", "udp"}
	decodes    = []string{DecodeAuto, string(DecodeAll), string(DecodeKeys)}
	hwaccels   = []string{"none", "any", "vaapi", "qsv"}
)

// Validate calls bad for every problem, with the key concerned. An option that does not
// apply to the kind of source is a problem.
func (c Config) Validate(bad func(key, problem string)) {
	switch {
	case c.Name == "":
		bad("name", "missing: give the camera a name, as in \"door\"")
	case c.Name == "all":
		bad("name", "\"all\" stands for every camera in commands: choose another")
	case !cameraName.MatchString(c.Name):
		bad("name", fmt.Sprintf("%q: use letters, digits, '_', '-' and '.', at most 64, and no leading '.'", c.Name))
	}
	addr, err := ParseAddress(c.Source)
	if err != nil {
		bad("source", err.Error())
	}
	if !(c.FPS >= 0 && c.FPS <= 1000) { // written to reject NaN too
		bad("fps", fmt.Sprintf("must be from 0 (as in the source) to 1000, not %v", c.FPS))
	}
	for _, side := range []struct {
		key string
		n   int
	}{{"width", c.Width}, {"height", c.Height}} {
		if side.n < 0 || side.n > MaxSide {
			bad(side.key, fmt.Sprintf("must be from 0 (as in the source) to %d pixels, not %d", MaxSide, side.n))
		}
	}
	oneOf := func(key, value string, allowed []string) {
		if !slices.Contains(allowed, value) {
			bad(key, fmt.Sprintf("%q: use %q", value, allowed[0])+or(allowed[1:]))
		}
	}
	oneOf("transport", c.Transport, transports)
	oneOf("decode", c.Decode, decodes)
	oneOf("hwaccel", c.HWAccel, hwaccels)
	if _, _, err := c.TLS.Pin(); err != nil {
		bad("tls", err.Error())
	}
	for _, t := range []struct {
		key string
		d   text.Duration
	}{{"open_timeout", c.OpenTimeout}, {"stall_timeout", c.StallTimeout}} {
		if d := time.Duration(t.d); d < minTimeout || d > maxTimeout {
			bad(t.key, fmt.Sprintf("must be from %v to %v, not %v", minTimeout, maxTimeout, d))
		}
	}
	if err != nil {
		return
	}
	only := func(key string, set bool, kinds ...Kind) {
		if set && !slices.Contains(kinds, addr.Kind) {
			names := make([]string, len(kinds))
			for i, k := range kinds {
				names[i] = string(k)
			}
			bad(key, fmt.Sprintf("applies only to %s sources, and this is a %s source: remove it", list(names), addr.Kind))
		}
	}
	only("loop", c.Loop, KindFile)
	only("transport", c.Transport == "udp", KindRTSP)
	if c.Transport == "udp" && addr.Kind == KindRTSP && addr.TLS() {
		bad("transport", "rtsps:// encrypts only TCP: remove it")
	}
	second, err := c.evidence(bad)
	if err != nil {
		return
	}
	if c.TLS != TrustVerify && !addr.TLS() && !second.TLS() {
		bad("tls", "applies only to rtsps:// and https:// sources: remove it")
	}
	only("hwaccel", slices.Contains(hwaccels[1:], c.HWAccel), KindRTSP, KindStream, KindFile)
}

// evidence returns the address of the second stream, or the zero Address if there is
// none.
func (c Config) evidence(bad func(key, problem string)) (Address, error) {
	if c.EvidenceSource == "" {
		return Address{}, nil
	}
	addr, err := ParseAddress(c.EvidenceSource)
	switch {
	case err != nil:
		bad("evidence_source", err.Error())
	case addr.Kind == KindDevice || addr.Kind == KindSynthetic:
		bad("evidence_source", fmt.Sprintf("must be an address or a file, not a %s source", addr.Kind))
	case c.EvidenceSource == c.Source:
		bad("evidence_source", "is the same as source, which is recorded anyway: remove it")
	}
	return addr, err
}

// Evidence returns the configuration of the second stream, as for a camera of its own.
func (c Config) Evidence() Config {
	c.Source, c.EvidenceSource = c.EvidenceSource, ""
	c.FPS, c.Width, c.Height, c.Decode, c.HWAccel = 0, 0, 0, DecodeAuto, "none"
	return c
}

// list joins words as in "a, b and c".
func list(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

func or(words []string) string {
	var out strings.Builder
	for i, w := range words {
		sep := ", "
		if i == len(words)-1 {
			sep = " or "
		}
		fmt.Fprintf(&out, "%s%q", sep, w)
	}
	return out.String()
}

// OutputSize returns the size to which a source scales its width x height frames. It is
// the size in cfg, with the aspect ratio kept if cfg sets only one side. Each side is
// at least 1 and at most MaxSide.
func OutputSize(cfg Config, width, height int) (w, h int) {
	w, h = cfg.Width, cfg.Height
	switch {
	case width <= 0 || height <= 0:
		return 0, 0
	case w <= 0 && h <= 0:
		return width, height
	case h <= 0:
		h = (height*w + width/2) / width
	case w <= 0:
		w = (width*h + height/2) / height
	}
	return min(max(w, 1), MaxSide), min(max(h, 1), MaxSide)
}
