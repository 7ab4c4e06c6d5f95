// Command clients prints the events of a running rvo-tui, whose socket is its
// argument, and continues after a restart of either side.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", os.Args[1])
	}}}
	last := ""
	for ; ; time.Sleep(time.Second) {
		req, _ := http.NewRequest("GET", "http://rvo/api/stream?events", nil)
		req.Header.Set("Last-Event-ID", last)
		res, err := client.Do(req)
		if err != nil {
			fmt.Println("lost:", err)
			continue
		}
		lines, kind := bufio.NewScanner(res.Body), ""
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			switch key, value, _ := strings.Cut(lines.Text(), ": "); {
			case key == "id":
				last = value
			case key == "event":
				kind = value
			case key == "data" && kind == "event":
				var data struct {
					Event struct {
						Time, Camera, Phase string
						Type                string `json:"event_type"`
					}
				}
				if err := json.Unmarshal([]byte(value), &data); err != nil {
					fmt.Println("not an event:", err)
				}
				fmt.Println(data.Event.Time, data.Event.Camera, data.Event.Type, data.Event.Phase)
			}
		}
		_ = res.Body.Close() // it has ended
	}
}
