// Package remote calls model services: any gRPC server of rvo.detect.v1.Detector,
// in any language, on this machine or another. A detector sends one frame at
// a time and never an old one. Each failure is an error with a reason, and the
// next call connects again.
package remote

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	detectv1 "rvo-tui/proto/rvo/detect/v1"
)

// How frames are sent.
const (
	formatJPEG = "jpeg"
	formatBGR  = "bgr"
)

const (
	minWidth, maxWidth = 16, 7680
	maxSignals         = 64
)

// Sending are the keys for what a service is sent and what it answers.
type Sending struct {
	Signals  []string `toml:"signals" help:"further signals that it answers with"`
	MaxWidth int      `toml:"max_width" help:"larger frames are scaled down to this width, in pixels"`
	Format   string   `toml:"format" help:"what frames are sent as" oneof:"jpeg bgr"`
}

// Options are the kind's own keys.
type Options struct {
	Endpoint string `toml:"endpoint" help:"where the service listens, as in localhost:50051"`
	Sending
	Token string `toml:"token" help:"bearer token" is:"secret"`
	TLSCA string `toml:"tls_ca" help:"file with the certificates to trust in place of the system's" is:"path"`
}

// Kind returns the kind of detector that calls a model service. Its detectors
// share the connections of pool, which must outlive them.
func Kind(pool *Pool) detectors.Kind {
	return detectors.Kind{
		Name: "remote",
		Doc:  "a model service, asked over gRPC",
		Defaults: detectors.Config{
			MaxFPS: 15, Cost: detectors.CostHigh, Timeout: text.Duration(time.Second),
			Options: Options{Sending: Sending{MaxWidth: 640, Format: formatJPEG}},
		},
		Remote:   true,
		Provides: func(cfg detectors.Config) []string { return Provides(cfg, cfg.Options.(Options).Signals) },
		Check:    check,
		New: func(cfg detectors.Config) (detectors.Detector, error) {
			d, err := New(pool, cfg)
			if err != nil {
				return nil, err
			}
			return d, nil
		},
	}
}

// Provides returns the signals of a detector whose service answers with further
// ones. Where there are such, its own counts only if it was set as well: a signal
// that is named after the detector would read 0 for ever.
func Provides(cfg detectors.Config, further []string) []string {
	names := slices.Clone(further)
	if len(names) == 0 || cfg.Signal != cfg.Name && !slices.Contains(names, cfg.Signal) {
		names = append([]string{cfg.Signal}, names...)
	}
	return names
}

func check(cfg detectors.Config, bad func(key, problem string)) {
	o := cfg.Options.(Options)
	e, err := ParseEndpoint(o.Endpoint)
	if err != nil {
		bad("endpoint", err.Error())
	}
	o.Sending.Check(bad)
	if strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		bad("token", "holds a space or another character that a header cannot have: use printable ASCII")
	}
	if o.TLSCA != "" && err == nil && !e.TLS {
		bad("tls_ca", "applies to https:// endpoints only")
	}
}

// Check reports every invalid key.
func (s Sending) Check(bad func(key, problem string)) {
	if s.MaxWidth < minWidth || s.MaxWidth > maxWidth {
		bad("max_width", fmt.Sprintf("%d is out of range: %d to %d pixels", s.MaxWidth, minWidth, maxWidth))
	}
	if len(s.Signals) > maxSignals {
		bad("signals", fmt.Sprintf("has %d names: at most %d are allowed", len(s.Signals), maxSignals))
	}
	for i, name := range s.Signals {
		switch {
		case !detectors.ValidName(name):
			bad("signals", fmt.Sprintf("%q cannot name a signal: use a letter, then letters, digits and underscores, at most 64 in all", text.Clean(name)))
		case slices.Contains(s.Signals[:i], name):
			bad("signals", fmt.Sprintf("%q is there twice", name))
		}
	}
}

// Detector sends the frames of one camera to one model service.
type Detector struct {
	conn     *conn
	provides []string
	maxWidth int
	raw      bool
	auth     string
	client   detectv1.DetectorClient

	width, height int    // of raw frames, where they are larger; 0: as maxWidth says
	model         string // that answered last

	// Of the call under way; reused by the next one.
	request  detectv1.DetectRequest
	readings []detectors.Reading
	closed   bool
}

