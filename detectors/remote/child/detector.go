package child

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
	"rvo-tui/internal/text"
	detectv1 "rvo-tui/proto/rvo/detect/v1"
)

// Metadata of calls to a child of our own program: the detector meant (one for each
// camera) and, for calls that are not about a frame, the order.
const (
	instanceKey = "rvo-instance"
	orderKey    = "rvo-order"
	orderOpen   = "open"  // create the detector; returns when it is loaded
	orderClose  = "close" // free it
	orderPing   = "ping"  // only respond
	orderSize   = "size"  // return, in sizeKey, its input size for frames of the request's size
	sizeKey     = "rvo-size"
)

const (
	openTimeout  = time.Minute
	closeTimeout = 300 * time.Millisecond
	exitGrace    = 2 * time.Second // between a broken connection and the end of the process
)

// Wrap returns kinds whose detectors run in processes of the pool if their
// configuration requires it.
func Wrap(kinds detectors.Kinds, p *Pool) detectors.Kinds {
	out := maps.Clone(kinds)
	for name, k := range kinds {
		if k.Remote || k.Process {
			continue
		}
		within := k.New
		k.New = func(cfg detectors.Config) (detectors.Detector, error) {
			if cfg.Isolation != detectors.ProcessIsolation {
				return within(cfg)
			}
			return p.open(job{Config: cfg, Kind: k})
		}
		out[name] = k
	}
	return out
}

// commandOptions are the keys of the kind "command".
type commandOptions struct {
	Command []string `toml:"command" help:"program and arguments, such as python3 service.py" is:"path" sep:" "`
	remote.Sending
}

// Kind returns the kind "command": a program that implements the detector service on
// the socket whose path is in the environment variable RVO_SOCKET.
func Kind(p *Pool) detectors.Kind {
	return detectors.Kind{
		Name:  "command",
		Crops: true,
		Doc:   "a program that implements the detector service, started and supervised",
		Defaults: detectors.Config{
			MaxFPS: 10, Cost: detectors.CostHigh, Timeout: text.Duration(2 * time.Second),
			Isolation: detectors.ProcessIsolation,
			Options:   commandOptions{Sending: remote.Sending{MaxWidth: 640, Format: "bgr"}},
		},
		Process: true,
		Provides: func(cfg detectors.Config) []string {
			return remote.Provides(cfg, cfg.Options.(commandOptions).Signals)
		},
		Check: func(cfg detectors.Config, bad func(key, problem string)) {
			o := cfg.Options.(commandOptions)
			switch {
			case len(o.Command) == 0:
				bad("command", `is missing: write the program and its arguments, as in ["/usr/bin/python3", "service.py"]`)
			case o.Command[0] == "" || slices.ContainsFunc(o.Command, func(s string) bool { return strings.Contains(s, "\x00") }):
				bad("command", "cannot be started: begin with the path or name of a program, without null characters")
			}
			if cfg.Isolation == detectors.NoIsolation {
				bad("isolation", `kind "command" always runs in a process of its own; leave it out`)
			}
			o.Sending.Check(bad)
		},
		New: func(cfg detectors.Config) (detectors.Detector, error) {
			return p.open(job{Config: cfg, Command: cfg.Options.(commandOptions).Command})
		},
	}
}

// detector sends the frames of one camera to a child process.
type detector struct {
	pool     *Pool
	process  *process
	cfg      detectors.Config // of the remote detector, except for its endpoint
	own      bool             // the process is our own program
	instance string
	starts   uint64 // of the process, when this was opened

	run   *run // the run that inner is connected to
	inner *remote.Detector
	asked [2]int // size of frames for which the run reported its input size
}

