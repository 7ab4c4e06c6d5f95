// Package complete completes shell command lines with names from the running program or, if none
// answers, from the configuration.
package complete

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/internal/option"
	"rvo-tui/internal/text"
	"rvo-tui/runtime/api/client"
)

// timeout limits the wait for names from a running program.
const timeout = 300 * time.Millisecond

// Dial returns a client for the program at an address; if empty, at this machine's socket.
type Dial func(addr string) (*client.Client, error)

// Words writes the completions of the last word, one a line, each followed by a tab and its help
// if it has one. If no program answers, names come from the configuration; if that is invalid,
// there are none.
func Words(loader config.Loader, dial Dial, words []string, out io.Writer) error {
	addr := addressIn(words)
	names := func(sort string) []string {
		if kind, ok := strings.CutPrefix(sort, "key:"); ok {
			return attachKeys(loader.Kinds, kind)
		}
		if sort == "kind" {
			return loader.Kinds.Names()
		}
		all, err := runningNames(dial, addr)
		if err != nil {
			all = configuredNames(loader)
		}
		list := all[sort]
		slices.Sort(list)
		return slices.Compact(list)
	}
	for _, c := range cli.Complete(words, names) {
		line := text.Visible(c.Word)
		if c.Help != "" {
			line += "\t" + c.Help
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}

// addressIn returns the value of --addr before the last word, or "".
func addressIn(words []string) (addr string) {
	for i := range len(words) - 1 {
		if value, ok := strings.CutPrefix(words[i], "--addr="); ok {
			addr = value
		} else if i > 0 && words[i-1] == "--addr" {
			addr = words[i]
		}
	}
	return addr
}

// runningNames returns the names in a running program, by sort.
func runningNames(dial Dial, addr string) (map[string][]string, error) {
	there, err := dial(addr)
	if err != nil {
		return nil, err
	}
	defer there.Close()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	snap, err := there.State(ctx)
	if err != nil {
		return nil, err
	}
	all := map[string][]string{"camera": {cli.AllCameras}}
	for _, c := range snap.Cameras {
		all["camera"] = append(all["camera"], c.Name)
		for _, d := range c.Detectors {
			all["detector"] = append(all["detector"], d.Name)
		}
		for _, r := range c.Rules {
			all["rule"] = append(all["rule"], r.Event)
		}
	}
	for _, a := range snap.Alerts {
		all["alert"] = append(all["alert"], a.ID)
	}
	if snap.Outbox != nil {
		for _, o := range snap.Outbox.Outputs {
			all["output"] = append(all["output"], o.Name)
		}
	}
	return all, nil
}

// configuredNames returns the names in the configuration, by sort; none if it has errors.
func configuredNames(loader config.Loader) map[string][]string {
	all := map[string][]string{"camera": {cli.AllCameras}}
	cfg, err := loader.Load(cli.Flags{})
	if err != nil {
		return all
	}
	for _, c := range cfg.Camera {
		all["camera"] = append(all["camera"], c.Name)
	}
	for _, d := range cfg.Detector {
		all["detector"] = append(all["detector"], d.Name)
	}
	for _, r := range cfg.Rule {
		all["rule"] = append(all["rule"], r.Event)
	}
	for _, n := range cfg.Notify {
		all["output"] = append(all["output"], n.Name)
	}
	return all
}

// attachKeys returns the keys of a [[detector]] of a kind, each with its "=".
func attachKeys(kinds detectors.Kinds, name string) []string {
	kind, ok := kinds[name]
	if !ok {
		return nil
	}
	keys := option.Keys(slices.Concat(kind.Common(), kind.Own()))
	keys = slices.DeleteFunc(keys, func(key string) bool { return key == "kind" })
	for i := range keys {
		keys[i] += "="
	}
	return keys
}
