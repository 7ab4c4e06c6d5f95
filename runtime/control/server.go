package control

import (
	"context"
	"errors"
	"log/slog"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime"
)

// Codec turns the text of one [[detector]] or [[camera]] of a configuration,
// without its header, into a value and back. Decoding is strict, and expands no
// ${NAME}: what travels over the API is nobody's way to this machine's secrets.
type Codec struct {
	Detector     func(text string) (detectors.Config, error)
	Camera       func(text string) (capture.Config, error)
	DetectorText func(detectors.Config) (string, error)
	CameraText   func(capture.Config) (string, error)
}

// ServerOptions is what a Server serves. Its configuration must be valid.
type ServerOptions struct {
	Config     Config
	Runtime    *runtime.Runtime
	Ring       *runtime.LogRing            // lines of the log; nil: there are none
	Recent     *runtime.Recent             // events; nil: there are none
	ClipsDir   string                      // of the evidence; empty: there is none
	Kinds      detectors.Kinds             // as the Runtime's
	Configured func() []string             // endpoints of detectors that the configuration names now; nil: none
	Codec      Codec                       // Detector and Camera
	Reload     func(context.Context) error // nil: reload is refused
	Version    string
	ConfigFile string // configuration in use, as its user named it
	Log        *slog.Logger
}

// Server serves the control API.
type Server struct {
	opts ServerOptions
}

// NewServer returns a server that is ready to Run.
func NewServer(opts ServerOptions) *Server { return &Server{opts: opts} }

// Socket returns the path of the socket being served, empty while there is none.
func (s *Server) Socket() string { return "" }

// Addr returns the TCP address being served, empty while there is none.
func (s *Server) Addr() string { return "" }

// Run serves until ctx ends and returns nil. A socket or an address that cannot
// be had is a warning in the log and is tried again every 1 to 10 s.
func (s *Server) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

var errSkeleton = errors.New("not served yet")
