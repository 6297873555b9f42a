package trust

import (
	"reflect"
	"strings"
	"testing"

	"github.com/wexec/wexec/host"
)

// TestGrants has each word set the field that it says, and no other.
func TestGrants(t *testing.T) {
	for _, g := range grants {
		o, err := Options([]string{g.word})
		if err != nil {
			t.Error(err)
		}
		field := reflect.ValueOf(&o).Elem().FieldByName(g.field)
		if !field.IsValid() || field.IsZero() {
			t.Errorf("%s does not set %s", g.word, g.field)
			continue
		}
		field.SetZero()
		if !reflect.DeepEqual(o, host.Options{}) {
			t.Errorf("%s also sets %+v", g.word, o)
		}
	}
}

func TestWords(t *testing.T) {
	for fields, want := range map[string]string{
		"":                        "",
		"SharedMemory":            "shared-memory",
		"SharedMemory Exceptions": "exceptions,shared-memory",
		"Unheard Safepoints":      "no-safepoints",
	} {
		if got := strings.Join(Words(strings.Fields(fields)), ","); got != want {
			t.Errorf("%s: got %s, want %s", fields, got, want)
		}
	}
}
