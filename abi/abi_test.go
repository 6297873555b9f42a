package abi

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func vectors(t *testing.T, file string, into any) {
	t.Helper()
	f, err := os.Open("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func TestManifestVectors(t *testing.T) {
	var cases []struct {
		Doc, Manifest string
		Tasks         []struct {
			Name    string `json:"name"`
			Mode    Mode   `json:"mode"`
			Timeout int64  `json:"timeout_ms"`
			Memory  uint64 `json:"memory_bytes"`
			Fuel    uint64 `json:"fuel"`
		}
		Reseeds bool
		Error   *string
	}
	vectors(t, "manifests.json", &cases)
	schema := compileSchema(t)
	for _, c := range cases {
		t.Run(c.Doc, func(t *testing.T) {
			m, err := ParseManifest([]byte(c.Manifest))
			// Task names must be unique. A JSON schema can't express that.
			twins := strings.Contains(c.Doc, "the same name")
			if bySchema := schemaAccepts(schema, c.Manifest); bySchema != (err == nil) && !twins {
				t.Errorf("the schema accepts it: %v, ParseManifest: %v", bySchema, err)
			}
			if c.Error != nil {
				me, ok := err.(*ManifestError)
				if !ok || me.Path != *c.Error {
					t.Fatalf("got %v, want an error at %q", err, *c.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if m.Reseeds != c.Reseeds {
				t.Errorf("reseeds is %v, want %v", m.Reseeds, c.Reseeds)
			}
			if len(m.Tasks) != len(c.Tasks) {
				t.Fatalf("got %d tasks, want %d", len(m.Tasks), len(c.Tasks))
			}
			for i, want := range c.Tasks {
				got := m.Tasks[i]
				if got.Name != want.Name || got.Mode != want.Mode || got.Timeout.Milliseconds() != want.Timeout ||
					got.Memory != want.Memory || got.Fuel != want.Fuel {
					t.Errorf("task %d: got %+v, want %+v", i, got, want)
				}
			}
			checkRoundTrip(t, m)
		})
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(ManifestSchema)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("manifest.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func schemaAccepts(schema *jsonschema.Schema, text string) bool {
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	return err == nil && schema.Validate(v) == nil
}

func checkRoundTrip(t *testing.T, m *Manifest) {
	t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseManifest(b)
	if err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	if !reflect.DeepEqual(plain(m), plain(again)) {
		t.Errorf("the manifest differs after a round trip: %s", b)
	}
}

// plain returns a copy of a manifest in which the raw JSON is normalised:
// without white space, and with every & as \u0026.
func plain(m *Manifest) *Manifest {
	out := &Manifest{Extra: plainAll(m.Extra)}
	for _, t := range m.Tasks {
		t.Input, t.Output, t.Extra = plainJSON(t.Input), plainJSON(t.Output), plainAll(t.Extra)
		out.Tasks = append(out.Tasks, t)
	}
	return out
}

func plainAll(fields map[string]json.RawMessage) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for name, raw := range fields {
		out[name] = plainJSON(raw)
	}
	return out
}

func plainJSON(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return nil
	}
	b, err := json.Marshal(raw)
	if err != nil {
		panic(err)
	}
	return b
}

func TestEventVectors(t *testing.T) {
	var cases []struct {
		Doc   string
		Event Event
		Hex   string
	}
	vectors(t, "events.json", &cases)
	for _, c := range cases {
		b := c.Event.AppendTo(nil)
		if got := hex.EncodeToString(b); got != c.Hex {
			t.Errorf("%s: got %s, want %s", c.Doc, got, c.Hex)
		}
		if got := DecodeEvent(b); got != c.Event {
			t.Errorf("%s: decoded as %+v", c.Doc, got)
		}
	}
}

func TestMessageVectors(t *testing.T) {
	var cases []struct{ Doc, Message, Head, Body string }
	vectors(t, "messages.json", &cases)
	for _, c := range cases {
		head, body := SplitMessage([]byte(c.Message))
		if string(head) != c.Head || string(body) != c.Body {
			t.Errorf("%s: got %q and %q", c.Doc, head, body)
		}
		head, body = SplitMessage(JoinMessage(head, body))
		if string(head) != c.Head || string(body) != c.Body {
			t.Errorf("%s: joined and split again: %q and %q", c.Doc, head, body)
		}
	}
}

func TestStatusVectors(t *testing.T) {
	want := map[string]Status{}
	vectors(t, "statuses.json", &want)
	got := map[string]Status{}
	for _, s := range Statuses() {
		got[s.String()] = s
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if s := Status(99); s.Known() || s.String() != "status(99)" {
		t.Errorf("an unknown status: %v", s)
	}
}

func FuzzParseManifest(f *testing.F) {
	var cases []struct {
		Manifest string
		Doc      any
		Tasks    any
		Error    any
	}
	b, err := os.ReadFile("testdata/manifests.json")
	if err != nil {
		f.Fatal(err)
	}
	if err := json.Unmarshal(b, &cases); err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		f.Add([]byte(c.Manifest))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseManifest(b)
		if err != nil {
			return
		}
		checkRoundTrip(t, m)
	})
}