// New returns a detector for a configuration with every default filled in. It
// does not connect: the first Detect does.
func New(pool *Pool, cfg detectors.Config) (*Detector, error) {
	o := cfg.Options.(Options)
	e, err := ParseEndpoint(o.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint %w", err)
	}
	d := &Detector{provides: Provides(cfg, o.Signals), maxWidth: o.MaxWidth, raw: o.Format == formatBGR}
	if o.Token != "" {
		d.auth = "Bearer " + o.Token
	}
	if d.conn, err = pool.acquire(e, o.TLSCA, d.provides); err != nil {
		return nil, err
	}
	pool.warn(e, o.Token != "")
	d.client = detectv1.NewDetectorClient(d.conn.grpc)
	return d, nil
}

// Detect sends the frame, scaled down to max_width, and waits for the answer
// until the context ends. Each error is a *detectors.Error.
func (d *Detector) Detect(ctx context.Context, frame *capture.Frame) ([]detectors.Reading, error) {
	if d.conn.grpc.GetState() == connectivity.TransientFailure {
		// It redials by itself; until then no frame need be encoded.
		if f := d.conn.dialFault(); f != nil {
			return nil, d.at(f)
		}
	}
	if err := d.fill(ctx, frame); err != nil {
		return nil, d.at(fault(detectors.ReasonOther, "%w", err))
	}
	if d.auth != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", d.auth)
	}
	d.conn.silence.ask(time.Now())
	var trailer metadata.MD
	answer, err := d.client.Detect(ctx, &d.request, grpc.Trailer(&trailer))
	d.request.FrameJpeg, d.request.FrameBgr = nil, nil
	if end, ok := ctx.Deadline(); ok && err == nil && !time.Now().Before(end) {
		err = context.DeadlineExceeded // on a busy machine an answer can overtake the timer
	}
	if err != nil {
		// An error that the service answers with comes as headers of its own;
		// one that gRPC makes up here has none.
		f := d.conn.failure(ctx, err, len(trailer.Get("content-type")) > 0)
		if f.Reason == detectors.ReasonTimeout {
			d.conn.silence.late(time.Now())
		}
		return nil, d.at(f)
	}
	if model := answer.GetModel(); model != d.model {
		if d.model = text.Clean(model); d.model != "" {
			d.conn.answered(d.model)
		}
	}
	out, err := readings(d.readings[:0], answer, d.provides, d.conn.expects)
	if err != nil {
		return nil, d.at(err)
	}
	d.readings = out
	return out, nil
}

// fill writes the request for a frame.
func (d *Detector) fill(ctx context.Context, frame *capture.Frame) error {
	r := &d.request
	w, h := capture.FitWidth(frame.Width, frame.Height, d.maxWidth)
	if d.raw {
		if d.width > 0 {
			w, h = min(d.width, frame.Width), min(d.height, frame.Height)
		}
		pix, err := frame.ScaledBGR(w, h)
		if err != nil {
			return err
		}
		r.FrameBgr = pix
	} else {
		jpeg, err := frame.JPEG(d.maxWidth)
		if err != nil {
			return err
		}
		r.FrameJpeg = jpeg
	}
	r.Width, r.Height = uint32(w), uint32(h)
	r.FrameId, r.Camera, r.TsNs, r.DeadlineNs = frame.ID, frame.Camera, 0, 0
	if !frame.Captured.IsZero() {
		r.TsNs = uint64(max(frame.Captured.UnixNano(), 0))
	}
	if end, ok := ctx.Deadline(); ok {
		r.DeadlineNs = uint64(max(time.Until(end), 1))
	}
	return nil
}

// Resize scales larger raw frames down to this size, in pixels, instead of to
// max_width. Call it only between calls of Detect.
func (d *Detector) Resize(width, height int) { d.width, d.height = width, height }

// Model returns the name of the model in the last answer.
func (d *Detector) Model() string { return d.model }

// at adds the endpoint to an error. A service may repeat the token that it was
// sent: that is hidden.
func (d *Detector) at(err error) error {
	reason := detectors.ReasonOf(err)
	var e *detectors.Error
	if errors.As(err, &e) {
		err = e.Err
	}
	if token := strings.TrimPrefix(d.auth, "Bearer "); token != "" && strings.Contains(err.Error(), token) {
		err = errors.New(strings.ReplaceAll(err.Error(), token, "***"))
	}
	return &detectors.Error{Reason: reason, Err: fmt.Errorf("detect at %s: %w", d.conn.endpoint, err)}
}

// Close releases the connection, which the last detector that uses it closes.
// Further calls do nothing.
func (d *Detector) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	return d.conn.release(d.provides)
}
