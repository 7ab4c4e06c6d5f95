package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"rvo-tui/internal/text"
)

// Prefix is where the routes of the API begin.
const Prefix = "/api"

// Route is one route of the API.
type Route struct {
	Method string
	Path   string // below Prefix, as a pattern of net/http: "/clips/{id}"
	Doc    string // one line
	Write  bool   // changes something: refused to holders of read_token
	Open   bool   // answers those, too, who have not proved who they are

	// Serve answers a request. What it returns is written as a Problem, unless the
	// answer has begun: then the connection is cut off.
	Serve func(w http.ResponseWriter, r *http.Request) error
}

// serve returns the handler of a table of routes, by which callers have been
// authenticated before.
func serve(routes []Route) http.Handler {
	mux := http.NewServeMux()
	for _, route := range routes {
		mux.Handle(route.Method+" "+Prefix+route.Path, route)
	}
	methods := map[string][]string{}
	for _, route := range routes {
		methods[route.Path] = append(methods[route.Path], route.Method)
	}
	for path, list := range methods {
		slices.Sort(list)
		mux.HandleFunc(Prefix+path, func(w http.ResponseWriter, r *http.Request) {
			for _, m := range list {
				w.Header().Add("Allow", m)
			}
			problem(http.StatusMethodNotAllowed, fmt.Sprintf("%s is not answered here", text.Clean(r.Method)), fmt.Sprintf("use one of %v", list)).write(w)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		problem(http.StatusNotFound, "there is nothing at "+text.CleanTo(r.URL.Path, 200), "see "+Prefix+"/openapi.json for what there is").write(w)
	})
	return mux
}

// ServeHTTP implements http.Handler.
func (route Route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, known := callerOf(r.Context())
	a := &answer{ResponseWriter: w}
	err := func() error {
		switch {
		case route.Open:
		case !known:
			return errUnknownCaller
		case route.Write && !c.write:
			return errReadOnly
		}
		return route.Serve(a, r)
	}()
	switch {
	case err == nil:
	case a.begun:
		panic(http.ErrAbortHandler) // the only way to say that what came is not all
	default:
		problemOf(err).write(w)
	}
}

// answer is a ResponseWriter that knows whether the answer has begun.
type answer struct {
	http.ResponseWriter
	begun bool
}

// Unwrap lets http.ResponseController find the writer below.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) WriteHeader(status int) {
	a.begun = a.begun || status >= http.StatusOK
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(data []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(data)
}

// writeJSON answers with a value as JSON.
func writeJSON(w http.ResponseWriter, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return writeBytes(w, "application/json", line)
}

// writeBytes answers with a whole body.
func writeBytes(w http.ResponseWriter, contentType string, body []byte) error {
	w.Header().Set("Content-Type", contentType)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(sendTimeout)) // where there is none, none is needed
	_, err := w.Write(body)
	return err
}

// readBody returns the body of a request, which has maxBody bytes and bodyTime at
// most.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(bodyTime)) // likewise
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		return nil, problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("the request has over %d bytes", maxBody), "send less")
	}
	if err != nil {
		return nil, problem(http.StatusBadRequest, "the request did not arrive whole", "send it again")
	}
	_ = rc.SetReadDeadline(time.Time{})
	return body, nil
}

// readJSON reads the body of a request, strictly.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	if err := unmarshal(body, into); err != nil {
		return problem(http.StatusBadRequest, "the body is not what is expected: "+text.CleanTo(err.Error(), 300), "send one JSON object, as docs/api.md shows")
	}
	return nil
}

// sender writes the messages of a stream, each of which the client must take within
// sendTimeout.
type sender struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

func newSender(w http.ResponseWriter) sender { return sender{w, http.NewResponseController(w)} }

// send writes a message, in parts, and flushes it.
func (s sender) send(parts ...[]byte) error {
	_ = s.rc.SetWriteDeadline(time.Now().Add(sendTimeout)) // where there is none, none is needed
	for _, p := range parts {
		if _, err := s.w.Write(p); err != nil {
			return err
		}
	}
	return s.rc.Flush()
}

// semaphore bounds how many requests of one kind are served at a time.
type semaphore struct {
	max   int64
	what  string
	taken atomic.Int64
}

// acquire takes a place, which the caller releases, or fails when all are taken.
func (s *semaphore) acquire() error {
	if s.taken.Add(1) > s.max {
		s.taken.Add(-1)
		return problem(http.StatusTooManyRequests, fmt.Sprintf("%d %s already", s.max, s.what), "try again later")
	}
	return nil
}

func (s *semaphore) release() { s.taken.Add(-1) }
