package capture

import (
	"fmt"
	"time"
)

// Duration is a time.Duration that configuration files write as text: "500ms",
// "1m30s".
type Duration time.Duration

// UnmarshalText reads the form of time.ParseDuration.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration; write a number and a unit, as in \"500ms\", \"10s\" or \"1m30s\"", text)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes the form that UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String returns the form of time.Duration.
func (d Duration) String() string { return time.Duration(d).String() }

// Config is one [[camera]] of the configuration.
type Config struct {
	// Name is unique, and what events, metrics and commands call the camera.
	Name string `toml:"name"`
	// Source is where the pictures come from: "device:N", an rtsp://, rtsps://,
	// http:// or https:// address, a file, or "synthetic:SCENE". It may hold a
	// password: show it through Redact alone.
	Source string `toml:"source"`
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
	// HWAccel asks FFmpeg for hardware decoding: "none", "any", "vaapi", "d3d11"
	// or "mfx". What the machine has not is a visible fall back to software.
	HWAccel string `toml:"hwaccel"`
	// OpenTimeout bounds the opening of the source, StallTimeout the wait for
	// the next frame.
	OpenTimeout  Duration `toml:"open_timeout"`
	StallTimeout Duration `toml:"stall_timeout"`
}

// DefaultConfig returns the values that a camera has where its configuration
// says nothing.
func DefaultConfig() Config {
	return Config{
		Transport:    "tcp",
		HWAccel:      "none",
		OpenTimeout:  Duration(5 * time.Second),
		StallTimeout: Duration(5 * time.Second),
	}
}
