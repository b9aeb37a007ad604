package jira

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// MaxAttachment is the default of Config.MaxAttachmentBytes: 50 MiB.
const MaxAttachment = 50 << 20

// Config says which site a Client reads, as whom and within which bounds. Only
// BaseURL, Email and Token are required.
type Config struct {
	// BaseURL is the site, such as https://acme.atlassian.net, or the gateway
	// that scoped tokens need, https://api.atlassian.com/ex/jira/{cloudId}.
	// Plain http is accepted for a loopback address only.
	BaseURL string
	// Email and Token are the account. Scoped tokens of service accounts go
	// with that account's own address.
	Email string
	Token Secret
	// Name says in errors whose login was refused, such as the name of the
	// variable that holds the token. Empty means none.
	Name string

	// AllowHTTP accepts plain http for a BaseURL that is not loopback, such as
	// a simulator in another container. The token then travels in the clear.
	AllowHTTP bool
	// ProxyFromEnvironment uses HTTPS_PROXY and its like. Addresses of
	// attachment hosts cannot be checked then: the proxy resolves them.
	ProxyFromEnvironment bool
	// Transport carries all requests; nil means one of our own, with bounds
	// on every step and a check of the address of attachment hosts. With
	// another Transport that check is the Transport's, and
	// ProxyFromEnvironment has no effect.
	Transport http.RoundTripper
	// MediaHosts are the hosts, with a port if it is not 443, to which an
	// attachment may redirect besides the site itself. Nil means
	// api.media.atlassian.com.
	MediaHosts []string

	// RequestTimeout bounds one attempt of a call. Zero means 60 seconds.
	RequestTimeout time.Duration
	// AttachmentTimeout bounds one download, which is also given up when less
	// than 60 KiB arrive in a minute. Zero means 15 minutes.
	AttachmentTimeout time.Duration
	// MaxBodyBytes bounds one answer after decompression, and the bytes read
	// to complete one part of an issue. Zero means 64 MiB.
	MaxBodyBytes int64
	// MaxAttachmentBytes bounds one attachment. Zero means MaxAttachment.
	MaxAttachmentBytes int64

	// RateLimit is the mean number of requests a second. Zero means 50, half
	// of what Jira allows all clients of a site together; negative means no
	// limit but Jira's.
	RateLimit float64
	// Burst is the number of requests that may go out at once. Zero means 10.
	Burst int
	// Limiter is shared with other clients of the same account. Nil means one
	// of our own, made of RateLimit and Burst, which a shared one replaces.
	Limiter *Limiter
	// MaxAttempts is how often a call that fails in passing is sent in all.
	// Zero means 5; negative means once.
	MaxAttempts int
	// Backoff is the ceiling of the random wait after a first failure for
	// which Jira names no time; it doubles with each one. Zero means 2 seconds.
	Backoff time.Duration

	// Logger gets a line per request (debug) and per degraded result (warn).
	// Nil discards them.
	Logger *slog.Logger
}

// withDefaults returns a copy with the zero fields filled in.
func (c Config) withDefaults() Config {
	setDefault(&c.RequestTimeout, 60*time.Second)
	setDefault(&c.AttachmentTimeout, 15*time.Minute)
	setDefault(&c.MaxBodyBytes, 64<<20)
	setDefault(&c.MaxAttachmentBytes, MaxAttachment)
	setDefault(&c.RateLimit, 50)
	setDefault(&c.Burst, 10)
	setDefault(&c.MaxAttempts, 5)
	setDefault(&c.Backoff, 2*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.MediaHosts == nil {
		c.MediaHosts = []string{"api.media.atlassian.com"}
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// validate reports all faults together. It never repeats a value that could
// hold a secret.
func (c Config) validate() error {
	var faults []error
	if _, err := c.base(); err != nil {
		faults = append(faults, err)
	}
	if c.Email == "" || strings.ContainsFunc(c.Email, isControl) || strings.Contains(c.Email, ":") {
		faults = append(faults, errors.New("field Email is empty or has a character it cannot have"))
	}
	if token := c.Token.Reveal(); token == "" || strings.ContainsFunc(token, isControl) {
		faults = append(faults, errors.New("field Token is empty or has a space or control character"))
	}
	for _, field := range []struct {
		name  string
		value int64
	}{
		{"RequestTimeout", int64(c.RequestTimeout)}, {"AttachmentTimeout", int64(c.AttachmentTimeout)},
		{"MaxBodyBytes", c.MaxBodyBytes}, {"MaxAttachmentBytes", c.MaxAttachmentBytes},
		{"Burst", int64(c.Burst)}, {"Backoff", int64(c.Backoff)},
	} {
		if field.value < 0 {
			faults = append(faults, fmt.Errorf("%s is negative", field.name))
		}
	}
	if _, err := mediaAuthorities(c.MediaHosts); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

func isControl(r rune) bool { return r <= ' ' || r == 0x7f }

// base parses BaseURL.
func (c Config) base() (*url.URL, error) {
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "" {
		return nil, errors.New("BaseURL is not an absolute URL, such as https://acme.atlassian.net")
	}
	switch {
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("BaseURL has a user, a query or a fragment")
	case u.RawPath != "" || strings.Contains(u.Path, "..") || strings.Contains(u.Path, "//"):
		return nil, errors.New("BaseURL has an odd path")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("BaseURL is neither https nor http")
	case u.Scheme == "http" && !c.AllowHTTP && !isLoopback(u.Hostname()):
		return nil, errors.New("BaseURL is plain http, which is accepted for a loopback address only; AllowHTTP overrides")
	}
	return u, nil
}

// isLoopback reports whether a host of a URL is this machine by its name alone.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// mediaAuthorities returns the hosts as "host:port".
func mediaAuthorities(hosts []string) (map[string]bool, error) {
	authorities := make(map[string]bool, len(hosts))
	for _, h := range hosts {
		u, err := url.Parse("https://" + h)
		if err != nil || u.Host != h || u.Hostname() == "" || strings.ContainsAny(h, "*/@\\ ") {
			return nil, errors.New("MediaHosts has an entry that is not a host or host:port")
		}
		authorities[authority(u)] = true
	}
	return authorities, nil
}

// authority returns the host, in lower case, and port that u leads to.
func authority(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
