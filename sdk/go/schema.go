package wexec

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// schema is the part of JSON Schema that Go types need. A schema without a type
// is written as true, which accepts anything.
type schema struct {
	Type            any                `json:"type"`
	Format          string             `json:"format,omitempty"`
	ContentEncoding string             `json:"contentEncoding,omitempty"`
	Minimum         *int               `json:"minimum,omitempty"`
	Items           *schema            `json:"items,omitempty"`
	MinItems        *int               `json:"minItems,omitempty"`
	MaxItems        *int               `json:"maxItems,omitempty"`
	Properties      map[string]*schema `json:"properties,omitempty"`
	Required        []string           `json:"required,omitempty"`
	Additional      *schema            `json:"additionalProperties,omitempty"`
}

func (s *schema) MarshalJSON() ([]byte, error) {
	if s.Type == nil {
		return []byte("true"), nil
	}
	type plain schema
	return json.Marshal((*plain)(s))
}

// schemaOf returns a JSON schema for the encoding/json form of a type, or nil
// for an input or output that is not JSON. It panics if the type has no JSON
// form.
func schemaOf(t reflect.Type) json.RawMessage {
	if t == reflect.TypeFor[[]byte]() || t == reflect.TypeFor[None]() {
		return nil
	}
	b, err := json.Marshal(schemas{}.of(t))
	if err != nil {
		panic(err)
	}
	return b
}

// schemas is the stack of structs whose schema is being made. Inside itself, a
// struct gets a schema that accepts anything.
type schemas []reflect.Type

var (
	marshalers = []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler]()}
	texts      = []reflect.Type{reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()}
)

func implements(t reflect.Type, any []reflect.Type) bool {
	return slices.ContainsFunc(any, func(i reflect.Type) bool {
		return t.Implements(i) || reflect.PointerTo(t).Implements(i)
	})
}

func (outer schemas) of(t reflect.Type) *schema {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return &schema{Type: "string", Format: "date-time"}
	case t == reflect.TypeFor[json.Number]():
		return &schema{Type: "number"}
	case implements(t, marshalers):
		return &schema{}
	case implements(t, texts):
		return &schema{Type: "string"}
	}
	zero := 0
	switch t.Kind() {
	case reflect.Bool:
		return &schema{Type: "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &schema{Type: "integer"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return &schema{Type: "integer", Minimum: &zero}
	case reflect.Float32, reflect.Float64:
		return &schema{Type: "number"}
	case reflect.String:
		return &schema{Type: "string"}
	case reflect.Interface:
		return &schema{}
	case reflect.Pointer:
		return orNull(outer.of(t.Elem()))
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 && !implements(t.Elem(), marshalers) && !implements(t.Elem(), texts) {
			return orNull(&schema{Type: "string", ContentEncoding: "base64"})
		}
		return orNull(&schema{Type: "array", Items: outer.of(t.Elem())})
	case reflect.Array:
		n := t.Len()
		return &schema{Type: "array", Items: outer.of(t.Elem()), MinItems: &n, MaxItems: &n}
	case reflect.Map:
		return orNull(&schema{Type: "object", Additional: outer.of(t.Elem())})
	case reflect.Struct:
		if slices.Contains(outer, t) {
			return &schema{}
		}
		s := &schema{Type: "object", Properties: map[string]*schema{}}
		append(outer, t).fields(t, s)
		slices.Sort(s.Required)
		return s
	}
	panic(fmt.Sprintf("wexec: %v has no JSON form", t))
}

// orNull allows null too. It is for types that encoding/json writes as null when
// they are nil.
func orNull(s *schema) *schema {
	if name, ok := s.Type.(string); ok {
		s.Type = []string{name, "null"}
	}
	return s
}

// fields adds the fields of the struct t to its schema. A field of the struct
// itself hides one of an embedded struct.
func (outer schemas) fields(t reflect.Type, s *schema) {
	var embedded []reflect.StructField
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		option := func(o string) bool { return slices.Contains(strings.Split(options, ","), o) }
		under := f.Type
		if under.Kind() == reflect.Pointer {
			under = under.Elem()
		}
		switch {
		case f.Tag.Get("json") == "-":
			continue
		case f.Anonymous && name == "" && under.Kind() == reflect.Struct:
			embedded = append(embedded, f)
			continue
		case !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		if s.Properties[name] != nil {
			continue
		}
		s.Properties[name] = outer.of(f.Type)
		if option("string") {
			s.Properties[name] = &schema{Type: "string"}
		}
		if !option("omitempty") && !option("omitzero") && f.Type.Kind() != reflect.Pointer {
			s.Required = append(s.Required, name)
		}
	}
	for _, f := range embedded {
		required := len(s.Required)
		t, pointer := f.Type, f.Type.Kind() == reflect.Pointer
		if pointer {
			t = t.Elem()
		}
		if !slices.Contains(outer, t) {
			append(outer, t).fields(t, s)
		}
		if pointer {
			s.Required = s.Required[:required]
		}
	}
}
