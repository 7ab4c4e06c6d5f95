package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	goruntime "runtime"
	"sync"
	"syscall"
	"time"

	"rvo-tui/capture"
	"rvo-tui/capture/device"
	"rvo-tui/capture/libav"
	"rvo-tui/capture/mjpeg"
	"rvo-tui/capture/rtsp"
	"rvo-tui/capture/synthetic"
	"rvo-tui/clips"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/internal/listen"
	"rvo-tui/internal/logging"
	"rvo-tui/internal/stdio"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/metrics"
	"rvo-tui/runtime/sink"
	"rvo-tui/runtime/sink/mqtt"
	"rvo-tui/ui"
	"rvo-tui/ui/film"
)

// clipGrace is how long unfinished clips may take at the end of a run; a busy machine needs it to
// encode a few seconds. Hanging cameras take 2 s before it, a hanging encoder 0.5 s more, and
// threads that encode frames another 0.5 s. So a stop takes at most nine seconds, or 9.5 s if the
// disk of a sink hangs, below the ten after which systemd and Docker kill the process.
const clipGrace = 6 * time.Second

// newDrivers returns the drivers of all kinds of video source. Without sound, a camera is not
// asked to send it if its protocol allows that.
func newDrivers(video *libav.Library, sound bool, log *slog.Logger) capture.Drivers {
	return capture.Drivers{
		capture.KindSynthetic: capture.Opens(synthetic.Open),
		capture.KindHTTP:      capture.Opens(mjpeg.Open),
		capture.KindFile:      capture.Opens(video.OpenFile),
		capture.KindStream:    capture.Opens(video.OpenStream),
		capture.KindDevice:    device.Open,
		capture.KindRTSP: func(ctx context.Context, cfg capture.Config, addr capture.Address) (capture.Connection, error) {
			return rtsp.Open(ctx, cfg, addr, rtsp.Options{Log: log, NoSound: !sound})
		},
	}
}

// decoders returns the decoders: FFmpeg's, or, in a build without FFmpeg, a Go decoder for MJPEG.
func decoders(video *libav.Library) capture.DecoderOpener {
	return func(t *capture.Track, cfg capture.Config) (capture.Decoder, error) {
		d, err := video.OpenDecoder(t, cfg)
		if errors.Is(err, libav.ErrBuiltWithout) && t.Codec == capture.MJPEG {
			return mjpeg.OpenDecoder(t, cfg)
		}
		return d, err
	}
}

// films returns what opens the movie files of clips for a dashboard.
func films(video *libav.Library) film.Opener {
	return film.Opener{
		Open: func(ctx context.Context, path string) (capture.PacketSource, error) {
			return video.OpenFile(ctx, capture.DefaultConfig(), capture.Address{Kind: capture.KindFile, Path: path})
		},
		Decoder: decoders(video),
	}
}

// run runs cameras, detectors and rules until the context ends or all cameras have ended. It does
// not wait for detectors that are still opening when the context ends.
func run(ctx context.Context, loader config.Loader, cfg config.Config, flags cli.Flags, kinds *kinds, stdout *os.File) error {
	if err := mounted(cfg); err != nil {
		return err
	}
	goruntime.GOMAXPROCS(cfg.Runtime.Threads())
	screen := newDashboard(cfg.UI, len(cfg.Camera), flags, loader.Kinds)
	hangup := make(chan os.Signal, 1)
	hungUp, release := terminalHangup()
	defer release()
	if screen == nil { // before other processes can find this one
		signal.Notify(hangup, syscall.SIGHUP)
		defer signal.Stop(hangup)
	}
	logs, err := openLog(cfg.Log, loader.Secrets, screen)
	if err != nil {
		return err
	}
	defer logs.close()
	log := logs.logger
	kinds.services.Log = log
	if stdout == os.Stdout {
		if stdout, err = stdio.DivertStdout(); err != nil {
			return err
		}
	}

	if flags.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(flags.Duration))
		defer cancel()
	}
	epoch := time.Now()
	recent := runtime.NewRecent()
	sinks := []runtime.Sink{recent}
	if screen == nil {
		sinks = append(sinks, sink.NewWriter("stdout", stdout, log))
	}
	reopen := []func(){logs.reopen}
	out, err := newOutbox(cfg, log)
	if err != nil {
		return err
	}
	if cfg.Events.Log != "" {
		file := sink.NewFile(cfg.Events.Log, log)
		reopen = append(reopen, file.Reopen)
		sinks = append(sinks, out.behind(file))
	}
	sinks = out.appendTo(sinks)
	video := libav.New(libav.Options{Log: log, NoSound: !cfg.Clips.Sound})
	drivers := newDrivers(video, cfg.Clips.Sound, log)
	reloads := runtime.NewReloads(epoch)
	rt := runtime.New(runtime.Options{
		Config: cfg.Runtime, Cameras: cfg.Camera, Detectors: cfg.Detector, Zones: cfg.Zone, Lines: cfg.Line, Rules: cfg.Rule,
		Drivers: drivers, Kinds: loader.Kinds, JPEG: video.EncodeJPEG, Convert: video.Convert, Decoders: decoders(video), Sinks: sinks, Outbox: out.outputs(),
		Clips: newRecorder(cfg, epoch, out.clipDone(), log), Log: log, LogRing: logs.ring, Reloads: reloads, Redact: loader.Secrets.Redact, ExitWhenEnded: screen == nil,
		Roll: runtime.Roll{Before: time.Duration(cfg.Clips.Before), After: time.Duration(cfg.Clips.After)},
	}, epoch)

	service := newService(log)
	again := &reloader{loader: loader, flags: flags, rt: rt, events: out, counts: reloads, told: service, log: log, cfg: cfg}
	side, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	if screen == nil {
		wg.Go(func() {
			if again.onHangup(side, hangup, hungUp, reopen) {
				log.Info("the terminal has hung up: stopping; to keep running without it, use nohup or a service manager")
				quit()
			}
		})
	}
	if flags.Find == "" { // --find has no file to watch
		wg.Go(func() { again.watch(side, cfg.Runtime.Watch) })
	}
	if _, set := os.LookupEnv(webPort); set {
		log.Warn(webPortUnread)
	}
	_ = again.quarantine(cfg) // it logs the errors
	log.Info("started", "config", cfg.File, "cameras", len(cfg.Camera), "detectors", len(cfg.Detector), "rules", len(cfg.Rule))
	told := ctx.Done() // to stop
	wg.Go(func() { service.run(told, side.Done(), rt.Started(), rt.Snapshot) })
	if cfg.Metrics.Listen != "" {
		server := metrics.NewServer(cfg.Metrics.Listen, listen.NewHosts(cfg.Control.Hosts...), rt.Snapshot, log)
		wg.Go(func() { _ = server.Run(side) }) // it logs its errors itself
	}
	if screen == nil {
		warnOfInstance(ctx, loader, cfg, flags, log)
	}
	server := newAPI(cfg, again, drivers, logs.ring, recent, quit, log)
	out.side.Runtime, out.side.do = rt, commander(server, mqtt.Name, loader.Kinds)
	if serves(cfg) {
		wg.Go(func() { _ = server.Run(side) }) // the same
	}
	defer context.AfterFunc(ctx, kinds.children.Stop)()
	if screen == nil {
		if !flags.NoUI {
			log.Info("standard input and output are not a terminal: running without the dashboard, as with --no-ui")
		}
		err = rt.Run(ctx)
		log.Info("stopped")
		return err
	}
	screen.opts.Film, screen.opts.Log, screen.opts.Reload = films(video), log, again.reloadAndLog
	screen.opts.Try = func(ctx context.Context, cfg capture.Config) error {
		_, _, err := capture.Try(ctx, cfg, drivers.Open)
		return err
	}
	own := file{again}
	screen.opts.Diff, screen.opts.Write, screen.opts.Edit, screen.opts.Revert = own.Diff, own.Write, own.Edit, own.Revert
	screen.stderr = logs.stderr
	var shown error
	wg.Go(func() { shown = screen.run(ctx, quit, ui.Local{Runtime: rt, Ring: logs.ring, Recent: recent}) })
	err = rt.Run(ctx)
	quit()
	stop()
	wg.Wait()
	return errors.Join(err, shown)
}

