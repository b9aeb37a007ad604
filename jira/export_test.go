package jira

import (
	"context"
	"net/url"
)

// FetchMedia sends one hop of a download to a host that is not the site, from
// a client whose site is public.
func FetchMedia(ctx context.Context, address string) error {
	c, err := New(Config{BaseURL: "https://acme.example", Email: "bot@acme.example", Token: NewSecret("t")})
	if err != nil {
		return err
	}
	at, err := url.Parse(address)
	if err != nil {
		return err
	}
	res, err := c.hop(ctx, get("attachment", "/x", nil, nil), at, false)
	if err == nil {
		discard(res.Body)
	}
	return err
}

// SendWithCredentials sends a request by way of the door that adds them.
func (c *Client) SendWithCredentials(address string) error {
	res, err := c.site.Get(address)
	if err == nil {
		discard(res.Body)
	}
	return err
}
