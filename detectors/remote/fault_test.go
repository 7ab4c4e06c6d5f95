package remote

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"rvo-tui/detectors"
	detectv1 "rvo-tui/proto/rvo/detect/v1"
)

func answers(code codes.Code, text string) detect {
	return func(context.Context, *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
		return nil, status.Error(code, text)
	}
}

func number(v float64) detect {
	return says(&detectv1.SignalOut{SignalType: "person", Number: &v})
}

func boxed(d *detectv1.Detection) detect {
	return says(&detectv1.SignalOut{SignalType: "person", Detections: []*detectv1.Detection{d}})
}

func TestFailures(t *testing.T) {
	const soon, late = time.Minute, 100 * time.Millisecond
	for _, c := range []struct {
		name     string
		endpoint func(t *testing.T) string
		within   time.Duration
		want     detectors.Reason
		text     string
	}{
		{"refused", func(t *testing.T) string { l := loopback(t); _ = l.Close(); return l.Addr().String() }, soon, ReasonRefused, "start the service"},
		{"no socket", func(t *testing.T) string { e, _ := socket(t); return e }, soon, ReasonRefused, "start the service"},
		{"no such host", func(*testing.T) string { return "no-such-host.invalid:1" }, soon, ReasonUnreachable, "no-such-host.invalid"},
		{"accepts and is silent", func(t *testing.T) string {
			return accept(t, func(_ net.Conn, done <-chan struct{}) { <-done })
		}, late, detectors.ReasonTimeout, "in time"},
		{"never answers", func(t *testing.T) string {
			return serve(t, func(ctx context.Context, _ *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			})
		}, late, detectors.ReasonTimeout, "raise timeout"},
		{"answers late", func(t *testing.T) string {
			return serve(t, func(ctx context.Context, _ *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
				<-ctx.Done()
				return &detectv1.DetectResponse{Signals: []*detectv1.SignalOut{{SignalType: "person", Value: 1}}}, nil
			})
		}, late, detectors.ReasonTimeout, "raise timeout"},
		{"closes at once", func(t *testing.T) string {
			return accept(t, func(net.Conn, <-chan struct{}) {})
		}, soon, ReasonReset, "check the service"},
		{"resets at once", func(t *testing.T) string {
			return accept(t, func(c net.Conn, _ <-chan struct{}) {
				if tc, ok := c.(*net.TCPConn); ok {
					_ = tc.SetLinger(0)
				}
			})
		}, soon, ReasonReset, "check the service"},
		{"dies during the call", func(t *testing.T) string {
			dying := make(chan *grpc.Server, 1)
			l := loopback(t)
			dying <- listen(t, l, func(ctx context.Context, _ *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
				go (<-dying).Stop()
				<-ctx.Done()
				return nil, ctx.Err()
			})
			return l.Addr().String()
		}, soon, ReasonReset, "check the service"},
		{"another protocol", func(t *testing.T) string {
			return accept(t, func(c net.Conn, done <-chan struct{}) {
				_, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2 and more than a frame's header\r\n"+strings.Repeat("\xff", 100))
				<-done
			})
		}, soon, ReasonGarbage, "not from a model service"},
		{"web server", func(t *testing.T) string {
			s := httptest.NewServer(http.NotFoundHandler())
			t.Cleanup(s.Close)
			return s.URL
		}, soon, ReasonGarbage, "not from a model service"},
		{"web server of HTTP/2", func(t *testing.T) string {
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "<html>")
			}))
			s.Config.Protocols = new(http.Protocols)
			s.Config.Protocols.SetUnencryptedHTTP2(true)
			s.Start()
			t.Cleanup(s.Close)
			return s.URL
		}, soon, ReasonGarbage, "not from a model service"},
		{"garbage", func(t *testing.T) string {
			return serve(t, nil, bare(func(string, []byte) []byte { return []byte("\x0a\xff\xff\xff\xff\x0f hello") })...)
		}, soon, ReasonGarbage, "not from a model service"},
		{"10 MiB", func(t *testing.T) string {
			return serve(t, nil, bare(func(string, []byte) []byte { return make([]byte, 10<<20) })...)
		}, soon, ReasonLarge, "correct the service"},
		{"frame too large", func(t *testing.T) string {
			return serve(t, says(), grpc.MaxRecvMsgSize(100))
		}, soon, ReasonLarge, "max_width"},
		{"no detector", func(t *testing.T) string { return serve(t, nil) }, soon, ReasonNoService, "rvo.detect.v1.Detector"},
		{"wrong token", func(t *testing.T) string { return serve(t, answers(codes.Unauthenticated, "who?")) }, soon, ReasonUnauthorized, "set token"},
		{"own error", func(t *testing.T) string {
			return serve(t, answers(codes.Internal, "no \x1b[31mweights\u202e\n"+strings.Repeat("x", 9999)))
		}, soon, ReasonService, "no [31mweights xxx"},
		{"overload", func(t *testing.T) string { return serve(t, answers(codes.Unavailable, "busy")) }, soon, ReasonService, "busy"},
		{"own error that reads like a broken connection", func(t *testing.T) string {
			return serve(t, answers(codes.Unavailable, "overloaded: connection closed by the backend"))
		}, soon, ReasonService, "answered Unavailable: overloaded"},
		{"own error that reads like garbage", func(t *testing.T) string {
			return serve(t, answers(codes.Internal, "backend: grpc: no such tensor"))
		}, soon, ReasonService, "answered Internal: backend"},
		{"own deadline, long before ours", func(t *testing.T) string {
			return serve(t, answers(codes.DeadlineExceeded, "backend took too long"))
		}, soon, ReasonService, "answered DeadlineExceeded: backend"},
		{"deadline, told by the service", func(t *testing.T) string {
			return serve(t, answers(codes.DeadlineExceeded, "context deadline exceeded"))
		}, deadlineMargin, detectors.ReasonTimeout, "raise timeout"},
		{"unknown signal", func(t *testing.T) string {
			return serve(t, says(&detectv1.SignalOut{SignalType: "cat\x1b", Value: 1}))
		}, soon, ReasonSignal, `"cat"`},
		{"signal without a name", func(t *testing.T) string { return serve(t, says(&detectv1.SignalOut{Value: 1})) }, soon, ReasonSignal, "without a name"},
		{"NaN", func(t *testing.T) string { return serve(t, number(math.NaN())) }, soon, ReasonNaN, "NaN"},
		{"infinite", func(t *testing.T) string { return serve(t, number(math.Inf(1))) }, soon, ReasonNaN, "Inf"},
		{"negative", func(t *testing.T) string { return serve(t, number(-0.5)) }, soon, ReasonNegative, "-0.5"},
		{"negative, wrapped", func(t *testing.T) string {
			return serve(t, says(&detectv1.SignalOut{SignalType: "person", Value: math.MaxUint64}))
		}, soon, ReasonNegative, "-1"},
		{"score not a number", func(t *testing.T) string {
			return serve(t, boxed(&detectv1.Detection{Score: float32(math.NaN())}))
		}, soon, ReasonNaN, "score"},
		{"box in pixels", func(t *testing.T) string {
			return serve(t, boxed(&detectv1.Detection{Label: "cat", Box: &detectv1.Box{X: 320, Y: 20, W: 64, H: 80}}))
		}, soon, ReasonBox, "320,20"},
		{"too many detections", func(t *testing.T) string {
			return serve(t, says(&detectv1.SignalOut{SignalType: "person", Detections: make([]*detectv1.Detection, MaxDetections+1)}))
		}, soon, ReasonLarge, "1001"},
		{"plaintext where TLS is wanted", func(t *testing.T) string { return "https://" + serve(t, says()) }, soon, ReasonTLS, "speaks TLS"},
		{"unknown authority", func(t *testing.T) string {
			cert, _ := certificate(t)
			return "https://" + serve(t, says(), grpc.Creds(credentials.NewServerTLSFromCert(&cert)))
		}, soon, ReasonTLS, "tls_ca"},
		{"TLS where none is wanted", func(t *testing.T) string {
			cert, _ := certificate(t)
			return serve(t, says(), grpc.Creds(credentials.NewServerTLSFromCert(&cert)))
		}, soon, ReasonReset, "https://"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := pool(t)
			d := detector(t, p, detectors.Config{Options: Options{Connection: Connection{Endpoint: c.endpoint(t)}}})
			out, err := d.Detect(within(t, c.within), testFrame(t, 64, 48, nil))
			if err == nil {
				t.Fatalf("answered %v", out)
			}
			if got := detectors.ReasonOf(err); got != c.want {
				t.Errorf("reason %q, want %q: %v", got, c.want, err)
			}
			if !strings.Contains(err.Error(), c.text) || !strings.HasPrefix(err.Error(), "detect at "+d.client.conn.endpoint.String()+": ") {
				t.Errorf("text %q lacks %q", err, c.text)
			}
			if len(err.Error()) > 1000 || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x202e }) {
				t.Errorf("text is not clean: %q", err)
			}
		})
	}
}

