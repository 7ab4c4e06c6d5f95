// Package remote calls model services: any gRPC server of rvo.detect.v1.Detector, in
// any language, local or remote. A detector has one request in flight and never sends
// an old frame. Each failure is an error with a reason, and the next call reconnects.
package remote

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"

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

// Sending has the keys for requests and responses of a service.
type Sending struct {
	Signals  []string `toml:"signals" help:"further signals that it returns"`
	MaxWidth int      `toml:"max_width" help:"larger frames are scaled down to this width, in pixels"`
	Format   string   `toml:"format" help:"format in which frames are sent" oneof:"jpeg bgr"`
}

// Options are the kind's own keys.
type Options struct {
	Connection
	Sending
}

var words = Words{Service: "rvo.detect.v1.Detector", Shrink: "lower max_width"}

// Kind returns the kind of detector that calls a model service. Its detectors share the
// connections of pool, which must outlive them.
func Kind(pool *Pool) detectors.Kind {
	return detectors.Kind{
		Name:  "remote",
		Crops: true,
		Doc:   "a model service, asked over gRPC",
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

// Provides returns the signals of a detector whose service returns further ones. If
// there are any, the detector's own signal is included only if it is set explicitly; a
// signal named after the detector would always be 0.
func Provides(cfg detectors.Config, further []string) []string {
	names := slices.Clone(further)
	if len(names) == 0 || cfg.Signal != cfg.Name && !slices.Contains(names, cfg.Signal) {
		names = append([]string{cfg.Signal}, names...)
	}
	return names
}

func check(cfg detectors.Config, bad func(key, problem string)) {
	o := cfg.Options.(Options)
	o.Connection.Check(bad)
	o.Sending.Check(bad)
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
			bad("signals", fmt.Sprintf("%q is listed twice", name))
		}
	}
}

// Detector sends the frames of one camera to one model service.
type Detector struct {
	client   *Client
	service  detectv1.DetectorClient
	provides []string
	maxWidth int
	raw      bool

	width, height int    // size limit of raw frames; 0: only maxWidth applies
	model         string // of the last response

	// State of the current call; reused by the next one.
	request  detectv1.DetectRequest
	readings []detectors.Reading
}

// New returns a detector for a configuration with every default filled in. It connects
// with the first Detect.
func New(pool *Pool, cfg detectors.Config) (*Detector, error) {
	o := cfg.Options.(Options)
	d := &Detector{provides: Provides(cfg, o.Signals), maxWidth: o.MaxWidth, raw: o.Format == formatBGR}
	var err error
	if d.client, err = pool.Client(o.Connection, d.provides, words); err != nil {
		return nil, err
	}
	d.service = detectv1.NewDetectorClient(d.client.Conn())
	return d, nil
}

// Detect sends the frame, scaled down to max_width, and waits for the response until
// the context ends. Each error is a *detectors.Error.
func (d *Detector) Detect(ctx context.Context, frame *capture.Frame) ([]detectors.Reading, error) {
	if err := d.client.Down(); err != nil {
		return nil, err
	}
	if err := d.fill(ctx, frame); err != nil {
		return nil, d.client.At(err)
	}
	var answer *detectv1.DetectResponse
	err := d.client.Call(ctx, func(ctx context.Context, opts ...grpc.CallOption) (err error) {
		answer, err = d.service.Detect(ctx, &d.request, opts...)
		return err
	})
	d.request.FrameJpeg, d.request.FrameBgr = nil, nil
	if err != nil {
		return nil, err
	}
	if model := answer.GetModel(); model != d.model {
		if d.model = text.Clean(model); d.model != "" {
			d.client.Answered(d.model)
		}
	}
	out, err := readings(d.readings[:0], answer, d.provides, d.client.conn.expects)
	if err != nil {
		return nil, d.client.At(err)
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

// Resize sets the size in pixels to which larger raw frames are scaled, instead of
// max_width. Do not call it during Detect.
func (d *Detector) Resize(width, height int) { d.width, d.height = width, height }

// Conn returns the connection, for further calls. It is valid until Close.
func (d *Detector) Conn() grpc.ClientConnInterface { return d.client.Conn() }

// Model returns the model name in the last response.
func (d *Detector) Model() string { return d.model }

// Close releases the connection; its last user closes it. Further calls do nothing.
func (d *Detector) Close() error { return d.client.Close() }
