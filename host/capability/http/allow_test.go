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
		{"example.com:*", ""},
		{"*.example.com:*", ""},
		{"[::1]:*", ""},
		{"https://example.com", ""},
		{"HTTP://example.com:*/", ""},
		{"GET https://*.example.com:8443/v1/a%20b/", ""},
		{"patch example.com", ""},

		{"", "is not a host name"},
		{" example.com", "before the space goes a method"},
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
		{"GET  example.com", "is not a host name"},
		{"G@T example.com", "goes a method"},
		{"CONNECT example.com", "goes a method"},
		{"GET,PUT example.com", "goes a method"},
		{"ftp://example.com", "http or https"},
		{"://example.com", "http or https"},
		{"https://", "is not a host name"},
		{"https:///v1", "is not a host name"},
		{"https://example.com/v1/*", "has no *"},
		{"https://example.com/v1/../v2", `has ".." in it`},
		{"https://example.com/%2e/v2", "has %2e in it"},
		{"https://example.com//v2", "has // in it"},
		{"https://example.com/v1?q", "a query"},
		{"https://example.com/v1#f", "a fragment"},
		{"https://user@example.com", "or a user"},
		{"example.com/path", "only after http:// or https://"},
		{"user@example.com", "or a user"},
		{"example.com:**", "port"},
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
		{"10.0.0.0/8", "only after http:// or https://"},
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
		if got := admitHost(rules, to) == nil; got != tt.want {
			t.Errorf("list %s, URL %s: admitted %v, want %v", tt.allow, tt.url, got, tt.want)
		}
	}
}

// Entries with a method, a scheme or a path.
func TestAllowRequests(t *testing.T) {
	const v1 = "GET https://api.example.com/v1/"
	for _, tt := range []struct {
		allow, method, url string
		want               bool
	}{
		{"example.com:*", "GET", "http://example.com:1", true},
		{"example.com:*", "GET", "https://example.com", true},
		{"example.com:*", "GET", "https://www.example.com", false},
		{"*.example.com:*", "GET", "https://www.example.com:8443", true},
		{"https://example.com", "PUT", "https://example.com/a//b/../%2e", true},
		{"https://example.com", "GET", "http://example.com", false},
		{"https://example.com", "GET", "http://example.com:443", false},
		{"https://example.com", "GET", "https://example.com:80", false},
		{"https://example.com:*", "GET", "http://example.com", false},
		{"http://example.com:443", "GET", "https://example.com", false},
		{"get example.com", "GET", "http://example.com", true},
		{"GET example.com", "HEAD", "http://example.com", false},
		{"GET example.com", "POST", "http://example.com", false},

		{v1, "GET", "https://api.example.com/v1", true},
		{v1, "GET", "https://api.example.com/v1/", true},
		{v1, "GET", "https://api.example.com/v1/a/b?c/../d", true},
		{v1, "GET", "https://api.example.com/v1/a%20b/%c3%a4/", true},
		{v1, "GET", "https://api.example.com/v1/a..b/.c/...", true},
		{v1, "GET", "https://api.example.com/v1/a;b=c", true},
		{v1, "POST", "https://api.example.com/v1/", false},
		{v1, "GET", "http://api.example.com/v1/", false},
		{v1, "GET", "https://api.example.com", false},
		{v1, "GET", "https://api.example.com/", false},
		{v1, "GET", "https://api.example.com/V1/", false},
		{v1, "GET", "https://api.example.com/v12", false},
		{v1, "GET", "https://api.example.com/v1;a/", false},
		{v1, "GET", "https://api.example.com/v1%2f", false},
		{v1, "GET", "https://api.example.com/a/v1", false},
		{v1, "GET", "https://api.example.com//v1", false},
		{v1, "GET", "https://api.example.com/v1//a", false},
		{v1, "GET", "https://api.example.com/v1/../v2", false},
		{v1, "GET", "https://api.example.com/v1/..", false},
		{v1, "GET", "https://api.example.com/v1/./a", false},
		{v1, "GET", "https://api.example.com/v1/%2e%2e/v2", false},
		{v1, "GET", "https://api.example.com/v1/.%2E/v2", false},
		{v1, "GET", "https://api.example.com/v1/%252e%252e/v2", false},
		{v1, "GET", "https://api.example.com/v1/..%2fv2", false},
		{v1, "GET", "https://api.example.com/v1/..%5cv2", false},
		{v1, "GET", `https://api.example.com/v1/..\v2`, false},
		{v1, "GET", "https://api.example.com/v1/..;/v2", false},
		{v1, "GET", "https://api.example.com/v1/..;a=b/v2", false},
		{v1, "GET", "https://api.example.com/v1/..%3b/v2", false},
		{v1, "GET", "https://api.example.com/v1/..%00/v2", false},
		{v1, "GET", "https://api.example.com/v1/%c0%ae%c0%ae/v2", false},
		{v1, "GET", "https://api.example.com/v1/a%3f", false},
		{v1, "GET", "https://api.example.com/v1/a%23", false},
		{v1, "GET", "https://api.example.com/%76%31/", false},
	} {
		rules, err := parseRules([]string{"unrelated.test", tt.allow})
		if err != nil {
			t.Fatal(err)
		}
		u := mustURL(t, tt.url)
		to, err := urlEndpoint(u)
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		if got := admit(rules, targetOf(tt.method, u, to)) == nil; got != tt.want {
			t.Errorf("list %s, %s %s: admitted %v, want %v", tt.allow, tt.method, tt.url, got, tt.want)
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
		{"http://2852039166", "four decimal numbers"}, // the metadata service of most clouds
		{"http://0xa9fea9fe", "four decimal numbers"},
		{"http://169.254.43518", "four decimal numbers"},
		{"http://0251.0376.0251.0376", "four decimal numbers"},
		{"http://169.254.169.254.", "four decimal numbers"},
		{"http://[::ffff:169.254.169.254]", "as IPv4: 169.254.169.254"},
		{"http://[::ffff:a9fe:a9fe]", "as IPv4: 169.254.169.254"},
		{"http://[fe80::a9fe:a9fe%25eth0]", "zone"},
		{"http://169.254.169.254@example.com", "user or password"},
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
		want := fmt.Sprintf("http: %s is not on the allow-list: add %q to http.Client.Allow", tt.host, tt.entry)
		_, _, err := get(t, &c, tt.url)
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v\nwant %s", tt.url, err, want)
		}
	}
}

