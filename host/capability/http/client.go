package http

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

const (
	defaultMaxRequestBytes  = 8 << 20
	defaultMaxResponseBytes = 32 << 20
	defaultMaxConcurrent    = 256
	defaultTimeout          = time.Minute

	maxRedirects = 10
)

// Client fetches for guests. The zero value refuses everything. It may be used
// by many goroutines at once; its fields must not change after the first call
// of Fetch.
type Client struct {
	// Allow lists the hosts a guest may reach: example.com, example.com:8443,
	// *.example.com (any depth below, and not example.com), 127.0.0.1:8080,
	// [::1]:8080, localhost:8080. No port means 80 and 443. A name never leads
	// to an address which is not public; see the package comment. One that is
	// not ASCII must be in its xn-- form.
	Allow []string

	MaxRequestBytes  int64 // of a whole argument; 0: 8 MiB
	MaxResponseBytes int64 // of a body, unpacked; 0: 32 MiB

	// MaxConcurrent is how many requests are under way at once; 0: 256. More
	// wait for a place or for their context. Responses in memory can come to
	// two or three times MaxConcurrent times MaxResponseBytes.
	MaxConcurrent int

	// Timeout is for one request with all its redirects, until its body has
	// been read. The wait for a place is not in it. 0: one minute.
	Timeout time.Duration

	resolver *net.Resolver  // nil: the system's
	roots    *x509.CertPool // nil: the system's

	setup  sync.Once
	bad    error // what Check says
	rules  []rule
	places chan struct{}
	http   *http.Client
}

// Names implements capability.Capability.
func (c *Client) Names() []string { return []string{abi.CapFetch} }

// For implements capability.Capability. It fails if the settings are wrong.
func (c *Client) For(capability.Scope) (map[string]capability.Op, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	fetch := func(ctx context.Context, u *capability.Use) ([]byte, error) { return c.Fetch(ctx, u.Arg) }
	return map[string]capability.Op{abi.CapFetch: fetch}, nil
}

// Check says what is wrong with the settings: the first entry of Allow that is
// not well formed, or a limit below zero.
func (c *Client) Check() error {
	_, err := c.check()
	return err
}

func (c *Client) check() ([]rule, error) {
	if min(c.MaxRequestBytes, c.MaxResponseBytes, int64(c.MaxConcurrent), int64(c.Timeout)) < 0 {
		return nil, errors.New("http.fetch: a limit is below zero")
	}
	return parseRules(c.Allow)
}

// Fetch makes the request that arg describes and returns the response, both in
// the form which the package comment gives. Its errors are made to be shown to
// the guest: a *RequestError where arg is at fault, a *DeniedError where the
// policy says no, one with ErrResponseTooBig in it, one with the cause of ctx
// in it, and else what failed on the way.
func (c *Client) Fetch(ctx context.Context, arg []byte) ([]byte, error) {
	c.setup.Do(c.start)
	if c.bad != nil {
		return nil, c.bad
	}
	if limit := cmp.Or(c.MaxRequestBytes, defaultMaxRequestBytes); int64(len(arg)) > limit {
		return nil, badRequest("it has %d bytes, the limit is %d", len(arg), limit)
	}
	req, to, err := parseRequest(arg)
	if err != nil {
		return nil, err
	}
	if err := admit(c.rules, to); err != nil {
		return nil, err
	}
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		return nil, fmt.Errorf("http.fetch: %s: waiting for a place: %w", to, context.Cause(ctx))
	}
	return c.do(ctx, req)
}

// Close closes the connections that are kept for later requests. Requests
// under way go on; end them with their contexts. It never fails.
func (c *Client) Close() error {
	c.setup.Do(c.start)
	c.http.CloseIdleConnections()
	return nil
}

func (c *Client) start() {
	c.rules, c.bad = c.check()
	concurrent := max(0, cmp.Or(c.MaxConcurrent, defaultMaxConcurrent))
	c.places = make(chan struct{}, concurrent)
	c.http = &http.Client{CheckRedirect: c.redirect, Transport: c.newTransport(concurrent)}
}

func (c *Client) do(ctx context.Context, req *http.Request) ([]byte, error) {
	timeout := cmp.Or(c.Timeout, defaultTimeout)
	late := fmt.Errorf("not done in %v: %w", timeout, context.DeadlineExceeded)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, late)
	defer cancel()

	res, body, err := c.roundTrip(req.WithContext(withRequest(ctx)))
	// Asked even after success: a server that sees us hang up may end its body
	// as if it were whole, just before the connection is gone. After failure,
	// what net/http says depends on where it was; the cause does not.
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, failure(req.URL.Host, err)
	}
	return responseMessage(res, body)
}

func (c *Client) roundTrip(req *http.Request) (*http.Response, []byte, error) {
	res, err := c.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	// After an upgrade net/http hands over the bare connection, and no longer
	// closes it when the context ends: a read could then last for ever.
	if res.StatusCode == http.StatusSwitchingProtocols {
		return nil, nil, errors.New("the server switched to another protocol")
	}
	limit := cmp.Or(c.MaxResponseBytes, defaultMaxResponseBytes)
	body, err := io.ReadAll(http.MaxBytesReader(nil, res.Body, limit))
	var tooBig *http.MaxBytesError
	if errors.As(err, &tooBig) {
		err = fmt.Errorf("%w: its body has more than %d bytes", ErrResponseTooBig, limit)
	}
	return res, body, err
}

// redirect is asked by net/http before it follows a redirect. It sees req
// before it is sent, and may rewrite its URL.
func (c *Client) redirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	from, err := urlEndpoint(via[len(via)-1].URL)
	if err != nil {
		return err
	}
	to, err := urlEndpoint(req.URL)
	if err != nil {
		return &DeniedError{Host: from.String(), Reason: "redirects to a URL that is refused: " + err.Error()}
	}
	var denied *DeniedError
	if err := admit(c.rules, to); errors.As(err, &denied) {
		denied.Reason += "; " + from.String() + " redirected there"
		return denied
	}
	return nil
}
