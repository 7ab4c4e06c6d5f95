// Package mqtt publishes events to an MQTT 5 broker, as an output of an outbox.
package mqtt

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"rvo-tui/internal/listen"
	"rvo-tui/internal/text"
)

// Name is the name of the output.
const Name = "mqtt"

// Config is the [mqtt] section of the configuration.
type Config struct {
	// Server is the address of the broker: "mqtt://host:1883", or with TLS
	// "mqtts://host:8883". Empty: nothing is published.
	Server   string `toml:"server"`
	User     string `toml:"user"`
	Password string `toml:"password"`
	// Prefix begins every topic.
	Prefix string `toml:"prefix"`
	// ClientID names this program to the broker. Empty: "rvo-tui-" and the host's name.
	ClientID  string        `toml:"client_id"`
	QoS       int           `toml:"qos"` // 1 or 2
	KeepAlive text.Duration `toml:"keep_alive"`
	// CA is a PEM file that is trusted instead of the system's; Cert and Key are PEM
	// files of a certificate of this client.
	CA   string `toml:"ca"`
	Cert string `toml:"cert"`
	Key  string `toml:"key"`
}

// DefaultConfig returns the default values.
func DefaultConfig() Config {
	return Config{Prefix: "rvo-tui", QoS: 1, KeepAlive: text.Duration(30 * time.Second)}
}

// Validate reports every invalid key.
func (c Config) Validate(bad func(key, problem string)) {
	if c.Server == "" {
		return
	}
	if _, err := c.address(); err != nil {
		bad("server", err.Error())
	}
	if _, err := c.tls(); err != nil {
		bad("ca", err.Error())
	}
	if c.Password != "" && c.User == "" {
		bad("user", "is missing: a password needs one")
	}
	if !validPrefix(c.Prefix) {
		bad("prefix", `must be a topic without "+", "#", "$" at its beginning and "/" at its ends, at most 128 bytes`)
	}
	if c.QoS != 1 && c.QoS != 2 {
		bad("qos", "must be 1 or 2: with 0 events could be lost")
	}
	if c.KeepAlive < text.Duration(time.Second) || c.KeepAlive > text.Duration(time.Hour) {
		bad("keep_alive", "must be at least 1s and at most 1h")
	}
	if strings.ContainsAny(c.ClientID, "\x00\n") || len(c.ClientID) > 128 {
		bad("client_id", "must be at most 128 bytes of plain text")
	}
}

// Exposed warns of a password that others on the network can read, and says what to do;
// empty: there is none.
func (c Config) Exposed() (warning, do string) {
	u, err := c.address()
	if err != nil || u.Scheme != "mqtt" || c.Password == "" || listen.OnLoopback(u.Host) {
		return "", ""
	}
	return "the password crosses the network as plain text", "use mqtts://, and ca where the broker has a certificate of its own"
}

// address returns the address of the broker. Its error holds no part of it.
func (c Config) address() (*url.URL, error) {
	u, err := url.Parse(c.Server)
	if err != nil || u.Scheme != "mqtt" && u.Scheme != "mqtts" || u.Hostname() == "" {
		return nil, errors.New(`is no address of a broker; write "mqtt://host:1883", or "mqtts://host:8883" with TLS`)
	}
	if u.User != nil {
		return nil, errors.New("has a login in it; write user and password instead")
	}
	if u.Port() == "" {
		u.Host += map[string]string{"mqtt": ":1883", "mqtts": ":8883"}[u.Scheme]
	}
	return u, nil
}

func validPrefix(p string) bool {
	return p != "" && len(p) <= 128 && !strings.ContainsAny(p, "+#\x00\n") && p[0] != '$' && !strings.HasPrefix(p, "/") && !strings.HasSuffix(p, "/")
}

// tls returns the settings of TLS.
func (c Config) tls() (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("cannot be read: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("holds no certificate in PEM form")
		}
	}
	if c.Cert != "" || c.Key != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("cert and key: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}
