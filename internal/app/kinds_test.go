package app

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"rvo-tui/internal/option"
)

// rvo.toml has an example of every kind, with every key that only this kind has.
func TestExamplesHaveTheKeysOfKinds(t *testing.T) {
	header := regexp.MustCompile(`^(?:#   )?\[+([a-z]+)\]+$`)
	key := regexp.MustCompile(`^(?:#|#   )?([a-z_]+) *= *(?:"([a-z]*)")?`)
	shown := make(map[string]map[string]bool) // keys, by kind
	var block map[string]bool
	for line := range strings.Lines(string(builtIn)) {
		line = strings.TrimSpace(line)
		if header.MatchString(line) {
			block = make(map[string]bool)
			continue
		}
		m := key.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if m[1] == "kind" {
			if all := shown[m[2]]; all != nil {
				maps.Copy(all, block)
				block = all
			}
			shown[m[2]] = block
		}
		block[m[1]] = true
	}
	kinds := newKinds()
	kinds.close() // no test here makes a detector
	for name, k := range kinds.all {
		if shown[name] == nil {
			t.Errorf("rvo.toml has no example of kind %s", name)
			continue
		}
		for _, o := range k.Own() {
			if !shown[name][o.Key] {
				t.Errorf("rvo.toml does not show the key %s of kind %s: %s", o.Key, name, o.Help)
			}
		}
	}
}

// The table in the guide has every key of every kind, with its default, and no others.
func TestGuideHasTheKeysOfKinds(t *testing.T) {
	guide, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(guide), "\nKeys of single kinds")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := make(map[string]string) // the cell of the default, by "kind key"
	key := ""
	for line := range strings.Lines(table) {
		cells := strings.Split(line, " | ")
		if len(cells) < 4 || cells[0] == "| Key" {
			continue
		}
		if given, found := strings.CutPrefix(cells[0], "| `"); found { // otherwise it is that of the row before
			key = given
		}
		for kind := range strings.SplitSeq(cells[1], ", ") {
			rows[kind+" "+strings.TrimSuffix(key, "`")] = cells[2]
		}
	}
	kinds := newKinds()
	defer kinds.close()
	for name, k := range kinds.all {
		for _, o := range k.Own() {
			preset, found := rows[name+" "+o.Key]
			delete(rows, name+" "+o.Key)
			value := option.Field(reflect.ValueOf(k.Defaults.Options), o.Key)
			switch {
			case !found:
				t.Errorf("docs/configuration.md has no row for %s of kind %s: %s", o.Key, name, o.Help)
			case !value.IsZero() && !strings.Contains(preset, option.Text(value)):
				t.Errorf("docs/configuration.md has the default %s for %s of kind %s, which is %s", preset, o.Key, name, option.Text(value))
			case o.Help == "" || strings.Contains(o.Help, "\n"):
				t.Errorf("%s of kind %s has no help in one line", o.Key, name)
			}
		}
	}
	for row := range rows {
		t.Errorf("docs/configuration.md has a row for a key that there is not: %s", row)
	}
}
