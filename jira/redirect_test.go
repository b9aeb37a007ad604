package jira

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The shapes of reliability.md 2.D1 and section 7: where an attachment's
// redirect may lead, and where credentials then go.
func TestHopPolicy(t *testing.T) {
	t.Parallel()
	const from = "https://acme.example/rest/api/3/attachment/content/1"
	for _, tc := range []struct {
		name, site, location string
		want                 string // "" = refused
		onSite               bool
	}{
		{"media host", "", "https://api.media.atlassian.com/file/x/binary?token=a%2Fb", "https://api.media.atlassian.com/file/x/binary?token=a%2Fb", false},
		{"media host in capitals", "", "https://API.Media.Atlassian.com/f", "https://API.Media.Atlassian.com/f", false},
		{"media host, default port written", "", "https://api.media.atlassian.com:443/f", "https://api.media.atlassian.com:443/f", false},
		{"site, relative", "", "/secure/attachment/1/a.txt", "https://acme.example/secure/attachment/1/a.txt", true},
		{"site in capitals, port written", "", "https://ACME.example:443/x", "https://ACME.example:443/x", true},
		{"fragment dropped", "", "https://api.media.atlassian.com/f#x", "https://api.media.atlassian.com/f", false},
		{"scheme-relative media host", "", "//api.media.atlassian.com/f", "https://api.media.atlassian.com/f", false},

		{"site, other port", "", "https://acme.example:8443/x", "", false},
		{"site over http", "", "http://acme.example/x", "", false},
		{"child domain", "", "https://evil.acme.example/x", "", false},
		{"grandchild over http", "", "http://a.b.acme.example/x", "", false},
		{"sibling", "", "https://other.example/x", "", false},
		{"parent domain", "", "https://example/x", "", false},
		{"trailing dot", "", "https://acme.example./x", "", false},
		{"media host, trailing dot", "", "https://api.media.atlassian.com./x", "", false},
		{"media host over http", "", "http://api.media.atlassian.com/x", "", false},
		{"media host, other port", "", "https://api.media.atlassian.com:6379/x", "", false},
		{"child of the media host", "", "https://x.api.media.atlassian.com/x", "", false},
		{"media host as a prefix", "", "https://api.media.atlassian.com.evil.example/x", "", false},
		{"site as a prefix", "", "https://acme.example.evil.example/x", "", false},
		{"user part", "", "https://user:pass@api.media.atlassian.com/x", "", false},
		{"user part on the site", "", "https://me@acme.example/x", "", false},
		{"empty user part", "", "https://@acme.example/x", "", false},
		{"site as the user part", "", "https://acme.example@evil.example/x", "", false},
		{"loopback", "", "http://127.0.0.1/x", "", false},
		{"metadata address", "", "http://169.254.169.254/latest/meta-data", "", false},
		{"metadata address over https", "", "https://169.254.169.254/x", "", false},
		{"decimal address", "", "https://2130706433/x", "", false},
		{"hex address", "", "https://0x7f000001/x", "", false},
		{"octal address", "", "https://0177.0.0.1/x", "", false},
		{"short address", "", "https://127.1/x", "", false},
		{"IPv6 loopback", "", "https://[::1]/x", "", false},
		{"mapped address", "", "https://[::ffff:127.0.0.1]/x", "", false},
		{"zone", "", "https://[fe80::1%25eth0]/x", "", false},
		{"look-alike", "", "https://аcme.example/x", "", false},
		{"backslash", "", `https://acme.example\@evil.example/x`, "", false},
		{"backslashes for slashes", "", `\\evil.example/x`, "", false},
		{"encoded slash in the host", "", "https://acme.example%2fevil.example/x", "", false},
		{"port 0", "", "https://acme.example:0/x", "", false},
		{"port 22", "", "https://acme.example:22/x", "", false},
		{"no number as port", "", "https://acme.example:x/x", "", false},
		{"file", "", "file:///etc/passwd", "", false},
		{"gopher", "", "gopher://acme.example/x", "", false},
		{"data", "", "data:text/plain,x", "", false},
		{"opaque", "", "https:acme.example", "", false},
		{"no host", "", "https:///x", "", false},
		{"empty", "", "", "", false},
		{"newline", "", "https://acme.example/x\r\nX: y", "", false},
		{"space", "", "https://acme.example /x", "", false},
		{"huge", "", "https://acme.example/" + strings.Repeat("x", 1<<20), "", false},

		{"loopback site, its media host over http", "http://127.0.0.1:4000", "http://127.0.0.1:4001/f", "http://127.0.0.1:4001/f", false},
		{"loopback site, unknown port", "http://127.0.0.1:4000", "http://127.0.0.1:4002/f", "", false},
		{"loopback site by another name", "http://127.0.0.1:4000", "http://localhost:4000/f", "", false},
		{"gateway", "https://api.atlassian.com/ex/jira/1", "https://api.atlassian.com/ex/jira/1/x", "https://api.atlassian.com/ex/jira/1/x", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			current, err := url.Parse(from)
			require.NoError(t, err)
			site, err := url.Parse(map[bool]string{true: "https://acme.example", false: tc.site}[tc.site == ""])
			require.NoError(t, err)
			p := hopPolicy{site: site, hosts: map[string]bool{"api.media.atlassian.com:443": true, "127.0.0.1:4001": true}}
			to, refusal := p.next(current, tc.location)
			got := ""
			if to != nil {
				got = to.String()
			}
			if got != tc.want || (refusal == "") != (tc.want != "") {
				t.Fatalf("next(%.80q) = %q, %q, want %q", tc.location, got, refusal, tc.want)
			}
			if to != nil && sameOrigin(site, to) != tc.onSite {
				t.Errorf("next(%q): credentials = %v, want %v", tc.location, !tc.onSite, tc.onSite)
			}
			if strings.Contains(refusal, "acme") || strings.Contains(refusal, "evil") {
				t.Errorf("refusal %q repeats the address", refusal)
			}
		})
	}
}

