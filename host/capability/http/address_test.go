package http

import (
	"net/netip"
	"testing"
)

func TestClassOf(t *testing.T) {
	for addr, want := range map[string]string{
		"8.8.8.8":         "",
		"93.184.215.14":   "",
		"1.1.1.1":         "",
		"192.31.196.1":    "", // AS112
		"2606:4700::1111": "",
		"2001:4860::8888": "",
		"2a00:1450::1":    "",

		"0.0.0.0":         "unspecified",
		"0.1.2.3":         "unspecified",
		"9.255.255.255":   "",
		"10.0.0.0":        "private",
		"10.255.255.255":  "private",
		"11.0.0.0":        "",
		"100.63.255.255":  "",
		"100.64.0.0":      "carrier-grade NAT",
		"100.127.255.255": "carrier-grade NAT",
		"100.128.0.0":     "",
		"127.0.0.1":       "loopback",
		"127.255.255.255": "loopback",
		"169.254.169.254": "link-local", // the metadata service of most clouds
		"172.15.255.255":  "",
		"172.16.0.0":      "private",
		"172.31.255.255":  "private",
		"172.32.0.0":      "",
		"192.0.0.192":     "reserved", // the same of another cloud
		"192.0.2.1":       "documentation",
		"192.88.99.1":     "6to4 relay",
		"192.168.1.1":     "private",
		"198.18.0.1":      "benchmark",
		"198.19.255.255":  "benchmark",
		"198.20.0.0":      "",
		"198.51.100.1":    "documentation",
		"203.0.113.1":     "documentation",
		"224.0.0.1":       "multicast",
		"239.255.255.255": "multicast",
		"240.0.0.1":       "reserved",
		"255.255.255.255": "reserved",

		"::":                      "unspecified",
		"::1":                     "loopback",
		"::7f00:1":                "IPv4-compatible",
		"::ffff:8.8.8.8":          "IPv4-mapped",
		"::ffff:127.0.0.1":        "IPv4-mapped",
		"::ffff:0:127.0.0.1":      "reserved", // SIIT
		"64:ff9b::a00:1":          "NAT64",
		"64:ff9b::808:808":        "NAT64",
		"64:ff9b:1::1":            "NAT64",
		"100::1":                  "reserved",
		"2001::1":                 "Teredo",
		"2001:2::1":               "benchmark",
		"2001:20::1":              "reserved",
		"2001:db8::1":             "documentation",
		"2002:7f00:1::":           "6to4",
		"2002:808:808::":          "6to4",
		"3fff::1":                 "documentation",
		"4000::1":                 "reserved",
		"5f00::1":                 "reserved",
		"fc00::1":                 "private",
		"fd00:ec2::254":           "private",
		"fe80::1":                 "link-local",
		"fe80::1%eth0":            "link-local",
		"fec0::1":                 "private",
		"ff02::1":                 "multicast",
		"2606:4700:4700::1111%lo": "",
	} {
		if got := classOf(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s is %q, want %q", addr, got, want)
		}
	}
	if classOf(netip.Addr{}) == "" {
		t.Error("the zero address passes as public")
	}
}

// The standard library knows some classes of addresses, too. An address that it calls
// special must not be public here.
func FuzzClassOf(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1})
	f.Add(netip.MustParseAddr("fe80::1").AsSlice())
	f.Fuzz(func(t *testing.T, b []byte) {
		addr, ok := netip.AddrFromSlice(b)
		if !ok || classOf(addr) != "" {
			return
		}
		if !addr.IsGlobalUnicast() || addr.IsPrivate() || addr.Is4In6() {
			t.Errorf("%s passes as public", addr)
		}
	})
}
