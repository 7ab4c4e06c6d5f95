package capture

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Address is a parsed Config.Source.
type Address struct {
	Kind   Kind
	Device int    // KindDevice
	URL    string // KindRTSP, KindHTTP: with its password
	Path   string // KindFile: never taken for a protocol, not even by FFmpeg
	Scene  string // KindSynthetic
	Seed   uint64 // KindSynthetic: "synthetic:street?seed=7"
}

// Kind is what an Address leads to.
type Kind string

// The kinds of address.
const (
	KindDevice    Kind = "device"    // a local capture device
	KindRTSP      Kind = "rtsp"      // an RTSP or RTSPS stream
	KindHTTP      Kind = "http"      // multipart MJPEG over HTTP or HTTPS
	KindFile      Kind = "file"      // a video file
	KindSynthetic Kind = "synthetic" // a drawn scene
)

const forms = `"device:N", "rtsp://…", "http://…", a file or "synthetic:SCENE"`

var (
	schemeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*$`)
	sceneForm  = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)
	videoNode  = regexp.MustCompile(`^/dev/video([0-9]{1,4})$`)
)

// ParseAddress reads a source as users write it: "device:N", an rtsp://,
// rtsps://, http:// or https:// address, "synthetic:SCENE" with an optional
// "?seed=N", a file:// address or a plain path. Every other scheme is refused,
// so that no text of a configuration reaches a protocol or a pipeline that was
// not meant. Errors hold no password.
func ParseAddress(source string) (Address, error) {
	if source == "" {
		return Address{}, errors.New("source is empty: give " + forms)
	}
	if len(source) > 4096 {
		return Address{}, errors.New("source is longer than 4096 bytes")
	}
	if strings.ContainsFunc(source, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return Address{}, errors.New("source holds a control character: remove it")
	}
	scheme, rest, found := strings.Cut(source, ":")
	if !found || !schemeForm.MatchString(scheme) {
		return parsePath(source)
	}
	switch scheme = strings.ToLower(scheme); scheme {
	case "device":
		return parseDevice(rest)
	case "synthetic":
		return parseScene(rest)
	case "rtsp", "rtsps":
		return parseURL(KindRTSP, scheme, rest)
	case "http", "https":
		return parseURL(KindHTTP, scheme, rest)
	case "file":
		return parseFileURL(rest)
	}
	return Address{}, fmt.Errorf("source of unknown kind %q: give %s; for a file whose name holds a colon write ./ in front", scheme+":", forms)
}

func parsePath(path string) (Address, error) {
	if m := videoNode.FindStringSubmatch(path); m != nil {
		return parseDevice(m[1])
	}
	if !strings.Contains(path, ":") {
		return Address{Kind: KindFile, Path: path}, nil
	}
	first, _, _ := strings.Cut(path, "/")
	if strings.Contains(first, ":") {
		return Address{}, fmt.Errorf("source %q: for a file whose name holds a colon write ./ in front", Redact(path))
	}
	// FFmpeg takes "subfile,…:" for a protocol too, wherever the colon is.
	if first != "" && first != "." && first != ".." {
		path = "./" + path
	}
	return Address{Kind: KindFile, Path: path}, nil
}

func parseDevice(number string) (Address, error) {
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return Address{}, fmt.Errorf("device %q: give its number, as in \"device:0\"", Redact(number))
	}
	return Address{Kind: KindDevice, Device: int(n)}, nil
}

func parseScene(text string) (Address, error) {
	scene, query, hasQuery := strings.Cut(text, "?")
	if !sceneForm.MatchString(scene) {
		return Address{}, fmt.Errorf("scene %q: give the name of a scene, as in \"synthetic:street\"", Redact(scene))
	}
	addr := Address{Kind: KindSynthetic, Scene: scene}
	if !hasQuery {
		return addr, nil
	}
	value, ok := strings.CutPrefix(query, "seed=")
	seed, err := strconv.ParseUint(value, 10, 64)
	if !ok || err != nil {
		return Address{}, fmt.Errorf("scene option %q: a scene takes only a seed, a whole number, as in \"synthetic:%s?seed=7\"", Redact(query), scene)
	}
	addr.Seed = seed
	return addr, nil
}

func parseURL(kind Kind, scheme, rest string) (Address, error) {
	// The text of url.Parse's errors quotes the address, password and all.
	text := scheme + ":" + rest
	u, err := url.Parse(text)
	switch {
	case !strings.HasPrefix(rest, "//"):
		return Address{}, fmt.Errorf("address %s: write two slashes after %s:, as in \"%s://10.0.0.7/stream\"", Redact(text), scheme, scheme)
	case err != nil || strings.Count(rest, "@") > 1 || u.User == nil && strings.Contains(rest, "@"):
		return Address{}, fmt.Errorf("address %s is malformed: in a user name or password write @ as %%40, : as %%3A, / as %%2F, ? as %%3F, # as %%23 and %% as %%25", Redact(text))
	case u.Hostname() == "":
		return Address{}, fmt.Errorf("address %s names no host: write it as in \"%s://10.0.0.7/stream\"", Redact(text), scheme)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return Address{}, fmt.Errorf("address %s: a port is a number from 1 to 65535", Redact(text))
		}
	}
	return Address{Kind: kind, URL: text}, nil
}

func parseFileURL(rest string) (Address, error) {
	path, ok := strings.CutPrefix(rest, "//")
	path = strings.TrimPrefix(path, "localhost")
	if !ok || !strings.HasPrefix(path, "/") {
		return Address{}, errors.New("file address: write it with a full path and three slashes, as in \"file:///srv/video.mp4\", or give the plain path")
	}
	path, err := url.PathUnescape(path)
	if err != nil || strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return Address{}, errors.New("file address: write % as %25, and no control characters, or give the plain path")
	}
	return Address{Kind: KindFile, Path: path}, nil
}

// String returns the address in the form that ParseAddress reads, its secrets
// hidden as by Redact.
func (a Address) String() string {
	switch a.Kind {
	case KindDevice:
		return "device:" + strconv.Itoa(a.Device)
	case KindSynthetic:
		if a.Seed != 0 {
			return fmt.Sprintf("synthetic:%s?seed=%d", a.Scene, a.Seed)
		}
		return "synthetic:" + a.Scene
	case KindFile:
		return a.Path
	}
	return Redact(a.URL)
}
