package jira

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/jirasync/jirasync/internal/rawjson"
)

// Organization is an organization of customers of the service desk.
type Organization struct {
	ID   string
	Name string          // as it is now: it can change, unlike the ID
	JSON json.RawMessage // Jira's bytes
}

const (
	organizationPageSize = 50
	maxOrganizations     = 1_000_000
)

// Organizations iterates over the organizations of the service desk that the
// account can see, each once, in Jira's order: all of them for an agent, those
// that it belongs to for a customer.
//
// It is lazy: a page is fetched when its first organization is wanted, and
// leaving the loop ends it. A non-nil error comes with the zero Organization
// and is the last item: what came before is then no list of all. It is
// ErrNoServiceDesk if the very first request is answered with 403 or 404, and
// ErrMalformed if the pages repeat themselves or end before the last one.
//
// Source: Service Desk REST, getOrganizations; jira-cloud.md section 5.2.
// Offset paging can serve one twice, and skips one when another that it has
// served is removed meanwhile.
func (c *Client) Organizations(ctx context.Context) iter.Seq2[Organization, error] {
	return func(yield func(Organization, error) bool) {
		seen := map[string]bool{}
		for start, last := 0, false; !last; {
			page, err := c.organizationPage(ctx, start)
			known := len(seen)
			for _, o := range page.list {
				if seen[o.ID] {
					continue
				}
				seen[o.ID] = true
				if !yield(o, nil) {
					return
				}
			}
			if err == nil {
				err = page.fault(start, len(seen)-known)
			}
			if err != nil {
				yield(Organization{}, err)
				return
			}
			start, last = start+len(page.list), page.last // as many as came, whatever was asked for
		}
	}
}

// fault says why the pages end with this one, though it is not the last. fresh
// is how many of its organizations were not on those before.
func (p organizationPage) fault(start, fresh int) error {
	switch {
	case p.last:
		return nil
	case len(p.list) == 0:
		return fmt.Errorf("organizations: %w: an empty page that is not the last", ErrMalformed)
	case fresh == 0:
		return fmt.Errorf("organizations: %w: a page repeats those before", ErrMalformed)
	case start >= maxOrganizations:
		return fmt.Errorf("organizations: %w: the pages do not end", ErrMalformed)
	}
	return nil
}

type organizationPage struct {
	list []Organization
	last bool
}

func (c *Client) organizationPage(ctx context.Context, start int) (page organizationPage, err error) {
	query := url.Values{"start": {strconv.Itoa(start)}, "limit": {strconv.Itoa(organizationPageSize)}}
	r := get("organization", "/rest/servicedeskapi/organization", query, func(body []byte) (err error) {
		page, err = parseOrganizations(body)
		return err
	})
	err = c.do(ctx, r)
	if e, ok := errors.AsType[*Error](err); ok && start == 0 && (e.Status == http.StatusForbidden || e.Status == http.StatusNotFound) &&
		(errors.Is(e, ErrForbidden) || errors.Is(e, ErrNotFound)) {
		e.kind = ErrNoServiceDesk
		e.Hint = "the site has no Jira Service Management, or this account no access to it"
	}
	if err != nil {
		return organizationPage{}, err
	}
	return page, nil
}

// parseOrganizations reads {"values": […], "isLastPage"}.
func parseOrganizations(body []byte) (organizationPage, error) {
	o, err := rawjson.Parse(body)
	if err != nil {
		return organizationPage{}, err
	}
	last, _ := o.Get("isLastPage")
	if string(last) != "true" && string(last) != "false" {
		return organizationPage{}, errShape
	}
	values, err := o.Objects("values")
	if err != nil {
		return organizationPage{}, err
	}
	page := organizationPage{last: string(last) == "true"}
	for _, value := range values {
		org := Organization{ID: text(value, "id"), Name: text(value, "name"), JSON: value.Source()}
		if org.ID == "" {
			return organizationPage{}, errShape
		}
		page.list = append(page.list, org)
	}
	return page, nil
}
