package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"rvo-tui/internal/text"
)

// Prefix is the path prefix of the API.
const Prefix = "/api"

// Route is one route of the API.
type Route struct {
	Method string
	Path   string // below Prefix, as a net/http pattern: "/clips/{id}"
	Doc    string // one line
	Write  bool   // changes something: refused with read_token
	Open   bool   // also for unauthenticated clients

	// Serve handles a request. Its error is sent as a Problem. If the response has
	// already started, the connection is aborted instead.
	Serve func(w http.ResponseWriter, r *http.Request) error
}

// serve returns the handler of a table of routes. Callers must already be
// authenticated.
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
			problem(http.StatusMethodNotAllowed, fmt.Sprintf("the method %s is not supported here", text.Clean(r.Method)), "use "+strings.Join(list, " or ")).write(w)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		problem(http.StatusNotFound, "there is nothing at "+text.CleanTo(r.URL.Path, 200), "see "+Prefix+"/openapi.json for the routes").write(w)
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
		panic(http.ErrAbortHandler) // the only way to signal a truncated response
	default:
		problemOf(err).write(w)
	}
}

// answer is a ResponseWriter that records whether the response has started.
type answer struct {
	http.ResponseWriter
	begun bool
}

// Unwrap lets http.ResponseController find the underlying writer.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) WriteHeader(status int) {
	a.begun = a.begun || status >= http.StatusOK
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(data []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(data)
}

// writeJSON responds with a value as JSON.
func writeJSON(w http.ResponseWriter, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return writeBytes(w, "application/json", line)
}

// writeBytes responds with a complete body.
func writeBytes(w http.ResponseWriter, contentType string, body []byte) error {
	w.Header().Set("Content-Type", contentType)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(sendTimeout)) // writers without deadlines need none
	_, err := w.Write(body)
	return err
}

// limitBody limits the time for a request's body if the handler does not read it: net/http
// waits for it before it responds. It is less than the time for the response.
func limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime / 2)) // connections without deadlines need none
		}
		next.ServeHTTP(w, r)
	})
}

// readBody returns the body of a request, limited to maxBody bytes and bodyTime.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(bodyTime)) // connections without deadlines need none
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		return nil, problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("the request has more than %d bytes", maxBody), "send less")
	}
	if err != nil {
		return nil, problem(http.StatusBadRequest, "the request was incomplete", "send it again")
	}
	_ = rc.SetReadDeadline(time.Time{})
	return body, nil
}

// readJSON decodes the body of a request strictly.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	if err := unmarshal(body, into); err != nil {
		return problem(http.StatusBadRequest, "the body is invalid: "+text.CleanTo(err.Error(), 300), "send one JSON object, as docs/api.md shows")
	}
	return nil
}

// sender writes the messages of a stream. The client must accept each within
// sendTimeout.
type sender struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

func newSender(w http.ResponseWriter) sender { return sender{w, http.NewResponseController(w)} }

// send writes a message, in parts, and flushes it.
func (s sender) send(parts ...[]byte) error {
	_ = s.rc.SetWriteDeadline(time.Now().Add(sendTimeout)) // writers without deadlines need none
	for _, p := range parts {
		if _, err := s.w.Write(p); err != nil {
			return err
		}
	}
	return s.rc.Flush()
}

// semaphore limits how many requests of one kind are served at a time.
type semaphore struct {
	max   int64
	what  string
	taken atomic.Int64
}

// acquire takes a slot, which the caller releases, or fails if all are taken.
func (s *semaphore) acquire() error {
	if s.taken.Add(1) > s.max {
		s.taken.Add(-1)
		return problem(http.StatusTooManyRequests, fmt.Sprintf("%d %s already", s.max, s.what), "try again later")
	}
	return nil
}

func (s *semaphore) release() { s.taken.Add(-1) }
