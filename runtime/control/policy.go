package control

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
	"rvo-tui/internal/option"
)

// paths returns the keys of a kind that name a file or a program of this machine,
// which nobody may choose over the API.
func paths(k detectors.Kind) []string {
	return option.Keys(slices.DeleteFunc(k.Own(), func(o option.Option) bool { return !o.Path }))
}

// policy says what may be attached and added over the API: nothing that reads a
// file, starts a program of the caller's choice, or sends pictures where nobody
// has allowed it.
type policy struct {
	kinds      detectors.Kinds
	permits    []permit
	configured func() []string // endpoints of the configuration; may be nil
}

func newPolicy(opts ServerOptions) policy {
	p := policy{kinds: opts.Kinds, configured: opts.Configured}
	for _, text := range opts.Config.Endpoints {
		if e, err := parsePermit(text); err == nil { // Validate has told of others
			p.permits = append(p.permits, e)
		}
	}
	return p
}

func denied(format string, args ...any) error {
	return status.Errorf(codes.PermissionDenied, format, args...)
}

// kind refuses a kind that cannot do without a program or a file.
func (p policy) kind(k detectors.Kind) error {
	files := paths(k)
	if slices.Contains(files, "command") {
		return denied("kind: %q starts a program, which nobody may choose over the control API: put the detector into the configuration file and reload", k.Name)
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
		return denied("kind: %q needs the key %s, and no file may be chosen over the control API: put the detector into the configuration file and reload", k.Name, needs)
	}
	return nil
}

// detector refuses a detector that may not be attached.
func (p policy) detector(cfg detectors.Config) error {
	k, ok := p.kinds[cfg.Kind]
	if !ok {
		return nil // validation says which there are
	}
	for _, key := range paths(k) {
		if cfg.Text(key) != "" {
			return denied("%s: no file and no program may be chosen over the control API: leave the key out, or put the detector into the configuration file and reload", key)
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

// endpoint refuses an endpoint that nobody has allowed.
func (p policy) endpoint(text string) error {
	e, err := remote.ParseEndpoint(text)
	if err != nil {
		return status.Errorf(codes.InvalidArgument, "endpoint: %v", err)
	}
	if onThisMachine(e) {
		return nil
	}
	for _, allowed := range p.permits {
		if allowed.allows(e) {
			return nil
		}
	}
	if p.configured != nil {
		for _, text := range p.configured() {
			c, err := remote.ParseEndpoint(text)
			if err == nil && (permit{endpoint: c, scheme: true}).allows(e) {
				return nil
			}
		}
	}
	return denied("endpoint: %s is neither on this machine nor of a configured detector: allow it with control.endpoints", e)
}

// camera refuses a camera that may not be added.
func (p policy) camera(cfg capture.Config) error {
	for key, source := range map[string]string{"source": cfg.Source, "evidence_source": cfg.EvidenceSource} {
		if source == "" && key == "evidence_source" {
			continue
		}
		addr, err := capture.ParseAddress(source)
		if err != nil {
			return status.Errorf(codes.InvalidArgument, "%s: %v", key, err)
		}
		switch addr.Kind {
		case capture.KindDevice, capture.KindSynthetic, capture.KindRTSP, capture.KindHTTP, capture.KindStream:
		default:
			return noFile(key)
		}
	}
	return nil
}

func noFile(key string) error {
	return denied("%s: no file may be chosen over the control API: put the camera into the configuration file and reload, or give a device, an rtsp:// or http:// address or a scene", key)
}

// expands refuses text that counts on what the API does not do.
func expands(text string) error {
	if at := strings.Index(text, "${"); at >= 0 {
		return status.Error(codes.InvalidArgument, fmt.Sprintf("${…} is not expanded over the control API (byte %d): write the value itself, or put it into the configuration file and reload", at))
	}
	return nil
}
