package jira

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

var errForbiddenAddress = errors.New("the host name leads to an address inside a network")

// transports returns what carries requests to the site and to other hosts.
//
// An attachment's host comes from an answer and its address from DNS, so its
// address is checked when it is dialled, after resolving (as Andrew Ayer
// advises): a public name that leads to 127.0.0.1 or 169.254.169.254 is not
// connected to. A site that is itself loopback or plain http is a test or a
// simulator, and so are its attachments.
func (c Config) transports(base *url.URL) (site, media http.RoundTripper) {
	if c.Transport != nil {
		return c.Transport, c.Transport
	}
	plain := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: time.Minute}
	own := transport(plain, c.ProxyFromEnvironment)
	if c.ProxyFromEnvironment || base.Scheme == "http" || isLoopback(base.Hostname()) {
		return own, own
	}
	guarded := &net.Dialer{Timeout: plain.Timeout, KeepAlive: plain.KeepAlive, ControlContext: refuseInternal}
	return own, transport(guarded, false)
}

// transport returns a transport that bounds every step. A dripping body is
// bounded by the context of the call alone.
func transport(dialer *net.Dialer, proxy bool) *http.Transport {
	t := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    16,
		MaxResponseHeaderBytes: 256 << 10,
		ForceAttemptHTTP2:      true,
	}
	if proxy {
		t.Proxy = http.ProxyFromEnvironment
	}
	return t
}

// refuseInternal is called with the resolved address of each connection.
func refuseInternal(_ context.Context, _, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil || !public(addr.Addr()) {
		return errForbiddenAddress
	}
	return nil
}

// internal are the special networks of RFC 6890 and its updates that are not
// covered by the methods of netip.Addr.
var internal = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // carrier-grade NAT
	netip.MustParsePrefix("192.0.0.0/24"),  // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),  // documentation
	netip.MustParsePrefix("198.18.0.0/15"), // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),    // reserved, broadcast
	netip.MustParsePrefix("64:ff9b::/96"),   // NAT64: an IPv4 address inside
	netip.MustParsePrefix("64:ff9b:1::/48"), // local NAT64
	netip.MustParsePrefix("::/96"),          // IPv4-compatible
	netip.MustParsePrefix("2002::/16"),      // 6to4: an IPv4 address inside
	netip.MustParsePrefix("2001::/23"),      // Teredo and other assignments
	netip.MustParsePrefix("2001:db8::/32"),  // documentation
	netip.MustParsePrefix("fec0::/10"),      // site-local
}

// public reports whether addr is an ordinary address of the Internet.
func public(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if !addr.IsGlobalUnicast() || addr.IsPrivate() {
		return false
	}
	for _, p := range internal {
		if p.Contains(addr) {
			return false
		}
	}
	return true
}
