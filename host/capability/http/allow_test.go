package http

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct{ entry, err string }{
		{"example.com", ""},
		{"EXAMPLE.com.", ""},
		{"example.com:8443", ""},
		{"*.example.com", ""},
		{"*.example.com:8443", ""},
		{"localhost:8080", ""},
		{"my_service", ""},
		{"xn--bcher-kva.example", ""},
		{"127.0.0.1:8080", ""},
		{"10.0.0.1", ""},
		{"[::1]:80", ""},
		{"[::1]", ""},

		{"", "is not a host name"},
		{" example.com", "is not a host name"},
		{"example..com", "is not a host name"},
		{"example.com..", "is not a host name"},
		{"-example.com", "is not a host name"},
		{"*", "is not a host name"},
		{"*.", "is not a host name"},
		{"*example.com", "is not a host name"},
		{"a.*.example.com", "is not a host name"},
		{"*.*.example.com", "is not a host name"},
		{strings.Repeat("a", 64) + ".com", "is not a host name"},
		{strings.Repeat("a.", 127) + "com", "longer than 253"},
		{"bücher.example", "xn--"},
		{"example.com:", "port"},
		{"example.com:0", "port"},
		{"example.com:65536", "port"},
		{"example.com:https", "port"},
		{"example.com:+80", "port"},
		{":8080", "is not a host name"},
		{"https://example.com", "not a URL"},
		{"example.com/path", "not a URL"},
		{"user@example.com", "not a URL"},
		{"::1", "brackets"},
		{"::1:80", "brackets"},
		{"[::1", "IPv6"},
		{"[::1]80", "only a port"},
		{"[127.0.0.1]:80", "IPv6"},
		{"[example.com]:80", "IPv6"},
		{"[fe80::1%eth0]:80", "zone"},
		{"[::ffff:127.0.0.1]:80", "write the address as IPv4: 127.0.0.1"},
		{"*.127.0.0.1", "not before an address"},
		{"127.1", "four decimal numbers"},
		{"2130706433", "four decimal numbers"},
		{"0x7f000001", "four decimal numbers"},
		{"0177.0.0.1", "four decimal numbers"},
		{"127.0.0.0x1", "four decimal numbers"},
		{"127.0.0.1.", "four decimal numbers"},
		{"0.0.0.0:80", "not the address of a host"},
		{"[::]:80", "not the address of a host"},
		{"224.0.0.1", "not the address of a host"},
		{"10.0.0.0/8", "not a URL"},
	} {
		err := (&Client{Allow: []string{"ok.example", tt.entry}}).Check()
		switch {
		case tt.err == "" && err != nil:
			t.Errorf("%q: %v", tt.entry, err)
		case tt.err == "":
		case err == nil || !strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), accepted):
			t.Errorf("%q: got error %v, want %q and what is accepted", tt.entry, err, tt.err)
		}
	}
	if err := (&Client{MaxConcurrent: -1}).Check(); err == nil {
		t.Error("a limit below zero passed")
	}
}

func TestAllow(t *testing.T) {
	for _, tt := range []struct {
		allow, url string
		want       bool
	}{
		{"example.com", "http://example.com", true},
		{"example.com", "https://example.com/a?b#c", true},
		{"example.com", "HTTPS://EXAMPLE.COM", true},
		{"EXAMPLE.com", "https://example.com", true},
		{"example.com", "https://example.com.", true},
		{"example.com.", "https://example.com", true},
		{"example.com", "https://example.com:443", true},
		{"example.com", "https://example.com:0443", true},
		{"example.com", "https://example.com:", true},
		{"example.com", "http://example.com:443", true},
		{"example.com", "https://example.com:8443", false},
		{"example.com", "https://www.example.com", false},
		{"example.com", "https://notexample.com", false},
		{"example.com", "https://example.com.evil.test", false},
		{"example.com", "https://evil.test/example.com", false},
		{"example.com", "https://evil.test?@example.com", false},
		{"example.com", "https://evil.test#@example.com", false},
		{"example.com", "https://example.co", false},
		{"example.com:8443", "https://example.com:8443", true},
		{"example.com:8443", "https://example.com", false},
		{"example.com:443", "http://example.com", false},

		{"*.example.com", "https://www.example.com", true},
		{"*.example.com", "https://a.b.Example.com.", true},
		{"*.example.com", "https://example.com", false},
		{"*.example.com", "https://wwwexample.com", false},
		{"*.example.com", "https://www.example.com:8443", false},
		{"*.example.com:8443", "https://www.example.com:8443", true},
		{"*.example.com:8443", "https://www.example.com", false},
		{"*.example.com", "https://www.example.com.evil.test", false},

		{"xn--bcher-kva.example", "https://XN--bcher-kva.example", true},

		{"localhost:8080", "http://LOCALHOST.:8080", true},
		{"localhost:8080", "http://127.0.0.1:8080", false},
		{"127.0.0.1:8080", "http://localhost:8080", false},
		{"127.0.0.1:8080", "http://127.0.0.1:8080", true},
		{"127.0.0.1:8080", "http://127.0.0.2:8080", false},
		{"127.0.0.1:8080", "http://127.0.0.1.example:8080", false},
		{"[::1]:80", "http://[::1]", true},
		{"[::1]", "http://[0:0:0:0:0:0:0:1]:80", true},
		{"[2001:DB8::1]", "http://[2001:db8:0::1]", true},
		{"[::1]:80", "http://[::2]", false},
		{"[::1]:80", "http://[::1]:81", false},
	} {
		rules, err := parseRules([]string{"unrelated.test", tt.allow})
		if err != nil {
			t.Fatal(err)
		}
		to, err := urlEndpoint(mustURL(t, tt.url))
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		if got := admit(rules, to) == nil; got != tt.want {
			t.Errorf("list %s, URL %s: admitted %v, want %v", tt.allow, tt.url, got, tt.want)
		}
	}
}