// open returns a detector once its process runs and has loaded it.
func (p *Pool) open(j job) (detectors.Detector, error) {
	c, err := p.acquire(j)
	if err != nil {
		return nil, err
	}
	d := &detector{pool: p, process: c, cfg: service(j), own: j.Command == nil, instance: strconv.FormatUint(p.instance.Add(1), 10)}
	if err := d.load(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	d.starts = c.starts.Load()
	return d, nil
}

// service returns the configuration of the remote detector that calls a process. A
// process of our own program gets raw frames, at the input size of its detector.
func service(j job) detectors.Config {
	cfg := j.Config
	if j.Command != nil {
		cfg.Options = remote.Options{Sending: cfg.Options.(commandOptions).Sending}
		return cfg
	}
	signals := []string{cfg.Signal}
	if j.Kind.Provides != nil {
		signals = j.Kind.Provides(j.Config)
	}
	cfg.Options = remote.Options{Sending: remote.Sending{Signals: signals, MaxWidth: capture.MaxSide, Format: "bgr"}}
	cfg.Name = cfg.Signal
	if !slices.Contains(signals, cfg.Signal) {
		cfg.Name, cfg.Signal = signals[0], signals[0]
	}
	return cfg
}

func (d *detector) load() error {
	r, f := d.process.await()
	if f != nil {
		return f
	}
	if !d.own {
		return nil
	}
	ctx, cancel := context.WithTimeout(d.pool.waits, openTimeout)
	defer cancel()
	return d.explain(ctx, r, order(ctx, r, d.instance, orderOpen))
}

// order sends an order to a process of our own program, over a connection of its own,
// and waits until it is done.
func order(ctx context.Context, r *run, instance, what string) error {
	conn, err := grpc.NewClient("passthrough:///unix:"+r.socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = orderOver(ctx, conn, instance, what, new(detectv1.DetectRequest))
	return err
}

// orderOver is order over an existing connection. It returns the response header.
func orderOver(ctx context.Context, conn grpc.ClientConnInterface, instance, what string, req *detectv1.DetectRequest) (metadata.MD, error) {
	ctx = metadata.AppendToOutgoingContext(ctx, instanceKey, instance, orderKey, what)
	var head metadata.MD
	_, err := detectv1.NewDetectorClient(conn).Detect(ctx, req, grpc.Header(&head))
	if err == nil {
		return head, nil
	}
	st := status.Convert(err)
	reason := remote.ReasonService
	if st.Code() == codes.Unavailable {
		reason = remote.ReasonReset
	}
	return nil, fault(reason, "%w", errors.New(answered(st.Code())+text.Clean(st.Message())))
}

// answered is the start of the error text of a service with this code.
func answered(c codes.Code) string { return fmt.Sprintf("service answered %s: ", c) }

// Detect sends the frame to the process.
func (d *detector) Detect(ctx context.Context, frame *capture.Frame) ([]detectors.Reading, error) {
	r, f := d.process.current()
	if f != nil {
		return nil, f
	}
	if err := d.attach(r); err != nil {
		return nil, err
	}
	if err := d.size(ctx, frame); err != nil {
		return nil, d.explain(ctx, r, err)
	}
	if d.own {
		ctx = metadata.AppendToOutgoingContext(ctx, instanceKey, d.instance)
	}
	out, err := d.inner.Detect(ctx, frame)
	return out, d.explain(ctx, r, err)
}

// attach connects to the run.
func (d *detector) attach(r *run) error {
	if d.run == r {
		return nil
	}
	if err := d.detach(); err != nil {
		return err
	}
	cfg := d.cfg
	o := cfg.Options.(remote.Options)
	o.Endpoint = "unix://" + r.socket
	cfg.Options = o
	inner, err := remote.New(d.pool.conns, cfg)
	if err != nil {
		return err
	}
	d.run, d.inner, d.asked = r, inner, [2]int{}
	return nil
}

// size scales frames of this size to the input size of a detector in a process of our
// own program. It asks the process once for each size.
func (d *detector) size(ctx context.Context, frame *capture.Frame) error {
	of := [2]int{frame.Width, frame.Height}
	if !d.own || d.asked == of {
		return nil
	}
	head, err := orderOver(ctx, d.inner.Conn(), d.instance, orderSize, &detectv1.DetectRequest{Width: uint32(of[0]), Height: uint32(of[1])})
	if err != nil {
		return err
	}
	w, h := of[0], of[1]
	if said := head.Get(sizeKey); len(said) == 1 {
		if w, h, err = parseSize(said[0]); err != nil {
			return err
		}
	}
	d.inner.Resize(w, h)
	d.asked = of
	return nil
}

// Model returns the model name in the last response of the program.
func (d *detector) Model() string {
	if d.inner == nil {
		return ""
	}
	return d.inner.Model()
}

// Restarts returns how often the process was restarted since the detector was opened.
func (d *detector) Restarts() uint64 { return d.process.starts.Load() - d.starts }

// Memory returns the memory use of the process in bytes: its private memory and its
// share of shared memory. 0: there is no process now, or it cannot be determined.
func (d *detector) Memory() uint64 {
	r, f := d.process.current()
	if f != nil {
		return 0
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", r.pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), "\nPss:")
	var kilobytes uint64
	if _, err := fmt.Sscan(after, &kilobytes); err != nil {
		return 0
	}
	return kilobytes << 10
}

func (d *detector) detach() error {
	if d.inner == nil {
		return nil
	}
	err := d.inner.Close()
	d.run, d.inner = nil, nil
	return err
}

// explain interprets an error of a call, and kills a process that does not respond.
func (d *detector) explain(ctx context.Context, r *run, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return fault(detectors.ReasonCanceled, "call was canceled")
	}
	// The process knows the deadline too, and may report it first.
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || detectors.ReasonOf(err) == detectors.ReasonTimeout {
		f := fault(ReasonStuck, "its process did not respond in time, was killed and is restarted: raise timeout, or reduce its load")
		r.kill(f)
		return f
	}
	reason, text := detectors.ReasonOf(err), err.Error()
	var e *detectors.Error
	if errors.As(err, &e) && errors.Unwrap(e.Err) != nil {
		text = errors.Unwrap(e.Err).Error() // without the endpoint, which means nothing to the user
	}
	if d.own && reason == remote.ReasonService {
		if rest, ok := strings.CutPrefix(text, answered(codes.FailedPrecondition)); ok {
			return fault(ReasonStart, "%s", rest)
		}
		if rest, ok := strings.CutPrefix(text, answered(codes.Aborted)); ok {
			return fault(detectors.ReasonTimeout, "%s", rest)
		}
		if rest, ok := strings.CutPrefix(text, answered(codes.Unknown)); ok {
			return fault(detectors.ReasonOther, "%s", rest)
		}
	}
	if reason != remote.ReasonReset && reason != remote.ReasonRefused && reason != remote.ReasonUnreachable {
		return &detectors.Error{Reason: reason, Err: errors.New(text)}
	}
	// The end of the process is detected shortly after that of its connections.
	grace := time.NewTimer(exitGrace)
	defer grace.Stop()
	select {
	case <-r.ended:
		return r.fault
	case <-ctx.Done():
	case <-grace.C:
	}
	return &detectors.Error{Reason: reason, Err: errors.New(text)}
}

// Close releases the process, which is ended by the last detector that uses it. It does
// not wait for the end.
func (d *detector) Close() error {
	err := d.detach()
	if last := d.pool.release(d.process); last || !d.own {
		return err
	}
	if r, f := d.process.current(); f == nil {
		d.pool.later(func() {
			ctx, cancel := context.WithTimeout(d.pool.ctx, closeTimeout)
			defer cancel()
			// If the order cannot be sent now, the end of the process frees it.
			_ = order(ctx, r, d.instance, orderClose)
		})
	}
	return err
}
