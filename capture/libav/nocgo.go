//go:build !cgo

package libav

import (
	"context"
	"fmt"
	"image"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
)

// Library decodes MJPEG and converts in Go. Everything else returns ErrBuiltWithout.
type Library struct{}

// New returns the library.
func New(Options) *Library { return &Library{} }

// Version returns "".
func Version() string { return "" }

// OpenFile returns ErrBuiltWithout and capture.ErrUnsupported.
func (*Library) OpenFile(_ context.Context, _ capture.Config, addr capture.Address) (capture.PacketSource, error) {
	return nil, fmt.Errorf("open file %q: %w: %w", addr.Path, capture.ErrUnsupported, ErrBuiltWithout)
}

// OpenStream returns ErrBuiltWithout and capture.ErrUnsupported.
func (*Library) OpenStream(_ context.Context, _ capture.Config, addr capture.Address) (capture.PacketSource, error) {
	return nil, fmt.Errorf("open stream %s: %w: %w", text.Redact(addr.URL), capture.ErrUnsupported, ErrBuiltWithout)
}

// OpenDecoder decodes MJPEG in Go. Other codecs return ErrBuiltWithout and
// capture.ErrUnsupported.
func (*Library) OpenDecoder(t *capture.Track, _ capture.Config) (capture.Decoder, error) {
	if t.Codec == capture.MJPEG {
		return jpegDecoder{}, nil
	}
	return nil, fmt.Errorf("decode %s: %w: %w", t.Codec, capture.ErrUnsupported, ErrBuiltWithout)
}

// Convert is capture.ConvertPacked.
func (*Library) Convert(dst, pix []byte, width, height int, t capture.Target) error {
	return capture.ConvertPacked(dst, pix, width, height, t)
}

// EncodeJPEG is capture.EncodeJPEG.
func (*Library) EncodeJPEG(pix []byte, width, height, outWidth, outHeight int) ([]byte, error) {
	return capture.EncodeJPEG(pix, width, height, outWidth, outHeight)
}

// RedrawJPEG is capture.RedrawJPEG.
func (*Library) RedrawJPEG(file []byte, draw func(*image.YCbCr)) ([]byte, error) {
	return capture.RedrawJPEG(file, draw)
}
