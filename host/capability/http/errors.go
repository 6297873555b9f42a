package http

import (
	"errors"
	"fmt"
	"net"
	"net/url"

	"github.com/wexec/wexec/abi"
)

// ErrResponseTooBig is in the error of a Fetch whose response body was larger
// than MaxResponseBytes. Nothing of such a response is returned.
var ErrResponseTooBig = errors.New("the response is too big")

// A DeniedError says that the policy does not let a guest reach a host, and
// what one may do about it.
type DeniedError struct {
	Host   string // host and port, in the form in which they are compared
	Reason string // continues a sentence that begins with Host
}

func (e *DeniedError) Error() string { return "http.fetch: " + e.Host + " " + e.Reason }

// Kind returns what a guest gets as the status of its op.
func (e *DeniedError) Kind() abi.Status { return abi.Denied }

// A RequestError says what is wrong with the argument of a Fetch.
type RequestError struct {
	Reason string
}

func (e *RequestError) Error() string { return "http.fetch: bad request: " + e.Reason }

// Kind returns what a guest gets as the status of its op.
func (e *RequestError) Kind() abi.Status { return abi.InvalidInput }

func badRequest(format string, args ...any) error {
	return &RequestError{Reason: fmt.Sprintf(format, args...)}
}

// failure is what a guest is told when net/http returned err for a request to
// host. The errors of package net carry the addresses of this machine, of its
// resolver and of the peer; none of these is the guest's to know.
func failure(host string, err error) error {
	var inURL *url.Error
	if errors.As(err, &inURL) {
		if u, bad := url.Parse(inURL.URL); bad == nil && u.Host != "" {
			host = u.Host // after a redirect it is no longer the first one
		}
		err = inURL.Err
	}
	var denied *DeniedError
	var lookup *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &denied):
		return denied
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return fmt.Errorf("http.fetch: %s: no such host", host)
	case errors.As(err, &lookup):
		return fmt.Errorf("http.fetch: %s: the name could not be looked up", host)
	case errors.As(err, &op):
		return fmt.Errorf("http.fetch: %s: %s: %w", host, op.Op, op.Err)
	}
	return fmt.Errorf("http.fetch: %s: %w", host, err)
}
