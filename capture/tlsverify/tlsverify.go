// Package tlsverify makes the TLS configuration of a camera connection from its trust
// setting, for HTTPS and RTSPS, and explains why a certificate is not trusted.
package tlsverify

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"rvo-tui/capture"
)

// Config returns the TLS configuration for a host (a name or an address, without a
// port) whose certificate is verified according to trust. Empty means
// capture.TrustVerify. It fails if trust is invalid.
func Config(host string, trust capture.Trust) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if trust == "" || trust == capture.TrustVerify {
		return c, nil
	}
	pin, pinned, err := trust.Pin()
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	c.InsecureSkipVerify = true // VerifyConnection checks the pin instead
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

var errPin = errors.New("it does not match the pinned fingerprint")

// Explain converts a handshake error caused by the certificate to one that wraps
// capture.ErrUntrusted and says what to set. Other errors are returned unchanged.
func Explain(err error) error {
	var bad *tls.CertificateVerificationError
	if !errors.As(err, &bad) || len(bad.UnverifiedCertificates) == 0 {
		return err
	}
	pin := capture.PinOf(sha256.Sum256(bad.UnverifiedCertificates[0].Raw))
	return fmt.Errorf("%w (%s): if the camera itself shows the fingerprint %.12s…, pin it with tls = %q",
		capture.ErrUntrusted, why(bad.Err), pin[len("pin:"):], pin)
}

// why describes briefly what is wrong with a certificate.
func why(err error) string {
	var (
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		unknown x509.UnknownAuthorityError
	)
	switch {
	case errors.As(err, &host):
		return "it is for a different host"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "it has expired, or a clock is wrong"
	case errors.As(err, &unknown):
		return "it is not signed by an authority that this system trusts"
	}
	return err.Error()
}
