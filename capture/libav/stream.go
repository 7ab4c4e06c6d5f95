//go:build cgo

package libav

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
)

var errNoStream = errors.New("the server does not send a video stream: check the address")

// Protocols that each scheme may open, in FFmpeg's notation.
var protocols = map[string]string{
	"udp": "udp", "rtp": "rtp,udp", "srt": "srt,udp", "rtmp": "rtmp,tcp", "rtmps": "rtmps,tls,tcp",
}

// OpenStream opens streams other than RTSP and MJPEG: HLS and containers over HTTP,
// RTMP, SRT, and MPEG-TS over UDP and RTP. HTTP requests are made in Go.
func (l *Library) OpenStream(ctx context.Context, cfg capture.Config, addr capture.Address) (capture.PacketSource, error) {
	src, err := l.stream(ctx, cfg, addr.URL)
	if err != nil {
		return nil, fmt.Errorf("open stream %s: %w", text.Redact(addr.URL), err)
	}
	return src, nil
}

func (l *Library) stream(ctx context.Context, cfg capture.Config, address string) (capture.PacketSource, error) {
	began := time.Now()
	o := opening{live: true, noSound: l.noSound, limit: time.Duration(cfg.OpenTimeout), otherwise: errNoStream}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the address is malformed")
	}
	if u.Scheme == "http" || u.Scheme == "https" {
		address, _, _ = strings.Cut(address, "#")
		if o.fetcher, address, err = newFetcher(address, cfg.TLS); err != nil {
			return nil, err
		}
		return open(ctx, address, map[string]string{"http_persistent": "0", "http_multiple": "0"}, o)
	}
	allowed, ok := protocols[u.Scheme]
	if !ok {
		return nil, fmt.Errorf("%w: %s:// addresses", capture.ErrUnsupported, u.Scheme)
	}
	if err := resolve(ctx, u.Hostname(), o.limit); err != nil {
		return nil, err
	}
	o.limit = max(o.limit-time.Since(began), 50*time.Millisecond)
	options := map[string]string{
		"protocol_whitelist": allowed, "fpsprobesize": "2",
		"analyzeduration": fmt.Sprint((o.limit / 2).Microseconds()),
	}
	if u.Scheme == "udp" {
		options["overrun_nonfatal"] = "1"
	}
	return open(ctx, address, options, o)
}

// resolve looks up a host with a time limit. FFmpeg repeats the lookup without one, and
// an unreachable name server must not block a camera's thread.
func resolve(ctx context.Context, host string, limit time.Duration) error {
	if _, err := netip.ParseAddr(host); err == nil || host == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_, err := net.DefaultResolver.LookupHost(ctx, host)
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Errorf("host %q does not exist: check the address", host)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer from the name server within %v (open_timeout): %w", limit, os.ErrDeadlineExceeded)
	case err != nil:
		return fmt.Errorf("look up host %q: %w", host, err)
	}
	return nil
}
