package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
	"rvo-tui/internal/listen"
	"rvo-tui/internal/option"
	"rvo-tui/runtime"
)

// paths returns the keys of a kind that name a local file or program, which cannot be
// chosen over the API.
func paths(k detectors.Kind) []string {
	return option.Keys(slices.DeleteFunc(k.Own(), func(o option.Option) bool { return !o.Path }))
}

// policy restricts what may be attached and added over the API: nothing that reads a
// file, starts a program chosen by the caller, connects to an address that was not
// allowed, or exceeds the limits below.
type policy struct {
	kinds      detectors.Kinds
	permits    []permit
	sources    []sourcePermit
	configured func() ([]capture.Config, []detectors.Config)
}

func newPolicy(opts Options) policy {
	p := policy{kinds: opts.Kinds, configured: opts.Configured}
	if p.configured == nil {
		p.configured = func() ([]capture.Config, []detectors.Config) { return nil, nil }
	}
	for _, text := range opts.Config.Endpoints {
		if e, err := parsePermit(text); err == nil { // Validate has reported invalid ones
			p.permits = append(p.permits, e)
		}
	}
	for _, text := range opts.Config.Sources {
		if e, err := parseSource(text); err == nil { // Validate has reported invalid ones
			p.sources = append(p.sources, e)
		}
	}
	return p
}

// Limits for what runs after something was added over the API. The configuration may
// exceed them.
const (
	maxCameras   = 32
	maxDetectors = 32              // per camera
	maxPixels    = 4 * 3840 * 2160 // of one frame of all cameras together
	maxFPS       = 120             // of an added camera
)

// forBenchmarks are the kinds that only generate load.
var forBenchmarks = []string{"load", "jitter"}

const intoTheFile = "put the detector into the configuration file and reload"

func denied(detail, remedy string) error { return problem(http.StatusForbidden, detail, remedy) }

// kind refuses a kind that requires a program or a file.
func (p policy) kind(k detectors.Kind) error {
	files := paths(k)
	if slices.Contains(forBenchmarks, k.Name) {
		return denied("kind: "+k.Name+" only generates load, for benchmarks", intoTheFile)
	}
	if slices.Contains(files, "command") {
		return denied("kind: "+k.Name+" starts a program, which cannot be chosen over the API", intoTheFile)
	}
	if k.Check == nil {
		return nil
	}
	var needs string
	cfg := detectors.Config{Name: "any", Kind: k.Name}
	k.Check(cfg.Fill(k), func(key, _ string) {
		if slices.Contains(files, key) {
			needs = key
		}
	})
	if needs != "" {
		return denied("kind: "+k.Name+" needs the key "+needs+", but files cannot be chosen over the API", intoTheFile)
	}
	return nil
}

// detector refuses a detector that may not be attached to a camera; "": to all.
func (p policy) detector(cfg detectors.Config, camera string, snap *runtime.Snapshot) error {
	if cfg.Execution == detectors.Inline {
		return denied("execution: inline would let the detector hold up its camera", "leave the key out, or "+intoTheFile)
	}
	for i := range snap.Cameras {
		c := &snap.Cameras[i]
		if (camera == "" || camera == c.Name) && len(c.Detectors) >= maxDetectors {
			return denied(fmt.Sprintf("camera %s has %d detectors, the maximum for attaching over the API", c.Name, len(c.Detectors)), "detach one, or "+intoTheFile)
		}
	}
	k, ok := p.kinds[cfg.Kind]
	if !ok {
		return nil // validation lists the available kinds
	}
	for _, key := range paths(k) {
		if cfg.Text(key) != "" {
			return denied(key+": files and programs cannot be chosen over the API", "leave the key out, or "+intoTheFile)
		}
	}
	if err := p.kind(k); err != nil {
		return err
	}
	if endpoint := cfg.Text("endpoint"); endpoint != "" {
		return p.endpoint(endpoint)
	}
	return nil
}

