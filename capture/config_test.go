package capture

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/internal/text"
)

func TestConfigValidate(t *testing.T) {
	good := func() Config {
		c := DefaultConfig()
		c.Name, c.Source = "door-1.a_b", "rtsp://h/s"
		return c
	}
	for name, tc := range map[string]struct {
		change func(*Config)
		bad    map[string]string // key: part of the problem
	}{
		"good":                   {func(c *Config) {}, nil},
		"good file":              {func(c *Config) { c.Source, c.Loop, c.HWAccel = "a.mp4", true, "any" }, nil},
		"good limits":            {func(c *Config) { c.FPS, c.Width, c.Height, c.Transport = 1000, 7680, 7680, "udp" }, nil},
		"no name":                {func(c *Config) { c.Name = "" }, map[string]string{"name": "missing"}},
		"hidden name":            {func(c *Config) { c.Name = ".." }, map[string]string{"name": "letters"}},
		"path name":              {func(c *Config) { c.Name = "a/b" }, map[string]string{"name": "letters"}},
		"name with break":        {func(c *Config) { c.Name = "a\n" }, map[string]string{"name": "letters"}},
		"name of all":            {func(c *Config) { c.Name = "all" }, map[string]string{"name": "stands for every camera"}},
		"long name":              {func(c *Config) { c.Name = strings.Repeat("a", 65) }, map[string]string{"name": "64"}},
		"source":                 {func(c *Config) { c.Source = "pipe:0" }, map[string]string{"source": "unknown kind"}},
		"fps":                    {func(c *Config) { c.FPS = -1 }, map[string]string{"fps": "1000"}},
		"fps NaN":                {func(c *Config) { c.FPS = math.NaN() }, map[string]string{"fps": "1000"}},
		"sizes":                  {func(c *Config) { c.Width, c.Height = -1, 7681 }, map[string]string{"width": "7680", "height": "7680"}},
		"transport":              {func(c *Config) { c.Transport = "sctp" }, map[string]string{"transport": `"tcp" or "udp"`}},
		"hwaccel":                {func(c *Config) { c.HWAccel = "" }, map[string]string{"hwaccel": `"vaapi" or "qsv"`}},
		"timeouts":               {func(c *Config) { c.OpenTimeout, c.StallTimeout = 0, text.Duration(time.Hour) }, map[string]string{"open_timeout": "100ms", "stall_timeout": "5m"}},
		"loop on rtsp":           {func(c *Config) { c.Loop = true }, map[string]string{"loop": "file sources"}},
		"udp and TLS":            {func(c *Config) { c.Source, c.Transport = "rtsps://cam/", "udp" }, map[string]string{"transport": "only TCP"}},
		"udp on file":            {func(c *Config) { c.Source, c.Transport = "a.mp4", "udp" }, map[string]string{"transport": "rtsp sources"}},
		"evidence of a scene":    {func(c *Config) { c.Source, c.EvidenceSource = "rtsp://h/", "synthetic:street" }, map[string]string{"evidence_source": "an address or a file"}},
		"evidence is the source": {func(c *Config) { c.Source, c.EvidenceSource = "rtsp://h/", "rtsp://h/" }, map[string]string{"evidence_source": "remove it"}},
		"hwaccel on http":        {func(c *Config) { c.Source, c.HWAccel = "http://h/", "vaapi" }, map[string]string{"hwaccel": "rtsp, stream and file"}},
		"tls":                    {func(c *Config) { c.Source, c.TLS = "rtsps://h/", "pin:00" }, map[string]string{"tls": "64 hexadecimal"}},
		"tls on rtsp":            {func(c *Config) { c.Source, c.TLS = "rtsp://h/", TrustInsecure }, map[string]string{"tls": "rtsps:// and https://"}},
		"several problems":       {func(c *Config) { *c = Config{} }, map[string]string{"name": "", "source": "", "tls": "", "transport": "", "decode": "", "hwaccel": "", "open_timeout": "", "stall_timeout": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			c := good()
			tc.change(&c)
			got := map[string]string{}
			c.Validate(func(key, problem string) { got[key] += problem })
			if !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(tc.bad))) {
				t.Fatalf("problems %v, want those of %v", got, tc.bad)
			}
			for key, part := range tc.bad {
				if !strings.Contains(got[key], part) {
					t.Errorf("%s: %q says nothing of %q", key, got[key], part)
				}
			}
		})
	}
}

func TestOutputSize(t *testing.T) {
	for _, tc := range []struct{ cw, ch, w, h, outW, outH int }{
		{0, 0, 640, 480, 640, 480},
		{320, 0, 640, 480, 320, 240},
		{0, 240, 640, 480, 320, 240},
		{100, 100, 640, 480, 100, 100},
		{1, 0, 640, 4, 1, 1},
		{7680, 0, 1, 9000, 7680, 7680},
		{320, 0, 0, 0, 0, 0},
	} {
		w, h := OutputSize(Config{Width: tc.cw, Height: tc.ch}, tc.w, tc.h)
		if w != tc.outW || h != tc.outH {
			t.Errorf("%+v: %dx%d", tc, w, h)
		}
	}
}
