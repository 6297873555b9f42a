package grant

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/wexec/wexec/host/capability/http"
)

func TestParseSecrets(t *testing.T) {
	t.Setenv("TOKEN", "Bearer hidden")
	file := filepath.Join(t.TempDir(), "a@b")
	if err := os.WriteFile(file, []byte("hidden\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for flags, want := range map[string]map[string]http.Secret{
		"":                        {},
		"TOKEN@https://a.example": {"TOKEN": {Value: "Bearer hidden", For: []string{"https://a.example"}}},
		"TOKEN:x-key@a.example TOKEN:x-key@b.example": {
			"TOKEN": {Value: "Bearer hidden", Header: "x-key", For: []string{"a.example", "b.example"}},
		},
		"key=@" + file + "@a.example":       {"key": {Value: "hidden", For: []string{"a.example"}}},
		"key:x-key=@" + file + "@a.example": {"key": {Value: "hidden", Header: "x-key", For: []string{"a.example"}}},

		"TOKEN":                                   nil,
		"TOKEN@":                                  nil,
		"@a.example":                              nil,
		"=@" + file + "@a.example":                nil,
		"key=@a.example":                          nil,
		"key=@@a.example":                         nil,
		"key=hidden@a.example":                    nil,
		"key=hidden":                              nil,
		"key=@/no/such/file@a.example":            nil,
		"ABSENT_FROM_HERE@a.example":              nil,
		"TOKEN@a.example TOKEN:x-key@b.example":   nil,
		"TOKEN@a.example TOKEN=@" + file + "@b.c": nil,
	} {
		got, err := parseSecrets(strings.Fields(flags))
		if !reflect.DeepEqual(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%s: %v, %v", flags, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "hidden") {
			t.Errorf("the error shows the value: %v", err)
		}
	}
}
