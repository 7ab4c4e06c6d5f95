package house

import (
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// documents returns the text of every document by its path from the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{"bin", ".git", "node_modules", "testdata"}, d.Name()):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(name) != ".md":
			return nil
		}
		text, err := os.ReadFile(name)
		rel, _ := filepath.Rel(root, name)
		found[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil || len(found) < 20 {
		t.Fatalf("%d documents, %v", len(found), err)
	}
	return found
}

var (
	fenced    = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	inlined   = regexp.MustCompile("`[^`\n]*`")
	link      = regexp.MustCompile(`\]\(([^) ]+)\)`)
	heading   = regexp.MustCompile(`(?m)^#{1,6} (.*)$`)
	linkText  = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	noAnchor  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	anAddress = regexp.MustCompile(`^[a-z]+:`)
)

// anchors returns the link anchors of a document's headings.
func anchors(text string) []string {
	var all []string
	seen := map[string]int{}
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		plain := linkText.ReplaceAllString(m[1], "$1")
		anchor := strings.ReplaceAll(noAnchor.ReplaceAllString(strings.ToLower(plain), ""), " ", "-")
		n := seen[anchor]
		seen[anchor]++
		if n > 0 { // as GitHub does
			anchor += "-" + strconv.Itoa(n)
		}
		all = append(all, anchor)
	}
	return all
}

// Links in documents lead to existing files and headings, and external ones are URLs.
func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	all := documents(t)
	for name, text := range all {
		text = inlined.ReplaceAllString(fenced.ReplaceAllString(text, ""), "")
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if anAddress.MatchString(m[1]) {
				if u, err := url.Parse(m[1]); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
					t.Errorf("%s links to %s, which is not a URL: %v", name, m[1], err)
				}
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			to := name
			if file != "" {
				to = path.Join(path.Dir(name), file)
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			} else if anchor != "" && !slices.Contains(anchors(all[to]), anchor) {
				t.Errorf("%s links to %s, and there is no such heading among %v", name, m[1], anchors(all[to]))
			}
		}
	}
}

// The list of documents is complete.
func TestEveryDocumentIsListed(t *testing.T) {
	list, err := os.ReadFile(filepath.Join(root, "docs/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(root, "docs"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case ".md", ".json":
			if e.Name() != "README.md" && !strings.Contains(string(list), "]("+e.Name()+")") {
				t.Errorf("docs/README.md does not list %s", e.Name())
			}
		}
	}
}
