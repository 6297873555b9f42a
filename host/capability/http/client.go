package http

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

const (
	defaultMaxRequestBytes  = 8 << 20
	defaultMaxResponseBytes = 32 << 20
	defaultMaxStreamBytes   = 1 << 30
	defaultMaxConcurrent    = 256
	defaultRate             = 1000
	defaultTimeout          = time.Minute
	defaultStreamTimeout    = 10 * time.Minute
	defaultStreamIdle       = 30 * time.Second

	maxRedirects = 10
)

// Client makes requests for guests. The zero value refuses everything. It may be
// used by many goroutines at once; its fields must not change after its first use.
// What the limits allow at once, and how often, is shared out by tenant.
type Client struct {
	// Allow lists the requests that guests may make: [METHOD ][SCHEME://]HOST[:PORT][/PATH].
	//
	//	example.com                      port 80 and 443
	//	example.com:8443, example.com:*  that port, any port
	//	*.example.com                    any depth below, and not example.com
	//	127.0.0.1:8080, [::1]:8080, localhost:8080
	//	https://api.example.com          this scheme, on its port
	//	GET https://api.example.com/v1   this method, and /v1 and what is below it
	//
	// A name never leads to an address which is not public; see the package comment.
	// One that is not ASCII must be in its xn-- form.
	Allow []string
	// Secrets are header values that guests name and never see.
	Secrets map[string]Secret

	MaxRequestBytes  int64 // of a whole argument; 0: 8 MiB
	MaxResponseBytes int64 // of a body that is not streamed, unpacked; 0: 32 MiB
	MaxStreamBytes   int64 // of a streamed body, unpacked, each way; 0: 1 GiB

	// MaxConcurrent is how many requests are under way at once; 0: 256. More
	// wait for a place or for their context. A tenant may hold at most three times
	// as many places as are free, so one alone gets three quarters of them.
	// Responses in memory can come to two or three times MaxConcurrent times
	// MaxResponseBytes.
	MaxConcurrent int
	// Rate is how many requests a tenant may send in a second, redirects and
	// retries included; 0: 1,000. After a pause it may send as many at once. More
	// wait.
	Rate int
	// Retries is how often a request is sent again if the connection broke or the
	// server answered 429, 502, 503 or 504; 0: never. Only GET, HEAD, OPTIONS, PUT
	// and DELETE without a streamed body are. The pauses grow from 0.1 s to 10 s, or
	// are what Retry-After says, up to 30 s. All is within Timeout.
	Retries int

	// Timeout is for one request with all its redirects and retries, until its
	// body has been read, or until the head of the response if that is streamed.
	// The wait for a place is not in it. 0: one minute.
	Timeout time.Duration
	// StreamTimeout is for a whole request whose bodies are streamed. It ends with
	// its call, too. 0: ten minutes.
	StreamTimeout time.Duration
	// StreamIdle is how long a streamed body may stand still, because of the server
	// or of the guest. 0: 30 s.
	StreamIdle time.Duration

	resolver *net.Resolver  // nil: the system's
	roots    *x509.CertPool // nil: the system's

	setup   sync.Once
	bad     error // what Check says
	rules   []rule
	secrets map[string]*sealed
	places  *places
	rates   *rates
	http    *http.Client
}

// Names implements capability.Capability.
func (c *Client) Names() []string { return []string{abi.CapFetch, abi.CapOpen} }

// For implements capability.Capability. It fails if the settings are wrong.
func (c *Client) For(scope capability.Scope) (map[string]capability.Op, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	return map[string]capability.Op{
		abi.CapFetch: func(ctx context.Context, u *capability.Use) ([]byte, error) { return c.fetch(ctx, scope.Tenant, u) },
		abi.CapOpen:  func(ctx context.Context, u *capability.Use) ([]byte, error) { return c.open(ctx, scope.Tenant, u) },
	}, nil
}

// Check says what is wrong with the settings: the first entry of Allow that is
// not well formed, a secret that can't be sent, or a limit below zero.
func (c *Client) Check() error {
	_, _, err := c.check()
	return err
}

func (c *Client) check() (rules []rule, secrets map[string]*sealed, err error) {
	if err = c.checkLimits(); err == nil {
		rules, err = parseRules(c.Allow)
	}
	if err == nil {
		secrets, err = seal(c.Secrets)
	}
	if err != nil {
		err = fmt.Errorf("http: %w", err)
	}
	return rules, secrets, err
}

func (c *Client) checkLimits() error {
	for name, value := range map[string]int64{
		"MaxRequestBytes": c.MaxRequestBytes, "MaxResponseBytes": c.MaxResponseBytes, "MaxStreamBytes": c.MaxStreamBytes,
		"MaxConcurrent": int64(c.MaxConcurrent), "Rate": int64(c.Rate), "Retries": int64(c.Retries),
		"Timeout": int64(c.Timeout), "StreamTimeout": int64(c.StreamTimeout), "StreamIdle": int64(c.StreamIdle),
	} {
		if value < 0 {
			return fmt.Errorf("http.Client.%s is below zero: want 0 for the default, or more", name)
		}
	}
	return nil
}

