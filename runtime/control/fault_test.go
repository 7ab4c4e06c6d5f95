package control

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Whoever reads these errors has never heard of gRPC.
func TestFaultsAreToldInWords(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error // of the call
		last error // of the last attempt to connect
		met  bool  // somebody has answered before
		want string
		of   error
	}{
		{"stopped", status.Error(codes.Unavailable, "keepalive ping failed to receive ACK within timeout"), nil, true, "has not answered for 25s: see whether it is stopped", ErrUnreachable},
		{"killed", status.Error(codes.Unavailable, "error reading from server: EOF"), nil, true, "the connection is lost: try again", ErrUnreachable},
		{"ending", status.Error(codes.Unavailable, "this rvo-tui is ending"), nil, true, "rvo-tui at here: this rvo-tui is ending", ErrUnreachable},
		{"gone", status.Error(codes.Unavailable, "x"), syscall.ECONNREFUSED, true, "no rvo-tui answers at here: start one", ErrUnreachable},
		{"of another user", status.Error(codes.Unavailable, "x"), fs.ErrPermission, false, "may not open the socket", ErrDenied},
		{"unknown authority", status.Error(codes.Unavailable, "x"), x509.UnknownAuthorityError{}, false, "--tls-ca", ErrUntrusted},
		{"expired", status.Error(codes.Unavailable, "x"), x509.CertificateInvalidError{Reason: x509.Expired}, false, "make a new one there", ErrUntrusted},
	} {
		l := &link{where: "here"}
		l.met.Store(tt.met)
		if tt.last != nil {
			l.last.Store(&tt.last)
		}
		err := l.explain(t.Context(), tt.err)
		if !errors.Is(err, tt.of) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "keepalive") {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}
