package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// certificate writes a self-signed certificate for this machine, and its key.
func certificate(t testing.TB, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "rvo-tui"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	return cert, key
}

var servedAt = regexp.MustCompile(`msg="the API is served" address=(127\.0\.0\.1:\d+)`)

func TestTokensOverTLS(t *testing.T) {
	const full, reading = "full-token-0123456789", "read-token-0123456789"
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	d := &daemon{run: runtimeDir(t)}
	d.program = start(t, setup{
		config: daemonConfig + fmt.Sprintf(`
[control]
socket = ""
listen = "127.0.0.1:0"
token = "${FULL}"
read_token = "${READING}"
tls_cert = %q
tls_key = %q
`, cert, key),
		args: []string{"--no-ui"},
		env:  []string{"FULL=" + full, "READING=" + reading, "XDG_RUNTIME_DIR=" + d.run},
	})
	d.until(patience, "an address", func() bool { return servedAt.MatchString(d.stderr.String()) })
	addr := servedAt.FindStringSubmatch(d.stderr.String())[1]
	d.logs("camera live", patience)
	file := filepath.Join(dir, "token")
	write(t, file, full+"\n")

	for _, c := range []struct {
		name   string
		env    []string
		args   []string
		status int
		want   string
	}{
		{"no token", nil, []string{"status", "--tls-ca", cert}, 1, "token"},
		{"a wrong token", []string{"RVO_TOKEN=wrong-token-0123456789"}, []string{"status", "--tls-ca", cert}, 1, "token"},
		{"a certificate that nobody vouches for", []string{"RVO_TOKEN=" + full}, []string{"status"}, 1, "tls-ca"},
		{"reading with the token for it", []string{"RVO_TOKEN=" + reading}, []string{"status", "--tls-ca", cert}, 0, "street"},
		{"changing with the token for reading", []string{"RVO_TOKEN=" + reading}, []string{"disable", "motion", "--tls-ca", cert}, 1, "read"},
		{"changing with the full token", []string{"MINE=" + full}, []string{"disable", "motion", "--tls-ca", cert, "--token", "${MINE}"}, 0, ""},
		{"the token in a file", nil, []string{"enable", "motion", "--tls-ca", cert, "--token-file", file}, 0, ""},
		{"the token on the command line", nil, []string{"status", "--tls-ca", cert, "--token", full}, 2, "write '${NAME}'"},
		{"no TLS", []string{"RVO_TOKEN=" + full}, []string{"status", "--no-tls"}, 1, ""},
	} {
		out, problem, status := d.as(c.env, append(c.args, "--addr", addr)...)
		if status != c.status || !strings.Contains(out+problem, c.want) {
			t.Errorf("%s: status %d, %q, %q; want %d and %q", c.name, status, tail(out), problem, c.status, c.want)
		}
		for _, secret := range []string{full, reading, "wrong-token"} {
			if strings.Contains(out+problem, secret) {
				t.Errorf("%s: a token is shown: %q, %q", c.name, out, problem)
			}
		}
	}

	x := newTerminal(t, 120, 40)
	x.connect("RVO_TOKEN="+reading, addr, "--tls-ca", cert)
	x.sees("(read-only)")
	x.sees("motion   running")
	x.keys("Space")
	x.sees("read-only: this token cannot change anything")
	title, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", x.pid()))
	if err != nil || bytes.Contains(title, []byte(reading)) {
		t.Errorf("the command line that everybody can read is %q, %v", title, err)
	}
	x.keys("q")
	x.restored()
	x.text("clear")
	x.keys("Enter")
	x.connect("RVO_TOKEN=wrong-token-0123456789", addr, "--tls-ca", cert)
	x.sees("ended 1") // it says so at once, rather than trying for ever
	d.stop()
	for _, secret := range []string{full, reading, "wrong-token"} {
		if strings.Contains(d.stderr.String()+d.stdout.String(), secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
}
