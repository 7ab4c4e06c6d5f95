// Command rvo-tui takes live video in, runs detectors on the freshest frames
// under latency budgets, and turns their signals into confirmed events with
// evidence.
package main

import (
	_ "embed"
	"os"

	"rvo-tui/internal/app"
)

//go:embed rvo.toml
var builtIn []byte

func main() { os.Exit(app.Main(os.Args[1:], os.Stdout, builtIn)) }
