//go:build cgo

package libav

// #include <stdint.h>
import "C"

import (
	"errors"
	"io"
	"runtime/cgo"
	"unsafe"
)

// libav calls the functions below to read. Handles refer to Go values.

//export rvoFetch
func rvoFetch(handle C.uintptr_t, url *C.char, from, end C.int64_t) C.uintptr_t {
	f, ok := cgo.Handle(handle).Value().(*fetcher)
	if !ok {
		return 0
	}
	body, err := f.get(C.GoString(url), int64(from), int64(end))
	if err != nil {
		return 0
	}
	return C.uintptr_t(cgo.NewHandle(body))
}

//export rvoFetchRead
func rvoFetchRead(handle C.uintptr_t, buf *C.uint8_t, size C.int) C.int {
	body, ok := cgo.Handle(handle).Value().(io.Reader)
	if !ok || size <= 0 {
		return -1
	}
	n, err := body.Read(unsafe.Slice((*byte)(buf), int(size)))
	if n == 0 && err != nil && !errors.Is(err, io.EOF) {
		return -1
	}
	return C.int(n)
}

// rvoFetchSize returns the size in bytes, or 0 if it is unknown or ranges are not
// supported.
//
//export rvoFetchSize
func rvoFetchSize(handle C.uintptr_t) C.int64_t {
	body, ok := cgo.Handle(handle).Value().(*fetched)
	if !ok {
		return 0
	}
	return C.int64_t(body.size)
}

// rvoFetchFound writes the address that a playlist was found at, with a zero byte, unless
// it is longer than buf.
//
//export rvoFetchFound
func rvoFetchFound(handle C.uintptr_t, buf *C.char, size C.int) {
	body, ok := cgo.Handle(handle).Value().(*fetched)
	if ok && len(body.found) < int(size) {
		to := unsafe.Slice((*byte)(unsafe.Pointer(buf)), int(size))
		to[copy(to, body.found)] = 0
	}
}

//export rvoFetchSeek
func rvoFetchSeek(handle C.uintptr_t, at C.int64_t) C.int {
	body, ok := cgo.Handle(handle).Value().(*fetched)
	if !ok || body.seek(int64(at)) != nil {
		return -1
	}
	return 0
}

//export rvoFetchClose
func rvoFetchClose(handle C.uintptr_t) {
	if body, ok := cgo.Handle(handle).Value().(io.Closer); ok {
		_ = body.Close() // no longer needed
	}
	cgo.Handle(handle).Delete()
}
