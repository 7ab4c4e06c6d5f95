// Package api serves the HTTP API of a running Runtime, which dashboards, ctl,
// scripts and pages use alike: JSON, server-sent events and a stream of media, on a
// unix socket and optionally on TCP. docs/api.md describes it. What a slow or
// hostile client does not read is replaced by what is newer.
package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/listen"
	"rvo-tui/internal/logging"
	"rvo-tui/runtime"
	"rvo-tui/runtime/live"
)

// Runtime is what the API needs of a runtime.Runtime. It is safe for concurrent
// use.
type Runtime interface {
	Snapshot() *runtime.Snapshot
	// Subscribe returns a channel on which the newest snapshot waits, and what ends
	// the subscription.
	Subscribe() (<-chan *runtime.Snapshot, func())
	Do(ctx context.Context, cmd runtime.Command) error
	// View opens a live view of what a camera sends, and of what is found in it and in
	// others, until cancel is called.
	View(video string, others []string) (v *live.Viewer, cancel func(), err error)
	// Stills gives the newest frame of each camera as a JPEG file, fps times a second,
	// until ctx ends. It takes the caller's goroutine over.
	Stills(ctx context.Context, cameras []string, width int, fps float64, give func(runtime.Still) error) error
	// Still returns what a camera sees now. It waits for a frame until ctx ends.
	Still(ctx context.Context, camera string, width int) (runtime.Still, error)
}

// Codec reads the keys of one [[detector]] or [[camera]] as JSON. Decoding is as
// strict as that of a file, but expands no ${NAME} and opens no file that a key
// names: whether it may name one is decided afterwards.
type Codec struct {
	Detector func(keys []byte) (detectors.Config, error)
	Camera   func(keys []byte) (capture.Config, error)
}

// File is the configuration file of the program. It is safe for concurrent use.
type File interface {
	// Diff returns how what runs differs from the file.
	Diff(ctx context.Context) (runtime.FileDiff, error)
	// Write writes the difference of this ID, as Diff has returned it last.
	Write(ctx context.Context, id string) error
	// Edit returns what edits would change, and makes and applies them if write is set.
	Edit(ctx context.Context, edits []runtime.FileEdit, write bool) (runtime.FileDiff, error)
	// Revert takes an edit that was made back, by the ID that Edit returned. The text of before
	// is restored; what was changed elsewhere in the file since then stays.
	Revert(ctx context.Context, id string) error
}

// Options is what a Server serves. Its configuration must be valid.
type Options struct {
	Config   Config
	Runtime  Runtime
	Ring     *logging.Ring   // lines of the log; nil: none are kept
	Recent   *runtime.Recent // events; nil: none are kept
	ClipsDir string          // directory of the evidence; empty: none is kept
	Kinds    detectors.Kinds // as the Runtime's
	// Configured returns the cameras and detectors of the current configuration: what
	// they read from and talk to may be used by those that are added, too. May be nil.
	Configured func() ([]capture.Config, []detectors.Config)
	Codec      Codec
	File       File                        // the configuration file; nil: it is neither compared nor written
	Reload     func(context.Context) error // nil: reload is refused
	Stop       func()                      // begins to stop the program; nil: stop is refused
	Version    string
	ConfigFile string // configuration in use, as its user named it
	Log        *slog.Logger
	// PageListen is a further TCP address, bounded as Config.Listen: it serves the API,
	// and Page everywhere else. Empty: none.
	PageListen string
	Page       http.Handler // is for everybody: it must tell nothing of this program
}

// The bounds of the API; docs/api.md lists them.
const (
	maxBody     = 1 << 20          // bytes of a request
	bodyTime    = 10 * time.Second // for a request's body to arrive
	sendTimeout = 10 * time.Second // for a client to take a message
	maxStreams  = 64               // streams of state, events and log
	maxCommands = 16               // at a time
	maxViews    = 32               // streams of frames
	maxReads    = 4                // readers of the evidence's directory at a time
	maxFiles    = 16               // files of evidence on their way to a client
)

// Server serves the API.
type Server struct {
	opts     Options
	log      *slog.Logger
	instance string // changes with every start
	policy   policy
	gate     gate
	ending   <-chan struct{} // closed when the program ends; set before the first request

	states states
	adding chan struct{} // holds one while something is added

	streams, commands, views, disk, files, verifying semaphore

	socket, tcp, page *listen.Service // without an Address: there is none
}

// NewServer returns a server that is ready to Run.
func NewServer(opts Options) *Server {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	id := make([]byte, 8)
	_, _ = rand.Read(id) // it never fails
	s := &Server{
		opts: opts, log: opts.Log, instance: hex.EncodeToString(id), policy: newPolicy(opts), gate: newGate(opts.Config, opts.Log),
		adding:    make(chan struct{}, 1),
		streams:   semaphore{max: maxStreams, what: "streams are open"},
		commands:  semaphore{max: maxCommands, what: "commands are being carried out"},
		views:     semaphore{max: maxViews, what: "streams of frames are open"},
		disk:      semaphore{max: maxReads, what: "clients are reading evidence"},
		files:     semaphore{max: maxFiles, what: "files of evidence are being sent"},
		verifying: semaphore{max: 1, what: "clip is being verified"},
	}
	s.listenAt(opts)
	return s
}

// routes returns every route of the API.
func (s *Server) routes() []Route {
	return slices.Concat(s.stateRoutes(), s.verbRoutes(), s.mediaRoutes(), s.evidenceRoutes(), s.loginRoutes(), s.describeRoutes(), s.fileRoutes())
}

// Handler returns the handler of the API. The contexts of its requests must come
// from withPeer, or nobody is let in.
func (s *Server) Handler() http.Handler { return s.gate.guard(serve(s.routes())) }
