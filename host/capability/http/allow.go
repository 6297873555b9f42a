package http

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// accepted ends the error about an entry of the allow-list.
const accepted = "accepted are example.com, example.com:8443, *.example.com, " +
	"127.0.0.1:8080, [::1]:8080, localhost:8080; no port means 80 and 443"

// A rule is an entry of the allow-list.
type rule struct {
	endpoint      // port 0 means 80 and 443
	under    bool // "*.": any name that ends in "." + host, and not host itself
}

func parseRules(entries []string) ([]rule, error) {
	rules := make([]rule, 0, len(entries))
	for _, entry := range entries {
		r, err := parseRule(entry)
		if err != nil {
			return nil, fmt.Errorf("http.fetch: allow-list entry %q: %w (%s)", entry, err, accepted)
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func parseRule(entry string) (rule, error) {
	if strings.ContainsAny(entry, "/?#@") {
		return rule{}, errors.New("it must be a host, not a URL")
	}
	host, port, hasPort, err := splitPort(entry)
	if err != nil {
		return rule{}, err
	}
	host, under := strings.CutPrefix(host, "*.")
	r := rule{under: under}
	if r.endpoint, err = parseHost(host); err != nil {
		return rule{}, err
	}
	if hasPort {
		if r.port, err = parsePort(port); err != nil {
			return rule{}, err
		}
	}
	switch {
	case under && r.addr.IsValid():
		return rule{}, errors.New("*. goes before a name, not before an address")
	case r.addr.IsMulticast(), r.addr.IsValid() && r.addr.IsUnspecified():
		return rule{}, errors.New("it is not the address of a host")
	}
	return r, nil
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

func (r rule) match(to endpoint) bool {
	if r.port != to.port && (r.port != 0 || to.port != 80 && to.port != 443) {
		return false
	}
	if r.under {
		return strings.HasSuffix(to.host, "."+r.host)
	}
	return r.host == to.host
}

// admit says whether the allow-list has to.
func admit(rules []rule, to endpoint) error {
	for _, r := range rules {
		if r.match(to) {
			return nil
		}
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
