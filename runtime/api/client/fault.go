package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"

	"rvo-tui/internal/text"
	"rvo-tui/runtime/api"
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

var (
	errSilent = errors.New("the server is silent")
	errEnded  = errors.New("the server has ended the stream")
)

// refusal returns an answer other than success as an error in the words of the user.
func (l *link) refusal(p *api.Problem) error {
	said := text.Visible(p.Error())
	switch p.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusMisdirectedRequest:
		return &fault{said, ErrDenied}
	case http.StatusServiceUnavailable:
		return &fault{fmt.Sprintf("rvo-tui at %s: %s", l.where, said), ErrUnreachable}
	case http.StatusNotImplemented, http.StatusMethodNotAllowed:
		return fmt.Errorf("rvo-tui at %s: %s; it may be of another version", l.where, said)
	case http.StatusGatewayTimeout:
		return &fault{fmt.Sprintf("rvo-tui at %s: it took too long: see whether it was done, and try again", l.where), context.DeadlineExceeded}
	}
	return errors.New(said)
}

// explain returns why a request got no whole answer. That ctx has ended is itself.
func (l *link) explain(ctx context.Context, err error) error {
	op, none := new(net.OpError), new(noneError)
	dialed := !errors.As(err, &op) || op.Op != "dial"
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), errSilent):
		return ctx.Err()
	case errors.Is(err, errSilent), errors.Is(context.Cause(ctx), errSilent):
		return &fault{fmt.Sprintf("rvo-tui at %s: it is connected, and has not answered for %v: see whether it is stopped, or its machine too busy", l.where, silenceTime), ErrUnreachable}
	case errors.Is(err, errEnded):
		return &fault{fmt.Sprintf("rvo-tui at %s: this rvo-tui is ending: try again when it has been started", l.where), ErrUnreachable}
	case errors.As(err, &none):
		return &fault{none.Error(), none.Unwrap()}
	case dialed && !l.met.Load() && !isTLS(err):
		return &fault{l.stranger(), ErrUnreachable}
	case dialed && !isTLS(err):
		return &fault{fmt.Sprintf("rvo-tui at %s: the connection is lost: try again", l.where), ErrUnreachable}
	}
	return l.unreachable(err)
}

func isTLS(err error) bool {
	verify, record := new(tls.CertificateVerificationError), new(tls.RecordHeaderError)
	return errors.As(err, &verify) || errors.As(err, record)
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
