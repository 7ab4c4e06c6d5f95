package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	_ "image/png" // --on accepts PNG files
	"io"
	"log/slog"
	"os"
	"time"

	"rvo-tui/capture"
	"rvo-tui/capture/libav"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx"
	"rvo-tui/detectors/remote"
	"rvo-tui/detectors/remote/child"
	"rvo-tui/detectors/remote/oip"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/internal/fileio"
	"rvo-tui/internal/text"
)

// maxImage is the maximum number of pixels of an image, maxImageFile the maximum size of its
// file in bytes.
const (
	maxImage     = 1 << 26
	maxImageFile = 4 * maxImage
)

// checkModel opens one network and prints the recognized format and, given an image, what the
// network detects in it.
func checkModel(ctx context.Context, kinds *kinds, flags cli.CheckFlags, out io.Writer) error {
	if absent := kinds.all["onnx"].Absent; absent != nil {
		return absent
	}
	words := append([]string{"name=model", "model=" + flags.Model}, flags.Set...)
	cfg, err := kinds.all.Parse("onnx", words)
	if err != nil {
		return &cli.UsageError{Err: err}
	}
	var bad []error
	cfg.Validate(kinds.all, func(key, problem string) { bad = append(bad, fmt.Errorf("%s: %s", key, problem)) })
	if len(bad) > 0 {
		return &cli.UsageError{Err: errors.Join(bad...)}
	}
	frame := plainFrame()
	if flags.On != "" {
		if frame, err = readImage(flags.On); err != nil {
			return err
		}
	}
	report, err := kinds.try(ctx, cfg.Fill(kinds.all["onnx"]), frame)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, report)
	if flags.On == "" {
		return nil
	}
	for _, d := range report.found {
		fmt.Fprintf(out, "%s %.3f at %.4f %.4f, %.4f x %.4f\n", text.Clean(d.Label), d.Score, d.Box.X, d.Box.Y, d.Box.W, d.Box.H)
	}
	fmt.Fprintf(out, "%d found in %s\n", len(report.found), text.Clean(flags.On))
	if flags.Draw == "" {
		return nil
	}
	return drawFound(flags.Draw, frame, report.found)
}

// checkNetworks opens the network of every detector that has one and prints the recognized
// format. A *config.Error has the networks that cannot be used. A server that does not answer is
// not an error, since it may be started later.
func checkNetworks(ctx context.Context, kinds *kinds, cfg config.Config, out io.Writer) error {
	bad := &config.Error{File: cfg.File}
	for _, d := range cfg.Detector {
		d = d.Fill(kinds.all[d.Kind])
		var report string
		var err error
		_, server := d.Options.(oip.Options)
		_, network := d.Options.(onnx.Options)
		switch {
		case server:
			report, err = tryServer(ctx, kinds, d)
		case network || isNetwork(d.Text("model")):
			report, err = kinds.tryNetwork(ctx, d)
		default:
			continue
		}
		where := fmt.Sprintf("detector %q", d.Name)
		if err != nil {
			bad.Problems = append(bad.Problems, config.Problem{File: cfg.File, Where: where, Text: err.Error()})
			continue
		}
		fmt.Fprintf(out, "%s: %s\n", where, report)
	}
	if len(bad.Problems) > 0 {
		return bad
	}
	return nil
}

func (k *kinds) tryNetwork(ctx context.Context, d detectors.Config) (string, error) {
	r, err := k.try(ctx, d, plainFrame())
	return r.String(), err
}

// serverTime is how long a server may take to describe its model.
const serverTime = 10 * time.Second

