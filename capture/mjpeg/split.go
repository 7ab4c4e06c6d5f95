package mjpeg

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"rvo-tui/capture"
)

const (
	maxPart   = 16 << 20 // maximum bytes of one JPEG
	maxHeader = 4 << 10  // maximum bytes between two frames that are searched for headers
	maxOther  = 1 << 20  // maximum bytes at the start that are not JPEG
)

var errPartTooLong = errors.New("the frame is longer than 16 MiB")

// splitter finds JPEG frames in a multipart stream by their own markers. It ignores
// boundaries and lengths: cameras write them with too many dashes, without line breaks,
// wrong or not at all. It skips everything else.
type splitter struct {
	r      *bufio.Reader
	header []byte // the last text before the frame, at most maxHeader bytes
	soi    bool   // the start marker of the next frame has already been read
	other  int    // bytes before the first frame; negative after it
}

// partType finds the content type of a part with video other than JPEG.
var partType = regexp.MustCompile(`(?i)content-type:[ \t]*(video/[a-z0-9.+-]+)`)

var errNoJPEG = fmt.Errorf("a stream without a JPEG in its first MiB is %w: give the address of an MJPEG stream, or use rtsp://", capture.ErrUnsupported)

func newSplitter(r io.Reader) *splitter {
	return &splitter{r: bufio.NewReaderSize(r, 64<<10)}
}

// JPEG markers: the byte after 0xFF.
const (
	markSOI  = 0xD8
	markEOI  = 0xD9
	markDHT  = 0xC4
	markSOS  = 0xDA
	markTEM  = 0x01
	markRST0 = 0xD0
	markRST7 = 0xD7
)

// next appends the next frame to buf[:0] and returns it. A frame cut off by the start
// of another is returned as it is. A frame longer than maxPart gives errPartTooLong,
// after which the splitter continues. Any other error ends the stream.
func (s *splitter) next(buf []byte) ([]byte, error) {
	if err := s.findStart(); err != nil {
		return buf, err
	}
	buf = append(buf[:0], 0xFF, markSOI)
	for {
		mark, err := s.marker(&buf)
		if err != nil {
			return buf, err
		}
		switch {
		case mark == markEOI:
			return append(buf, 0xFF, markEOI), nil
		case mark == markSOI:
			// Some cameras omit the end marker, which decoders need.
			s.soi = true
			return append(buf, 0xFF, markEOI), nil
		case mark == 0 || mark == markTEM || mark >= markRST0 && mark <= markRST7:
			buf = append(buf, 0xFF, mark)
		default:
			buf = append(buf, 0xFF, mark)
			if buf, err = s.segment(buf); err != nil {
				return buf, err
			}
		}
		if len(buf) > maxPart {
			return buf, errPartTooLong
		}
	}
}

// findStart reads up to and including the start of a frame, and keeps the text before
// it.
func (s *splitter) findStart() error {
	s.header = s.header[:0]
	if s.soi {
		s.soi = false
		return nil
	}
	if s.other == 0 {
		begin, err := s.r.Peek(4)
		if err == nil && (bytes.HasPrefix(begin, []byte{0, 0, 0, 1}) || bytes.HasPrefix(begin, []byte{0, 0, 1})) {
			return otherCodec("H.264 or H.265")
		}
	}
	for {
		chunk, err := s.r.ReadSlice(0xFF)
		s.keep(chunk)
		if bad := s.judge(chunk); bad != nil {
			return bad
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return err
		}
		next, err := s.r.Peek(2)
		if err != nil {
			return err
		}
		if next[0] == markSOI && next[1] == 0xFF {
			s.other = -1
			_, err = s.r.Discard(1)
			return err
		}
	}
}

// judge inspects the data before the first frame to find out why there is none.
func (s *splitter) judge(text []byte) error {
	if s.other < 0 {
		return nil
	}
	if m := partType.FindSubmatch(text); m != nil {
		if name := codecName(string(m[1])); name != "" {
			return otherCodec(name)
		}
	}
	if s.other += len(text); s.other > maxOther {
		return errNoJPEG
	}
	return nil
}

func (s *splitter) keep(text []byte) {
	if n := len(text) - maxHeader; n > 0 {
		text = text[n:]
	}
	if n := len(s.header) + len(text) - maxHeader; n > 0 {
		s.header = append(s.header[:0], s.header[n:]...)
	}
	s.header = append(s.header, text...)
}

// marker appends the data before the next marker to the frame and returns the second
// byte of the marker.
func (s *splitter) marker(buf *[]byte) (byte, error) {
	for {
		chunk, err := s.r.ReadSlice(0xFF)
		if err == nil {
			chunk = chunk[:len(chunk)-1]
		}
		*buf = append(*buf, chunk...)
		switch {
		case len(*buf) > maxPart:
			return 0, errPartTooLong
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return 0, err
		}
		mark := byte(0xFF)
		for mark == 0xFF { // fill bytes
			if mark, err = s.r.ReadByte(); err != nil {
				return 0, err
			}
		}
		return mark, nil
	}
}

// segment appends a segment, including its length. Invalid lengths are left for the
// decoder to reject.
func (s *splitter) segment(buf []byte) ([]byte, error) {
	size, err := s.r.Peek(2)
	if err != nil {
		return buf, err
	}
	n := int(size[0])<<8 | int(size[1])
	if n < 2 {
		return buf, nil
	}
	from := len(buf)
	buf = append(buf, make([]byte, n)...)
	_, err = io.ReadFull(s.r, buf[from:])
	return buf, err
}

// timestamp returns the frame's X-Timestamp, in seconds.
func (s *splitter) timestamp() (time.Duration, bool) {
	for line := range bytes.Lines(s.header) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || !strings.EqualFold(string(bytes.TrimSpace(name)), "X-Timestamp") {
			continue
		}
		seconds, err := strconv.ParseFloat(string(bytes.TrimSpace(value)), 64)
		if err != nil || !(seconds > 0 && seconds < 1<<33) {
			return 0, false
		}
		return time.Duration(seconds * float64(time.Second)), true
	}
	return 0, false
}
