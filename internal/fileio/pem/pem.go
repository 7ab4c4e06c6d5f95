// Package pem reads certificates and keys from regular files.
package pem

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"rvo-tui/internal/fileio"
)

// maxPEM is the maximum size of a PEM file in bytes. A system's file of authorities has several hundred
// kilobytes.
const maxPEM = 4 << 20

// Authorities returns the certificates in a PEM file. Its errors do not name the file.
func Authorities(path string) (*x509.CertPool, error) {
	text, err := fileio.Read(path, maxPEM)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", fileio.Bare(err))
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("holds no certificate in PEM form")
	}
	return pool, nil
}

// KeyPair reads a certificate and its key from two PEM files. A read error is an *os.PathError.
func KeyPair(cert, key string) (tls.Certificate, error) {
	certPEM, err := fileio.Read(cert, maxPEM)
	if err != nil {
		return tls.Certificate{}, err
	}
	keyPEM, err := fileio.Read(key, maxPEM)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(certPEM, keyPEM)
}
