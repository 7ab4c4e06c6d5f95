package mjpeg

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rvo-tui/capture"
)

func TestSelfSignedCertificate(t *testing.T) {
	pic := jpegOf(t, 32, 16, red)
	logins := 0
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		logins++
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=x")
		w.Write(append([]byte("--x\r\n\r\n"), pic...))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	address := strings.Replace(s.URL, "://", "://ann:hunter22@", 1)
	pin := capture.PinOf(sha256.Sum256(s.Certificate().Raw))
	for trust, want := range map[capture.Trust]error{
		capture.TrustVerify:               capture.ErrUntrusted,
		capture.PinOf(sha256.Sum256(nil)): capture.ErrUntrusted,
		capture.TrustInsecure:             nil,
		pin:                               nil,
	} {
		cfg := httpConfig(20 * time.Second)
		cfg.TLS = trust
		logins = 0
		src, err := openURL(t, cfg, address)
		switch {
		case !errors.Is(err, want):
			t.Errorf("tls = %q: %v, want %v", trust, err, want)
		case want != nil && (!strings.Contains(err.Error(), string(pin)) || strings.Contains(err.Error(), "hunter22")):
			t.Errorf("tls = %q: %v, want the pin and no password", trust, err)
		case want != nil && logins != 0:
			t.Errorf("tls = %q: %d requests reached a server that is not trusted", trust, logins)
		case want == nil:
			if _, p := grab(t, src); !isRed(p) {
				t.Errorf("tls = %q: first pixel %v", trust, p)
			}
		}
	}
}