// endpoint refuses an endpoint that is not allowed.
func (p policy) endpoint(text string) error {
	e, err := remote.ParseEndpoint(text)
	if err != nil {
		return problem(http.StatusBadRequest, "endpoint: "+err.Error(), "")
	}
	// Not even names such as *.localhost: whoever controls their resolution decides
	// where they lead.
	if e.Network == "tcp" && listen.OnLoopback(e.Addr) {
		return nil
	}
	for _, allowed := range p.permits {
		if allowed.allows(e) {
			return nil
		}
	}
	_, configured := p.configured()
	for _, d := range configured {
		c, err := remote.ParseEndpoint(d.Text("endpoint"))
		if err == nil && (permit{endpoint: c, scheme: true}).allows(e) {
			return nil
		}
	}
	return denied("endpoint: "+e.String()+" is neither on this machine nor the endpoint of a configured detector", "allow it with control.endpoints")
}

// camera refuses a camera that may not be added.
func (p policy) camera(cfg capture.Config, snap *runtime.Snapshot) error {
	if len(snap.Cameras) >= maxCameras {
		return denied(fmt.Sprintf("there are %d cameras, the maximum for adding over the API", len(snap.Cameras)), "remove one, or put the camera into the configuration file and reload")
	}
	pixels := pixelsOf(cfg.Width, cfg.Height)
	for i := range snap.Cameras {
		pixels += pixelsOf(snap.Cameras[i].Width, snap.Cameras[i].Height)
	}
	if pixels > maxPixels {
		return denied(fmt.Sprintf("width, height: all cameras together would have %d pixels per frame, but %d are allowed over the API", pixels, maxPixels), "use a smaller frame, or remove a camera")
	}
	if cfg.FPS > maxFPS {
		return denied(fmt.Sprintf("fps: %g is more than the %d allowed over the API", cfg.FPS, maxFPS), "use a lower value")
	}
	for _, s := range []struct{ key, source string }{{"source", cfg.Source}, {"evidence_source", cfg.EvidenceSource}} {
		if s.source == "" && s.key == "evidence_source" {
			continue
		}
		if err := p.source(s.key, s.source); err != nil {
			return err
		}
	}
	return nil
}

// pixelsOf returns the pixels of a frame. An unknown size counts as 1920x1080.
func pixelsOf(width, height int) int {
	switch {
	case width <= 0 && height <= 0:
		width, height = 1920, 1080
	case width <= 0:
		width = height * 16 / 9
	case height <= 0:
		height = width * 9 / 16
	}
	return width * height
}

// source refuses a source that may not be opened.
func (p policy) source(key, source string) error {
	addr, err := capture.ParseAddress(source)
	if err != nil {
		return problem(http.StatusBadRequest, key+": "+err.Error(), "")
	}
	switch addr.Kind {
	case capture.KindDevice, capture.KindSynthetic:
		return nil
	case capture.KindRTSP, capture.KindHTTP, capture.KindStream:
	default:
		return denied(key+": files cannot be chosen over the API", "put the camera into the configuration file and reload, or give a device, an rtsp:// or http:// address or a scene")
	}
	u, err := url.Parse(addr.URL)
	if err != nil {
		return problem(http.StatusBadRequest, key+": is not an address", "write it as in rtsp://host/path")
	}
	if slices.ContainsFunc(p.sources, func(s sourcePermit) bool { return s.allows(u) }) {
		return nil
	}
	cameras, _ := p.configured()
	for _, c := range cameras {
		for _, text := range []string{c.Source, c.EvidenceSource} {
			a, err := capture.ParseAddress(text)
			if err != nil || a.URL == "" {
				continue
			}
			if known, err := url.Parse(a.URL); err == nil && (sourcePermit{known.Scheme, listen.CanonicalHost(known.Hostname()), portOf(known), netip.Prefix{}}).allows(u) {
				return nil
			}
		}
	}
	return denied(key+": "+u.Scheme+"://"+u.Host+" is not the address of a configured camera", "allow it with control.sources")
}

// permit is one entry of Config.Endpoints, which a detector attached over the API may
// connect to.
type permit struct {
	endpoint remote.Endpoint // zero value: any port of host
	scheme   bool            // whether TLS is used must match too
	host     string
}