// Fetch makes the request that arg describes and returns the response, both in
// the form which the package comment gives. Its errors are made to be shown to
// the guest: a *RequestError where arg is at fault, a *DeniedError where the
// policy says no, one with ErrResponseTooBig in it, one with the cause of ctx
// in it, and else what failed on the way.
func (c *Client) Fetch(ctx context.Context, arg []byte) ([]byte, error) {
	return c.fetch(ctx, "", &capability.Use{Op: abi.CapFetch, Arg: arg})
}

// Close closes the connections that are kept for later requests. Requests
// under way go on; end them with their contexts. It never fails.
func (c *Client) Close() error {
	c.setup.Do(c.start)
	c.http.CloseIdleConnections()
	return nil
}

func (c *Client) start() {
	c.rules, c.secrets, c.bad = c.check()
	concurrent := max(0, cmp.Or(c.MaxConcurrent, defaultMaxConcurrent))
	c.places = newPlaces(concurrent)
	c.rates = newRates(cmp.Or(c.Rate, defaultRate))
	c.http = &http.Client{CheckRedirect: c.redirect, Transport: filler{c.newTransport(concurrent)}}
}

// parse makes a request of the argument of an op.
func (c *Client) parse(u *capability.Use) (*request, error) {
	c.setup.Do(c.start)
	if c.bad != nil {
		return nil, c.bad
	}
	if limit := cmp.Or(c.MaxRequestBytes, defaultMaxRequestBytes); int64(len(u.Arg)) > limit {
		return nil, badRequest("it has %d bytes, the limit is %d (http.Client.MaxRequestBytes)", len(u.Arg), limit)
	}
	r, err := parseRequest(u.Op, u.Arg)
	if err != nil {
		return nil, err
	}
	u.Detail = clip(r.Method + " " + r.URL.Scheme + "://" + r.URL.Host + r.to.path)
	return r, nil
}

// admit says whether a request may be made, and gives it its secrets.
func (c *Client) admit(r *request) (err error) {
	if err = admit(c.rules, r.to); err == nil {
		r.secrets, err = c.named(r.named, r.Header, r.to)
	}
	return err
}

// fetch is the op http.fetch.
func (c *Client) fetch(ctx context.Context, tenant string, u *capability.Use) ([]byte, error) {
	r, err := c.parse(u)
	if err == nil {
		err = c.admit(r)
	}
	if err != nil {
		return nil, err
	}
	x, err := c.begin(ctx, tenant, r, cmp.Or(c.Timeout, defaultTimeout))
	if err != nil {
		return nil, err
	}
	defer x.end()
	res, err := x.send()
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	u.Detail += " " + strconv.Itoa(res.StatusCode)
	answer, err := c.readAll(res)
	// Asked even after success: a server that sees us hang up may end its body
	// as if it were whole, just before the connection is gone.
	if err != nil || x.ctx.Err() != nil {
		return nil, x.failure(err)
	}
	return answer, nil
}

// readAll returns a response as a message.
func (c *Client) readAll(res *http.Response) ([]byte, error) {
	limit := cmp.Or(c.MaxResponseBytes, defaultMaxResponseBytes)
	const head = 256 // bytes, of a short one
	first := make([]byte, 0, head+int(min(max(res.ContentLength, 0), limit, 1<<20))+bytes.MinRead)
	answer := bytes.NewBuffer(append(appendHead(first, res, 0), '\n'))
	_, err := answer.ReadFrom(http.MaxBytesReader(nil, res.Body, limit))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = tooBig(limit, "http.Client.MaxResponseBytes")
	}
	return answer.Bytes(), err
}

// open is the op http.open. If it fails, so do the writes to the stream that it was to
// send: nobody would ever read them.
func (c *Client) open(ctx context.Context, tenant string, u *capability.Use) ([]byte, error) {
	r, err := c.parse(u)
	if err != nil {
		return nil, err
	}
	s := &stream{left: cmp.Or(c.MaxStreamBytes, defaultMaxStreamBytes)}
	if err := s.take(u, r); err != nil {
		return nil, err
	}
	res, err := c.openStream(ctx, tenant, r, s)
	if err != nil {
		s.abandon(err)
		return nil, err
	}
	u.Detail += " " + strconv.Itoa(res.StatusCode)
	handle, err := u.Open(s)
	if err != nil {
		return nil, err
	}
	return appendHead(nil, res, handle), nil
}

// openStream sends the request. The stream lives longer than the op does, and than ctx
// with it.
func (c *Client) openStream(ctx context.Context, tenant string, r *request, s *stream) (*http.Response, error) {
	if err := c.admit(r); err != nil {
		return nil, err
	}
	detached, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	defer stop()
	x, err := c.begin(detached, tenant, r, cmp.Or(c.StreamTimeout, defaultStreamTimeout))
	if err != nil {
		cancel(nil)
		return nil, err
	}
	res, err := s.start(x, cancel)
	if !stop() && err == nil {
		err = x.failure(context.Cause(ctx))
	}
	return res, err
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
	err = admit(c.rules, targetOf(req.Method, req.URL, to))
	if denied, ok := errors.AsType[*DeniedError](err); ok {
		denied.Reason += "; " + from.String() + " redirected there"
		return denied
	}
	x := exchangeOf(req.Context())
	return c.rates.wait(x.ctx, x.tenant)
}
