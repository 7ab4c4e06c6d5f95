package rtsp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// Limits for data from a server.
const (
	maxHeader  = 32 << 10 // bytes of a message
	maxBody    = 64 << 10
	maxGarbage = 64 << 10 // consecutive bytes between messages
)

var errNotRTSP = errors.New("the server does not speak RTSP: check the port of the address")

// header holds the header fields of a message, by name in lower case.
type header map[string][]string

func (h header) get(name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// message is a response, or a request from the server.
type message struct {
	method string // of a request; "" for a response
	uri    string // of a request
	status int
	header header
	body   []byte
}

// wire reads a connection with interleaved RTSP messages and data (RFC 2326, section
// 10.12). A read interrupted by a deadline loses nothing; the next one continues.
type wire struct {
	net.Conn
	buffered *bufio.Reader
	used     int // bytes of the buffer returned by the last call of next
}

func newWire(conn net.Conn) *wire {
	return &wire{Conn: conn, buffered: bufio.NewReaderSize(conn, maxHeader+maxBody+4)}
}

// next returns the next interleaved data or the next message. data is valid until the
// next call.
func (w *wire) next() (channel int, data []byte, msg *message, err error) {
	for garbage := 0; ; {
		if _, err := w.buffered.Discard(w.used); err != nil {
			return 0, nil, nil, err
		}
		w.used = 0
		first, err := w.buffered.Peek(1)
		if err != nil {
			return 0, nil, nil, err
		}
		switch {
		case first[0] == '$':
			head, err := w.buffered.Peek(4)
			if err != nil {
				return 0, nil, nil, whole(err)
			}
			size := 4 + int(binary.BigEndian.Uint16(head[2:]))
			all, err := w.buffered.Peek(size)
			if err != nil {
				return 0, nil, nil, whole(err)
			}
			w.used = size
			return int(all[1]), all[4:], nil, nil
		case first[0] >= 'A' && first[0] <= 'Z':
			msg, err := w.message()
			if msg != nil || err != nil {
				return 0, nil, msg, err
			}
		}
		// Some servers send empty lines between messages, and a few get their lengths
		// wrong: search for the next message.
		if garbage++; garbage > maxGarbage {
			return 0, nil, nil, errNotRTSP
		}
		w.used = 1
	}
}

// whole converts the error of a message that was cut off.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// message reads a message. It returns nil without an error if none starts here.
func (w *wire) message() (*message, error) {
	end := -1
	for {
		text, _ := w.buffered.Peek(w.buffered.Buffered())
		if line := bytes.IndexByte(text, '\n'); line >= 0 && !bytes.Contains(text[:line], []byte("RTSP/")) || line < 0 && len(text) > 4<<10 {
			return nil, nil
		}
		if end = headerEnd(text); end >= 0 {
			break
		}
		if len(text) > maxHeader {
			return nil, fmt.Errorf("the server sent a header of more than %d bytes", maxHeader)
		}
		if _, err := w.buffered.Peek(len(text) + 1); err != nil {
			return nil, whole(err)
		}
	}
	text, _ := w.buffered.Peek(end)
	msg, err := parseMessage(text)
	if err != nil {
		return nil, err
	}
	size := 0
	if length := msg.header.get("content-length"); length != "" {
		if size, err = strconv.Atoi(length); err != nil || size < 0 || size > maxBody {
			return nil, fmt.Errorf("the server announces a body of more than %d bytes", maxBody)
		}
	}
	text, err = w.buffered.Peek(end + size)
	if err != nil {
		return nil, whole(err)
	}
	msg.body = bytes.Clone(text[end:])
	w.used = end + size
	return msg, nil
}

// headerEnd returns the end of a header, including its empty line, or -1.
func headerEnd(text []byte) int {
	for at := 0; ; {
		line := bytes.IndexByte(text[at:], '\n')
		if line < 0 {
			return -1
		}
		if len(bytes.TrimRight(text[at:at+line], "\r")) == 0 && at > 0 {
			return at + line + 1
		}
		at += line + 1
	}
}

// parseMessage parses the header of a message.
func parseMessage(text []byte) (*message, error) {
	lines := strings.Split(string(text), "\n")
	msg := &message{header: header{}}
	first := strings.TrimRight(lines[0], "\r")
	if rest, ok := strings.CutPrefix(first, "RTSP/"); ok {
		_, rest, _ = strings.Cut(rest, " ")
		code, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
		status, err := strconv.Atoi(code)
		if err != nil || status < 100 || status > 999 {
			return nil, errNotRTSP
		}
		msg.status = status
	} else {
		msg.method, rest, _ = strings.Cut(first, " ")
		msg.uri, _, _ = strings.Cut(rest, " ")
	}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if name = strings.ToLower(strings.TrimSpace(name)); ok && name != "" && len(msg.header) < 100 && len(msg.header[name]) < 10 {
			msg.header[name] = append(msg.header[name], strings.TrimSpace(value))
		}
	}
	return msg, nil
}

// parameters splits "a;b=c;d" into values by name in lower case.
func parameters(text string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		out[strings.ToLower(strings.TrimSpace(name))] = strings.Trim(strings.TrimSpace(value), `"`)
	}
	return out
}