// parsePermit parses an endpoint in any form that a detector accepts, HOST:PORT, or
// only HOST.
func parsePermit(text string) (permit, error) {
	e, err := remote.ParseEndpoint(text)
	if err == nil {
		return permit{endpoint: e, scheme: strings.Contains(text, "://")}, nil
	}
	if strings.Contains(text, "://") || strings.Contains(text, "@") {
		return permit{}, err
	}
	// A valid host becomes an endpoint with any port.
	host := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	if _, err := remote.ParseEndpoint(net.JoinHostPort(host, "1")); err != nil {
		return permit{}, errors.New("is not an endpoint: write host:port, http://host:port, https://host:port, unix:///path, or a host for all its ports")
	}
	return permit{host: listen.CanonicalHost(host)}, nil
}

// allows reports whether the entry covers the endpoint. Names are compared as text,
// without resolving them.
func (p permit) allows(e remote.Endpoint) bool {
	if p.host != "" {
		host, _, err := net.SplitHostPort(e.Addr)
		return err == nil && e.Network == "tcp" && listen.CanonicalHost(host) == p.host
	}
	return e.Network == p.endpoint.Network && canonicalAddr(e) == canonicalAddr(p.endpoint) && (!p.scheme || e.TLS == p.endpoint.TLS)
}

func canonicalAddr(e remote.Endpoint) string {
	host, port, err := net.SplitHostPort(e.Addr)
	if err != nil || e.Network != "tcp" {
		return e.Addr
	}
	return net.JoinHostPort(listen.CanonicalHost(host), port)
}

// sourcePermit is one entry of Config.Sources, which a camera added over the API may
// read from.
type sourcePermit struct {
	scheme, host, port string       // empty means any
	network            netip.Prefix // if valid, the allowed addresses, instead of host
}

// parseSource parses HOST, HOST:PORT, SCHEME://HOST[:PORT] or a network such as
// 192.0.2.0/24.
func parseSource(text string) (p sourcePermit, err error) {
	bad := errors.New("is not a source: write a host, host:port, rtsp://host, or a network as in 192.0.2.0/24")
	if p.network, err = netip.ParsePrefix(text); err == nil {
		return p, nil
	}
	scheme, rest, found := strings.Cut(text, "://")
	if found {
		p.scheme = strings.ToLower(scheme)
	} else {
		rest = text
	}
	p.host = strings.TrimSuffix(strings.TrimPrefix(rest, "["), "]")
	if host, port, err := net.SplitHostPort(rest); err == nil {
		p.host, p.port = host, port
	}
	if _, err := remote.ParseEndpoint(net.JoinHostPort(p.host, cmp.Or(p.port, "1"))); err != nil || found && p.scheme == "" {
		return p, bad
	}
	p.host = listen.CanonicalHost(p.host)
	return p, nil
}

// allows reports whether the entry covers a camera's address. Names are compared as
// text, without resolving them.
func (p sourcePermit) allows(u *url.URL) bool {
	host := listen.CanonicalHost(u.Hostname())
	if p.network.IsValid() {
		addr, err := netip.ParseAddr(host)
		return err == nil && p.network.Contains(addr)
	}
	return host == p.host && (p.scheme == "" || strings.EqualFold(u.Scheme, p.scheme)) && (p.port == "" || portOf(u) == p.port)
}

// portOf returns the port of an address, or "" if its scheme has no default port.
func portOf(u *url.URL) string {
	ports := map[string]string{"rtsp": "554", "rtsps": "322", "http": "80", "https": "443", "rtmp": "1935", "rtmps": "443"}
	return cmp.Or(u.Port(), ports[strings.ToLower(u.Scheme)])
}

// expands refuses a JSON body with a text that relies on ${…}, whichever way it is written.
// It takes anything that is not JSON, which is refused later.
func expands(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	for token, err := d.Token(); err == nil; token, err = d.Token() {
		if text, ok := token.(string); ok && strings.Contains(text, "${") {
			return problem(http.StatusBadRequest, fmt.Sprintf("${…} is not expanded over the API (text before byte %d)", d.InputOffset()), "write the value itself, or put it into the configuration file and reload")
		}
	}
	return nil
}
