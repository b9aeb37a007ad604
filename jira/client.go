package jira

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/andygrunwald/go-jira/v2/cloud"
)

// userAgent names this client to Atlassian.
const userAgent = "jirasync (+https://github.com/jirasync/jirasync)"

// Client reads one site as one account. It is safe for concurrent use; all its
// calls share one limiter.
type Client struct {
	cfg   Config
	rest  *cloud.Client // builds requests
	site  *http.Client  // sends them: with credentials, to the site alone
	media *http.Client  // fetches attachments elsewhere: without credentials
	hops  hopPolicy
	limit *Limiter
	log   *slog.Logger

	noBulk, noHistories memory // of issue/bulkfetch and changelog/bulkfetch
}

// New checks the configuration, all of it, and returns a Client. It sends
// nothing; [Client.Myself] proves that the account is accepted.
func New(config Config) (*Client, error) {
	cfg := config.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("jira: configuration: %w", err)
	}
	base, err := cfg.base()
	if err != nil {
		return nil, fmt.Errorf("jira: configuration: %w", err)
	}
	hosts, err := mediaAuthorities(cfg.MediaHosts)
	if err != nil {
		return nil, fmt.Errorf("jira: configuration: %w", err)
	}
	toSite, toMedia := cfg.transports(base)
	authenticated := &cloud.BasicAuthTransport{Username: cfg.Email, APIToken: cfg.Token.Reveal(), Transport: toSite}
	rest, err := cloud.NewClient(base.String(), neverRedirect(&originOnly{base, authenticated}))
	if err != nil {
		return nil, fmt.Errorf("jira: configuration: BaseURL is not usable")
	}
	limit := cfg.Limiter
	if limit == nil {
		limit = newLimiter(cfg.RateLimit, cfg.Burst, cfg.Backoff)
	}
	return &Client{
		cfg:   cfg,
		rest:  rest,
		site:  rest.Client(),
		media: neverRedirect(toMedia),
		hops:  hopPolicy{site: base, hosts: hosts},
		limit: limit,
		log:   cfg.Logger,
	}, nil
}

// neverRedirect returns a client that hands redirects to its caller.
func neverRedirect(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// originOnly is the last door before the credentials are added: it refuses
// what does not go to the configured scheme, host and port.
type originOnly struct {
	site *url.URL
	next http.RoundTripper
}

func (t *originOnly) RoundTrip(req *http.Request) (*http.Response, error) {
	if !sameOrigin(t.site, req.URL) {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, ErrRedirect
	}
	return t.next.RoundTrip(req)
}

// sameOrigin reports whether both URLs have the same scheme, host and port.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && authority(a) == authority(b)
}
