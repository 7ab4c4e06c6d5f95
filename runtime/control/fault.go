package control

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rvo-tui/internal/text"
)

// What the errors of a Client are of: see errors.Is.
var (
	// ErrUnreachable: nobody answers there, or not any more. Trying again may help.
	ErrUnreachable = errors.New("no rvo-tui answers")
	// ErrDenied: the token is wrong or missing, or does not allow it; or the socket
	// is for another user.
	ErrDenied = errors.New("not allowed")
	// ErrUntrusted: the certificate of the server is not one to trust.
	ErrUntrusted = errors.New("not trusted")
)

// fault is an error with what it is of.
type fault struct {
	text string
	of   error
}

func (f *fault) Error() string { return f.text }
func (f *fault) Unwrap() error { return f.of }

// explain returns the error of a call in the words of the user. The end of a
// stream is none, that of ctx is itself.
func (l *link) explain(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	st := status.Convert(err)
	text := text.Visible(st.Message())
	switch st.Code() {
	case codes.Unavailable:
		if last := l.last.Load(); last != nil {
			return l.unreachable(*last)
		}
		if strings.Contains(text, "keepalive ping failed") {
			text = fmt.Sprintf("it is connected, and has not answered for %v: see whether it is stopped, or its machine too busy", pingEvery+pingTimeout)
		} else if broken(text) {
			if !l.met.Load() {
				return &fault{l.stranger(), ErrUnreachable}
			}
			text = "the connection is lost: try again"
		}
		return &fault{fmt.Sprintf("rvo-tui at %s: %s", l.where, text), ErrUnreachable}
	case codes.Unauthenticated, codes.PermissionDenied:
		return &fault{text, ErrDenied}
	case codes.Unimplemented:
		return fmt.Errorf("rvo-tui at %s: %s; it may be of another version", l.where, text)
	case codes.DeadlineExceeded:
		return &fault{fmt.Sprintf("rvo-tui at %s: it took too long: see whether it was done, and try again", l.where), context.DeadlineExceeded}
	case codes.Canceled:
		return &fault{fmt.Sprintf("rvo-tui at %s: the call was ended: try again", l.where), ErrUnreachable}
	}
	return errors.New(text)
}

// broken reports whether the text of an error is of a connection, and not what a
// server has said.
func broken(text string) bool {
	for _, sign := range []string{
		"connection error", "error reading", "transport is closing", "received prior goaway",
		"broken pipe", "connection reset", "closed network connection",
	} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// stranger says what to do about a connection that was taken by something which
// does not answer as an rvo-tui does.
func (l *link) stranger() string {
	if l.plain {
		return fmt.Sprintf("rvo-tui at %s: what took the connection does not answer in plain text: see that an rvo-tui runs at its other end, or leave --no-tls out if it is control.listen", l.where)
	}
	return fmt.Sprintf("rvo-tui at %s: what took the connection does not answer: see that an rvo-tui runs at its other end, or try again later", l.where)
}

// unreachable says what to do about an attempt to connect that failed. What goes
// on failing until somebody changes something is not of ErrUnreachable.
func (l *link) unreachable(err error) error {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		expired   x509.CertificateInvalidError
		record    tls.RecordHeaderError
	)
	of := ErrUnreachable
	why := ""
	switch {
	case errors.Is(err, os.ErrPermission):
		why, of = "this user may not open the socket: be the user that it runs as, or root", ErrDenied
	case errors.As(err, &authority):
		why, of = "its certificate is of an authority that is not known here: give the one to trust with --tls-ca", ErrUntrusted
	case errors.As(err, &name):
		why, of = "its certificate is for another name: "+text.Visible(name.Error())+"; use that name", ErrUntrusted
	case errors.As(err, &expired):
		why, of = "its certificate is not valid: "+text.Visible(expired.Error())+"; make a new one there, or set the clock of this machine", ErrUntrusted
	case errors.As(err, &record):
		why = "what answers does not speak TLS: is it control.listen?"
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return &fault{fmt.Sprintf("no rvo-tui answers at %s: start one, or name its address", l.where), of}
	default:
		return &fault{fmt.Sprintf("no rvo-tui answers at %s: %s; start one, or name its address", l.where, text.Visible(err.Error())), of}
	}
	return &fault{fmt.Sprintf("rvo-tui at %s: %s", l.where, why), of}
}
