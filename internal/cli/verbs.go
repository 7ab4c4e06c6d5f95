package cli

import (
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime"
)

// Verbs is the table of commands that change a running program. The parsers of ctl and of the
// command palette, completion, help and the routes of the API derive from it. Each field is a
// verb: its name is that of a runtime.Verb, its type declares the arguments and converts them to a
// runtime.Command, and the tag route is its route in the API.
type Verbs struct {
	Attach       AttachArgs   `cmd:"" route:"POST /cameras/{camera}/detectors" help:"Attach a detector."`
	Detach       DetectorArgs `cmd:"" route:"DELETE /cameras/{camera}/detectors/{detector}" help:"Detach a detector."`
	Enable       DetectorArgs `cmd:"" route:"POST /cameras/{camera}/detectors/{detector}/enable" help:"Enable a detector."`
	Disable      DetectorArgs `cmd:"" route:"POST /cameras/{camera}/detectors/{detector}/disable" help:"Disable a detector."`
	SetRate      RateArgs     `cmd:"" route:"PUT /cameras/{camera}/detectors/{detector}/rate" name:"set_rate" help:"Limit a detector's rate."`
	AddCamera    AddArgs      `cmd:"" route:"POST /cameras" name:"add_camera" help:"Add a camera."`
	RemoveCamera RemoveArgs   `cmd:"" route:"DELETE /cameras/{camera}" name:"remove_camera" help:"Remove a camera."`
	Pause        OnlyArgs     `cmd:"" route:"POST /cameras/{camera}/pause" help:"Pause a camera: close its source."`
	Resume       OnlyArgs     `cmd:"" route:"POST /cameras/{camera}/resume" help:"Resume a camera."`
	RuleOn       RuleArgs     `cmd:"" route:"POST /cameras/{camera}/rules/{rule}/enable" name:"rule_on" help:"Enable a rule."`
	RuleOff      RuleArgs     `cmd:"" route:"POST /cameras/{camera}/rules/{rule}/disable" name:"rule_off" help:"Disable a rule."`
	Arm          ArmArgs      `cmd:"" route:"POST /cameras/{camera}/rules/{rule}/arm" help:"Arm a rule with hours until they next begin or end."`
	Disarm       ArmArgs      `cmd:"" route:"POST /cameras/{camera}/rules/{rule}/disarm" help:"Disarm a rule with hours until they next begin or end."`
	Clip         OnlyArgs     `cmd:"" route:"POST /cameras/{camera}/clips" help:"Save a clip of a camera now."`
	Reload       ReloadArgs   `cmd:"" route:"POST /reload" help:"Reload the configuration."`
	Acknowledge  AlertArgs    `cmd:"" route:"POST /alerts/{alert}/acknowledge" help:"Acknowledge an alert until it clears, or undo that."`
	Notify       NotifyArgs   `cmd:"" route:"POST /outputs/{output}/test" help:"Send a test message over an output."`
	Resend       MessageArgs  `cmd:"" route:"POST /outputs/{output}/aside/{message}/resend" help:"Resend messages that were set aside."`
	Discard      MessageArgs  `cmd:"" route:"DELETE /outputs/{output}/aside/{message}" help:"Discard messages that were set aside."`
}

// Env is the context in which commands are parsed.
type Env struct {
	// Camera is the camera of commands that name none. Empty: all cameras.
	Camera string
	// Detector and Source parse words such as "max_fps=5": the keys of a [[detector]] of a
	// kind, and of a [[camera]].
	Detector func(kind string, words []string) (detectors.Config, error)
	Source   func(words []string) (capture.Config, error)
}

// args is implemented by the arguments of each verb.
type args interface {
	command(do runtime.Verb, env Env) (runtime.Command, error)
}

// The types in Verbs implement args, which the compiler cannot check there.
var _ = []args{
	(*AttachArgs)(nil), (*DetectorArgs)(nil), (*RateArgs)(nil), (*AddArgs)(nil), (*RemoveArgs)(nil), (*OnlyArgs)(nil), (*RuleArgs)(nil), (*ArmArgs)(nil), (*ReloadArgs)(nil),
	(*AlertArgs)(nil), (*NotifyArgs)(nil), (*MessageArgs)(nil),
}

// AllCameras stands for every camera, in --camera and in routes of the API.
const AllCameras = "all"

// CameraArgs selects the cameras of a detector or rule.
type CameraArgs struct {
	Camera string `complete:"camera" placeholder:"NAME" help:"The camera, or \"all\" (default: all; in the dashboard the one shown)."`
}

func (a *CameraArgs) camera(env Env) string {
	switch a.Camera {
	case "":
		return env.Camera
	case AllCameras:
		return ""
	}
	return a.Camera
}