func TestCanceledCallIsNoFault(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p, _ := pool(t)
	d := detector(t, p, detectors.Config{
		Options: Options{Connection: Connection{Endpoint: serve(t, func(call context.Context, _ *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
			cancel()
			<-call.Done()
			return nil, call.Err()
		})}},
	})
	if _, err := d.Detect(ctx, testFrame(t, 64, 48, nil)); detectors.ReasonOf(err) != detectors.ReasonCanceled {
		t.Error(err)
	}
}

// until repeats the call whenever the connection changes, until it succeeds.
func until(t *testing.T, d *Detector) {
	t.Helper()
	ctx, frame := within(t, 30*time.Second), testFrame(t, 64, 48, nil)
	for {
		state := d.client.conn.grpc.GetState()
		_, err := d.Detect(ctx, frame)
		if err == nil {
			return
		}
		if state == connectivity.Idle || state == connectivity.Ready {
			continue
		}
		if !d.client.conn.grpc.WaitForStateChange(ctx, state) {
			t.Fatalf("does not heal: %v", err)
		}
	}
}

func TestServiceThatDiesAndReturns(t *testing.T) {
	endpoint, open := socket(t)
	p, _ := pool(t)
	d := detector(t, p, detectors.Config{Options: Options{Connection: Connection{Endpoint: endpoint}}})
	frame := testFrame(t, 64, 48, nil)
	for range 2 {
		s := listen(t, open(), says())
		until(t, d)
		s.Stop()
		// The first call may still hit the breaking connection.
		_, err := d.Detect(within(t, 20*time.Second), frame)
		if detectors.ReasonOf(err) == ReasonReset {
			_, err = d.Detect(within(t, 20*time.Second), frame)
		}
		if got := detectors.ReasonOf(err); got != ReasonRefused {
			t.Errorf("of a dead service: %q: %v", got, err)
		}
	}
}

