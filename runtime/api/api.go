// Package api serves the HTTP API of a running Runtime for dashboards, ctl, scripts and
// web pages: JSON, server-sent events and a media stream, on a unix socket and
// optionally TCP. It is described in docs/api.md. For a slow client, old data is
// replaced by newer data.
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

// Runtime is the part of a runtime.Runtime that the API needs. It is safe for
// concurrent use.
type Runtime interface {
	Snapshot() *runtime.Snapshot
	// Subscribe returns a channel that holds the newest snapshot, and a function that
	// ends the subscription.
	Subscribe() (<-chan *runtime.Snapshot, func())
	Do(ctx context.Context, cmd runtime.Command) error
	// View opens a live view of the packets of one camera, and of the results for it
	// and others, until cancel is called.
	View(video string, others []string) (v *live.Viewer, cancel func(), err error)
	// Stills returns the newest frame of each camera as a JPEG file, fps times a
	// second, until ctx ends. It takes over the caller's goroutine.
	Stills(ctx context.Context, cameras []string, width int, fps float64, give func(runtime.Still) error) error
	// Still returns the newest frame of a camera. It waits for one until ctx ends.
	Still(ctx context.Context, camera string, width int) (runtime.Still, error)
}

// Codec decodes the keys of one [[detector]] or [[camera]] from JSON. Decoding is as
// strict as for a file, but expands no ${NAME} and opens no files. Whether a key may
// name a file is checked later.
type Codec struct {
	Detector func(keys []byte) (detectors.Config, error)
	Camera   func(keys []byte) (capture.Config, error)
}

// File is the program's configuration file. It is safe for concurrent use.
type File interface {
	// Diff returns the difference between the running state and the file.
	Diff(ctx context.Context) (runtime.FileDiff, error)
	// Write writes the difference with this ID, as last returned by Diff.
	Write(ctx context.Context, id string) error
	// Edit returns the effect of edits, and makes and applies them if write is set.
	Edit(ctx context.Context, edits []runtime.FileEdit, write bool) (runtime.FileDiff, error)
	// Revert undoes an edit, given the ID that Edit returned. It restores the previous
	// text; other changes made to the file since then are kept.
	Revert(ctx context.Context, id string) error
}

// Options configures a Server. The configuration must be valid.
type Options struct {
	Config   Config
	Runtime  Runtime
	Ring     *logging.Ring   // log lines; nil: none are kept
	Recent   *runtime.Recent // events; nil: none are kept
	ClipsDir string          // evidence directory; empty: there is no evidence
	Kinds    detectors.Kinds // same as the Runtime's
	// Configured returns the cameras and detectors of the current configuration, whose
	// sources and endpoints may also be used by added ones. It may be nil.
	Configured func() ([]capture.Config, []detectors.Config)
	Codec      Codec
	// Sources returns the devices and scenes that cameras can be added from, and may be
	// slow. Nil: none are offered.
	Sources func() []capture.Choice
	// Open opens the source of a camera, to test it. Nil: sources cannot be tested.
	Open       func(ctx context.Context, cfg capture.Config) (capture.Connection, error)
	File       File                        // the configuration file; nil: it is neither compared nor written
	Reload     func(context.Context) error // nil: reload is refused
	Stop       func()                      // starts the shutdown; nil: stop is refused
	Version    string
	ConfigFile string // current configuration, as named by the user
	Log        *slog.Logger
	// PageListen is another TCP address, restricted like Config.Listen. It serves the
	// API, and Page for all other paths. Empty: none.
	PageListen string
	Page       http.Handler // public: it must not reveal anything about this program
}

// Limits of the API, listed in docs/api.md.
const (
	maxBody     = 1 << 20          // bytes of a request body
	bodyTime    = 10 * time.Second // for a request's body to arrive
	sendTimeout = 10 * time.Second // for a client to take a message
	maxStreams  = 64               // streams of state, events and log
	maxCommands = 16               // concurrent commands
	maxViews    = 32               // streams of frames
	maxReads    = 4                // concurrent readers of the evidence directory
	maxFiles    = 16               // evidence files being sent
	maxTries    = 4                // sources being tested
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
	adding chan struct{} // capacity 1; held while something is added

	streams, commands, views, disk, files, tries, verifying semaphore

	socket, tcp, page *listen.Service // inactive without an Address
}

// NewServer returns a server that is ready to Run.
func NewServer(opts Options) *Server {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails
	s := &Server{
		opts: opts, log: opts.Log, instance: hex.EncodeToString(id), policy: newPolicy(opts), gate: newGate(opts.Config, opts.Log),
		adding:    make(chan struct{}, 1),
		streams:   semaphore{max: maxStreams, what: "streams are open"},
		commands:  semaphore{max: maxCommands, what: "commands are being carried out"},
		views:     semaphore{max: maxViews, what: "streams of frames are open"},
		disk:      semaphore{max: maxReads, what: "clients are reading evidence"},
		files:     semaphore{max: maxFiles, what: "files of evidence are being sent"},
		tries:     semaphore{max: maxTries, what: "sources are being tested"},
		verifying: semaphore{max: 1, what: "clip is being verified"},
	}
	s.listenAt(opts)
	return s
}

// routes returns every route of the API.
func (s *Server) routes() []Route {
	return slices.Concat(s.stateRoutes(), s.verbRoutes(), s.sourceRoutes(), s.mediaRoutes(), s.evidenceRoutes(), s.loginRoutes(), s.describeRoutes(), s.fileRoutes())
}

// Handler returns the handler of the API. Request contexts must come from withPeer,
// otherwise every request is refused.
func (s *Server) Handler() http.Handler { return limitBody(s.gate.guard(serve(s.routes()))) }