// OnlyArgs are the arguments of verbs that act on whole cameras. Outside the dashboard they have no
// default, so that a forgotten flag does not pause every camera.
type OnlyArgs struct {
	Camera string `complete:"camera" placeholder:"NAME" help:"The camera, or \"all\" (default in the dashboard: the one shown)."`
}

func (a *OnlyArgs) command(do runtime.Verb, env Env) (runtime.Command, error) {
	if a.Camera == "" && env.Camera == "" {
		return runtime.Command{}, fmt.Errorf("%s: no camera was named; write --camera NAME, or --camera %s for every camera", do, AllCameras)
	}
	camera := CameraArgs{a.Camera}
	return runtime.Command{Do: do, Camera: camera.camera(env)}, nil
}

// DetectorArgs selects a detector.
type DetectorArgs struct {
	CameraArgs
	Detector string `arg:"" complete:"detector" help:"The detector's name."`
}

func (a *DetectorArgs) command(do runtime.Verb, env Env) (runtime.Command, error) {
	return runtime.Command{Do: do, Camera: a.camera(env), Detector: a.Detector}, nil
}

// RateArgs are the arguments of set_rate.
type RateArgs struct {
	DetectorArgs
	FPS float64 `arg:"" name:"fps" help:"Maximum runs per second."`
}

func (a *RateArgs) command(do runtime.Verb, env Env) (runtime.Command, error) {
	if math.IsNaN(a.FPS) || math.IsInf(a.FPS, 0) { // cannot be sent as JSON
		return runtime.Command{}, fmt.Errorf("%s: fps: %w", do, runtime.ErrRate)
	}
	return runtime.Command{Do: do, Camera: a.camera(env), Detector: a.Detector, FPS: a.FPS}, nil
}

// RuleArgs selects a rule.
type RuleArgs struct {
	CameraArgs
	Rule string `arg:"" complete:"rule" help:"The event that the rule reports."`
}

func (a *RuleArgs) command(do runtime.Verb, env Env) (runtime.Command, error) {
	return runtime.Command{Do: do, Camera: a.camera(env), Rule: a.Rule}, nil
}

// AllRules stands for every rule that has hours.
const AllRules = "all"

// ArmArgs selects rules that have hours.
type ArmArgs struct {
	CameraArgs
	Rule string `arg:"" optional:"" help:"The event that the rule reports (default: all rules with hours)."`
}

func (a *ArmArgs) command(do runtime.Verb, env Env) (runtime.Command, error) {
	cmd := runtime.Command{Do: do, Camera: a.camera(env), Rule: a.Rule}
	if cmd.Rule == AllRules {
		cmd.Rule = ""
	}
	return cmd, nil
}

// AttachArgs are the arguments of attach.
type AttachArgs struct {
	CameraArgs
	Kind string   `arg:"" complete:"kind" help:"The kind of detector, such as motion or remote."`
	Set  []string `arg:"" complete:"key" optional:"" name:"key=value" sep:"none" help:"Keys of a [[detector]], as in max_fps=5 \"needs=motion > 0.01\"; the key of a list may be repeated. $${NAME} is filled in here."`
}

func (a *AttachArgs) command(do runtime.Verb, env Env) (runtime.Command, error) {
	cfg, err := env.Detector(a.Kind, a.Set)
	if err != nil {
		return runtime.Command{}, fmt.Errorf("%s: %w", do, err)
	}
	return runtime.Command{Do: do, Camera: a.camera(env), Attached: &cfg}, nil
}

// AddArgs are the arguments of add_camera.
type AddArgs struct {
	Name   string   `arg:"" help:"The camera's name."`
	Source string   `arg:"" help:"Its source, as in the configuration. $${NAME} is filled in here."`
	Set    []string `arg:"" optional:"" name:"key=value" sep:"none" help:"Further keys of a [[camera]], as in fps=10."`
}

func (a *AddArgs) command(do runtime.Verb, env Env) (runtime.Command, error) {
	cfg, err := env.Source(append([]string{"name=" + a.Name, "source=" + a.Source}, a.Set...))
	if err != nil {
		return runtime.Command{}, fmt.Errorf("%s: %w", do, err)
	}
	return runtime.Command{Do: do, Added: &cfg}, nil
}

// RemoveArgs are the arguments of remove_camera.
type RemoveArgs struct {
	Camera string `arg:"" complete:"camera" help:"The camera's name."`
}

func (a *RemoveArgs) command(do runtime.Verb, _ Env) (runtime.Command, error) {
	return runtime.Command{Do: do, Camera: a.Camera}, nil
}

// ReloadArgs are the arguments of reload, which has none.
type ReloadArgs struct{}

func (*ReloadArgs) command(do runtime.Verb, _ Env) (runtime.Command, error) {
	return runtime.Command{Do: do}, nil
}

// AlertArgs selects an alert.
type AlertArgs struct {
	Alert string `arg:"" complete:"alert" help:"The alert's ID as printed by ctl alerts, such as detector_failed:person."`
}