func TestDeadServiceCostsNoEncoding(t *testing.T) {
	endpoint, _ := socket(t)
	p, _ := pool(t)
	d := detector(t, p, detectors.Config{Options: Options{Connection: Connection{Endpoint: endpoint}}})
	if _, err := d.Detect(within(t, 20*time.Second), testFrame(t, 64, 48, nil)); detectors.ReasonOf(err) != ReasonRefused {
		t.Fatal(err)
	}
	frame := testFrame(t, 64, 48, func([]byte, int, int, int, int) ([]byte, error) {
		t.Error("a frame was encoded needlessly")
		return nil, io.EOF
	})
	ctx := within(t, 20*time.Second)
	for state := d.client.conn.grpc.GetState(); state != connectivity.TransientFailure; state = d.client.conn.grpc.GetState() {
		if !d.client.conn.grpc.WaitForStateChange(ctx, state) {
			t.Fatal("the connection does not fail")
		}
	}
	if _, err := d.Detect(ctx, frame); detectors.ReasonOf(err) != ReasonRefused {
		t.Error(err)
	}
}

func TestTLSAndToken(t *testing.T) {
	cert, ca := certificate(t)
	endpoint := "https://" + serve(t, func(ctx context.Context, _ *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		if got := md.Get("authorization"); len(got) != 1 || got[0] != "Bearer s3cret" {
			return nil, status.Error(codes.Unauthenticated, "wrong token")
		}
		return &detectv1.DetectResponse{}, nil
	}, grpc.Creds(credentials.NewServerTLSFromCert(&cert)))
	p, log := pool(t)
	good := detector(t, p, detectors.Config{Options: Options{Connection: Connection{Endpoint: endpoint, TLSCA: ca, Token: "s3cret"}}})
	bad := detector(t, p, detectors.Config{Options: Options{Connection: Connection{Endpoint: endpoint, TLSCA: ca, Token: "0ther"}}})
	frame := testFrame(t, 64, 48, nil)
	if _, err := good.Detect(within(t, 20*time.Second), frame); err != nil {
		t.Error(err)
	}
	_, err := bad.Detect(within(t, 20*time.Second), frame)
	if detectors.ReasonOf(err) != ReasonUnauthorized || strings.Contains(err.Error(), "0ther") {
		t.Error(err)
	}
	if bytes.Contains(log.Bytes(), []byte("unencrypted")) {
		t.Errorf("warned of an encrypted connection: %s", log)
	}
}

// When the file of authorities has changed, a detector that is opened again trusts the new ones,
// also while others have the connection that trusts the old ones.
func TestReplacedCA(t *testing.T) {
	_, ca := certificate(t)
	cert, renewed := certificate(t)
	endpoint := "https://" + serve(t, says(), grpc.Creds(credentials.NewServerTLSFromCert(&cert)))
	p, _ := pool(t)
	cfg := detectors.Config{Options: Options{Connection: Connection{Endpoint: endpoint, TLSCA: ca}}}
	yard, door := detector(t, p, cfg), detector(t, p, cfg)
	frame := testFrame(t, 64, 48, nil)
	for _, d := range []*Detector{yard, door} {
		if _, err := d.Detect(within(t, 20*time.Second), frame); detectors.ReasonOf(err) != ReasonTLS {
			t.Errorf("error %v, want one of reason %s", err, ReasonTLS)
		}
	}
	if err := os.Rename(renewed, ca); err != nil {
		t.Fatal(err)
	}
	if err := yard.Close(); err != nil {
		t.Fatal(err)
	}
	again := detector(t, p, cfg)
	if _, err := again.Detect(within(t, 20*time.Second), frame); err != nil {
		t.Error(err)
	}
	if err := errors.Join(door.Close(), again.Close()); err != nil || len(p.conns) != 0 {
		t.Errorf("%d connections are left (%v)", len(p.conns), err)
	}
}

func TestMissingCA(t *testing.T) {
	p, _ := pool(t)
	empty := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{empty, empty + "x"} {
		if _, err := New(p, detectors.Config{Name: "a", Options: Options{Connection: Connection{Endpoint: "https://h", TLSCA: file}}}); err == nil || !strings.Contains(err.Error(), "tls_ca") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// certificate makes a certificate for 127.0.0.1 and a file to trust it.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}
