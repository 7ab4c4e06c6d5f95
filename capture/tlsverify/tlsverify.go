// Package tlsverify makes the TLS configuration of a connection to a camera from
// its one setting, for HTTPS and RTSPS alike, and explains why a certificate is
// not trusted.
package tlsverify

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"rvo-tui/capture"
)

// Config returns how to connect to a host (a name or an address, without a port)
// whose certificate is judged by trust. The empty trust is capture.TrustVerify. An
// error means that trust is none.
func Config(host string, trust capture.Trust) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if trust == "" || trust == capture.TrustVerify {
		return c, nil
	}
	pin, pinned, err := trust.Pin()
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	c.InsecureSkipVerify = true // VerifyConnection does it where there is a pin
	if pinned {
		c.VerifyConnection = func(state tls.ConnectionState) error {
			if leaf := state.PeerCertificates[0]; sha256.Sum256(leaf.Raw) != pin {
				return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: errPin}
			}
			return nil
		}
	}
	return c, nil
}

var errPin = errors.New("it is not the one that tls pins")

// Explain returns an error that wraps capture.ErrUntrusted and says what to set
// where a handshake failed because of the certificate, and any other error as it
// is.
func Explain(err error) error {
	var bad *tls.CertificateVerificationError
	if !errors.As(err, &bad) || len(bad.UnverifiedCertificates) == 0 {
		return err
	}
	pin := capture.PinOf(sha256.Sum256(bad.UnverifiedCertificates[0].Raw))
	return fmt.Errorf("%w (%s): where the camera itself shows the fingerprint %.12s…, trust it alone with tls = %q",
		capture.ErrUntrusted, why(bad.Err), pin[len("pin:"):], pin)
}

// why says in a few words what is wrong with a certificate.
func why(err error) string {
	var (
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		unknown x509.UnknownAuthorityError
	)
	switch {
	case errors.As(err, &host):
		return "it is for another host"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "it has expired, or a clock is wrong"
	case errors.As(err, &unknown):
		return "nobody whom this system trusts has signed it"
	}
	return err.Error()
}
