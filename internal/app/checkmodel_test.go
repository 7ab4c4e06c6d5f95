package app

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
)

const (
	modelFiles  = "../../detectors/onnx/testdata/"
	onnxLibrary = "../../bin/libonnxruntime.so"
)

// networks returns a configuration file that names the library, or skips the test.
func networks(t *testing.T, more string) string {
	t.Helper()
	if _, err := newKinds().networks.Version(); err != nil {
		if _, missing := os.Stat(onnxLibrary); missing != nil || strings.Contains(err.Error(), "built without") {
			t.Skipf("%v", err)
		}
	}
	library, err := filepath.Abs(onnxLibrary)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rvo.toml")
	text := "[runtime]\nonnxruntime = \"" + library + "\"\n[[camera]]\nname = \"yard\"\nsource = \"synthetic:street\"\n" + more
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

func networkOf(name, model string) string {
	path, err := filepath.Abs(modelFiles + model)
	if err != nil {
		return ""
	}
	return "[[detector]]\nkind = \"onnx\"\nname = \"" + name + "\"\nmodel = \"" + path + "\"\n"
}

func TestCheckOpensNetworks(t *testing.T) {
	var out bytes.Buffer
	good := networks(t, networkOf("things", "ok5.onnx"))
	if err := check(t.Context(), testLoader(), newKinds(), cli.Flags{Config: good}, &out); err != nil ||
		!strings.Contains(out.String(), `detector "things": YOLO, raw, label "person", 64x64 letterbox`) || !strings.Contains(out.String(), "1 detector") {
		t.Errorf("%q, %v", out.String(), err)
	}
	out.Reset()
	people := networks(t, strings.Replace(networkOf("people", "ok5.onnx"), "onnx\"", "person\"", 1))
	if err := check(t.Context(), testLoader(), newKinds(), cli.Flags{Config: people}, &out); err != nil || !strings.Contains(out.String(), `detector "people": YOLO, raw`) {
		t.Errorf("persons by a network: %q, %v", out.String(), err)
	}
	var bad *config.Error
	broken := networks(t, networkOf("things", "ok5.onnx")+networkOf("text", "text.onnx"))
	if err := check(t.Context(), testLoader(), newKinds(), cli.Flags{Config: broken}, &out); !errors.As(err, &bad) || len(bad.Problems) != 1 ||
		!strings.Contains(err.Error(), `detector "text": load network`) || !strings.Contains(err.Error(), "[1 40 6625]") {
		t.Errorf("a text recogniser: %v", err)
	}
}

// A server that is down may be started later.
func TestCheckOfAServerThatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := l.Addr().String()
	l.Close()
	file := filepath.Join(t.TempDir(), "rvo.toml")
	text := "[[camera]]\nname = \"yard\"\nsource = \"synthetic:street\"\n[[detector]]\nkind = \"oip\"\nname = \"things\"\nmodel = \"yolo\"\nendpoint = \"" + endpoint + "\"\n"
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := check(t.Context(), testLoader(), newKinds(), cli.Flags{Config: file}, &out); err != nil ||
		!strings.Contains(out.String(), `detector "things": not checked: `) || !strings.Contains(out.String(), "start the service") {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestCheckModel(t *testing.T) {
	var plain bytes.Buffer
	if err := png.Encode(&plain, image.NewGray(image.Rect(0, 0, 64, 48))); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	image, drawn := filepath.Join(dir, "a.png"), filepath.Join(dir, "b.jpg")
	if err := os.WriteFile(image, plain.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	flags := cli.Flags{Config: networks(t, ""), Check: cli.CheckFlags{Model: modelFiles + "ok5.onnx", On: image, Draw: drawn, Set: []string{"threshold=0.5"}}}
	var out bytes.Buffer
	if err := check(t.Context(), testLoader(), newKinds(), flags, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"YOLO, raw", "a frame", "person 0.900 at 0.2500", "1 found in"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it prints %q, want %q in it", out.String(), want)
		}
	}
	if file, err := os.ReadFile(drawn); err != nil || !bytes.HasPrefix(file, []byte("\xff\xd8")) {
		t.Errorf("the image with boxes: %d bytes, %v", len(file), err)
	}
	flags.Check.Set = []string{"threshold=0.95"}
	out.Reset()
	if err := check(t.Context(), testLoader(), newKinds(), flags, &out); err != nil || !strings.Contains(out.String(), "0 found in") {
		t.Errorf("above its score: %q, %v", out.String(), err)
	}
}

// A model that crashes the library costs a process, and the others are checked.
func TestCheckSurvivesAModelThatCrashes(t *testing.T) {
	model, err := os.ReadFile(modelFiles + "ok5.onnx")
	if err != nil {
		t.Fatal(err)
	}
	crash := filepath.Join(t.TempDir(), "crash.onnx")
	if err := os.WriteFile(crash, model, 0o666); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var bad *config.Error
	file := networks(t, "[[detector]]\nkind = \"onnx\"\nname = \"broken\"\nmodel = \""+crash+"\"\n"+networkOf("things", "ok5.onnx"))
	err = check(t.Context(), testLoader(), newKinds(), cli.Flags{Config: file}, &out)
	if !errors.As(err, &bad) || len(bad.Problems) != 1 || !strings.Contains(err.Error(), `detector "broken": its process ended: signal: killed`) {
		t.Errorf("a model that crashes: %v", err)
	}
	if !strings.Contains(out.String(), `detector "things": YOLO, raw`) {
		t.Errorf("of the others it says %q", out.String())
	}
}

func TestCheckFlagsThatDoNotGoTogether(t *testing.T) {
	for _, c := range []cli.CheckFlags{
		{On: "a.jpg"},
		{Set: []string{"a=b"}},
		{Model: "a.onnx", Draw: "b.jpg"},
		{Model: "a.onnx", File: "rvo.toml"},
		{Model: modelFiles + "ok5.onnx", Set: []string{"treshold=1"}},
		{Model: modelFiles + "ok5.onnx", Set: []string{"threshold=2"}},
	} {
		var usage *cli.UsageError
		kinds := newKinds()
		if kinds.all["onnx"].Absent != nil && len(c.Set) > 0 && c.Model != "" {
			continue // which is reported first
		}
		if err := check(t.Context(), testLoader(), kinds, cli.Flags{Check: c}, new(bytes.Buffer)); !errors.As(err, &usage) {
			t.Errorf("%+v: %v, want a usage error", c, err)
		}
	}
}
