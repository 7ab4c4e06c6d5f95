package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"rvo-tui/internal/cli"
	"rvo-tui/internal/fileio"
)

// vault looks up the value of ${NAME} in the credentials directory, then in the environment.
type vault struct {
	getenv  func(string) (string, bool)
	secrets *Secrets
}

// credentialsDirectory is the environment variable with the credentials directory. Its value is not
// a secret.
const credentialsDirectory = "CREDENTIALS_DIRECTORY"

// maxSecret is the maximum size of a credential file, in bytes.
const maxSecret = 64 << 10

func (v vault) lookup(name string) (string, error) {
	dir, _ := v.getenv(credentialsDirectory)
	if dir != "" {
		value, err := readSecret(filepath.Join(dir, name))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return value, err
		}
	}
	if value, ok := v.getenv(name); ok {
		return cutLineEnds(value), nil
	}
	where := fmt.Sprintf("there is no file %q and no environment variable %s", filepath.Join(dir, name), name)
	if dir == "" {
		where = fmt.Sprintf("there is no environment variable %s, and CREDENTIALS_DIRECTORY is not set", name)
	}
	return "", fmt.Errorf("${%s} is not set: %s; set one, or write $${ for a plain ${", name, where)
}

// readSecret returns a file's text without trailing line breaks.
func readSecret(path string) (string, error) {
	text, err := fileio.Read(path, maxSecret)
	switch {
	case errors.Is(err, fileio.ErrIrregular), errors.Is(err, fileio.ErrTooLarge):
		return "", fmt.Errorf("read credential %q: must be a plain file of at most %d bytes", path, maxSecret)
	case err != nil:
		return "", err
	}
	return cutLineEnds(string(text)), nil
}

// cutLineEnds removes the trailing line breaks that editors and echo add, including those of
// Windows. Passwords do not contain them.
func cutLineEnds(value string) string { return strings.TrimRight(value, "\r\n") }

// expand replaces each ${NAME} in text by its value, which is not expanded again; $${ stands for
// ${. In the user info of a URL it escapes the value, so that passwords can be stored unescaped.
// It adds the values, except the credentials directory, to the secrets.
func (v vault) expand(text string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(text); {
		switch {
		case strings.HasPrefix(text[i:], "$${"):
			b.WriteString("${")
			i += 3
		case strings.HasPrefix(text[i:], "${"):
			length := strings.IndexByte(text[i:], '}')
			if length < 0 || !validVariable(text[i+2:i+length]) {
				return "", errors.New("${ must be followed by a name of letters, digits and underscores and a }; write $${ for a plain ${")
			}
			name := text[i+2 : i+length]
			value, err := v.lookup(name)
			if err != nil {
				return "", err
			}
			if name != credentialsDirectory {
				v.secrets.Add(value)
			}
			if inUserinfo(text, i, i+length+1) {
				value = strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
				v.secrets.Add(value)
			}
			b.WriteString(value)
			i += length + 1
		default:
			b.WriteByte(text[i])
			i++
		}
	}
	return b.String(), nil
}

// inUserinfo reports whether text[from:to] is in the user info of a URL.
func inUserinfo(text string, from, to int) bool {
	scheme := strings.LastIndex(text[:from], "://")
	if scheme < 0 || strings.ContainsAny(text[scheme+3:from], "/?#@") {
		return false
	}
	end := strings.IndexAny(text[to:], "/?#@")
	return end >= 0 && text[to+end] == '@'
}

func validVariable(name string) bool {
	for i, c := range []byte(name) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != "" && len(name) <= 255
}

// Token returns the token for a server. It cannot be given on the command line, which every user of
// the machine can read.
func (l Loader) Token(link cli.LinkFlags) (string, error) {
	v := l.vault()
	switch {
	case link.Token != "" && link.TokenFile != "":
		return "", &cli.UsageError{Err: errors.New("--token and --token-file cannot be used together")}
	case link.Token != "":
		name, ok := strings.CutPrefix(link.Token, "${")
		name, closed := strings.CutSuffix(name, "}")
		if !ok || !closed || !validVariable(name) {
			return "", &cli.UsageError{Err: errors.New("--token: write '${NAME}', with the name of a credential or an environment variable; every user of this machine can read command lines")}
		}
		return v.expand(link.Token)
	case link.TokenFile != "":
		token, err := readSecret(link.TokenFile)
		if err != nil {
			return "", fmt.Errorf("read token: %w", err)
		}
		v.secrets.Add(token)
		return token, nil
	}
	token, _ := v.getenv("RVO_TOKEN")
	token = cutLineEnds(token)
	if token != "" {
		v.secrets.Add(token)
	}
	return token, nil
}

// vault returns the vault of this loader.
func (l Loader) vault() vault {
	getenv, secrets := l.Getenv, l.Secrets
	if getenv == nil {
		getenv = os.LookupEnv
	}
	if secrets == nil {
		secrets = new(Secrets)
	}
	return vault{getenv, secrets}
}
