package clips

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"os"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/fileio"
)

// Read implements Muxer. It checks that every size and index entry matches the file's
// content, that every frame has the start and end markers of JPEG, and that the first
// and the last frame decode.
func (AVI) Read(path string) (capture.Movie, error) {
	file, err := fileio.Open(path, os.O_RDONLY, 0)
	if err != nil {
		return capture.Movie{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return capture.Movie{}, err
	}
	movie, err := readAVI(file, info.Size(), nil)
	if err != nil {
		return movie, fmt.Errorf("read AVI: %w", err)
	}
	return movie, nil
}

// Frames implements Muxer. The frames are returned as stored.
func (AVI) Frames(path string, _ int, yield func(at time.Duration, jpeg []byte) bool) error {
	file, err := fileio.Open(path, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	_, err = readAVI(file, info.Size(), yield)
	return err
}

// readAVI reads a file of aviWriter to its end, or until yield returns false. yield may
// be nil.
func readAVI(file io.ReaderAt, size int64, yield func(at time.Duration, jpeg []byte) bool) (movie capture.Movie, err error) {
	head := make([]byte, aviHeader)
	if _, err := file.ReadAt(head, 0); err != nil {
		return movie, errors.New("the header is cut short")
	}
	num := func(at int) int64 { return int64(binary.LittleEndian.Uint32(head[at:])) }
	if string(head[:4]) != "RIFF" || string(head[8:16]) != "AVI LIST" || string(head[aviMoviSize-4:aviMoviSize]) != "LIST" || string(head[aviHeader-4:]) != "movi" {
		return movie, errors.New("the file was not written by this program")
	}
	count, movi, scale, rate := num(aviTotalFrames), num(aviMoviSize), num(aviScale), num(aviScale+4)
	if num(aviRiffSize)+8 != size || num(aviLength) != count || rate == 0 || count == 0 || movi < 4 {
		return movie, errors.New("the file is not as long as its header says")
	}
	indexAt := aviHeader - 4 + movi
	if indexAt+8+16*count != size {
		return movie, errors.New("the index is not as long as the header says")
	}
	index := make([]byte, 8+16*count)
	if _, err := file.ReadAt(index, indexAt); err != nil {
		return movie, err
	}
	if string(index[:4]) != "idx1" || int64(binary.LittleEndian.Uint32(index[4:])) != 16*count {
		return movie, errors.New("the index is missing")
	}
	at := func(n int64) time.Duration {
		return time.Duration(float64(n) * float64(scale) / float64(rate) * float64(time.Second))
	}
	movie = capture.Movie{Codec: capture.MJPEG, Width: int(num(aviWidth)), Height: int(num(aviWidth + 4)), Duration: at(count)}
	next := int64(4)
	for n := range count {
		entry := index[8+16*n:]
		offset, length := int64(binary.LittleEndian.Uint32(entry[8:])), int64(binary.LittleEndian.Uint32(entry[12:]))
		if offset != next || offset+8+length > movi {
			return movie, fmt.Errorf("frame %d is not where the index says", n+1)
		}
		next = offset + 8 + length + length&1
		data, err := readChunk(file, aviHeader-4+offset, length)
		if err == nil && n == 0 && length == 0 {
			err = errors.New("it is missing")
		}
		if err == nil && (n == 0 || n == count-1) && length > 0 {
			_, err = jpeg.Decode(bytes.NewReader(data))
		}
		if err != nil {
			return movie, fmt.Errorf("frame %d: %w", n+1, err)
		}
		if length == 0 {
			continue
		}
		movie.Times = append(movie.Times, at(n))
		movie.KeyFrames++
		if yield != nil && !yield(at(n), data) {
			return movie, nil
		}
	}
	return movie, nil
}

// readChunk reads one slot of the grid.
func readChunk(file io.ReaderAt, at, length int64) ([]byte, error) {
	chunk := make([]byte, 8+length)
	if _, err := file.ReadAt(chunk, at); err != nil {
		return nil, err
	}
	data := chunk[8:]
	if string(chunk[:4]) != "00dc" || int64(binary.LittleEndian.Uint32(chunk[4:])) != length ||
		length > 0 && (!bytes.HasPrefix(data, []byte{0xff, 0xd8}) || !bytes.HasSuffix(data, []byte{0xff, 0xd9})) {
		return nil, errors.New("it is damaged")
	}
	return data, nil
}
