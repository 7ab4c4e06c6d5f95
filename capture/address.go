package capture

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"rvo-tui/internal/text"
)

// Address is a parsed Config.Source.
type Address struct {
	Kind   Kind
	Device int    // KindDevice
	URL    string // KindRTSP, KindHTTP, KindStream: including its password
	Path   string // KindFile: always a file, never a protocol, even for FFmpeg
	Scene  string // KindSynthetic
	Seed   uint64 // KindSynthetic: "synthetic:street?seed=7"
}

// Kind is the kind of source that an Address names.
type Kind string

// The values of Kind.
const (
	KindDevice    Kind = "device"    // a local capture device
	KindRTSP      Kind = "rtsp"      // an RTSP or RTSPS stream
	KindHTTP      Kind = "http"      // multipart MJPEG over HTTP or HTTPS
	KindStream    Kind = "stream"    // other streams: HLS, MPEG-TS, RTMP, SRT
	KindFile      Kind = "file"      // a video file
	KindSynthetic Kind = "synthetic" // a generated scene
)

const forms = `"device:N", "rtsp://…", "http://…", "rtmp://…", "srt://…", "udp://…", "rtp://…", a file or "synthetic:SCENE"`

// containers are the extensions of HTTP addresses that are not MJPEG streams.
var containers = []string{".m3u8", ".ts", ".m2ts", ".mp4", ".m4v", ".mov", ".flv", ".mkv", ".webm"}

var (
	schemeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*$`)
	sceneForm  = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)
	videoNode  = regexp.MustCompile(`^/dev/video([0-9]{1,4})$`)
)

// ParseAddress parses a source as users write it: "device:N", an rtsp://, rtsps://,
// http://, https://, rtmp://, rtmps://, srt://, udp:// or rtp:// address,
// "synthetic:SCENE" with an optional "?seed=N", a file:// address or a plain path.
// Every other scheme is refused, so that configuration text cannot reach an unintended
// protocol or pipeline. Errors never contain a password.
func ParseAddress(source string) (Address, error) {
	if source == "" {
		return Address{}, errors.New("source is empty: give " + forms)
	}
	if len(source) > 4096 {
		return Address{}, errors.New("source is longer than 4096 bytes")
	}
	if strings.ContainsFunc(source, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return Address{}, errors.New("source contains a control character: remove it")
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
		path, _, _ := strings.Cut(rest, "?")
		if slices.ContainsFunc(containers, func(end string) bool { return strings.HasSuffix(strings.ToLower(path), end) }) {
			return parseURL(KindStream, scheme, rest)
		}
		return parseURL(KindHTTP, scheme, rest)
	case "rtmp", "rtmps", "srt":
		return parseURL(KindStream, scheme, rest)
	case "udp", "rtp":
		// In FFmpeg, udp://@239.0.0.1:5000 listens; the @ does not follow a user name.
		return parseURL(KindStream, scheme, strings.Replace(rest, "//@", "//", 1))
	case "file":
		return parseFileURL(rest)
	}
	return Address{}, fmt.Errorf("source of unknown kind %q: give %s; if it is a file whose name contains a colon, write ./ in front", scheme+":", forms)
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
		return Address{}, fmt.Errorf("source %q: write rtsp:// or http:// in front of a host, or ./ in front of a file whose name contains a colon", text.Redact(path))
	}
	// FFmpeg also takes "subfile,…:" for a protocol, wherever the colon is.
	if first != "" && first != "." && first != ".." {
		path = "./" + path
	}
	return Address{Kind: KindFile, Path: path}, nil
}

func parseDevice(number string) (Address, error) {
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return Address{}, fmt.Errorf("device %q: give its number, as in \"device:0\"", text.Redact(number))
	}
	return Address{Kind: KindDevice, Device: int(n)}, nil
}

func parseScene(name string) (Address, error) {
	scene, query, hasQuery := strings.Cut(name, "?")
	if !sceneForm.MatchString(scene) {
		return Address{}, fmt.Errorf("scene %q: give the name of a scene, as in \"synthetic:street\"", text.Redact(scene))
	}
	addr := Address{Kind: KindSynthetic, Scene: scene}
	if !hasQuery {
		return addr, nil
	}
	value, ok := strings.CutPrefix(query, "seed=")
	seed, err := strconv.ParseUint(value, 10, 64)
	if !ok || err != nil {
		return Address{}, fmt.Errorf("scene option %q: a scene takes only a seed, a whole number, as in \"synthetic:%s?seed=7\"", text.Redact(query), scene)
	}
	addr.Seed = seed
	return addr, nil
}

// parseURL checks an address strictly enough that net/url and every client accept it.
// Its errors say what is wrong and how to write it, without the password.
func parseURL(kind Kind, scheme, rest string) (Address, error) {
	whole := scheme + ":" + rest
	fail := func(problem string) (Address, error) {
		return Address{}, fmt.Errorf("address %s%s", text.Redact(whole), problem)
	}
	after, ok := strings.CutPrefix(rest, "//")
	if !ok {
		return fail(fmt.Sprintf(": write two slashes after %s:, as in \"%s://10.0.0.7/stream\"", scheme, scheme))
	}
	end := len(after)
	if i := strings.IndexAny(after, "/?#"); i >= 0 {
		end = i
	}
	authority, tail := after[:end], after[end:]
	user, host, hasUser := strings.Cut(authority, "@")
	switch {
	case !hasUser && strings.Contains(tail, "@"): // most likely the rest of a password
		return fail(fmt.Sprintf(" is malformed: in a user name or password write %q as %s; elsewhere write @ as %%40", tail[:1], escaped(tail[:1])))
	case strings.Contains(host+tail, "@"):
		return fail(" is malformed: write @ as %40 in a user name or password, and after the host")
	case !hasUser:
		user, host = "", authority
	}
	if bad := badByte(user, userinfoBytes); bad != "" {
		return fail(fmt.Sprintf(" is malformed: in a user name or password write %q as %s", bad, escaped(bad)))
	}
	path, _, _ := strings.Cut(tail, "?")
	_, fragment, _ := strings.Cut(tail, "#")
	if badByte(path, "") != "" || badByte(fragment, "") != "" {
		return fail(" is malformed: after the host write % as %25")
	}
	host, problem := parseHost(scheme, host)
	if problem != "" {
		return fail(problem)
	}
	if hasUser {
		host = user + "@" + host
	}
	return Address{Kind: kind, URL: scheme + "://" + host + tail}, nil
}

// parseHost checks a host and its port. It returns them in URL form, with the percent
// sign of an IPv6 zone escaped.
func parseHost(scheme, hostport string) (clean, problem string) {
	var host, port string
	if strings.HasPrefix(hostport, "[") {
		inner, after, closed := strings.Cut(hostport[1:], "]")
		if !closed || after != "" && after[0] != ':' {
			return "", " is malformed: write an IPv6 address in brackets, as in \"" + scheme + "://[fe80::1%eth0]:554/\""
		}
		addr, zone, zoned := strings.Cut(inner, "%")
		zone = strings.TrimPrefix(zone, "25")
		if ip, err := netip.ParseAddr(addr); err != nil || !ip.Is6() {
			return "", fmt.Sprintf(": %q is not an IPv6 address", addr)
		}
		if zoned && !zoneForm.MatchString(zone) {
			return "", ": the zone of an IPv6 address is the name of a network interface, as in \"" + scheme + "://[fe80::1%eth0]/\""
		}
		host, port = "["+addr+"]", strings.TrimPrefix(after, ":")
		if zoned {
			host = "[" + addr + "%25" + zone + "]"
		}
		clean = host + after
	} else {
		host, port, _ = strings.Cut(hostport, ":")
		if host == "" {
			return "", " names no host: write it as in \"" + scheme + "://10.0.0.7/stream\""
		}
		for _, r := range host {
			if r < 0x80 && !strings.ContainsRune(hostBytes, r) {
				return "", fmt.Sprintf(" is malformed: a host name cannot contain %q", r)
			}
		}
		clean = hostport
	}
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
		return "", " is malformed: a port is a number from 1 to 65535, and a user name and password come before an @"
	}
	return clean, ""
}

const (
	letters       = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	userinfoBytes = letters + "-._~!$&'()*+,;=:" // RFC 3986, section 3.2.1
	hostBytes     = letters + "-._~!$&'()*+,;="
)

var zoneForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,32}$`)

