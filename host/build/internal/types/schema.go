package types

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// schema is a JSON schema. Nil allows everything.
type schema map[string]any

// maxDepth is how deep types may nest. What is deeper is not read.
const maxDepth = 32

// function reads a function or an arrow function up to its body.
func (r *reader) function() (t Task) {
	r.take("async")
	if r.take("function") {
		if r.take("*") {
			return t
		}
		if r.kind() == word {
			r.next()
		}
	}
	if r.peek(0) != "(" {
		return t // it has parameters of types, or is something else
	}
	params, sure := r.parameters()
	var result schema
	if r.take(":") {
		result = r.result()
	}
	if !r.take("=>") && r.peek(0) != "{" {
		return Task{} // something was not understood
	}
	if sure {
		t.Input = encode(input(params))
	}
	t.Output = encode(result)
	return t
}

// parameter is one of a function's.
type parameter struct {
	schema    schema
	optional  bool
	defaulted bool // it and those behind it do not count for the function's length
}

// parameters reads a list of parameters. It reports whether it understood all.
func (r *reader) parameters() (params []parameter, sure bool) {
	end := r.closingAt()
	defer func() { r.at = end }()
	r.take("(")
	for !r.take(")") {
		var p parameter
		if r.take("...") || r.peek(0) == "this" || r.at >= end {
			return nil, false
		}
		r.skip() // a name, or a pattern
		p.optional = r.take("?")
		if r.take(":") {
			p.schema = r.union()
		}
		if r.take("=") {
			p.optional, p.defaulted = true, true
			for r.at < end-1 && r.peek(0) != "," {
				r.skip()
			}
		}
		params = append(params, p)
		if !r.take(",") && r.peek(0) != ")" {
			return nil, false
		}
	}
	return params, r.at == end
}

// closingAt returns the place behind what the next token opens.
func (r *reader) closingAt() int {
	at := r.at
	defer func() { r.at = at }()
	r.skip()
	return r.at
}

// input returns the schema of a task's input. An array has the arguments if the function's
// length is more than 1. Any other input is the first argument.
func input(params []parameter) schema {
	length := slices.IndexFunc(params, func(p parameter) bool { return p.defaulted })
	if length < 0 {
		length = len(params)
	}
	if len(params) == 0 || params[0].optional {
		return nil // there may be no input at all
	}
	if length == 1 {
		return params[0].schema
	}
	items := make([]any, len(params))
	required := 0
	for i, p := range params {
		items[i] = p.schema.orTrue()
		if !p.optional {
			required = i + 1
		}
	}
	list := schema{"type": "array", "prefixItems": items, "minItems": required, "maxItems": len(params)}
	if required > 1 {
		return list
	}
	return anyOf([]schema{list, params[0].schema})
}

// result reads the type of a function's result, or of what its promise brings.
func (r *reader) result() schema {
	if r.peek(0) != "Promise" || r.peek(1) != "<" {
		return r.union()
	}
	r.at += 2
	s := r.union()
	if !r.take(">") {
		return nil
	}
	return s
}

// union reads a type. If it is not sure of one, it returns nil, and may stop anywhere.
func (r *reader) union() schema {
	if r.depth++; r.depth > maxDepth {
		r.depth--
		return nil
	}
	defer func() { r.depth-- }()
	r.take("|")
	var all []schema
	for {
		all = append(all, r.array())
		if !r.take("|") {
			break
		}
	}
	if next := r.peek(0); next == "&" || next == "extends" || next == "is" {
		return nil
	}
	return anyOf(all)
}

