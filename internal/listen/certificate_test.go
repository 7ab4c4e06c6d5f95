package listen

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certify writes a certificate and key for 127.0.0.1.
func certify(t *testing.T) (cert, key string) {
	t.Helper()
	ts := httptest.NewTLSServer(nil)
	ts.Close()
	pair := ts.TLS.Certificates[0]
	secret, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", pair.Certificate[0]), write("key.pem", "PRIVATE KEY", secret)
}

func TestACertificateThatGotWorseIsToldAndNotUsed(t *testing.T) {
	cert, key := certify(t)
	var log bytes.Buffer
	c := &Certificate{cert: cert, key: key, log: slog.New(slog.NewTextHandler(&log, nil))}
	first, err := c.get(nil)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(time.Second)
	replace := func(with []byte) {
		if err := os.WriteFile(cert, with, 0o600); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Second)
		if err := os.Chtimes(cert, at, at); err != nil {
			t.Fatal(err)
		}
	}
	good, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	replace([]byte("no certificate"))
	for range 3 {
		if got, err := c.get(nil); err != nil || got != first {
			t.Errorf("with a broken file: %v, the first one: %v", err, got == first)
		}
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 {
		t.Errorf("it is logged %d times:\n%s", n, log.String())
	}
	replace(good)
	if got, err := c.get(nil); err != nil || got == first {
		t.Errorf("put right: %v, still the first one: %v", err, got == first)
	}
}
