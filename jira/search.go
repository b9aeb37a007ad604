package jira

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/internal/rawjson"
)

// SearchOptions says what a search returns of each issue.
type SearchOptions struct {
	// Fields to return; nil means the key alone. Inside search results Jira
	// cuts comments and worklogs to 20 and histories to 40.
	Fields []string
	// Expand names more to return, such as "changelog".
	Expand []string
	// PageSize is the most issues to ask for at once, 1 to 5,000. Jira sends
	// fewer when fields are asked for. Zero means 5,000 for keys, else 100.
	PageSize int
	// ReconcileIDs are up to 50 issue ids for which the search is to be exact
	// at once instead of within seconds.
	ReconcileIDs []int64
}

// Hit is an issue that a search found.
type Hit struct {
	ID   string
	Key  string          // empty if the fields asked for leave it out
	JSON json.RawMessage // Jira's bytes
}

// Page is one page of a search.
type Page struct {
	Hits  []Hit
	Token string // of the next page; empty on the last one
}

// maxSearchPages bounds one search; at 100 issues a page, ten million.
const maxSearchPages = 100_000

// Search iterates over the issues that match jql, in the order of its ORDER BY.
//
// It is lazy: a page is fetched when its first issue is wanted, and leaving the
// loop ends the search. Ranging again searches again. A non-nil error comes
// with the zero Hit and is the last item; it is ErrPageToken if the pages go in
// circles or the token died. Jira's index lags by seconds and a page boundary
// can shift, so an issue can come twice or be missing: that an issue is not
// found proves nothing.
//
// The JQL must contain a restriction. A field or function it does not know is
// ErrRejected.
func (c *Client) Search(ctx context.Context, jql string, options SearchOptions) iter.Seq2[Hit, error] {
	return func(yield func(Hit, error) bool) {
		var guard searchGuard
		for token := ""; ; {
			page, err := c.SearchPage(ctx, jql, token, options)
			if err == nil {
				err = guard.check(page)
			}
			if err != nil {
				yield(Hit{}, err)
				return
			}
			for _, hit := range page.Hits {
				if !yield(hit, nil) {
					return
				}
			}
			if token = page.Token; token == "" {
				return
			}
		}
	}
}

// IDs iterates over the ids and keys of the issues that match jql, as
// [Client.Search] does, 5,000 with each request: the cheapest census of a site.
// Fields, the time of the last update among them, would cost fifty times as
// many requests.
func (c *Client) IDs(ctx context.Context, jql string) iter.Seq2[Hit, error] {
	return c.Search(ctx, jql, SearchOptions{})
}

// Updated returns the issue's time of update, if the search asked for
// "updated" among its Fields.
func (h Hit) Updated() (time.Time, bool) {
	o, err := rawjson.Parse(h.JSON)
	if err != nil {
		return time.Time{}, false
	}
	fields, err := o.Object("fields")
	if err != nil {
		return time.Time{}, false
	}
	at, err := parseTime(text(fields, "updated"))
	return at, err == nil
}

// SearchPage fetches one page of a search: the first for an empty token, else
// the one that the token of the page before names. A token belongs to the same
// JQL and options and lives for seven days; one that Jira refuses is
// ErrPageToken.
//
// Source: REST v3 searchAndReconsileIssuesUsingJqlPost; quirks in
// jira-cloud.md section 2.3, seen 2026-10.
func (c *Client) SearchPage(ctx context.Context, jql, token string, options SearchOptions) (Page, error) {
	var page Page
	r := post("search", "/rest/api/3/search/jql", searchBody(jql, token, options), func(body []byte) (err error) {
		page, err = parsePage(body)
		return err
	})
	err := c.do(ctx, r)
	if e, ok := errors.AsType[*Error](err); ok && token != "" && e.Status == http.StatusBadRequest {
		e.kind = ErrPageToken // the same JQL was good enough for the first page
	}
	if err != nil {
		return Page{}, err
	}
	return page, nil
}

func searchBody(jql, token string, options SearchOptions) map[string]any {
	body := map[string]any{"jql": jql, "fields": options.Fields, "maxResults": options.PageSize}
	if options.Fields == nil {
		body["fields"] = []string{"key"}
	}
	if options.PageSize == 0 {
		body["maxResults"] = 100
		if options.Fields == nil {
			body["maxResults"] = 5000
		}
	}
	if options.Expand != nil {
		body["expand"] = strings.Join(options.Expand, ",")
	}
	if token != "" {
		body["nextPageToken"] = token
	}
	if options.ReconcileIDs != nil {
		body["reconcileIssues"] = options.ReconcileIDs
	}
	return body
}

var errNoPage = errors.New("not a page of a search")

// parsePage reads {"issues": […], "isLast", "nextPageToken"}. Only the token
// says whether there is more: short pages, and isLast beside a token, do not.
func parsePage(body []byte) (Page, error) {
	o, err := rawjson.Parse(body)
	if err != nil {
		return Page{}, err
	}
	issues, err := o.Objects("issues")
	if err != nil {
		return Page{}, err
	}
	page := Page{Token: text(o, "nextPageToken")}
	if isLast, _ := o.Get("isLast"); string(isLast) == "false" && page.Token == "" {
		return Page{}, errNoPage
	}
	for _, issue := range issues {
		hit := Hit{ID: text(issue, "id"), Key: text(issue, "key"), JSON: issue.Source()}
		if !issuekey.ValidID(hit.ID) || hit.Key != "" && !issuekey.Valid(hit.Key) {
			return Page{}, errNoPage
		}
		page.Hits = append(page.Hits, hit)
	}
	return page, nil
}

// searchGuard stops a search that does not advance.
type searchGuard struct {
	pages  int
	stale  int                // pages in a row without a new issue
	tokens map[string]bool    // every token seen
	recent [3]map[string]bool // ids of the last pages
}

const maxStalePages = 3

func (g *searchGuard) check(page Page) error {
	fault := ""
	if g.tokens == nil {
		g.tokens = map[string]bool{}
	}
	switch {
	case page.Token == "":
	case g.tokens[page.Token]:
		fault = "a token came twice"
	case len(page.Hits) == 0:
		fault = "an empty page came with a token"
	case !g.fresh(page):
		fault = "the pages repeat themselves"
	case g.pages >= maxSearchPages:
		fault = "too many pages"
	}
	g.pages++
	g.tokens[page.Token] = true
	if fault != "" {
		return fmt.Errorf("search: %w: %s", ErrPageToken, fault)
	}
	return nil
}

// fresh reports whether one of the last pages had an issue that the ones
// before it had not.
func (g *searchGuard) fresh(page Page) bool {
	ids := make(map[string]bool, len(page.Hits))
	stale := true
	for _, hit := range page.Hits {
		ids[hit.ID] = true
		if !g.recent[0][hit.ID] && !g.recent[1][hit.ID] && !g.recent[2][hit.ID] {
			stale = false
		}
	}
	g.recent[g.pages%len(g.recent)] = ids
	if g.stale++; !stale {
		g.stale = 0
	}
	return g.stale < maxStalePages
}