func tryServer(ctx context.Context, kinds *kinds, cfg detectors.Config) (report string, err error) {
	made, err := kinds.all[cfg.Kind].New(cfg)
	if err != nil {
		return "", err
	}
	d := made.(*oip.Detector)
	defer func() { err = errors.Join(err, d.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, serverTime)
	defer cancel()
	err = d.Open(ctx)
	switch detectors.ReasonOf(err) {
	case remote.ReasonRefused, remote.ReasonUnreachable, detectors.ReasonTimeout:
		return fmt.Sprintf("not checked: %v", err), nil
	}
	return d.Model(), err
}

// plainFrame returns a grey frame.
func plainFrame() *image.RGBA {
	frame := image.NewRGBA(image.Rect(0, 0, 1280, 720))
	draw.Draw(frame, frame.Rect, image.NewUniform(color.Gray{114}), image.Point{}, draw.Src)
	return frame
}

// readImage reads a JPEG or PNG file.
func readImage(path string) (*image.RGBA, error) {
	data, err := fileio.Read(path, maxImageFile)
	if err != nil {
		return nil, fmt.Errorf("read image: %w", err)
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || size.Width*size.Height > maxImage {
		return nil, fmt.Errorf("read image %q: give a JPEG or PNG file of at most %d million pixels", text.Clean(path), maxImage>>20)
	}
	src, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read image %q: %w", text.Clean(path), err)
	}
	frame := image.NewRGBA(image.Rect(0, 0, size.Width, size.Height))
	draw.Draw(frame, frame.Rect, src, src.Bounds().Min, draw.Src)
	return frame, nil
}

// bgrOf returns the pixels in the layout of a camera's frame.
func bgrOf(frame *image.RGBA) []byte {
	pix := make([]byte, 0, 3*frame.Rect.Dx()*frame.Rect.Dy())
	for i := 0; i+3 < len(frame.Pix); i += 4 {
		pix = append(pix, frame.Pix[i+2], frame.Pix[i+1], frame.Pix[i])
	}
	return pix
}

// drawFound writes the image with boxes to a JPEG file.
func drawFound(path string, frame image.Image, found []detectors.Detection) error {
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, frame, &jpeg.Options{Quality: capture.JPEGQuality}); err != nil {
		return fmt.Errorf("draw boxes: %w", err)
	}
	drawn, err := clips.Draw(new(libav.Library).RedrawJPEG, plain.Bytes(), found)
	if err != nil {
		return err
	}
	return os.WriteFile(path, drawn, 0o666)
}

// report is the result of trying a model.
type report struct {
	model  string        // recognized format, for display
	load   time.Duration // time to start the process, load the model and run it once
	run    time.Duration // fastest run on one frame
	memory uint64        // of its process, in bytes; 0: unknown
	found  []detectors.Detection
}

func (r report) String() string {
	text := fmt.Sprintf("%s: loaded in %v, %v a frame", r.model, r.load.Round(time.Millisecond), r.run.Round(100*time.Microsecond))
	if r.memory > 0 {
		text += fmt.Sprintf(", %d MiB", r.memory>>20)
	}
	return text
}

// How often a model is run for the report, and the timeout of one run.
const (
	tries   = 3
	tryTime = time.Minute
)

// try runs a detector's model on an image, in a process of its own as the program does by
// default, so that a crash ends only that process. The configuration must be valid and complete.
func (k *kinds) try(ctx context.Context, cfg detectors.Config, frame *image.RGBA) (r report, err error) {
	pool := child.NewPool(child.Options{Log: slog.New(slog.DiscardHandler)})
	defer func() { err = errors.Join(err, pool.Close()) }()
	pool.Tune(0, k.settings) // not niced: a user waits for the result
	cfg.Isolation = detectors.ProcessIsolation
	if cfg.MaxMemory == 0 {
		cfg.MaxMemory = detectors.DefaultMemory
	}
	kind := child.Wrap(detectors.Kinds{cfg.Kind: localKinds(k.networks)[cfg.Kind]}, pool)[cfg.Kind]
	began := time.Now()
	d, err := kind.New(cfg)
	if err != nil {
		return report{}, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	r.load = time.Since(began)
	pixels := capture.NewPool(1, nil)
	defer pixels.Close()
	f, err := pixels.Get("check", 1, frame.Rect.Dx(), frame.Rect.Dy(), time.Now())
	if err != nil {
		return report{}, err
	}
	defer f.Release()
	copy(f.Pixels(), bgrOf(frame))
	for i := range tries {
		began := time.Now()
		readings, err := once(ctx, d, f)
		if err != nil {
			return report{}, err
		}
		r.found = readings[0].Detections
		if took := time.Since(began); i == 0 || took < r.run {
			r.run = took
		}
	}
	if m, ok := d.(detectors.Modeler); ok {
		r.model = m.Model()
	}
	if m, ok := d.(interface{ Memory() uint64 }); ok {
		r.memory = m.Memory()
	}
	return r, nil
}

func once(ctx context.Context, d detectors.Detector, f *capture.Frame) ([]detectors.Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	return d.Detect(ctx, f)
}
