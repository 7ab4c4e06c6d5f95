package clips

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"os"
	"time"

	"golang.org/x/image/draw"

	"rvo-tui/capture"
)

// AVI is a Muxer in pure Go. It stores JPEG frames unchanged, as Motion JPEG in an AVI
// file without sound. Every player plays it; browsers do not. AVI has a constant frame
// rate, so times are rounded to a grid of aviRate slots a second, most of them empty.
// The zero value is ready to use.
type AVI struct{}

// aviRate is the number of slots a second.
const aviRate = 100

// maxAVI is the largest AVI file that old players can address.
const maxAVI = 1 << 30

// Offsets in the header, which has a fixed size, of the fields that Verify checks.
const (
	aviRiffSize    = 4
	aviTotalFrames = 48
	aviWidth       = 64  // followed by the height
	aviScale       = 128 // followed by the rate
	aviLength      = 140
	aviMoviSize    = 216
	aviHeader      = 224 // size of the header, including "movi"
)

// Ext returns ".avi".
func (AVI) Ext() string { return ".avi" }

// Copies reports whether codec is Motion JPEG.
func (AVI) Copies(codec capture.Codec) bool { return codec == capture.MJPEG }

// Create implements Muxer. It accepts only JPEG and leaves sound out.
func (AVI) Create(path string, tracks []capture.MovieTrack) (capture.MovieWriter, error) {
	if codec := tracks[0].First.Track.Codec; codec != capture.MJPEG {
		return nil, fmt.Errorf("write %s as AVI: %w", codec, capture.ErrUnsupported)
	}
	size, err := jpeg.DecodeConfig(bytes.NewReader(tracks[0].First.Data))
	if err != nil {
		return nil, fmt.Errorf("write AVI: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return nil, err
	}
	w := &aviWriter{file: file, out: bufio.NewWriterSize(file, 1<<16), width: size.Width, height: size.Height, offset: 4}
	if _, err := w.out.Write(make([]byte, aviHeader)); err != nil {
		file.Close()
		return nil, fmt.Errorf("write AVI: %w", err)
	}
	return w, nil
}

// aviWriter writes one movie. The header is written last.
type aviWriter struct {
	file          *os.File
	out           *bufio.Writer
	width, height int
	index         []byte
	count         int // slots written so far
	largest       int
	offset        uint32 // of the next chunk, relative to "movi"
	end           int    // slot in which the last frame ends
	err           error
}

// Write implements capture.MovieWriter.
func (w *aviWriter) Write(track int, p *capture.Packet, pts, _, duration time.Duration) error {
	if track != 0 || w.err != nil {
		return w.err
	}
	place := max(w.place(pts), w.count) // the next free slot
	data, err := w.fit(p.Data)
	for err == nil && w.count < place {
		err = w.chunk(nil)
	}
	if err == nil {
		err = w.chunk(data)
	}
	if err != nil {
		w.err = fmt.Errorf("write AVI: %w", err)
	}
	w.end = max(w.count, w.place(pts+duration))
	return w.err
}

func (w *aviWriter) place(at time.Duration) int { return int(math.Round(at.Seconds() * aviRate)) }

// fit scales a frame to the size of the first one if the stream's size has changed.
func (w *aviWriter) fit(data []byte) ([]byte, error) {
	size, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil || size.Width == w.width && size.Height == w.height {
		return data, err
	}
	src, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	dst := image.NewRGBA(image.Rect(0, 0, w.width, w.height))
	draw.ApproxBiLinear.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	err = jpeg.Encode(&out, dst, &jpeg.Options{Quality: capture.JPEGQuality})
	return out.Bytes(), err
}

// chunk fills the next slot. Without data, the previous frame stays on screen.
func (w *aviWriter) chunk(data []byte) error {
	padded := len(data) + len(data)&1
	if int(w.offset)+padded > maxAVI {
		return errors.New("the movie exceeds 1 GiB; lower clips.max_width or clips.fps")
	}
	head := binary.LittleEndian.AppendUint32([]byte("00dc"), uint32(len(data)))
	for _, b := range [][]byte{head, data, make([]byte, padded-len(data))} {
		if _, err := w.out.Write(b); err != nil {
			return err
		}
	}
	flags := uint32(0)
	if len(data) > 0 {
		flags = 0x10 // a key frame
	}
	w.index = append(w.index, "00dc"...)
	for _, v := range []uint32{flags, w.offset, uint32(len(data))} {
		w.index = binary.LittleEndian.AppendUint32(w.index, v)
	}
	w.largest = max(w.largest, padded)
	w.offset += uint32(8 + padded)
	w.count++
	return nil
}

// Close implements capture.MovieWriter.
func (w *aviWriter) Close() error {
	err := w.err
	for err == nil && w.count < w.end {
		err = w.chunk(nil)
	}
	if err == nil && w.count == 0 {
		err = errors.New("write AVI: no frames")
	}
	if err == nil {
		_, err = w.out.Write(append(binary.LittleEndian.AppendUint32([]byte("idx1"), uint32(len(w.index))), w.index...))
	}
	if err == nil {
		err = w.out.Flush()
	}
	if err == nil {
		_, err = w.file.WriteAt(aviHead(w.width, w.height, w.count, w.largest, w.offset, len(w.index)), 0)
	}
	return errors.Join(err, w.file.Close())
}

// Finish implements Muxer. The file is either complete already or unusable.
func (a AVI) Finish(from, to string) error {
	if _, err := a.Read(from); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// aviHead returns the header of a movie whose chunk list has movi bytes.
func aviHead(width, height, count, largest int, movi uint32, index int) []byte {
	const scale = 1000
	const rate = aviRate * scale
	h := make([]byte, 0, aviHeader)
	text := func(s string) { h = append(h, s...) }
	num := func(vs ...uint32) {
		for _, v := range vs {
			h = binary.LittleEndian.AppendUint32(h, v)
		}
	}
	const hasIndex = 0x10
	text("RIFF")
	num(aviHeader - 8 - 4 + movi + 8 + uint32(index))
	text("AVI LIST")
	num(192)
	text("hdrlavih")
	num(56, 1e6/aviRate, uint32(largest*aviRate), 0, hasIndex, uint32(count), 0, 1, uint32(largest),
		uint32(width), uint32(height), 0, 0, 0, 0)
	text("LIST")
	num(116)
	text("strlstrh")
	num(56)
	text("vidsMJPG")
	num(0, 0, 0, scale, rate, 0, uint32(count), uint32(largest), math.MaxUint32, 0, 0, uint32(width)|uint32(height)<<16)
	text("strf")
	num(40, 40, uint32(width), uint32(height), 1|24<<16)
	text("MJPG")
	num(uint32(width*height*3), 0, 0, 0, 0)
	text("LIST")
	num(movi)
	text("movi")
	return h
}
