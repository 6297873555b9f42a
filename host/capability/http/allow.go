package http

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// accepted ends the error about an entry of an allow-list.
const accepted = "accepted are example.com, example.com:8443, example.com:*, *.example.com, 127.0.0.1:8080, " +
	"[::1]:8080, localhost:8080, https://example.com, GET https://example.com/v1; no port means 80 and 443, " +
	"or that of the scheme"

// A rule is an entry of an allow-list.
type rule struct {
	method   string   // empty is any
	scheme   string   // empty is both
	under    bool     // "*.": any name that ends in "." + host, and not host itself
	endpoint          // its port is not used
	ports    []uint16 // nil is any
	prefix   []string // the segments that a path must begin with
}

// A target is what a request asks for, as rules see it.
type target struct {
	method, scheme string
	endpoint
	path string // as on the wire
}

func targetOf(method string, u *url.URL, to endpoint) target {
	return target{method, u.Scheme, to, u.EscapedPath()}
}

// entry is the entry that would let a request pass. People copy it to a shell, so it
// leaves out a method or a path that has more in it than letters and the like. It also
// leaves out a path that no entry can have, or that is long.
func (t target) entry() string {
	entry := t.scheme + "://" + t.shortest(t.scheme)
	if _, err := parsePrefix(t.path); err == nil && clip(t.path) == t.path && isHarmless(t.path) {
		entry += t.path
	}
	if isHarmless(t.method) {
		entry = t.method + " " + entry
	}
	return entry
}

func isHarmless(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' || !isUnreserved(byte(r)) && r != '/' && r != '%' })
}

