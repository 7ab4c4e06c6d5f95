// Package mqtt connects the program to an MQTT broker, as an output of an outbox. It
// publishes events, pictures and retained states, accepts commands, and announces
// devices to Home Assistant. It uses MQTT 5, or 3.1.1 if the broker does not support 5.
package mqtt

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rvo-tui/internal/fileio/pem"
	"rvo-tui/internal/listen"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
)

// Name is the name of the output.
const Name = "mqtt"

// Config is the [mqtt] section of the configuration.
type Config struct {
	// Server is the address of the broker: "mqtt://host:1883", or "mqtts://host:8883"
	// with TLS. Empty: nothing is published.
	Server   string `toml:"server"`
	User     string `toml:"user"`
	Password string `toml:"password"`
	// Prefix is the prefix of every topic.
	Prefix string `toml:"prefix"`
	// ClientID identifies this program to the broker. Empty: "rvo-tui-" and the host
	// name.
	ClientID  string        `toml:"client_id"`
	QoS       int           `toml:"qos"` // 1 or 2
	KeepAlive text.Duration `toml:"keep_alive"`
	// CA is a PEM file that is trusted instead of the system's certificates. Cert and
	// Key are PEM files with a client certificate.
	CA   string `toml:"ca" is:"path"`
	Cert string `toml:"cert" is:"path"`
	Key  string `toml:"key" is:"path"`
	// Pictures also publishes the thumbnail of an event's clip.
	Pictures bool `toml:"pictures"`
	// Preview is the interval at which a frame of each camera is published; 0: never.
	Preview text.Duration `toml:"preview"`
	// Commands are the verbs accepted in messages, or AllVerbs. Empty: none.
	Commands []string `toml:"commands"`
	// Discovery is Home Assistant's discovery prefix, usually "homeassistant". Empty:
	// no discovery.
	Discovery string `toml:"discovery"`
}

// AllVerbs in Config.Commands means every verb.
const AllVerbs = "all"

// minPreview is the minimum of Preview.
const minPreview = time.Second

// DefaultConfig returns the default values.
func DefaultConfig() Config {
	return Config{Prefix: "rvo-tui", QoS: 1, KeepAlive: text.Duration(30 * time.Second), Pictures: true, Commands: []string{}}
}

// Validate reports every invalid key.
func (c Config) Validate(bad func(key, problem string)) {
	if c.Server == "" {
		return
	}
	if _, err := c.address(); err != nil {
		bad("server", err.Error())
	}
	if c.Password != "" && c.User == "" {
		bad("user", "is missing: password requires it")
	}
	for _, name := range []struct{ key, value string }{{"user", c.User}, {"password", c.Password}} {
		if len(name.value) > math.MaxUint16 || strings.ContainsRune(name.value, 0) {
			bad(name.key, "must be at most 65535 bytes of text")
		}
	}
	if !validPrefix(c.Prefix) {
		bad("prefix", wantPrefix)
	}
	if c.QoS != 1 && c.QoS != 2 {
		bad("qos", "must be 1 or 2: with 0 events could be lost")
	}
	if c.KeepAlive < text.Duration(time.Second) || c.KeepAlive > text.Duration(time.Hour) {
		bad("keep_alive", "must be at least 1s and at most 1h")
	}
	if !plain(c.ClientID) || len(c.ClientID) > 128 {
		bad("client_id", "must be at most 128 bytes of plain text")
	}
	if c.Preview != 0 && (c.Preview < text.Duration(minPreview) || c.Preview > text.Duration(time.Hour)) {
		bad("preview", fmt.Sprintf(`must be at least %v and at most 1h, or "0s": none`, minPreview))
	}
	for _, verb := range c.Commands {
		if verb != AllVerbs && !slices.Contains(verbs(), verb) {
			bad("commands", text.Unknown("command", verb, append(verbs(), AllVerbs)))
		}
	}
	switch {
	case c.Discovery == "":
	case !validPrefix(c.Discovery):
		bad("discovery", wantPrefix)
	case c.Discovery == c.Prefix || strings.HasPrefix(c.Discovery, c.Prefix+"/") || strings.HasPrefix(c.Prefix, c.Discovery+"/"):
		bad("discovery", "must not be below prefix, nor prefix below discovery")
	}
	c.validateTLS(bad)
}

// validateTLS reports unusable files, and files without TLS.
func (c Config) validateTLS(bad func(key, problem string)) {
	if u, err := c.address(); err == nil && u.Scheme == "mqtt" {
		for _, file := range []struct{ key, name string }{{"ca", c.CA}, {"cert", c.Cert}, {"key", c.Key}} {
			if file.name != "" {
				bad(file.key, "requires TLS: write mqtts:// in server, or leave it out")
			}
		}
		return
	}
	if _, err := authority(c.CA); err != nil {
		bad("ca", err.Error())
	}
	switch {
	case c.Cert != "" && c.Key == "":
		bad("key", "is missing: cert requires it")
	case c.Key != "" && c.Cert == "":
		bad("cert", "is missing: key requires it")
	case c.Cert != "":
		if _, err := pem.KeyPair(c.Cert, c.Key); err != nil {
			key := "cert"
			if unread, ok := errors.AsType[*os.PathError](err); ok && unread.Path == c.Key {
				key = "key"
			}
			bad(key, "cannot be used: "+err.Error())
		}
	}
}

// verbs returns the names of all verbs.
func verbs() []string {
	var list []string
	for _, v := range runtime.Verbs() {
		list = append(list, string(v))
	}
	return list
}

// allows reports whether all of the given verbs are accepted in messages.
func (c Config) allows(some ...runtime.Verb) bool {
	for _, v := range some {
		if !slices.Contains(c.Commands, string(v)) && !slices.Contains(c.Commands, AllVerbs) {
			return false
		}
	}
	return true
}

// Exposed returns a warning about a password that others on the network can read, and
// what to do; empty: there is none.
func (c Config) Exposed() (warning, do string) {
	u, err := c.address()
	if err != nil || u.Scheme != "mqtt" || c.Password == "" || listen.OnLoopback(u.Host) {
		return "", ""
	}
	return "the password is sent over the network in plain text", "use mqtts://, with ca if the broker has a self-signed certificate"
}

// address returns the address of the broker. Its error contains no part of it.
func (c Config) address() (*url.URL, error) {
	u, err := url.Parse(c.Server)
	if err != nil || u.Scheme != "mqtt" && u.Scheme != "mqtts" || u.Hostname() == "" {
		return nil, errors.New(`is not the address of a broker; write "mqtt://host:1883", or "mqtts://host:8883" with TLS`)
	}
	if u.User != nil {
		return nil, errors.New("contains a login; set user and password instead")
	}
	if u.Port() == "" {
		u.Host += map[string]string{"mqtt": ":1883", "mqtts": ":8883"}[u.Scheme]
	}
	return u, nil
}

const wantPrefix = `must be a topic without "+" and "#", with no leading "$" and no leading or trailing "/", at most 128 bytes`

func validPrefix(p string) bool {
	return p != "" && len(p) <= 128 && plain(p) && !strings.ContainsAny(p, "+#") && p[0] != '$' && !strings.HasPrefix(p, "/") && !strings.HasSuffix(p, "/")
}

// plain reports whether a text is valid UTF-8 without control characters.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// authority reads the certificates of a PEM file; nil means those of the system.
func authority(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	return pem.Authorities(file)
}

// tls returns the TLS configuration.
func (c Config) tls(host string) (*tls.Config, error) {
	pool, err := authority(c.CA)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: pool}
	if c.Cert != "" {
		pair, err := pem.KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("cert: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}
