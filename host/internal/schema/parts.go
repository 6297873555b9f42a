package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A part is a compiled schema or one of its subschemas, reduced to what checking a
// value by it costs: its own steps, and the parts that it checks the same value
// and the values inside of it by.
//
// References are followed, by the library and not by us, so parts form a graph
// and a tree's schema is a cycle in it. A cycle through values ends with the
// text. A cycle of parts that check the same value does not end, and is refused.
type part struct {
	place    string // for errors: #/$defs/name
	steps    int64  // for any value
	perChar  int64  // for 64 bytes of a string
	perDigit int64  // for 16 digits of a number
	unique   bool   // it compares the items of an array

	same []*part // allOf, $ref and the like: they check the same value
	// load is how many parts check one value if this one does, itself included. It
	// is 0 until it is known, and negative while it is being found out.
	load int

	names      *part            // of properties
	properties map[string]*part // by name
	patterns   []pattern        // by regular expression
	others     *part            // that have neither
	prefix     []*part          // the first items
	rest       *part            // the other items
	contains   *part            // any item, once more
}

type pattern struct {
	regexp jsonschema.Regexp
	states int64
	part   *part
}

// partsOf returns the part of a compiled schema. It fails if the schema has what
// we do not support, can't be checked, or checks one value by too many parts.
func partsOf(s *jsonschema.Schema) (*part, error) {
	b := builder{parts: map[*jsonschema.Schema]*part{}}
	root := b.part(s)
	for _, p := range b.list {
		if err := p.measure(); err != nil {
			return nil, err
		}
	}
	return root, b.err
}

type builder struct {
	parts map[*jsonschema.Schema]*part
	list  []*part
	err   error
}

// part returns the part of a subschema, or nil if there is none.
func (b *builder) part(s *jsonschema.Schema) *part {
	if s == nil {
		return nil
	}
	if p, ok := b.parts[s]; ok {
		return p
	}
	p := &part{place: strings.TrimPrefix(s.Location, schemaURL)}
	b.parts[s] = p
	b.list = append(b.list, p)
	b.refuse(s)
	p.count(s)
	b.addSame(p, s)
	b.addProperties(p, s)
	b.addItems(p, s)
	if s.UniqueItems {
		s.UniqueItems = false // ours takes its place
		s.Extensions = append(s.Extensions, uniqueItems{})
		p.unique = true
	}
	return p
}

// refuse notes the keywords that make what a reference leads to depend on its
// surroundings.
func (b *builder) refuse(s *jsonschema.Schema) {
	keyword := ""
	switch {
	case s.ID != "":
		keyword = "$id"
	case s.DynamicAnchor != "":
		keyword = "$dynamicAnchor"
	case s.DynamicRef != nil:
		keyword = "$dynamicRef"
	case s.RecursiveAnchor:
		keyword = "$recursiveAnchor"
	case s.RecursiveRef != nil:
		keyword = "$recursiveRef"
	default:
		return
	}
	b.err = fmt.Errorf("%s is not supported: refer to parts by $ref and #/$defs/name", keyword)
}

// count counts the steps of the part's own keywords. Each keyword may find a
// difference, which takes a few hundred bytes.
func (p *part) count(s *jsonschema.Schema) {
	p.steps, p.perChar, p.perDigit = 1, 1, 1
	for _, has := range []bool{
		s.Minimum != nil, s.Maximum != nil, s.ExclusiveMinimum != nil, s.ExclusiveMaximum != nil, s.MultipleOf != nil,
		s.MinLength != nil, s.MaxLength != nil, s.Pattern != nil, s.MinItems != nil, s.MaxItems != nil,
		s.MinProperties != nil, s.MaxProperties != nil, s.Required != nil, s.Contains != nil,
	} {
		if has {
			p.steps++
		}
	}
	p.steps += int64(len(s.Required)) / 8
	for _, names := range s.DependentRequired {
		p.steps += 1 + int64(len(names))/8
	}
	if s.Const != nil {
		p.compare([]any{*s.Const})
	}
	if s.Enum != nil {
		p.compare(s.Enum.Values)
	}
	if s.MultipleOf != nil {
		p.perDigit += 8
	}
	if s.Pattern != nil {
		p.perChar += 4 * int64(states(s.Pattern.String()))
	}
	if s.Format != nil {
		p.perChar += 8
		if s.Format.Name == "regex" {
			p.perChar += 64 * 128 // it compiles them: a few bytes can be hundreds of states
		}
	}
}

// compare counts the steps of comparing a value with those.
func (p *part) compare(values []any) {
	p.steps += size(values)
	p.perChar += int64(len(values))
	p.perDigit += int64(len(values))
}

func (b *builder) addSame(p *part, s *jsonschema.Schema) {
	for _, group := range [][]*jsonschema.Schema{{s.Ref}, s.AllOf, s.AnyOf, s.OneOf, {s.Not, s.If, s.Then, s.Else}} {
		for _, sub := range group {
			if q := b.part(sub); q != nil {
				p.same = append(p.same, q)
			}
		}
	}
	for _, name := range sorted(s.DependentSchemas) {
		p.same = append(p.same, b.part(s.DependentSchemas[name]))
	}
	for _, name := range sorted(s.Dependencies) {
		switch d := s.Dependencies[name].(type) {
		case []string:
			p.steps += 1 + int64(len(d))/8
		case *jsonschema.Schema:
			p.same = append(p.same, b.part(d))
		}
	}
}

func (b *builder) addProperties(p *part, s *jsonschema.Schema) {
	p.names = b.part(s.PropertyNames)
	p.properties = make(map[string]*part, len(s.Properties))
	for _, name := range sorted(s.Properties) {
		p.properties[name] = b.part(s.Properties[name])
	}
	for r, sub := range s.PatternProperties {
		p.patterns = append(p.patterns, pattern{r, int64(states(r.String())), b.part(sub)})
	}
	switch additional := s.AdditionalProperties.(type) {
	case nil:
		p.others = b.part(s.UnevaluatedProperties)
	case *jsonschema.Schema:
		p.others = b.part(additional)
	}
}

// addItems knows that the draft of 2020 gave items and additionalItems new names.
func (b *builder) addItems(p *part, s *jsonschema.Schema) {
	p.contains = b.part(s.Contains)
	prefix, rest := s.PrefixItems, s.Items2020
	switch items := s.Items.(type) {
	case *jsonschema.Schema:
		rest = items
	case []*jsonschema.Schema:
		prefix = items
		rest, _ = s.AdditionalItems.(*jsonschema.Schema)
	}
	for _, sub := range prefix {
		p.prefix = append(p.prefix, b.part(sub))
	}
	if rest == nil {
		rest = s.UnevaluatedItems
	}
	p.rest = b.part(rest)
}

// measure finds out the part's load.
func (p *part) measure() error {
	switch {
	case p.load > 0:
		return nil
	case p.load < 0:
		return fmt.Errorf("%q leads back to itself without going into the value: checking would never end",
			clip(p.place))
	}
	p.load = -1
	load := 1
	for _, q := range p.same {
		if err := q.measure(); err != nil {
			return err
		}
		if load += q.load; load > maxParts {
			return fmt.Errorf("%q checks one value by more than %d parts", clip(p.place), maxParts)
		}
	}
	p.load = load
	return nil
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
