package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"rvo-tui/runtime"
)

func TestSnapshotsAreAsTheirSchemaSays(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("../../../docs/snapshot.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../../docs/snapshot.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var form map[string]any
	if err := json.Unmarshal(text, &form); err != nil {
		t.Fatal(err)
	}
	w := start(t, nil)
	real := until(t, w.client(t), "a clip was saved", func(s *runtime.Snapshot) bool { return s.Clips != nil && s.Clips.Saved > 0 })
	first := w.rt.Snapshot()
	first.Cameras[0].Rules = nil
	for name, s := range map[string]*runtime.Snapshot{"of a running program": real, "without rules": first, "of another": busy(1), "empty": {}} {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		switch name {
		case "of a running program", "without rules":
			if err := schema.Validate(value); err != nil {
				t.Errorf("%s: %v\n%s", name, err, text)
			}
		}
		var plain any
		if err := json.Unmarshal(text, &plain); err != nil {
			t.Fatal(err)
		}
		for _, key := range untold(form, form, plain, "") {
			t.Errorf("%s: the schema does not tell of %s", name, key)
		}
	}
	// The schema detects missing keys.
	text, err = json.Marshal(real)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"at", "cameras", "clauses", "frame_interval", "p999_ns", "skips", "ttl_ns"} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(string(text), `"`+key+`":`, `"x":`, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(value) == nil {
			t.Errorf("the schema does not miss %q", key)
		}
	}
}

// untold returns the keys of a value that its schema does not describe.
func untold(root, schema map[string]any, value any, at string) (keys []string) {
	if ref, ok := schema["$ref"].(string); ok {
		name, ok := strings.CutPrefix(ref, "#/$defs/")
		if !ok {
			return nil // of another file, which is as strict as it likes
		}
		schema = root["$defs"].(map[string]any)[name].(map[string]any)
	}
	if either, ok := schema["anyOf"].([]any); ok {
		return untold(root, either[0].(map[string]any), value, at)
	}
	switch v := value.(type) {
	case map[string]any:
		props, ok := schema["properties"].(map[string]any)
		if !ok {
			return nil
		}
		for key, member := range v {
			if form, ok := props[key].(map[string]any); ok {
				keys = append(keys, untold(root, form, member, at+"."+key)...)
			} else {
				keys = append(keys, at+"."+key)
			}
		}
	case []any:
		form, _ := schema["items"].(map[string]any)
		for i, member := range v {
			keys = append(keys, untold(root, form, member, fmt.Sprintf("%s[%d]", at, i))...)
		}
	}
	return keys
}
