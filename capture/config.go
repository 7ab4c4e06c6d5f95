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
	Name string `toml:"name"`
	// Source is where the frames come from: "device:N", an rtsp://, rtsps://,
	// http:// or https:// address, a file, or "synthetic:SCENE". It may hold a
	// password: show it through Redact alone.
	Source string `toml:"source"`
	// EvidenceSource is a second stream of the camera, which is kept for clips in
	// place of Source and never decoded; empty: there is none. Login and TLS are
	// those of an address of its own.
	EvidenceSource string `toml:"evidence_source"`
	// Clock is that of the camera, which its two streams share; nil: each stream
	// has one of its own.
	Clock *Clock `toml:"-"`
	// Loop starts a file again when it ends.
	Loop bool `toml:"loop"`
	// FPS bounds the rate of frames; above it frames are dropped before they are
	// decoded. It is the rate of a synthetic scene and what a device is asked
	// for. 0: as the source gives (synthetic: 30).
	FPS float64 `toml:"fps"`
	// Width and Height are what a device is asked for, what a synthetic scene is
	// drawn at, and what any other source is scaled to. 0: as the source gives
	// (synthetic: 1280x720); one of them alone keeps the aspect.
	Width  int `toml:"width"`
	Height int `toml:"height"`
	// Transport of RTSP: "tcp" or "udp".
	Transport string `toml:"transport"`
	// TLS is how the certificate of an rtsps:// or https:// source is judged.
	TLS Trust `toml:"tls"`
	// Decode is how much of the video is decoded: "auto" (as much as is needed),
	// "all" or "keyframes".
	Decode string `toml:"decode"`
	// HWAccel asks FFmpeg for hardware decoding: "none", "any", "vaapi" or "qsv".
	// What the machine has not is a visible fall back to software.
	HWAccel string `toml:"hwaccel"`
	// OpenTimeout bounds the opening of the source, StallTimeout the wait for
	// the next frame.
	OpenTimeout  text.Duration `toml:"open_timeout"`
	StallTimeout text.Duration `toml:"stall_timeout"`
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

// MaxSide is the longest side of a frame, in pixels, that a configuration
// may ask for.
const MaxSide = 7680

const (
	minTimeout = 100 * time.Millisecond
	maxTimeout = 5 * time.Minute
)

var (
	// A camera's name becomes a directory of its clips.
	cameraName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$`)
	transports = []string{"tcp", "udp"}
	decodes    = []string{DecodeAuto, string(DecodeAll), string(DecodeKeys)}
	hwaccels   = []string{"none", "any", "vaapi", "qsv"}
)

// Validate calls bad for every problem of the configuration, with the key it
// concerns. An option that means nothing for this kind of source is a problem.
func (c Config) Validate(bad func(key, problem string)) {
	switch {
	case c.Name == "":
		bad("name", "missing: give the camera a name, as in \"door\"")
	case !cameraName.MatchString(c.Name):
		bad("name", fmt.Sprintf("%q: use letters, digits, '_', '-' and '.', at most 64, and no '.' in front", c.Name))
	}
	addr, err := ParseAddress(c.Source)
	if err != nil {
		bad("source", err.Error())
	}
	if !(c.FPS >= 0 && c.FPS <= 1000) { // written so that NaN is out too
		bad("fps", fmt.Sprintf("must be from 0 (as the source gives) to 1000, not %v", c.FPS))
	}
	for _, side := range []struct {
		key string
		n   int
	}{{"width", c.Width}, {"height", c.Height}} {
		if side.n < 0 || side.n > MaxSide {
			bad(side.key, fmt.Sprintf("must be from 0 (as the source gives) to %d pixels, not %d", MaxSide, side.n))
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
			bad(key, fmt.Sprintf("applies to %s sources alone, and this is a %s source: remove it", list(names), addr.Kind))
		}
	}
	only("loop", c.Loop, KindFile)
	only("transport", c.Transport == "udp", KindRTSP)
	if c.Transport == "udp" && addr.Kind == KindRTSP && addr.TLS() {
		bad("transport", "rtsps:// encrypts what comes by TCP alone: remove it")
	}
	second, err := c.evidence(bad)
	if err != nil {
		return
	}
	if c.TLS != TrustVerify && !addr.TLS() && !second.TLS() {
		bad("tls", "applies to rtsps:// and https:// sources alone: remove it")
	}
	only("hwaccel", slices.Contains(hwaccels[1:], c.HWAccel), KindRTSP, KindStream, KindFile)
}

// evidence returns the address of the second stream; the zero Address where there
// is none.
func (c Config) evidence(bad func(key, problem string)) (Address, error) {
	if c.EvidenceSource == "" {
		return Address{}, nil
	}
	addr, err := ParseAddress(c.EvidenceSource)
	switch {
	case err != nil:
		bad("evidence_source", err.Error())
	case addr.Kind == KindDevice || addr.Kind == KindSynthetic:
		bad("evidence_source", fmt.Sprintf("must be an address or a file, not a %s source: what is kept is what a second stream sends", addr.Kind))
	case c.EvidenceSource == c.Source:
		bad("evidence_source", "is the source itself, which is kept anyway: remove it")
	}
	return addr, err
}

// Evidence returns the configuration of the second stream, which is that of a
// camera of its own.
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

// OutputSize returns the size that a source scales its width x height frames
// to: what cfg asks for, the aspect kept where it asks for one side alone, at
// least 1 and at most MaxSide each.
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