func parseRules(entries []string) ([]rule, error) {
	rules := make([]rule, 0, len(entries))
	for _, entry := range entries {
		r, err := parseRule(entry)
		if err != nil {
			return nil, fmt.Errorf("allow-list entry %q: %w (%s)", entry, err, accepted)
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// parseRule reads an entry: [METHOD ][SCHEME://]HOST[:PORT][/PATH].
func parseRule(entry string) (r rule, err error) {
	rest := entry
	if method, after, ok := strings.Cut(entry, " "); ok {
		if r.method, err = parseMethod(method); err != nil || method == "" {
			return r, errors.New("before the space goes a method")
		}
		rest = after
	}
	if strings.ContainsAny(rest, "?#@") {
		return r, errors.New("it can't have a query, a fragment or a user")
	}
	if scheme, after, ok := strings.Cut(rest, "://"); ok {
		host, path, _ := strings.Cut(after, "/")
		r.scheme, rest = strings.ToLower(scheme), host
		if standardPort[r.scheme] == 0 {
			return r, errors.New("the scheme must be http or https")
		}
		if r.prefix, err = parsePrefix("/" + path); err != nil {
			return r, err
		}
	}
	if strings.Contains(rest, "/") {
		return r, errors.New("only after http:// or https:// may a path follow the host")
	}
	return r, r.parseHost(rest)
}

// parsePrefix reads the path of an entry. A star would match only itself.
func parsePrefix(path string) ([]string, error) {
	if strings.Contains(path, "*") {
		return nil, errors.New("a path has no *: it stands for all that begin with it")
	}
	return segments(percentEncode(path))
}

// parseHost reads the host and the port of an entry.
func (r *rule) parseHost(s string) error {
	host, port, hasPort, err := splitPort(s)
	if err != nil {
		return err
	}
	host, r.under = strings.CutPrefix(host, "*.")
	if r.endpoint, err = parseHost(host); err != nil {
		return err
	}
	switch {
	case r.under && r.addr.IsValid():
		return errors.New("*. goes before a name, not before an address")
	case r.addr.IsMulticast(), r.addr.IsValid() && r.addr.IsUnspecified():
		return errors.New("it is not the address of a host")
	case hasPort && port == "*":
		return nil
	case hasPort:
		number, err := parsePort(port)
		r.ports = []uint16{number}
		return err
	case r.scheme != "":
		r.ports = []uint16{standardPort[r.scheme]}
		return nil
	}
	r.ports = []uint16{80, 443}
	return nil
}

// splitPort cuts an entry into host and port. An IPv6 address must have its
// brackets even without a port: ::1:80 is an address, and not port 80 of ::1.
func splitPort(entry string) (host, port string, hasPort bool, err error) {
	inner, bracketed := strings.CutPrefix(entry, "[")
	if !bracketed {
		if strings.Count(entry, ":") > 1 {
			return "", "", false, errors.New("an IPv6 address must be in brackets")
		}
		host, port, hasPort = strings.Cut(entry, ":")
		return host, port, hasPort, nil
	}
	host, rest, closed := strings.Cut(inner, "]")
	if addr, err := netip.ParseAddr(host); !closed || err != nil || !addr.Is6() {
		return "", "", false, errors.New("only an IPv6 address is in brackets")
	}
	port, hasPort = strings.CutPrefix(rest, ":")
	if rest != "" && !hasPort {
		return "", "", false, errors.New("only a port may follow the brackets")
	}
	return host, port, hasPort, nil
}

// reaches reports whether some request to the host and port may pass.
func (r rule) reaches(to endpoint) bool {
	if r.ports != nil && !slices.Contains(r.ports, to.port) {
		return false
	}
	if r.under {
		return strings.HasSuffix(to.host, "."+r.host)
	}
	return r.host == to.host
}

// match reports whether the request may pass. A path that could be read in several
// ways matches no prefix.
func (r rule) match(t target) bool {
	if !r.reaches(t.endpoint) || r.method != "" && r.method != t.method || r.scheme != "" && r.scheme != t.scheme {
		return false
	}
	if len(r.prefix) == 0 {
		return true
	}
	path, err := segments(t.path)
	return err == nil && len(path) >= len(r.prefix) && slices.Equal(path[:len(r.prefix)], r.prefix)
}

func anyMatch(rules []rule, t target) bool {
	return slices.ContainsFunc(rules, func(r rule) bool { return r.match(t) })
}

// admit says whether the allow-list has a request.
func admit(rules []rule, t target) error {
	if anyMatch(rules, t) {
		return nil
	}
	if err := admitHost(rules, t.endpoint); err != nil {
		return err
	}
	reason := "is on the allow-list, but not for " + clip(t.method+" "+t.path)
	if _, err := segments(t.path); err != nil {
		reason += ", a path that " + err.Error()
	}
	return &DeniedError{
		Host:   t.String(),
		Reason: fmt.Sprintf("%s: add %q to http.Client.Allow", reason, t.entry()),
	}
}

// admitHost says whether the allow-list has some request to a host and port.
func admitHost(rules []rule, to endpoint) error {
	if slices.ContainsFunc(rules, func(r rule) bool { return r.reaches(to) }) {
		return nil
	}
	entry := to.String()
	if to.port == 80 || to.port == 443 {
		entry = to.hostAlone()
	}
	return &DeniedError{
		Host:   to.String(),
		Reason: fmt.Sprintf("is not on the allow-list: add %q to http.Client.Allow", entry),
	}
}

// mayConnect says whether a socket for an admitted endpoint may connect to
// addr. An address may only be itself, localhost only this machine, and any
// other name only a public host.
//
// The answer hangs on the endpoint and on nothing else of the request. That is
// why connections may be pooled: net/http keys the pool by scheme, host and
// port, so a request finds only connections which it could have opened.
func (e endpoint) mayConnect(addr netip.Addr) error {
	switch {
	case e.addr.IsValid():
		if addr != e.addr {
			return &DeniedError{Host: e.String(), Reason: "led to another address"}
		}
	case e.host == "localhost":
		if !addr.IsLoopback() {
			return &DeniedError{Host: e.String(), Reason: "leads to an address which is not loopback"}
		}
	default:
		if class := classOf(addr); class != "" {
			return &DeniedError{Host: e.String(), Reason: fmt.Sprintf(
				"leads to an address which is not public (%s); to reach that, "+
					"put the address itself into the allow-list and into the URL", class)}
		}
	}
	return nil
}