// A host that is on the list for other requests is not called unknown, and the entry
// is one that passes.
func TestDeniedNamesTheRequest(t *testing.T) {
	c := Client{Allow: []string{"GET https://example.com/v1"}}
	for url, want := range map[string]string{
		"https://example.com/v2/a?token=x": `example.com:443 is on the allow-list, but not for GET /v2/a: ` +
			`add "GET https://example.com/v2/a" to http.Client.Allow`,
		"https://example.com/v1/../v2": `example.com:443 is on the allow-list, but not for GET /v1/../v2, ` +
			`a path that has ".." in it: add "GET https://example.com" to http.Client.Allow`,
		"https://example.com/';id;'": `example.com:443 is on the allow-list, but not for GET /';id;': ` +
			`add "GET https://example.com" to http.Client.Allow`,
		"https://example.com:8443/v1": `example.com:8443 is not on the allow-list: ` +
			`add "example.com:8443" to http.Client.Allow`,
	} {
		if _, _, err := get(t, &c, url); err == nil || err.Error() != "http: "+want {
			t.Errorf("%s: got %v\nwant http: %s", url, err, want)
		}
	}
	_, err := c.Fetch(t.Context(), []byte("{\"method\":\"`id`\",\"url\":\"https://example.com/v1\"}"))
	wantDenied(t, err, `add "https://example.com/v1" to`)
	_, _, err = get(t, &c, "https://example.com/"+strings.Repeat("a", 5000))
	if wantDenied(t, err, `add "GET https://example.com" to`); len(err.Error()) > 1000 {
		t.Errorf("an error of %d bytes", len(err.Error()))
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

// No segment of a path that passes can be cleaned away or decoded twice, and an entry
// made of the path admits it.
func FuzzSegments(f *testing.F) {
	for _, s := range []string{"/v1/a", "/%2e%2e/", "/a;b/..;/c", "//", "/%c3%a4%20", "/a%25b", "/*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		parts, err := segments(percentEncode(path))
		if err != nil {
			return
		}
		for _, part := range parts {
			if part == "" || part == "." || part == ".." || strings.ContainsAny(part, "/\\\x00") {
				t.Fatalf("%q passes as %q", path, parts)
			}
		}
	})
}