// A URL that other programs read differently is refused before the list is looked at.
func TestURLRefused(t *testing.T) {
	var c Client
	for _, tt := range []struct{ url, err string }{
		{"", "url is missing"},
		{"example.com", "scheme"},
		{"//example.com", "scheme"},
		{"ftp://example.com", "scheme"},
		{"file:///etc/passwd", "scheme"},
		{"unix:///run/docker.sock", "scheme"},
		{"http:example.com", "no host"},
		{"http:/example.com", "no host"},
		{"http:///path", "no host"},
		{"http://:80", "is not a host name"},
		{"http://user@example.com", "user or password"},
		{"http://user:password@example.com", "user or password"},
		{"http://@example.com", "user or password"},
		{"http://example.com:0", "port"},
		{"http://example.com:65616", "port"},
		{"http://example.com:80:80", "url"},
		{`http://example.com\\@evil.test`, "url"},
		{"http://exa mple.com", "url"},
		{"http://example.com%00.evil.test", "url"},
		{"http://example..com", "is not a host name"},
		{"http://ex*mple.com", "is not a host name"},
		{"http://bücher.example", "xn--"},
		{"http://b%C3%BCcher.example", "xn--"},
		{"http://\u212aelvin.example", "xn--"}, // lower case of it is an ASCII k
		{"http://\uff4cocalhost", "xn--"},
		{"http://127\u30020\u30020\u30021", "xn--"}, // ideographic full stops
		{"http://127.1", "four decimal numbers"},
		{"http://127.0.1", "four decimal numbers"},
		{"http://2130706433", "four decimal numbers"},
		{"http://017700000001", "four decimal numbers"},
		{"http://0x7F000001", "four decimal numbers"},
		{"http://0177.0.0.1", "four decimal numbers"},
		{"http://0x7f.0.0.0x1", "four decimal numbers"},
		{"http://127.0.0.1.", "four decimal numbers"},
		{"http://127.0.0.256", "four decimal numbers"},
		{"http://[::ffff:127.0.0.1]", "as IPv4: 127.0.0.1"},
		{"http://[::ffff:7f00:1]", "as IPv4: 127.0.0.1"},
		{"http://[fe80::1%25eth0]", "zone"},
	} {
		_, _, err := get(t, &c, tt.url)
		wantBadRequest(t, err, tt.err)
	}
}

func TestDeniedSaysWhatToDo(t *testing.T) {
	var c Client
	for _, tt := range []struct{ url, host, entry string }{
		{"https://example.com", "example.com:443", "example.com"},
		{"http://example.com", "example.com:80", "example.com"},
		{"https://example.com:8443", "example.com:8443", "example.com:8443"},
		{"http://[::1]", "[::1]:80", "[::1]"},
		{"http://[::1]:81", "[::1]:81", "[::1]:81"},
	} {
		want := fmt.Sprintf("http.fetch: %s is not on the allow-list: add %q to http.Client.Allow", tt.host, tt.entry)
		_, _, err := get(t, &c, tt.url)
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v\nwant %s", tt.url, err, want)
		}
	}
}

func TestMayConnect(t *testing.T) {
	for _, tt := range []struct {
		endpoint, addr string
		want           bool
	}{
		{"example.com:80", "93.184.215.14", true},
		{"example.com:80", "127.0.0.1", false},
		{"example.com:80", "10.0.0.1", false},
		{"localhost:80", "127.0.0.1", true},
		{"localhost:80", "127.8.8.8", true},
		{"localhost:80", "::1", true},
		{"localhost:80", "10.0.0.1", false},
		{"localhost:80", "93.184.215.14", false},
		{"app.localhost:80", "127.0.0.1", false},
		{"10.0.0.1:80", "10.0.0.1", true},
		{"10.0.0.1:80", "10.0.0.2", false},
		{"10.0.0.1:80", "93.184.215.14", false},
		{"[::1]:80", "::1", true},
		{"[::1]:80", "127.0.0.1", false},
	} {
		e, err := parseEndpoint(tt.endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.mayConnect(netip.MustParseAddr(tt.addr)) == nil; got != tt.want {
			t.Errorf("%s to %s: %v, want %v", tt.endpoint, tt.addr, got, tt.want)
		}
	}
}

// One form of an endpoint is compared, dialled and shown. Parsing it again changes
// nothing.
func FuzzEndpoint(f *testing.F) {
	for _, s := range []string{
		"example.com:80", "EXAMPLE.com.:080", "[::1]:443", "[::ffff:1.2.3.4]:1", "0x7f.1:80", "a_b:1", "[fe80::1%a]:1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := parseEndpoint(s)
		if err != nil {
			return
		}
		again, err := parseEndpoint(e.String())
		if err != nil || again != e {
			t.Fatalf("%q is %+v, and read again %+v, %v", s, e, again, err)
		}
		if _, err := netip.ParseAddr(e.host); (err == nil) != e.addr.IsValid() {
			t.Fatalf("%q: host %q, address %v", s, e.host, e.addr)
		}
	})
}
