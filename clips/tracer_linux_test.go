package clips

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// fileCall is a system call that a traced process is about to make.
type fileCall struct {
	number uint64
	path   string // of the file of the first argument, if that is a descriptor
}

// sync reports whether the call syncs a file or a directory.
func (c fileCall) sync() bool {
	return c.number == unix.SYS_FSYNC || c.number == unix.SYS_FDATASYNC
}

func (c fileCall) String() string { return fmt.Sprintf("system call %d on %s", c.number, c.path) }

// Calls that change files, and how the first argument names the file.
var (
	byDescriptor = []uint64{
		unix.SYS_WRITE, unix.SYS_WRITEV, unix.SYS_PWRITE64, unix.SYS_PWRITEV, unix.SYS_FTRUNCATE, unix.SYS_FALLOCATE,
		unix.SYS_COPY_FILE_RANGE, unix.SYS_SENDFILE, unix.SYS_FSYNC, unix.SYS_FDATASYNC,
	}
	byName = []uint64{
		unix.SYS_OPENAT, unix.SYS_MKDIRAT, unix.SYS_UNLINKAT, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_LINKAT,
		unix.SYS_SYMLINKAT, unix.SYS_EXIT_GROUP,
	}
)

// trace runs a process and calls visit before each call of it that may change a file below dir.
// The process is stopped meanwhile, so files are as they would be if it was killed there.
func trace(t *testing.T, dir string, stdout *os.File, env []string, visit func(fileCall)) {
	t.Helper()
	runtime.LockOSThread() // the thread that starts a process traces it
	defer runtime.UnlockOSThread()
	p, err := os.StartProcess(os.Args[0], os.Args[:1], &os.ProcAttr{
		Env: append(os.Environ(), env...), Files: []*os.File{nil, stdout, os.Stderr}, Sys: &syscall.SysProcAttr{Ptrace: true},
	})
	if err != nil {
		t.Skipf("processes cannot be traced here: %v", err)
	}
	child := p.Pid
	ended := false
	defer func() {
		if !ended {
			_ = p.Kill()
		}
		for err := error(nil); err == nil || errors.Is(err, syscall.EINTR); { // the process ends after its threads
			_, err = syscall.Wait4(-1, nil, syscall.WALL|unix.WNOTHREAD, nil)
		}
		_ = p.Release()
	}()
	known := map[int]bool{}
	for {
		var status syscall.WaitStatus
		id, err := syscall.Wait4(-1, &status, syscall.WALL|unix.WNOTHREAD, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if !status.Stopped() {
			if id != child {
				continue // a thread
			}
			if ended = true; status.ExitStatus() != 0 {
				t.Fatalf("the traced process ended with %#x", status)
			}
			return
		}
		if len(known) == 0 {
			must(t, syscall.PtraceSetOptions(id, unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_EXITKILL))
		}
		signal := status.StopSignal()
		switch {
		case signal == syscall.SIGTRAP|0x80:
			if c, ok := nextCall(t, id, dir); ok {
				visit(c)
			}
			signal = 0
		case signal == syscall.SIGTRAP, signal == syscall.SIGSTOP && !known[id]: // an event, and a new thread
			signal = 0
		}
		known[id] = true
		if err := syscall.PtraceSyscall(id, int(signal)); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
}

// nextCall returns the call that a stopped thread is about to make, if it may change a file below
// dir.
func nextCall(t *testing.T, id int, dir string) (c fileCall, ok bool) {
	t.Helper()
	var info struct { // ptrace_syscall_info
		Op     uint8
		_      [3]uint8
		_      uint32
		_      [2]uint64
		Number uint64
		Args   [6]uint64
		_      uint64
	}
	_, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(id), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		t.Fatal("look at a system call: ", errno)
	}
	if info.Op != unix.PTRACE_SYSCALL_INFO_ENTRY {
		return c, false
	}
	c.number = info.Number
	if slices.Contains(byName, c.number) {
		return c, c.number != unix.SYS_OPENAT || info.Args[2]&(unix.O_CREAT|unix.O_TRUNC) != 0
	}
	if !slices.Contains(byDescriptor, c.number) {
		return c, false
	}
	c.path, _ = os.Readlink(filepath.Join("/proc", fmt.Sprint(id), "fd", fmt.Sprint(info.Args[0])))
	return c, c.path == dir || strings.HasPrefix(c.path, dir+"/")
}
