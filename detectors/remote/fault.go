package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
)

// Reasons for failures of a remote detector, in addition to those common to all kinds.
const (
	ReasonRefused      detectors.Reason = "refused"      // connection refused: no service listens at the endpoint
	ReasonUnreachable  detectors.Reason = "unreachable"  // unknown host name, or no route to it
	ReasonTLS          detectors.Reason = "tls"          // the TLS handshake failed
	ReasonReset        detectors.Reason = "reset"        // the connection broke during the call
	ReasonGarbage      detectors.Reason = "garbage"      // the response violates the protocol
	ReasonLarge        detectors.Reason = "large"        // request or response beyond its size limit
	ReasonUnauthorized detectors.Reason = "unauthorized" // token missing or wrong
	ReasonNoService    detectors.Reason = "no_service"   // a gRPC server without the service
	ReasonService      detectors.Reason = "service"      // the service returned an error
	ReasonSignal       detectors.Reason = "signal"       // the response has only other signals
	ReasonNaN          detectors.Reason = "nan"          // a value, score or box is not a number
	ReasonNegative     detectors.Reason = "negative"     // a value is below 0
	ReasonBox          detectors.Reason = "box"          // a box is far outside the frame
)

func fault(reason detectors.Reason, format string, args ...any) *detectors.Error {
	return &detectors.Error{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// deadlineMargin is how early a service may report that a call's deadline has passed,
// since it measures the time itself.
const deadlineMargin = 100 * time.Millisecond

// failure determines the reason of a failed call. said means that the service returned
// err. For other errors gRPC reports connection problems only as text, so some cases
// depend on the text.
func (c *Client) failure(ctx context.Context, err error, said bool) *detectors.Error {
	st := status.Convert(err)
	text := text.Clean(st.Message())
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(text, p) {
				return true
			}
		}
		return false
	}
	ended := ctx.Err()
	switch code := st.Code(); {
	case errors.Is(ended, context.Canceled):
		return fault(detectors.ReasonCanceled, "call was canceled")
	case errors.Is(ended, context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded), code == codes.DeadlineExceeded && !(said && early(ctx)):
		if f := c.conn.dialFault(); f != nil {
			return f
		}
		return fault(detectors.ReasonTimeout, "no answer in time: check the service, or raise timeout")
	case code == codes.ResourceExhausted && has("larger than max"):
		if said {
			return fault(ReasonLarge, "frame is too large for the service: %s, or configure it to accept larger messages: %s", c.words.Shrink, text)
		}
		return fault(ReasonLarge, "answer is too large: correct the service: %s", text)
	case code == codes.Unauthenticated, code == codes.PermissionDenied:
		return fault(ReasonUnauthorized, "service rejects the token: set token: %s", text)
	case code == codes.Unimplemented:
		return fault(ReasonNoService, "the server has no service %s: correct endpoint or the service: %s", c.words.Service, text)
	case said:
	case code == codes.Unavailable && has("connection error: desc", "Error while dialing", "server preface"):
		return c.conn.broken(text, has)
	case code == codes.Unavailable && has("error reading from server", "closing transport", "transport is closing", "draining", "connection closed", "broken pipe", "reset by peer"):
		if has("http2:", "frame") {
			return garbage(text)
		}
		return fault(ReasonReset, "connection broke: check the service: %s", text)
	case has("grpc: failed to unmarshal", "unexpected HTTP status code", "unexpected content-type", "malformed header", "PROTOCOL_ERROR", "FRAME_SIZE_ERROR", "COMPRESSION_ERROR"),
		code == codes.Internal && has("grpc: "):
		return garbage(text)
	case has("RST_STREAM"):
		return fault(ReasonReset, "call was aborted: check the service: %s", text)
	}
	return fault(ReasonService, "service answered %s: %s", st.Code(), text)
}

// early reports whether the deadline of a call is still far away.
func early(ctx context.Context) bool {
	end, ok := ctx.Deadline()
	return !ok || time.Until(end) > deadlineMargin
}

func garbage(text string) *detectors.Error {
	return fault(ReasonGarbage, "the response is not from a model service: check that a gRPC service listens there, and whether it uses TLS: %s", text)
}

// broken returns why there is no connection.
func (c *conn) broken(text string, has func(...string) bool) *detectors.Error {
	if f := c.dialFault(); f != nil {
		return f
	}
	switch {
	case has("within timeout", "deadline exceeded", "i/o timeout"):
		return fault(detectors.ReasonTimeout, "no connection in time: check the service")
	case has("http2:", "frame"):
		return garbage(text)
	}
	if !c.endpoint.TLS && c.endpoint.Network == "tcp" {
		return fault(ReasonReset, "connection broke at the start: check the service, or write https:// if it uses TLS: %s", text)
	}
	return fault(ReasonReset, "connection broke at the start: check the service: %s", text)
}

// dialFault returns why the last dial or handshake failed, or nil.
func (c *conn) dialFault() *detectors.Error {
	p := c.fault.Load()
	if p == nil {
		return nil
	}
	var handshake *handshakeError
	var name *net.DNSError
	var timeout net.Error
	switch err := *p; {
	case errors.As(err, &handshake):
		return fault(ReasonTLS, "no encrypted connection: check the certificate, tls_ca and whether the service speaks TLS: %s", text.Clean(err.Error()))
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, os.ErrNotExist):
		return fault(ReasonRefused, "connection refused: start the service, or correct endpoint")
	case errors.Is(err, syscall.ECONNRESET):
		return fault(ReasonReset, "connection broke at the start: check the service: %s", text.Clean(err.Error()))
	case errors.As(err, &name):
		return fault(ReasonUnreachable, "host %q has no address: correct endpoint", text.Clean(name.Name))
	case errors.As(err, &timeout) && timeout.Timeout():
		return fault(detectors.ReasonTimeout, "no connection in time: check the service and the network")
	default:
		return fault(ReasonUnreachable, "no connection: %s: check the network, or correct endpoint", text.Clean(err.Error()))
	}
}