func (a *AlertArgs) command(do runtime.Verb, _ Env) (runtime.Command, error) {
	return runtime.Command{Do: do, Alert: a.Alert}, nil
}

// NotifyArgs are the arguments of notify.
type NotifyArgs struct {
	Action string `arg:"" complete:"=test" help:"What to do: test."`
	Output string `arg:"" complete:"output" help:"The output's name."`
}

func (a *NotifyArgs) command(do runtime.Verb, _ Env) (runtime.Command, error) {
	if a.Action != "test" {
		return runtime.Command{}, fmt.Errorf("%s: %q is not known; write test", do, a.Action)
	}
	return runtime.Command{Do: do, Output: a.Output}, nil
}

// AllMessages stands for every message that an output has set aside.
const AllMessages = "all"

// MessageArgs selects messages of an output.
type MessageArgs struct {
	Output  string `arg:"" complete:"output" help:"The output's name."`
	Message string `arg:"" optional:"" help:"The message's ID (default: all that were set aside)."`
}

func (a *MessageArgs) command(do runtime.Verb, _ Env) (runtime.Command, error) {
	cmd := runtime.Command{Do: do, Output: a.Output, Message: a.Message}
	if cmd.Message == AllMessages {
		cmd.Message = ""
	}
	return cmd, nil
}

// Command returns the command of a verb whose arguments have been parsed into v.
func (v *Verbs) Command(verb string, env Env) (runtime.Command, error) {
	all := reflect.ValueOf(v).Elem()
	for i := range all.NumField() {
		if nameOf(all.Type().Field(i)) == verb {
			return all.Field(i).Addr().Interface().(args).command(runtime.Verb(verb), env)
		}
	}
	return runtime.Command{}, fmt.Errorf("unknown command %q", verb)
}

// nameOf returns the verb of a field of Verbs.
func nameOf(f reflect.StructField) string {
	if name := f.Tag.Get("name"); name != "" {
		return name
	}
	return strings.ToLower(f.Name)
}

// Verb describes a verb for completion, help and the API.
type Verb struct {
	Name string
	Args []string // names of the arguments, such as "detector" or "key=value"; the last may be repeated
	Flag bool     // takes --camera
	Help string   // one line

	Method, Path string // its route in the API: "DELETE", "/cameras/{camera}"
}

// Usage returns the syntax of a verb, such as "detach DETECTOR [--camera NAME]".
func (v Verb) Usage() string {
	words := []string{v.Name}
	for _, arg := range v.Args {
		arg = strings.ToUpper(arg)
		if strings.Contains(arg, "=") {
			arg = "[" + arg + "...]"
		}
		words = append(words, arg)
	}
	if v.Flag {
		words = append(words, "[--camera NAME]")
	}
	return strings.Join(words, " ")
}

// List returns every verb.
func List() []Verb {
	t := reflect.TypeFor[Verbs]()
	list := make([]Verb, t.NumField())
	for i := range list {
		f := t.Field(i)
		list[i] = Verb{Name: nameOf(f), Help: f.Tag.Get("help")}
		list[i].Method, list[i].Path, _ = strings.Cut(f.Tag.Get("route"), " ")
		for _, a := range reflect.VisibleFields(f.Type) {
			name := a.Tag.Get("name")
			if name == "" {
				name = strings.ToLower(a.Name)
			}
			_, positional := a.Tag.Lookup("arg")
			switch {
			case positional:
				list[i].Args = append(list[i].Args, name)
			case !a.Anonymous:
				list[i].Flag = true
			}
		}
	}
	return list
}

// ParseVerb parses a verb with its arguments, as they follow "rvo-tui ctl". A word such as "-0.5"
// is a value, not a flag.
func ParseVerb(words []string, env Env) (runtime.Command, error) {
	var joined []string
	for i, w := range words {
		if i > 0 && strings.HasPrefix(w, "-") && !strings.HasPrefix(w, "--") {
			joined[len(joined)-1] += " " + w
			continue
		}
		joined = append(joined, w)
	}
	var verbs Verbs
	parser, err := kong.New(&verbs, kong.NoDefaultHelp(), kong.Writers(io.Discard, io.Discard), kong.Exit(func(int) {}))
	if err != nil {
		return runtime.Command{}, fmt.Errorf("define commands: %w", err)
	}
	context, err := parser.Parse(joined)
	if err != nil {
		var parse *kong.ParseError
		if errors.As(err, &parse) && parse.Context != nil {
			verb := givenCommand(parse.Context)
			for _, v := range List() {
				if v.Name == verb {
					return runtime.Command{}, fmt.Errorf("%w; usage: %s", err, v.Usage())
				}
			}
		}
		return runtime.Command{}, err
	}
	if err := emptyValue(context); err != nil {
		return runtime.Command{}, err
	}
	return verbs.Command(givenCommand(context), env)
}
