package client

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rvo-tui/runtime"
	"rvo-tui/runtime/api"
)

const (
	fullToken = "full-token-of-the-test"
	readToken = "read-token-of-the-test"
)

// certify writes a self-signed certificate for the names, and its key.
func certify(tb testing.TB, names ...string) (cert, key string) {
	tb.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "rvo-tui test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			form.IPAddresses = append(form.IPAddresses, ip)
		} else {
			form.DNSNames = append(form.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &private.PublicKey, private)
	if err != nil {
		tb.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	write := func(name, kind string, bytes []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			tb.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret)
}

// overTCP is a world that is also served at a loopback port.
func overTCP(tb testing.TB) (w *world, ca string) {
	tb.Helper()
	cert, key := certify(tb, "127.0.0.1")
	w = start(tb, func(o *api.Options) {
		o.Config.Listen, o.Config.Token, o.Config.ReadToken = "127.0.0.1:0", fullToken, readToken
		o.Config.TLSCert, o.Config.TLSKey = cert, key
	})
	return w, cert
}

func TestTCPWantsAToken(t *testing.T) {
	w, ca := overTCP(t)
	addr := w.server.Addr()
	full, read := dial(t, addr, DialOptions{Token: fullToken, CA: ca}), dial(t, addr, DialOptions{Token: readToken, CA: ca})
	pause := runtime.Command{Do: runtime.Disable, Detector: "motion"}

	if a, err := full.About(within(t)); err != nil || a.ReadOnly {
		t.Errorf("with the token: %+v, %v", a, err)
	}
	if err := full.Do(within(t), pause); err != nil {
		t.Errorf("with the token: %v", err)
	}
	if a, err := read.About(within(t)); err != nil || !a.ReadOnly {
		t.Errorf("with the read-only token: %+v, %v", a, err)
	}
	var err error
	until(t, read, "it may look", func(*runtime.Snapshot) bool { return true })
	if err := read.Do(within(t), pause); !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), "control.token") {
		t.Errorf("with the token to read: %v", err)
	}
	for token, want := range map[string]string{"wrong-but-long-enough": "the token is wrong", fullToken + "x": "the token is wrong", fullToken[1:]: "the token is wrong"} {
		c := dial(t, addr, DialOptions{Token: token, CA: ca})
		if _, err := c.About(within(t)); !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), want) {
			t.Errorf("with %q: %v", token, err)
		}
		if err := c.Follow(within(t), Stream{State: func(*runtime.Snapshot) { t.Error("it sees something") }}); !errors.Is(err, ErrDenied) {
			t.Errorf("with %q: %v", token, err)
		}
		if err := c.Do(within(t), pause); !errors.Is(err, ErrDenied) {
			t.Errorf("with %q: %v", token, err)
		}
	}
	eventually(t, "the log tells who", func() bool {
		log := w.log.String()
		return strings.Contains(log, "has a wrong token") && strings.Contains(log, "with token\"")
	})
	if log := w.log.String(); strings.Contains(log, fullToken) || strings.Contains(log, readToken) || strings.Contains(log, "wrong-but") {
		t.Errorf("a token is in the log:\n%s", log)
	}
	// After enough wrong tokens, the address has to wait, except with the right one.
	bad := dial(t, addr, DialOptions{Token: "wrong-but-long-enough", CA: ca})
	for range 20 {
		_, err = bad.About(within(t))
	}
	if err == nil || !strings.Contains(err.Error(), "wait a minute") {
		t.Errorf("after many wrong tokens: %v", err)
	}
	if _, err := full.About(within(t)); err != nil {
		t.Errorf("the right one after many wrong tokens: %v", err)
	}
	if _, err := w.client(t).About(within(t)); err != nil {
		t.Errorf("the socket has to wait too: %v", err)
	}
}

