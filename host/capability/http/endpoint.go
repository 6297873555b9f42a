package http

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// An endpoint is a host and a port in the one form that is compared, dialled
// and shown.
type endpoint struct {
	host string     // a name in lower case without a trailing dot, or an address without brackets
	addr netip.Addr // the address, where host is one
	port uint16
}

// String is host:port, with brackets around an IPv6 address.
func (e endpoint) String() string {
	return net.JoinHostPort(e.host, strconv.Itoa(int(e.port)))
}

// hostAlone is the host as a URL has it, without a port.
func (e endpoint) hostAlone() string {
	if e.addr.Is6() {
		return "[" + e.host + "]"
	}
	return e.host
}

// shortest is the host with its port, unless that is the standard one.
func (e endpoint) shortest(scheme string) string {
	if e.port == standardPort[scheme] {
		return e.hostAlone()
	}
	return e.String()
}

var standardPort = map[string]uint16{"http": 80, "https": 443}

// urlEndpoint returns where u leads. It rewrites u to say it in the form of an
// endpoint, so that net/http dials, and pools by, what has been checked, and to
// have the rest as it goes on the wire.
func urlEndpoint(u *url.URL) (endpoint, error) {
	standard := standardPort[u.Scheme]
	switch {
	case standard == 0:
		return endpoint{}, errors.New("the scheme must be http or https, not " + strconv.Quote(u.Scheme))
	case u.User != nil:
		return endpoint{}, errors.New("no user or password may stand in it; use the authorization header")
	case u.Host == "":
		return endpoint{}, errors.New("it has no host")
	}
	e, err := parseHost(u.Hostname())
	if err != nil {
		return endpoint{}, err
	}
	e.port = standard
	if p := u.Port(); p != "" {
		if e.port, err = parsePort(p); err != nil {
			return endpoint{}, err
		}
	}
	u.Host = e.shortest(u.Scheme) // some servers don't know themselves by name and port
	return e, encodeTarget(u)
}

// parseEndpoint reads host:port, as net/http gives it to a dialer.
func parseEndpoint(s string) (endpoint, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return endpoint{}, err
	}
	e, err := parseHost(host)
	if err != nil {
		return endpoint{}, err
	}
	e.port, err = parsePort(port)
	return e, err
}

func parsePort(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, errors.New("port " + strconv.Quote(s) + " is not a number from 1 to 65535")
	}
	return uint16(n), nil
}

// parseHost reads a name or an address, without brackets and without a port.
func parseHost(s string) (endpoint, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		switch {
		case addr.Zone() != "":
			return endpoint{}, errors.New("an address with a zone is not accepted")
		case addr.Is4In6():
			return endpoint{}, errors.New("write the address as IPv4: " + addr.Unmap().String())
		}
		return endpoint{host: addr.String(), addr: addr}, nil
	}
	name := strings.TrimSuffix(s, ".")
	if err := checkName(name); err != nil {
		return endpoint{}, err
	}
	return endpoint{host: strings.ToLower(name)}, nil
}

// checkName accepts names as DNS has them, and "_", which some networks use.
func checkName(name string) error {
	if len(name) > 253 {
		return errors.New("the host name is longer than 253 bytes")
	}
	var last string
	for label := range strings.SplitSeq(name, ".") {
		// This also keeps strings.ToLower from making ASCII of a letter that
		// only looks like it (the Kelvin sign becomes a k).
		if strings.ContainsFunc(label, func(r rune) bool { return r > 0x7f }) {
			return errors.New("a name which is not ASCII must be in its xn-- form")
		}
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.ContainsFunc(label, notInName) {
			return errors.New(strconv.Quote(name) + " is not a host name")
		}
		last = label
	}
	if isNumber(last) {
		return errors.New(strconv.Quote(name) + " is not a host name; an IPv4 address is four decimal numbers")
	}
	return nil
}

func notInName(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_')
}

// isNumber says whether a name that ends in this label is an IPv4 address to
// the C library (127.1, 017700000001, 0x7f.1). The resolver might be the C
// library's, and then 2130706433 would be no name but 127.0.0.1.
func isNumber(label string) bool {
	label = strings.ToLower(label)
	digits := "0123456789"
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		label, digits = hex, "0123456789abcdef"
	}
	return strings.Trim(label, digits) == ""
}
