package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"rvo-tui/clips"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// Problem is an error response: an RFC 9457 object, served as application/problem+json.
type Problem struct { //nolint:errname // it is what RFC 9457 calls it
	Type   string `json:"type"` // always "about:blank": Status identifies the kind
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`           // what is wrong
	Remedy string `json:"remedy,omitempty"` // what to do
}

// ProblemType is the media type of a Problem.
const ProblemType = "application/problem+json"

// maxDetail is the maximum length of the texts of a Problem, in bytes.
const maxDetail = 8 << 10

func problem(status int, detail, remedy string) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Remedy: remedy}
}

// Error returns what is wrong and what to do.
func (p *Problem) Error() string {
	if p.Remedy == "" {
		return p.Detail
	}
	return p.Detail + ": " + p.Remedy
}

// write responds with the problem.
func (p *Problem) write(w http.ResponseWriter) {
	own := *p
	own.Detail, own.Remedy = shown(p.Detail), shown(p.Remedy)
	body, err := json.Marshal(own)
	if err != nil {
		panic(err) // cannot happen: it has only plain values
	}
	h := w.Header()
	h.Set("Content-Type", ProblemType)
	h.Del("Content-Encoding")
	h.Del("Content-Length")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n')) // a client that is gone needs no response
}

// shown returns a text without terminal control characters.
func shown(s string) string {
	if len(s) > maxDetail {
		s = strings.ToValidUTF8(s[:maxDetail], "") + "…"
	}
	return text.Visible(s)
}

// problemOf converts any error to a problem. Our own error texts already say what to
// do.
func problemOf(err error) *Problem {
	if p := new(Problem); errors.As(err, &p) {
		return p
	}
	status := http.StatusConflict
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return problem(http.StatusGatewayTimeout, err.Error(), "check whether it was done, and try again")
	case errors.Is(err, context.Canceled):
		status = http.StatusServiceUnavailable
	case runtime.Busy(err):
		status = http.StatusTooManyRequests
	case runtime.Stopped(err):
		status = http.StatusServiceUnavailable
	case errors.Is(err, runtime.ErrNoCamera):
		return problem(http.StatusNotFound, err.Error(), "see "+Prefix+"/about for the existing ones")
	case errors.Is(err, runtime.ErrRate):
		status = http.StatusBadRequest
	case errors.Is(err, runtime.ErrNoAlert), errors.Is(err, engine.ErrNoDetector), errors.Is(err, engine.ErrNoRule), errors.Is(err, clips.ErrCamera), errors.Is(err, clips.ErrNoClip),
		errors.Is(err, runtime.ErrNoOutput), errors.Is(err, runtime.ErrNoMessage):
		status = http.StatusNotFound
	}
	return problem(status, err.Error(), "")
}

var (
	errUnknownCaller = problem(http.StatusUnauthorized, "a token is needed", "send the control.token or control.read_token of this rvo-tui as Authorization: Bearer TOKEN")
	errReadOnly      = problem(http.StatusForbidden, "this token may only read", "use control.token")
	errEnding        = problem(http.StatusServiceUnavailable, "this rvo-tui is shutting down", "try again after it has restarted")
)

// unmarshal decodes exactly one JSON value, and rejects unknown keys.
func unmarshal(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("it is empty")
		}
		if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
			return errors.New(strings.TrimPrefix(wrong.Field+": wrong type "+wrong.Value, ": "))
		}
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is data after the JSON value")
	}
	return nil
}
