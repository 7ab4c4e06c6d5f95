package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The models match the schemas.
func TestModelsAreFresh(t *testing.T) {
	files, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what docs/*.schema.json say: run go run ./sdk/gen", name)
		}
	}
}
