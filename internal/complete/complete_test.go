package complete

import (
	"errors"
	"io"
	"strings"
	"testing"

	"rvo-tui/internal/config"
	"rvo-tui/runtime/api/client"
)

// Names come from the program that the command line names.
func TestWordsAskTheNamedProgram(t *testing.T) {
	for line, want := range map[string]string{
		"ctl enable ":                      "",
		"ctl --addr /a.sock enable ":       "/a.sock",
		"ctl --addr=/a.sock enable ":       "/a.sock",
		"ctl enable --addr=h:1 --camera ":  "h:1",
		"ctl enable --camera --addr=/last": "", // is the word to complete
	} {
		asked := "nobody"
		dial := func(addr string) (*client.Client, error) {
			asked = addr
			return nil, errors.New("not there")
		}
		if err := Words(config.Loader{}, dial, strings.Split(line, " "), io.Discard); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		if asked != want {
			t.Errorf("%q: asked %q, want %q", line, asked, want)
		}
	}
}
