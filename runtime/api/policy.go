package api

import (
	"net/http"
	"slices"

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
// file, starts a program of the caller's choice, or sends frames where nobody has
// allowed it.
type policy struct {
	kinds      detectors.Kinds
	permits    []permit
	configured func() []string // endpoints of the configuration; may be nil
}

func newPolicy(opts Options) policy {
	p := policy{kinds: opts.Kinds, configured: opts.Configured}
	for _, text := range opts.Config.Endpoints {
		if e, err := parsePermit(text); err == nil { // Validate has reported others
			p.permits = append(p.permits, e)
		}
	}
	return p
}

const intoTheFile = "put the detector into the configuration file and reload"

func denied(detail, remedy string) error { return problem(http.StatusForbidden, detail, remedy) }

// kind refuses a kind that cannot do without a program or a file.
func (p policy) kind(k detectors.Kind) error {
	files := paths(k)
	if slices.Contains(files, "command") {
		return denied("kind: "+k.Name+" starts a program, which nobody may choose over the API", intoTheFile)
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
		return denied("kind: "+k.Name+" needs the key "+needs+", and no file may be chosen over the API", intoTheFile)
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
			return denied(key+": no file and no program may be chosen over the API", "leave the key out, or "+intoTheFile)
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
		return problem(http.StatusBadRequest, "endpoint: "+err.Error(), "")
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
	return denied("endpoint: "+e.String()+" is neither on this machine nor of a configured detector", "allow it with control.endpoints")
}

// camera refuses a camera that may not be added.
func (p policy) camera(cfg capture.Config) error {
	for _, s := range []struct{ key, source string }{{"source", cfg.Source}, {"evidence_source", cfg.EvidenceSource}} {
		if s.source == "" && s.key == "evidence_source" {
			continue
		}
		addr, err := capture.ParseAddress(s.source)
		if err != nil {
			return problem(http.StatusBadRequest, s.key+": "+err.Error(), "")
		}
		switch addr.Kind {
		case capture.KindDevice, capture.KindSynthetic, capture.KindRTSP, capture.KindHTTP, capture.KindStream:
		default:
			return denied(s.key+": no file may be chosen over the API", "put the camera into the configuration file and reload, or give a device, an rtsp:// or http:// address or a scene")
		}
	}
	return nil
}