// anyOf joins the schemas of a union. Literals become one enum.
func anyOf(all []schema) schema {
	var literals, others []any
	for _, s := range all {
		if s == nil {
			return nil
		}
		if value, ok := s["const"]; ok && len(s) == 1 {
			literals = append(literals, value)
		} else {
			others = append(others, s)
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	if literals != nil {
		others = append(others, schema{"enum": literals})
	}
	if len(others) == 1 {
		return others[0].(schema)
	}
	return schema{"anyOf": others}
}

// array reads a type and the brackets behind it.
func (r *reader) array() schema {
	r.take("readonly")
	s := r.single()
	for r.peek(0) == "[" && r.peek(1) == "]" {
		r.at += 2
		s = arrayOf(s)
	}
	if r.peek(0) == "[" {
		r.skip() // a type of a type
		return nil
	}
	return s
}

func arrayOf(s schema) schema {
	if s == nil {
		return schema{"type": "array"}
	}
	return schema{"type": "array", "items": s}
}

var simple = map[string]schema{
	"string": {"type": "string"}, "number": {"type": "number"}, "boolean": {"type": "boolean"},
	"null": {"type": "null"}, "true": {"const": true}, "false": {"const": false},
	"object": nil, "any": nil, "unknown": nil,
}

// single reads a type that is no union.
func (r *reader) single() schema {
	switch t := r.tokens[min(r.at, len(r.tokens)-1)]; {
	case r.kind() == quote && !strings.Contains(t.text, `\`):
		r.at++
		return schema{"const": t.text}
	case r.kind() == number || t.text == "-" && r.at+1 < len(r.tokens) && r.tokens[r.at+1].kind == number:
		return r.number()
	case r.peek(0) == "(":
		return r.inParentheses()
	case r.peek(0) == "{":
		return r.object()
	case r.peek(0) == "[":
		return r.tuple()
	case r.kind() == word:
		return r.reference(r.next().text)
	}
	return nil
}

func (r *reader) number() schema {
	minus := ""
	if r.take("-") {
		minus = "-"
	}
	n, err := strconv.ParseFloat(minus+r.next().text, 64)
	if err != nil {
		return nil
	}
	return schema{"const": n}
}

func (r *reader) inParentheses() schema {
	end := r.closingAt()
	r.take("(")
	s := r.union()
	sure := r.take(")") && r.at == end
	r.at = end
	if !sure || r.peek(0) == "=>" { // a function
		return nil
	}
	return s
}

// reference reads what is behind the name of a type.
func (r *reader) reference(name string) schema {
	if r.peek(0) == "<" {
		return r.generic(name)
	}
	if s, ok := simple[name]; ok {
		return s
	}
	at, ok := r.named[name]
	if !ok || at == unsure || r.peek(0) == "." {
		return nil
	}
	behind := r.at
	r.at, r.named[name] = at, unsure // so that a type in itself allows everything
	s := r.union()
	r.at, r.named[name] = behind, at
	return s
}

// generic reads the arguments of the types with some that JSON has.
func (r *reader) generic(name string) schema {
	r.take("<")
	switch name {
	case "Array", "ReadonlyArray":
		if s := r.union(); r.take(">") {
			return arrayOf(s)
		}
	case "Record":
		if r.take("string") && r.take(",") {
			if s := r.union(); r.take(">") {
				return schema{"type": "object", "additionalProperties": s.orTrue()}
			}
		}
	}
	return nil
}

// object reads the fields of an object.
func (r *reader) object() schema {
	end := r.closingAt()
	defer func() { r.at = end }()
	r.take("{")
	fields, required := schema{}, []string{}
	for !r.take("}") {
		r.take("readonly")
		if k := r.kind(); k != word && k != quote {
			return nil
		}
		name := r.next().text
		optional := r.take("?")
		if !r.take(":") {
			return nil // a method, or something else
		}
		fields[name] = r.union().orTrue()
		if !optional {
			required = append(required, name)
		}
		for r.take(",") || r.take(";") {
		}
		if r.at >= end {
			return nil
		}
	}
	s := schema{"type": "object", "properties": fields}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// tuple reads the types of an array's elements.
func (r *reader) tuple() schema {
	end := r.closingAt()
	defer func() { r.at = end }()
	r.take("[")
	var items []any
	for !r.take("]") {
		if r.at >= end {
			return nil
		}
		items = append(items, r.union().orTrue())
		if !r.take(",") && r.peek(0) != "]" {
			return nil // it has names, or optional elements
		}
	}
	return schema{"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
}

// orTrue returns the schema as a part of another.
func (s schema) orTrue() any {
	if s == nil {
		return true
	}
	return s
}

func encode(s schema) json.RawMessage {
	if s == nil {
		return nil
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil
	}
	return b
}
