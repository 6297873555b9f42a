package http

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	connectTimeout = 15 * time.Second // look-up, connection and TLS together
	idleTimeout    = 90 * time.Second
	maxHeaderBytes = 256 << 10 // of the head of a request, and of the header of a response
)

func (c *Client) newTransport(concurrent int) *http.Transport {
	return &http.Transport{
		Proxy:                  nil, // a proxy would dial for us, unchecked
		DialContext:            c.dial,
		DialTLSContext:         c.dialTLS,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           concurrent,
		MaxIdleConnsPerHost:    concurrent,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
}

// connecting limits the making of a connection, in time and to the life of the
// request that needs it. net/http would let it go on after the request was
// cancelled, and keeps only the values of its context: a guest that starts and
// cancels requests could then pile up sockets without end.
func connecting(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	stop := context.AfterFunc(exchangeOf(ctx).ctx, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

func (c *Client) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := connecting(ctx)
	defer cancel()
	conn, _, err := c.connect(ctx, network, addr)
	return conn, err
}

// dialTLS is there because net/http, given dial alone, would make the TLS
// handshake outside of connecting.
func (c *Client) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := connecting(ctx)
	defer cancel()
	conn, to, err := c.connect(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	secure := tls.Client(conn, &tls.Config{
		ServerName: to.host,
		RootCAs:    c.roots,
		NextProtos: []string{"h2", "http/1.1"},
	})
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// connect connects to the host and port of a URL. The list was asked already,
// about the URL; it is asked again so that nothing is reached by a way through
// net/http that we don't know of.
func (c *Client) connect(ctx context.Context, network, addr string) (net.Conn, endpoint, error) {
	to, err := parseEndpoint(addr)
	if err != nil {
		return nil, to, err
	}
	if err := admitHost(c.rules, to); err != nil {
		return nil, to, err
	}
	dialer := net.Dialer{
		Resolver: c.resolver,
		// This runs for each address that the host has, after the look-up and
		// before the socket connects.
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			return to.mayConnect(at.Addr())
		},
	}
	conn, err := dialer.DialContext(ctx, network, addr)
	return conn, to, err
}
