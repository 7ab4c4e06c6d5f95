//go:build cgo

package libav

/*
#cgo CFLAGS: -std=c11 -O2 -Wall -Wno-parentheses
#cgo pkg-config: libavformat libavcodec libavutil libswscale libturbojpeg
#cgo LDFLAGS: -lm
#include <libavformat/avformat.h>
#include <libavutil/error.h>
#include "demux.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"syscall"

	"rvo-tui/capture"
)

// Version returns the version of FFmpeg in use, or "" in a build without FFmpeg.
func Version() string { return C.GoString(C.av_version_info()) }

// Library is the interface to FFmpeg. It is safe for concurrent use.
type Library struct {
	log     *slog.Logger
	noSound bool
	scalers scalers
}

// New returns the library. FFmpeg's own log goes to standard error, which the program
// captures.
func New(o Options) *Library {
	C.rvo_log_install()
	return &Library{log: o.Log, noSound: o.NoSound}
}

// failure converts an error code of libav.
func failure(code C.int) error {
	switch code {
	case C.AVERROR_EOF:
		return io.EOF
	case C.AVERROR_ENCODER_NOT_FOUND:
		return fmt.Errorf("%w by this FFmpeg, which lacks the encoder: for H.264 install one with libx264", capture.ErrUnsupported)
	case C.AVERROR_DECODER_NOT_FOUND, C.AVERROR_DEMUXER_NOT_FOUND, C.AVERROR_PROTOCOL_NOT_FOUND:
		return fmt.Errorf("%w by this build of FFmpeg", capture.ErrUnsupported)
	case C.AVERROR_STREAM_NOT_FOUND:
		return fmt.Errorf("%w: it contains no video", capture.ErrUnsupported)
	case C.AVERROR_EXIT:
		return os.ErrDeadlineExceeded
	}
	if code > -4096 {
		return syscall.Errno(-code)
	}
	var text [C.AV_ERROR_MAX_STRING_SIZE]C.char
	C.av_strerror(code, &text[0], C.size_t(len(text)))
	return errors.New(C.GoString(&text[0]))
}