func FuzzHopPolicy(f *testing.F) {
	for _, seed := range []string{"https://acme.example/x", "https://api.media.atlassian.com/f?t=1", "//evil", `\\evil`, "https://a@b", "/x#y"} {
		f.Add(seed)
	}
	site, _ := url.Parse("https://acme.example")
	p := hopPolicy{site: site, hosts: map[string]bool{"api.media.atlassian.com:443": true}}
	f.Fuzz(func(t *testing.T, location string) {
		to, refusal := p.next(site, location)
		if (to == nil) == (refusal == "") {
			t.Fatalf("next(%q) = %v, %q", location, to, refusal)
		}
		if to == nil {
			return
		}
		// What is dialled is what was judged, also after writing it down.
		again, err := url.Parse(to.String())
		if err != nil || again.Host != to.Host || again.User != nil {
			t.Fatalf("next(%q) = %q, which reads as host %q, %v", location, to, again.Host, err)
		}
		if host := strings.ToLower(to.Hostname()); to.Scheme != "https" || host != "acme.example" && host != "api.media.atlassian.com" {
			t.Fatalf("next(%q) leads to %q", location, to)
		}
	})
}

// Addresses that a public name must not lead to (reliability.md 2.D1).
func TestPublic(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"8.8.8.8": true, "104.192.136.1": true, "2600:1f18::1": true, "::ffff:8.8.8.8": true,
		"127.0.0.1": false, "127.255.0.9": false, "::1": false, "::ffff:127.0.0.1": false, "::127.0.0.1": false,
		"10.1.2.3": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "fd00::1": false, "::ffff:10.0.0.1": false,
		"169.254.169.254": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false,
		"100.64.0.1": false, "100.127.255.255": false, "0.0.0.0": false, "0.1.2.3": false, "::": false,
		"224.0.0.1": false, "ff02::1": false, "255.255.255.255": false, "240.0.0.1": false,
		"64:ff9b::7f00:1": false, "64:ff9b:1::a00:1": false, "2002:7f00:1::": false, "2001::1": false,
		"192.0.2.1": false, "198.51.100.1": false, "203.0.113.1": false, "2001:db8::1": false, "198.18.0.1": false, "192.0.0.1": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("public(%s) = %v, want %v", address, got, want)
		}
	}
}

func TestRefuseInternal(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]error{
		"8.8.8.8:443": nil, "[2600:1f18::1]:443": nil,
		"127.0.0.1:443": errForbiddenAddress, "[::1]:443": errForbiddenAddress, "[fe80::1%eth0]:443": errForbiddenAddress,
		"acme.example:443": errForbiddenAddress, "": errForbiddenAddress, "/run/x.sock": errForbiddenAddress,
	} {
		if got := refuseInternal(t.Context(), "tcp", address, nil); got != want {
			t.Errorf("refuseInternal(%q) = %v, want %v", address, got, want)
		}
	}
}