// mounted checks require_mount of [clips]. It is called only at the start: a disk that disappears
// later stops neither reloads nor anything else but clips.
func mounted(cfg config.Config) error {
	err := cfg.Clips.Mounted()
	if err == nil {
		return nil
	}
	return &config.Error{File: cfg.File, Problems: []config.Problem{{File: cfg.File, Where: "clips", Key: "require_mount", Text: err.Error()}}}
}

// newRecorder returns the clip recorder. It does nothing until a rule or a command requests a clip.
func newRecorder(cfg config.Config, epoch time.Time, done func(rules.Event, *clips.Entry, string), log *slog.Logger) *clips.Recorder {
	return clips.New(clips.Options{
		Config: cfg.Clips, Epoch: epoch, Muxer: libav.Muxer{}, Redraw: new(libav.Library).RedrawJPEG, Grace: clipGrace, Nice: cfg.Runtime.Nice, Done: done, Log: log,
	})
}

// logs is the program's log. Lines go to the dashboard's ring and to standard error or a file,
// without secrets. They include the output of C libraries.
type logs struct {
	logger *slog.Logger
	stderr *os.File // the original one
	ring   *logging.Ring
	reopen func()
	close  func()
}

func openLog(cfg logging.Config, secrets *config.Secrets, screen *dashboard) (*logs, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Level)); err != nil {
		return nil, fmt.Errorf("set log level: %w", err)
	}
	l := &logs{reopen: func() {}}
	var native nativeLog
	stderr, restore, err := stdio.CaptureStderr(native.line)
	if err != nil {
		return nil, err
	}
	l.stderr = stderr
	out := io.Discard // the dashboard shows the log
	if screen.logsTo(stderr) {
		out = logging.Pipe(stderr)
	}
	closeOut := func() error { return nil }
	if cfg.File != "" {
		file, err := logging.OpenFile(cfg.File)
		if err != nil {
			restore()
			return nil, err
		}
		out, closeOut = file, file.Close
		l.reopen = func() {
			if err := file.Reopen(); err != nil {
				l.logger.Error("the log continues in the old file", "error", err)
			}
		}
	}
	l.ring = logging.NewRing(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level}))
	l.logger = slog.New(secrets.Handler(l.ring))
	slog.SetDefault(l.logger) // also for libraries that use package log
	native.set(l.logger)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = l.ring.Run(ctx) }) // it ends with the context
	l.close = func() {
		cancel()
		wg.Wait()
		native.set(nil)
		restore()
		_ = closeOut() // there is no log left for its error
	}
	return l, nil
}

// nativeLog passes the output of C libraries to a logger after set was called, and drops it before.
type nativeLog struct {
	mu  sync.RWMutex // guards log
	log *slog.Logger
}

func (n *nativeLog) set(log *slog.Logger) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log = log
}

func (n *nativeLog) line(text string) {
	n.mu.RLock()
	log := n.log
	n.mu.RUnlock()
	if log != nil {
		log.Warn("video library", "says", text)
	}
}
