package child

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"google.golang.org/grpc"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	detectv1 "rvo-tui/proto/rvo/detect/v1"
)

// Main is the main function of a child process, whose first argument is Argument. args
// are the arguments after it: the memory limit in MiB and, optionally, the program that
// replaces this process. Without a program it runs the detector described on standard
// input, until that ends. kinds returns the available kinds. tune receives the library
// settings. Main returns an exit status.
func Main(args []string, kinds func() detectors.Kinds, tune func(Tuning)) int {
	if err := serve(args, kinds, tune); err != nil {
		fmt.Fprintln(os.Stderr, saidByUs+err.Error())
		return 1
	}
	return 0
}

func serve(args []string, kinds func() detectors.Kinds, tune func(Tuning)) error {
	if len(args) == 0 {
		return errors.New("this command is for the program itself: use isolation = \"process\" in the configuration")
	}
	memory, err := strconv.ParseUint(args[0], 10, 32)
	if err != nil {
		return fmt.Errorf("read memory limit: %w", err)
	}
	if err := limit(memory << 20); err != nil {
		return fmt.Errorf("limit memory: %w", err)
	}
	if len(args) > 1 {
		return become(args[1:])
	}
	in := bufio.NewReader(os.Stdin)
	h, kind, err := greet(in, kinds())
	if err != nil {
		return err
	}
	tune(h.Tuning)
	l, err := net.Listen("unix", h.Socket)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	go func() {
		// No more input arrives. The end means that the parent closed it or is gone. C
		// code cannot be waited for.
		_, _ = io.Copy(io.Discard, in)
		os.Exit(0)
	}()
	server := grpc.NewServer(grpc.MaxRecvMsgSize(math.MaxInt32))
	detectv1.RegisterDetectorServer(server, newServer(func() (detectors.Detector, error) { return kind.New(h.Config) }))
	return server.Serve(l)
}

// Prefixes of messages of this program as a child, and of failing to start the program
// of a command.
const (
	saidByUs   = "rvo-tui: "
	notStarted = saidByUs + "start program "
)

// become replaces this process by a program. The program does not inherit ignored
// signals: this runtime handles them, and handled signals are reset to the default.
func become(command []string) error {
	path, err := exec.LookPath(command[0])
	if err == nil {
		err = syscall.Exec(path, command, os.Environ())
	}
	return fmt.Errorf("start program %q: %w: %s", text.Clean(command[0]), bare(err), remedy(err))
}

// bare returns the cause of an error without its path.
func bare(err error) error {
	var look *exec.Error
	if errors.As(err, &look) {
		err = look.Err
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err
}

// remedy returns what to do about a program that does not start.
func remedy(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "make it executable (chmod +x), or put its interpreter first in command"
	case errors.Is(err, syscall.ENOEXEC):
		return "begin the script with #! and its interpreter, or put the interpreter first in command"
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound):
		return "correct command; a script also needs the interpreter in its first line"
	}
	return "correct command"
}

// maxHello is the maximum size of the parent's message, in bytes.
const maxHello = 1 << 20

// greet reads the parent's message and returns the requested kind.
func greet(in *bufio.Reader, kinds detectors.Kinds) (h hello, kind detectors.Kind, err error) {
	var text []byte
	for {
		part, err := in.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull) && len(text) < maxHello:
			continue
		case err != nil:
			return h, kind, fmt.Errorf("read configuration: %w", err)
		}
		break
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return h, kind, fmt.Errorf("read configuration: %w", err)
	}
	kind, ok := kinds[h.Config.Kind]
	if !ok {
		return h, kind, fmt.Errorf("run detector: unknown kind %q", h.Config.Kind)
	}
	options := kind.NewOptions()
	h.Config.Options = options // decoded again below, now that the type is known
	if err := json.Unmarshal(text, &h); err != nil {
		return h, kind, fmt.Errorf("read configuration: %w", err)
	}
	h.Config.SetOptions(options)
	h.Config = h.Config.Fill(kind)
	return h, kind, nil
}
