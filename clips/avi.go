package clips

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"iter"
	"math"
	"os"
	"time"
)

// AVI is the Encoder that needs nothing but Go: it stores the JPEG pictures as
// they are, as a Motion JPEG movie in an AVI file. Every player has it; browsers
// do not. Its zero value is ready.
type AVI struct{}

// maxAVI is where the offsets of a plain AVI file end for old players.
const maxAVI = 1 << 30

// Where the header, which is of fixed size, has what Verify looks at.
const (
	aviRiffSize    = 4
	aviTotalFrames = 48
	aviScale       = 128 // and the rate behind it
	aviLength      = 140
	aviMoviSize    = 216
	aviHeader      = 224 // its size, up to and with "movi"
)

// Ext returns ".avi".
func (AVI) Ext() string { return ".avi" }

// Encode writes the movie, as Encoder says.
func (AVI) Encode(ctx context.Context, path string, fps float64, frames iter.Seq2[[]byte, int]) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	if err := writeAVI(ctx, file, fps, frames); err != nil {
		file.Close()
		return fmt.Errorf("write AVI: %w", err)
	}
	return file.Close()
}

func writeAVI(ctx context.Context, file io.WriteSeeker, fps float64, frames iter.Seq2[[]byte, int]) error {
	out := bufio.NewWriterSize(file, 1<<16)
	var index []byte
	var width, height, count, largest int
	offset := uint32(4) // index offsets count from "movi"
	for pic, repeat := range frames {
		if err := ctx.Err(); err != nil {
			return err
		}
		if count == 0 {
			size, err := jpeg.DecodeConfig(bytes.NewReader(pic))
			if err != nil {
				return err
			}
			width, height = size.Width, size.Height
			if _, err := out.Write(make([]byte, aviHeader)); err != nil {
				return err
			}
		}
		padded := len(pic) + len(pic)&1
		largest = max(largest, padded)
		chunk := binary.LittleEndian.AppendUint32([]byte("00dc"), uint32(len(pic)))
		for range repeat {
			if int(offset)+padded > maxAVI {
				return errors.New("the movie exceeds 1 GiB; lower clips.max_width or clips.fps")
			}
			if _, err := out.Write(chunk); err != nil {
				return err
			}
			if _, err := out.Write(pic); err != nil {
				return err
			}
			if padded > len(pic) {
				if err := out.WriteByte(0); err != nil {
					return err
				}
			}
			const keyFrame = 0x10
			index = append(index, "00dc"...)
			index = binary.LittleEndian.AppendUint32(index, keyFrame)
			index = binary.LittleEndian.AppendUint32(index, offset)
			index = binary.LittleEndian.AppendUint32(index, uint32(len(pic)))
			offset += uint32(8 + padded)
			count++
		}
	}
	if count == 0 {
		return errors.New("no pictures")
	}
	if _, err := out.Write(binary.LittleEndian.AppendUint32([]byte("idx1"), uint32(len(index)))); err != nil {
		return err
	}
	if _, err := out.Write(index); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := file.Write(aviHead(fps, width, height, count, largest, offset, len(index)))
	return err
}

// aviHead returns the header of a movie whose chunk list is movi bytes long.
func aviHead(fps float64, width, height, count, largest int, movi uint32, index int) []byte {
	const scale = 1000
	rate := uint32(math.Round(fps * scale))
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
	num(56, uint32(math.Round(1e6/fps)), uint32(math.Ceil(float64(largest)*fps)), 0, hasIndex, uint32(count), 0, 1, uint32(largest),
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

// Verify reads a file that Encode wrote to its end: every size and every index
// entry must agree with what is there, every picture must begin and end as a
// JPEG file does, and the first and the last one must decode.
func (AVI) Verify(ctx context.Context, path string) (frames int, duration time.Duration, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, 0, err
	}
	frames, duration, err = readAVI(ctx, file, info.Size())
	if err != nil {
		return frames, duration, fmt.Errorf("read AVI: %w", err)
	}
	return frames, duration, nil
}

func readAVI(ctx context.Context, file io.ReaderAt, size int64) (int, time.Duration, error) {
	head := make([]byte, aviHeader)
	if _, err := file.ReadAt(head, 0); err != nil {
		return 0, 0, errors.New("the header is cut short")
	}
	num := func(at int) uint32 { return binary.LittleEndian.Uint32(head[at:]) }
	if string(head[:4]) != "RIFF" || string(head[8:16]) != "AVI LIST" || string(head[aviMoviSize-4:aviMoviSize]) != "LIST" || string(head[aviHeader-4:]) != "movi" {
		return 0, 0, errors.New("not a movie of this program")
	}
	count, movi, scale, rate := int64(num(aviTotalFrames)), int64(num(aviMoviSize)), num(aviScale), num(aviScale+4)
	if int64(num(aviRiffSize))+8 != size || int64(num(aviLength)) != count || rate == 0 || count == 0 || movi < 4 {
		return 0, 0, errors.New("the file is not as long as its header says")
	}
	indexAt := aviHeader - 4 + movi
	if indexAt+8+16*count != size {
		return 0, 0, errors.New("the index is not as long as the header says")
	}
	index := make([]byte, 8+16*count)
	if _, err := file.ReadAt(index, indexAt); err != nil {
		return 0, 0, err
	}
	if string(index[:4]) != "idx1" || int64(binary.LittleEndian.Uint32(index[4:])) != 16*count {
		return 0, 0, errors.New("the index is missing")
	}
	next := int64(4)
	for n := range count {
		if err := ctx.Err(); err != nil {
			return int(n), 0, err
		}
		entry := index[8+16*n:]
		at, length := int64(binary.LittleEndian.Uint32(entry[8:])), int64(binary.LittleEndian.Uint32(entry[12:]))
		if at != next || length < 4 || at+8+length > movi {
			return int(n), 0, fmt.Errorf("picture %d is not where the index says", n+1)
		}
		next = at + 8 + length + length&1
		if err := checkPicture(file, aviHeader-4+at, length, n == 0 || n == count-1); err != nil {
			return int(n), 0, fmt.Errorf("picture %d: %w", n+1, err)
		}
	}
	return int(count), time.Duration(float64(count) * float64(scale) / float64(rate) * float64(time.Second)), nil
}

// checkPicture reads one chunk of the movie; decode also decodes it.
func checkPicture(file io.ReaderAt, at, length int64, decode bool) error {
	chunk := make([]byte, 8+length)
	if _, err := file.ReadAt(chunk, at); err != nil {
		return err
	}
	pic := chunk[8:]
	if string(chunk[:4]) != "00dc" || int64(binary.LittleEndian.Uint32(chunk[4:])) != length ||
		!bytes.HasPrefix(pic, []byte{0xff, 0xd8}) || !bytes.HasSuffix(pic, []byte{0xff, 0xd9}) {
		return errors.New("it is damaged")
	}
	if !decode {
		return nil
	}
	_, err := jpeg.Decode(bytes.NewReader(pic))
	return err
}
