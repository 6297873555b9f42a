package http

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
)

// A Secret is the value of a header that the host fills in for a guest, which names
// it and never sees it. Printed, encoded or logged, it does not show its value.
type Secret struct {
	// Value is the whole value of the header: "Bearer …".
	Value string
	// Header is the one header that may carry it. In another, a server might take it
	// for something to send back. Default: authorization.
	Header string
	// For lists the requests that may carry it, with entries as in Client.Allow.
	// An entry without a scheme stands for https. It must not be empty.
	For []string
}

// Format implements fmt.Formatter.
func (s Secret) Format(state fmt.State, _ rune) { io.WriteString(state, "(secret)") }

// MarshalText implements encoding.TextMarshaler.
func (s Secret) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// A sealed secret has been checked. Only pointers to it are kept, so that printing what
// has them does not show its value.
type sealed struct {
	name, value, header string
	rules               []rule
}

func seal(secrets map[string]Secret) (map[string]*sealed, error) {
	all := make(map[string]*sealed, len(secrets))
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		s, err := secrets[name].seal(name)
		if err != nil {
			return nil, fmt.Errorf("the secret %q: %w", name, err)
		}
		all[name] = s
	}
	return all, nil
}

func (s Secret) seal(name string) (*sealed, error) {
	header := textproto.CanonicalMIMEHeaderKey(cmp.Or(s.Header, "authorization"))
	switch {
	case s.Value == "":
		return nil, errors.New("it has no value")
	case len(s.Value) > maxHeaderBytes/2:
		return nil, fmt.Errorf("its value has more than %d bytes", maxHeaderBytes/2)
	case strings.TrimSpace(s.Value) != s.Value, strings.ContainsFunc(s.Value, isControl):
		return nil, errors.New("its value begins or ends with a space, or has a control character in it")
	case logsInConnection(s.Value):
		return nil, errLogsInConnection
	case len(s.For) == 0:
		return nil, errors.New("no entry says which requests may carry it")
	}
	if err := checkHeaderName(header); err != nil {
		return nil, err
	}
	rules, err := parseRules(s.For)
	for i := range rules {
		r := &rules[i]
		if r.scheme == "" {
			r.scheme = "https"
		}
		if slices.Equal(r.ports, []uint16{80, 443}) {
			r.ports = []uint16{443}
		}
	}
	return &sealed{name, s.Value, header, rules}, err
}

// named returns the secrets that a head names, each with the header that it is for.
// It refuses those that the request may not carry.
func (c *Client) named(secrets map[string]string, header http.Header, to target) ([]*sealed, error) {
	var all []*sealed
	for _, field := range slices.Sorted(maps.Keys(secrets)) {
		s, ok := c.secrets[secrets[field]]
		canonical := textproto.CanonicalMIMEHeaderKey(field)
		switch {
		case !ok:
			return nil, badRequest("there is no secret %q (http.Client.Secrets)", clip(secrets[field]))
		case canonical != s.header:
			return nil, &DeniedError{Host: to.String(), Reason: fmt.Sprintf(
				"can get the secret %q only in the header %s (http.Client.Secrets)", s.name, strings.ToLower(s.header))}
		case header[canonical] != nil || slices.ContainsFunc(all, func(o *sealed) bool { return o.header == canonical }):
			return nil, badRequest("header %s is given twice", strings.ToLower(canonical))
		case !anyMatch(s.rules, to):
			return nil, &DeniedError{Host: to.String(), Reason: fmt.Sprintf(
				"may not get the secret %q with %s %s (http.Client.Secrets)", s.name, to.method, clip(to.path))}
		}
		all = append(all, s)
	}
	return all, nil
}

// fill returns the request with its secrets. Those that it may not carry, after a
// redirect, it loses for good: a server in between could choose where the next one
// leads.
func (x *exchange) fill(req *http.Request) (*http.Request, error) {
	if len(x.secrets) == 0 {
		return req, nil
	}
	to, err := urlEndpoint(req.URL)
	if err != nil {
		return nil, err
	}
	t := targetOf(req.Method, req.URL, to)
	x.secrets = slices.DeleteFunc(x.secrets, func(s *sealed) bool { return !anyMatch(s.rules, t) })
	filled := *req
	filled.Header = req.Header.Clone()
	for _, s := range x.secrets {
		filled.Header.Set(s.header, s.value)
	}
	return &filled, nil
}

var errLogsInConnection = errors.New("NTLM and Negotiate log in a connection, which others share: they are refused")

// logsInConnection reports whether the value of an authorization header would log in
// the connection, and with it the requests of others.
func logsInConnection(value string) bool {
	scheme, _, _ := strings.Cut(strings.TrimLeft(value, " \t"), " ")
	return strings.EqualFold(scheme, "NTLM") || strings.EqualFold(scheme, "Negotiate")
}