// badByte returns the first character of s that is not allowed in this part of an
// address: one outside allowed (empty: any character is allowed), or a percent sign
// that does not start an escape.
func badByte(s, allowed string) string {
	for i, r := range s {
		if r == '%' {
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return "%"
			}
			continue
		}
		if allowed != "" && !strings.ContainsRune(allowed, r) {
			return string(r)
		}
	}
	return ""
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// escaped percent-encodes a character.
func escaped(s string) string {
	var out strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&out, "%%%02X", c)
	}
	return out.String()
}

func parseFileURL(rest string) (Address, error) {
	path, ok := strings.CutPrefix(rest, "//")
	path = strings.TrimPrefix(path, "localhost")
	if !ok || !strings.HasPrefix(path, "/") {
		return Address{}, errors.New("file address: write it with a full path and three slashes, as in \"file:///srv/video.mp4\", or give the plain path")
	}
	valid := badByte(path, "") == ""
	path = text.Unescape(path)
	if !valid || strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return Address{}, errors.New("file address: write % as %25, and no control characters, or give the plain path")
	}
	return Address{Kind: KindFile, Path: path}, nil
}

// TLS reports whether the connection uses TLS.
func (a Address) TLS() bool {
	return strings.HasPrefix(a.URL, "rtsps:") || strings.HasPrefix(a.URL, "https:")
}

// String returns the address in the form that ParseAddress accepts, with secrets hidden
// as by Redact.
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
	return text.Redact(a.URL)
}
