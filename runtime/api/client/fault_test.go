package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"rvo-tui/runtime/api"
)

// The reader of these errors need not know HTTP.
func TestFaultsAreToldInWords(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Err: err} }
	verify := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	for _, tt := range []struct {
		name string
		err  error
		met  bool // a server has answered before
		want string
		of   error
	}{
		{"stopped", errSilent, true, "has not responded for 10s: check whether it is stopped", ErrUnreachable},
		{"killed", io.ErrUnexpectedEOF, true, "the connection is lost: try again", ErrUnreachable},
		{"ending", errEnded, true, "rvo-tui at here: it is shutting down", ErrUnreachable},
		{"gone", dial(syscall.ECONNREFUSED), true, "no rvo-tui answers at here: start one", ErrUnreachable},
		{"of another user", dial(fs.ErrPermission), false, "permission denied for the socket", ErrDenied},
		{"unknown authority", verify(x509.UnknownAuthorityError{}), false, "--tls-ca", ErrUntrusted},
		{"expired", verify(x509.CertificateInvalidError{Reason: x509.Expired}), false, "renew it", ErrUntrusted},
		{"no TLS", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, false, "does not speak TLS", ErrUnreachable},
		{"something else", io.EOF, false, "the server does not answer", ErrUnreachable},
	} {
		l := &link{where: "here"}
		l.met.Store(tt.met)
		if err := l.explain(t.Context(), tt.err); !errors.Is(err, tt.of) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestRefusalsAreToldInWords(t *testing.T) {
	for status, of := range map[int]error{
		http.StatusUnauthorized: ErrDenied, http.StatusForbidden: ErrDenied, http.StatusServiceUnavailable: ErrUnreachable,
	} {
		err := (&link{where: "here"}).refusal(&api.Problem{Status: status, Detail: "it is \x1b[31mred", Remedy: "paint it"})
		if !errors.Is(err, of) || !strings.Contains(err.Error(), "red: paint it") || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%d: %q", status, err)
		}
	}
}