func TestTLSIsChecked(t *testing.T) {
	w, ca := overTCP(t)
	addr := w.server.Addr()
	_, port, _ := net.SplitHostPort(addr)
	other, _ := certify(t, "127.0.0.1")
	for _, tt := range []struct {
		addr string
		opts DialOptions
		want string
	}{
		{addr, DialOptions{Token: fullToken}, "--tls-ca"},
		{addr, DialOptions{Token: fullToken, CA: other}, "--tls-ca"},
		{"localhost:" + port, DialOptions{Token: fullToken, CA: ca}, "for another name"},
		{w.opts.Config.Socket, DialOptions{}, ""},
	} {
		c := dial(t, tt.addr, tt.opts)
		var err error
		eventually(t, "an answer or a refusal", func() bool { // not within 5 s on a machine that is too busy
			_, err = c.About(within(t))
			return err == nil || !strings.Contains(err.Error(), context.DeadlineExceeded.Error())
		})
		if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, ErrUntrusted) || errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s %v: %v", tt.addr, tt.opts.CA == ca, err)
		}
	}
	// Connections that do not speak TLS are closed.
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = conn.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	conn.SetReadDeadline(time.Now().Add(patience))
	for buf := make([]byte, 64); err == nil; {
		_, err = conn.Read(buf)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("it is still connected")
	}
	if _, err := tls.Dial("tcp", addr, &tls.Config{MaxVersion: tls.VersionTLS11, InsecureSkipVerify: true}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

func TestANewCertificateIsTakenUp(t *testing.T) {
	w, _ := overTCP(t)
	cert, key := certify(t, "127.0.0.1")
	later := time.Now().Add(time.Minute)
	for from, to := range map[string]string{key: w.opts.Config.TLSKey, cert: w.opts.Config.TLSCert} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(to, later, later); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := dial(t, w.server.Addr(), DialOptions{Token: fullToken, CA: cert}).About(within(t)); err != nil {
		t.Error(err)
	}
	for _, name := range []string{w.opts.Config.TLSKey, w.opts.Config.TLSCert} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := dial(t, w.server.Addr(), DialOptions{Token: fullToken, CA: cert}).About(within(t)); err != nil {
		t.Errorf("with the files gone for a moment: %v", err)
	}
}

func TestACertificateThatIsMissingIsToldAndTriedAgain(t *testing.T) {
	w := start(t, nil)
	opts := w.opts
	opts.Config = api.Config{Listen: "127.0.0.1:0", Token: fullToken, TLSCert: "/none.pem", TLSKey: "/none.pem"}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- api.NewServer(opts).Run(ctx) }()
	eventually(t, "it says so", func() bool { return strings.Contains(w.log.String(), "control.tls_cert") })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Something other than a server may accept a connection: a forwarded port that leads nowhere, or
// one with TLS.
func TestWhoIsNoServerIsToldApart(t *testing.T) {
	for _, tt := range []struct {
		name, says string
		opts       DialOptions
		want       string
	}{
		{"hangs up", "", DialOptions{Insecure: true}, "leave out --no-tls"},
		{"speaks TLS", "\x15\x03\x01\x00\x02\x02\x16", DialOptions{Insecure: true}, "leave out --no-tls"},
		{"a socket that hangs up", "", DialOptions{}, "check that an rvo-tui runs there"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			network, addr := "tcp", "127.0.0.1:0"
			if !tt.opts.Insecure {
				network, addr = "unix", filepath.Join(t.TempDir(), "s")
			}
			ln, err := net.Listen(network, addr)
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			defer wg.Wait()
			defer ln.Close()
			wg.Go(func() {
				for {
					conn, err := ln.Accept()
					if err != nil {
						return
					}
					_, _ = conn.Read(make([]byte, 16))
					_, _ = conn.Write([]byte(tt.says))
					conn.Close()
				}
			})
			_, err = dial(t, ln.Addr().String(), tt.opts).About(within(t))
			if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAddressesOfClients(t *testing.T) {
	for _, tt := range []struct {
		addr string
		opts DialOptions
		want string // part of the error; empty: no error
	}{
		{"/run/x.sock", DialOptions{}, ""},
		{"unix:///run/x.sock", DialOptions{}, ""},
		{"./x.sock", DialOptions{}, ""},
		{"d.sock", DialOptions{}, ""},
		{"/" + strings.Repeat("x", 200), DialOptions{}, "at most 107"},
		{"box:7443", DialOptions{Token: fullToken}, ""},
		{"box:7443", DialOptions{Token: "two\nlines"}, "the token contains a space"},
		{"box:7443", DialOptions{}, "into RVO_TOKEN or a --token-file"},
		{"box", DialOptions{Token: fullToken}, "write host:port"},
		{"user:pw@box", DialOptions{Token: fullToken}, "\"***@box\""},
		{"box:7443", DialOptions{Insecure: true}, "leave out --no-tls"},
		{"127.0.0.1:7443", DialOptions{Insecure: true}, ""},
		{"[::1]:7443", DialOptions{Insecure: true}, ""},
		{"localhost:7443", DialOptions{Insecure: true}, ""},
		{"box:7443", DialOptions{Token: fullToken, CA: "/none"}, "certificates to trust"},
		{"box:7443", DialOptions{Token: fullToken, CA: "/dev/null"}, "/dev/null cannot be read: not a regular file"},
	} {
		c, err := Dial(tt.addr, tt.opts)
		if err == nil {
			c.Close()
		}
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%q: %v, want %q", tt.addr, err, tt.want)
		}
	}
}
