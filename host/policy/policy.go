// Package policy reads a file that says which modules may use what: capabilities for
// each module and tenant, with limits for each. It is a capability itself:
//
//	p, err := policy.Load("policy.toml")
//	if err != nil {
//		return err
//	}
//	h, err := host.New(host.Config{Capabilities: []capability.Capability{p}})
//
// The file is TOML:
//
//	[kv]
//	file = "state.db"                      # where all keys and values are kept
//
//	[secrets.github]
//	env = "GITHUB_AUTHORIZATION"           # or file = "github.txt"
//	for = ["https://api.github.com"]       # who may get it
//
//	[[rule]]
//	module = "images"                      # a module of the host, or of the owner
//	digest = "9f86d081884c7d65…"           # the SHA-256 of its bytes
//	owner  = "acme"                        # the tenant that it was loaded for
//	tenant = "acme"                        # whom it runs for
//
//	[rule.http]
//	allow = ["GET https://api.github.com/repos"]
//	secrets = ["github"]
//	max_concurrent = 20
//
//	[rule.kv]
//	bytes = "10MiB"
//	keys = 1000
//
//	[[rule.files]]
//	host = "data/images"
//	guest = "/images"
//	read_only = true
//
//	[rule.config]
//	format = "webp"
//
// The first rule that matches a module and tenant counts, and no other. What a rule does
// not say may be anything, but a rule that names a module and no owner is for that of
// the host: tenants choose the names of theirs. A rule grants what it has a section for;
// time and random bytes need none. Where no rule matches, nothing is granted. Paths are
// relative to the folder of the file.
package policy

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/BurntSushi/toml"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/files"
	"github.com/wexec/wexec/host/capability/http"
	"github.com/wexec/wexec/host/capability/kv"
	"github.com/wexec/wexec/host/capability/system"
)

// Policy is the capability. It is safe for concurrent use.
type Policy struct {
	rules []rule
	store *kv.Store // nil without [kv]
}

// rule is a rule of the file, with the capabilities that it grants.
type rule struct {
	match
	grants []capability.Capability
}

// match says whom a rule is for.
type match struct {
	Module string `toml:"module"`
	Digest string `toml:"digest"`
	Owner  string `toml:"owner"`
	Tenant string `toml:"tenant"`
}

func (m match) fits(s capability.Scope) bool {
	same := func(want, is string) bool { return want == "" || want == is }
	owned := m.Owner == s.Owner || m.Owner == "" && m.Module == ""
	return owned && same(m.Module, s.Module) && same(m.Digest, s.Digest) && same(m.Tenant, s.Tenant)
}

// Load reads a file and opens what it names.
func Load(file string) (*Policy, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	p, err := Parse(string(text), filepath.Dir(file))
	if err != nil {
		return nil, fmt.Errorf("policy: %s: %w", file, err)
	}
	return p, nil
}

// Parse reads the text of a file. Its paths are relative to dir.
func Parse(text, dir string) (*Policy, error) {
	var d document
	meta, err := toml.Decode(text, &d)
	if parse, ok := errors.AsType[toml.ParseError](err); ok {
		return nil, fmt.Errorf("line %d: %s", parse.Position.Line, parse.Message)
	}
	if err != nil {
		return nil, wrongType(err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("there is no field %s", unknown[0])
	}
	return d.open(dir)
}

// open opens what a document names.
func (d *document) open(dir string) (p *Policy, err error) {
	p = &Policy{}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
			p = nil
		}
	}()
	secrets, err := d.readSecrets(dir)
	if err != nil {
		return p, err
	}
	if d.KV != nil {
		if d.KV.File == "" {
			return p, errors.New("kv.file: want the name of a file")
		}
		if p.store, err = kv.Open(under(dir, d.KV.File), kv.Limits{}); err != nil {
			return p, err
		}
	}
	for i := range d.Rule {
		r := &d.Rule[i]
		grants, err := r.open(dir, p.store, secrets)
		p.rules = append(p.rules, rule{r.match, grants})
		if err != nil {
			return p, fmt.Errorf("rule %d: %w", i+1, err)
		}
		all := capability.Scope{Module: r.Module, Owner: r.Owner, Tenant: r.Tenant, Digest: r.Digest}
		if before := p.rule(all); before < i {
			return p, fmt.Errorf("rule %d is never used: rule %d comes first, and matches all that it does", i+1, before+1)
		}
	}
	return p, nil
}

// mistyped matches what package toml says of a value of a wrong type.
var mistyped = regexp.MustCompile(`^toml: (line \d+) \(last key "(.*)"\): incompatible types: ` +
	`TOML value has type (\S+); destination has type (\S+)$`)

// typeWords are the types of package toml, for people.
var typeWords = map[string]string{
	"slice": "a list", "map[string]any": "a table", "map[string]string": "a table", "[]any": "a list",
	"string": "text in quotes", "int64": "a whole number", "integer": "a whole number", "int": "a whole number",
	"float64": "a number", "bool": "true or false", "boolean": "true or false",
}

// wrongType says an error of package toml about types so that people understand it.
func wrongType(err error) error {
	found := mistyped.FindStringSubmatch(err.Error())
	if found == nil {
		return err
	}
	word := func(s string) string { return cmp.Or(typeWords[s], s) }
	return fmt.Errorf("%s: %s is %s: want %s", found[1], found[2], word(found[3]), word(found[4]))
}

// under returns a path that is relative to a folder.
func under(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// Names implements capability.Capability: all that a rule may grant.
func (p *Policy) Names() []string {
	return slices.Concat(
		[]string{abi.CapConfig}, (*files.Files)(nil).Names(), (*http.Client)(nil).Names(),
		(*kv.Store)(nil).Names(), system.System{}.Names(),
	)
}

// rule returns the index of the rule that matches, or -1.
func (p *Policy) rule(scope capability.Scope) int {
	return slices.IndexFunc(p.rules, func(r rule) bool { return r.fits(scope) })
}

// For implements capability.Capability: the ops of the rule that matches.
func (p *Policy) For(scope capability.Scope) (map[string]capability.Op, error) {
	ops := map[string]capability.Op{}
	i := p.rule(scope)
	if i < 0 {
		return ops, nil
	}
	for _, granted := range p.rules[i].grants {
		more, err := granted.For(scope)
		if err != nil {
			return nil, err
		}
		for name, op := range more {
			ops[name] = op
		}
	}
	return ops, nil
}

// Close implements capability.Capability.
func (p *Policy) Close() error {
	var errs []error
	for _, r := range p.rules {
		for _, granted := range r.grants {
			errs = append(errs, granted.Close())
		}
	}
	if p.store != nil {
		errs = append(errs, p.store.Close())
	}
	return errors.Join(errs...)
}
