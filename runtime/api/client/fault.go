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

// Categories of a Client's errors, for errors.Is.
var (
	// ErrUnreachable: nothing answers at the address, or the connection was lost. Retrying may help.
	ErrUnreachable = errors.New("no rvo-tui answers")
	// ErrDenied: the token is wrong, missing or not sufficient, or the socket belongs
	// to another user.
	ErrDenied = errors.New("not allowed")
	// ErrUntrusted: the server's certificate is not trusted.
	ErrUntrusted = errors.New("not trusted")
)

// fault is an error with its category.
type fault struct {
	text string
	of   error
}

func (f *fault) Error() string { return f.text }
func (f *fault) Unwrap() error { return f.of }

var (
	errSilent = errors.New("the server does not respond")
	errEnded  = errors.New("the server ended the stream")
)

// refusal returns an unsuccessful response as an error for the user.
func (l *link) refusal(p *api.Problem) error {
	said := text.Visible(p.Error())
	switch p.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusMisdirectedRequest:
		return &fault{said, ErrDenied}
	case http.StatusServiceUnavailable:
		return &fault{fmt.Sprintf("rvo-tui at %s: %s", l.where, said), ErrUnreachable}
	case http.StatusNotImplemented, http.StatusMethodNotAllowed:
		return fmt.Errorf("rvo-tui at %s: %s; it may be another version", l.where, said)
	case http.StatusGatewayTimeout:
		return &fault{fmt.Sprintf("rvo-tui at %s: it took too long: check whether it was done, and try again", l.where), context.DeadlineExceeded}
	}
	return errors.New(said)
}

// explain returns why a request got no complete response. If ctx has ended, it returns
// the context's error.
func (l *link) explain(ctx context.Context, err error) error {
	op, none := new(net.OpError), new(noneError)
	dialed := !errors.As(err, &op) || op.Op != "dial"
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), errSilent):
		return ctx.Err()
	case errors.Is(err, errSilent), errors.Is(context.Cause(ctx), errSilent):
		return &fault{fmt.Sprintf("rvo-tui at %s: it is connected, but has not responded for %v: check whether it is stopped, or its machine is overloaded", l.where, silenceTime), ErrUnreachable}
	case errors.Is(err, errEnded):
		return &fault{fmt.Sprintf("rvo-tui at %s: it is shutting down: try again after it has restarted", l.where), ErrUnreachable}
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

// stranger says what to do if something other than an rvo-tui accepted the connection.
func (l *link) stranger() string {
	if l.plain {
		return fmt.Sprintf("rvo-tui at %s: the server does not answer in plain text: check that an rvo-tui runs there, or leave out --no-tls if it is control.listen", l.where)
	}
	return fmt.Sprintf("rvo-tui at %s: the server does not answer: check that an rvo-tui runs there, or try again later", l.where)
}

// unreachable says what to do about a failed attempt to connect. Errors that persist
// until someone changes something are not ErrUnreachable.
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
		why, of = "permission denied for the socket: run this as the user that it runs as, or as root", ErrDenied
	case errors.As(err, &authority):
		why, of = "its certificate is from an unknown authority: give the certificate to trust with --tls-ca", ErrUntrusted
	case errors.As(err, &name):
		why, of = "its certificate is for another name: "+text.Visible(name.Error())+"; use that name", ErrUntrusted
	case errors.As(err, &expired):
		why, of = "its certificate is not valid: "+text.Visible(expired.Error())+"; renew it, or set the clock of this machine", ErrUntrusted
	case errors.As(err, &record):
		why = "the server does not speak TLS: is it control.listen?"
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return &fault{fmt.Sprintf("no rvo-tui answers at %s: start one, or name its address", l.where), of}
	default:
		return &fault{fmt.Sprintf("no rvo-tui answers at %s: %s; start one, or name its address", l.where, text.Visible(err.Error())), of}
	}
	return &fault{fmt.Sprintf("rvo-tui at %s: %s", l.where, why), of}
}
