package wexec

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

type inner struct {
	A int  `json:"a"`
	B bool `json:"b,omitempty"`
}

type Promoted struct {
	A    string `json:"a"`
	Deep uint8  `json:"deep"`
}

type Optional struct {
	Maybe string `json:"maybe"`
}

type outer struct {
	Promoted
	*Optional
	A       float64 `json:"a"`
	Plain   string
	Quoted  int `json:"quoted,string"`
	Skipped int `json:"-"`
	hidden  int
	Ptr     *inner            `json:"ptr"`
	Zero    time.Time         `json:"zero,omitzero"`
	Map     map[string][]bool `json:"map"`
	Pair    [2]int            `json:"pair"`
	Data    []byte            `json:"data"`
}

type list struct {
	Next *list `json:"next"`
}

func TestSchemaOf(t *testing.T) {
	for _, c := range []struct {
		of   any
		want string // "" for no schema
	}{
		{[]byte{}, ""},
		{None{}, ""},
		{false, `{"type":"boolean"}`},
		{int8(0), `{"type":"integer"}`},
		{uint16(0), `{"type":"integer","minimum":0}`},
		{0.5, `{"type":"number"}`},
		{"", `{"type":"string"}`},
		{json.Number(""), `{"type":"number"}`},
		{time.Time{}, `{"type":"string","format":"date-time"}`},
		{time.Second, `{"type":"integer"}`},
		{json.RawMessage(nil), `true`},
		{netip.Addr{}, `{"type":"string"}`},
		{[]string{}, `{"type":["array","null"],"items":{"type":"string"}}`},
		{[3]bool{}, `{"type":"array","items":{"type":"boolean"},"minItems":3,"maxItems":3}`},
		{map[string]int{}, `{"type":["object","null"],"additionalProperties":{"type":"integer"}}`},
		{[]any{}, `{"type":["array","null"],"items":true}`},
		{new(int), `{"type":["integer","null"]}`},
		{inner{}, `{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"boolean"}},"required":["a"]}`},
		{list{}, `{"type":"object","properties":{"next":true}}`},
		{outer{hidden: 1}, `{"type":"object","properties":{
			"a":{"type":"number"},
			"deep":{"type":"integer","minimum":0},
			"maybe":{"type":"string"},
			"Plain":{"type":"string"},
			"quoted":{"type":"string"},
			"ptr":{"type":["object","null"],
				"properties":{"a":{"type":"integer"},"b":{"type":"boolean"}},"required":["a"]},
			"zero":{"type":"string","format":"date-time"},
			"map":{"type":["object","null"],
				"additionalProperties":{"type":["array","null"],"items":{"type":"boolean"}}},
			"pair":{"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":2},
			"data":{"type":["string","null"],"contentEncoding":"base64"}},
			"required":["Plain","a","data","deep","map","pair","quoted"]}`},
	} {
		got := schemaOf(reflect.TypeOf(c.of))
		if c.want == "" {
			if got != nil {
				t.Errorf("%T: got %s, want none", c.of, got)
			}
			continue
		}
		if diff := cmp.Diff(parseJSON(t, c.want), parseJSON(t, string(got))); diff != "" {
			t.Errorf("%T: %s\n%s", c.of, got, diff)
		}
		checkAccepts(t, got, c.of)
	}
}

func parseJSON(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// checkAccepts checks, with another implementation of JSON Schema, that the
// schema accepts the encoding/json form of a value.
func checkAccepts(t *testing.T, schema json.RawMessage, value any) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(schema)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(v); err != nil {
		t.Errorf("%T: %s is not valid: %v", value, text, err)
	}
}

func TestSchemaOfTheImpossible(t *testing.T) {
	defer func() {
		if p := recover(); p == nil || !strings.Contains(p.(string), "chan int has no JSON form") {
			t.Errorf("got the panic %v", p)
		}
	}()
	schemaOf(reflect.TypeFor[struct{ C chan int }]())
}
