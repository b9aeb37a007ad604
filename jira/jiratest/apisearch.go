package jiratest

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// searchRequest is a search by GET or POST.
type searchRequest struct {
	JQL             string   `json:"jql"`
	NextPageToken   string   `json:"nextPageToken"`
	MaxResults      *int     `json:"maxResults"`
	Fields          []string `json:"fields"`
	Expand          string   `json:"expand"`
	Properties      []string `json:"properties"`
	FieldsByKeys    bool     `json:"fieldsByKeys"`
	FailFast        bool     `json:"failFast"`
	ReconcileIssues []int64  `json:"reconcileIssues"`
}

// searchPost is "Search for issues using JQL enhanced search (POST)".
func (c *call) searchPost() *response {
	var in searchRequest
	if bad := c.decode(&in); bad != nil {
		return bad
	}
	return c.search(in)
}

// searchGet is "Search for issues using JQL enhanced search (GET)".
func (c *call) searchGet() *response {
	size, bad := c.intParam("maxResults", 50)
	if bad != nil {
		return bad
	}
	in := searchRequest{
		JQL: c.query.Get("jql"), NextPageToken: c.query.Get("nextPageToken"), MaxResults: &size,
		Fields: c.listParam("fields"), Expand: strings.Join(c.listParam("expand"), ","),
	}
	for _, text := range c.listParam("reconcileIssues") {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return problem(http.StatusBadRequest, "Failed to convert 'reconcileIssues' with value: '"+text+"'", c.path)
		}
		in.ReconcileIssues = append(in.ReconcileIssues, id)
	}
	return c.search(in)
}

// searchRemoved is the search that was there before.
//
// Source: developer.atlassian.com, changelog CHANGE-2046.
func (c *call) searchRemoved() *response {
	c.s.problemf("%s %s: removed from the API", c.r.Method, c.path)
	return failure(http.StatusGone, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "+
		"A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046")
}

func (c *call) search(in searchRequest) *response {
	size := 50
	if in.MaxResults != nil {
		size = *in.MaxResults
	}
	if size < 1 || size > 5000 {
		return failure(http.StatusBadRequest, "The max results parameter has to be between 1 and 5,000.")
	}
	if len(in.ReconcileIssues) > 50 {
		return failure(http.StatusBadRequest, "The number of issues to reconcile must not exceed 50.")
	}
	q, bad := c.bounded(in.JQL)
	if bad != nil {
		return bad
	}
	want := choose(in.Fields, "id", commentsInSearch)
	expand := strings.FieldsFunc(in.Expand, func(r rune) bool { return r == ',' })
	hits, bad := c.hits(q, in.ReconcileIssues)
	if bad != nil {
		return bad
	}
	query := strings.Join([]string{in.JQL, strings.Join(in.Fields, ","), in.Expand}, "\x00")
	after, bad := c.s.pages.after(c, in.NextPageToken, query)
	if bad != nil {
		return bad
	}
	compare, err := ordering(q.order)
	if err != nil {
		return c.refusal(err)
	}
	if after != nil {
		hits = slices.DeleteFunc(hits, func(d *indexed) bool { return compare(d, after) <= 0 })
	}
	slices.SortFunc(hits, compare)
	return c.searchPage(hits, min(size, c.pageLimit(want, expand)), want, expand, query)
}

// bounded parses a query and refuses unbounded ones.
func (c *call) bounded(text string) (jql, *response) {
	q, err := parseJQL(text)
	switch {
	case err != nil:
		return q, failure(http.StatusBadRequest, err.Error())
	case q.where == nil:
		return q, failure(http.StatusBadRequest, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
	case len(q.order) > 7:
		return q, failure(http.StatusBadRequest, "JQL can be ordered by at most 7 fields.")
	}
	return q, nil
}

// refusal is the answer to a query with unknown names: 400 for those who are
// signed in, an empty result for the anonymous.
//
// Source: answers recorded in public on 2026-10-08.
func (c *call) refusal(err error) *response {
	var refused *jqlError
	if c.account == nil || !errors.As(err, &refused) {
		return ok(object{"issues": []any{}, "isLast": true})
	}
	return failure(http.StatusBadRequest, refused.message)
}

// pageLimit is how many issues the server is willing to put on a page.
//
// Source: developer.atlassian.com, REST v3, enhanced search; page sizes as
// measured in public on 2026-10-08.
func (c *call) pageLimit(want selection, expand []string) int {
	limit := 100
	if want.none && len(expand) == 0 {
		limit = 5000
	}
	if c.s.opts.PageLimit > 0 {
		limit = min(limit, c.s.opts.PageLimit)
	}
	return limit
}

// hits evaluates a query. Issues of the reconcile list are seen as they are,
// the others as the index knows them.
//
// Source: developer.atlassian.com, REST v3, enhanced search, reconcileIssues.
func (c *call) hits(q jql, reconcile []int64) ([]*indexed, *response) {
	matches, err := c.compile(q.where)
	if err != nil {
		return nil, c.refusal(err)
	}
	var found []*indexed
	for _, i := range c.s.site.issues {
		if !c.visible(i) {
			continue
		}
		at := c.now.Add(-c.s.site.lag)
		if slices.Contains(reconcile, i.id) {
			at = c.now
		}
		if d := i.known(at); d != nil && !d.gone && matches(d) {
			found = append(found, d)
		}
	}
	return found, nil
}

func (c *call) searchPage(hits []*indexed, size int, want selection, expand []string, query string) *response {
	page := window(hits, 0, size)
	list := []any{}
	perIssue := slices.DeleteFunc(slices.Clone(expand), func(e string) bool { return e == "names" || e == "schema" })
	for _, d := range page {
		list = append(list, c.expanded(c.s.site.byID[d.id], want, perIssue, historiesInBulk))
	}
	out := object{"issues": list, "isLast": len(page) == len(hits)}
	if len(page) < len(hits) {
		out["nextPageToken"] = c.s.pages.issue(pageToken{query: query, after: page[len(page)-1], issued: c.now})
	}
	if slices.Contains(expand, "names") {
		out["names"] = c.names(want)
	}
	if slices.Contains(expand, "schema") {
		out["schema"] = c.schemas(want)
	}
	return ok(out)
}

// approximateCount is "Count issues using JQL". The count is that of the index,
// so it lags.
func (c *call) approximateCount() *response {
	var in struct {
		JQL string `json:"jql"`
	}
	if bad := c.decode(&in); bad != nil {
		return bad
	}
	q, bad := c.bounded(in.JQL)
	if bad != nil {
		return bad
	}
	hits, bad := c.hits(q, nil)
	if bad != nil && c.account != nil {
		return bad
	}
	return ok(object{"count": len(hits)})
}

// SetIndexLag sets the time between a change and its appearance in search.
func (s *Server) SetIndexLag(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.site.lag, s.site.maxLag = d, max(s.site.maxLag, d)
}

// tokenLife is how long a page token works.
//
// Source: developer.atlassian.com, REST v3, enhanced search.
const tokenLife = 7 * 24 * time.Hour

// maxTokens bounds the page tokens remembered; the oldest are forgotten.
const maxTokens = 10_000

// pageToken is what an opaque token stands for.
type pageToken struct {
	query  string
	after  *indexed // search: the last issue of the page before
	offset int      // changelogs: where the next page begins
	issued time.Time
}

// pageTokens hands out page tokens.
type pageTokens struct {
	mu    sync.Mutex
	known map[string]pageToken
	order []string
	count int
}

func (p *pageTokens) init() { p.known = map[string]pageToken{} }

func (p *pageTokens) issue(t pageToken) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	name := base64.RawURLEncoding.EncodeToString([]byte("page token " + strconv.Itoa(p.count)))
	p.known[name] = t
	if p.order = append(p.order, name); len(p.order) > maxTokens {
		delete(p.known, p.order[0])
		p.order = p.order[1:]
	}
	return name
}

// ExpirePageTokens makes every page token handed out so far invalid, as seven
// days would.
func (s *Server) ExpirePageTokens() {
	s.pages.mu.Lock()
	defer s.pages.mu.Unlock()
	clear(s.pages.known)
	s.pages.order = nil
}

// lookup finds a token. One that is unknown, too old, or was issued for another
// query is refused.
func (p *pageTokens) lookup(c *call, name, query string) (pageToken, *response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, known := p.known[name]
	if known && t.query != query {
		c.s.problemf("%s %s: page token used with another query", c.r.Method, c.path)
		known = false
	}
	if !known || c.now.Sub(t.issued) > tokenLife {
		return t, failure(http.StatusBadRequest, "The provided next page token is invalid or expired.")
	}
	return t, nil
}

func (p *pageTokens) after(c *call, name, query string) (*indexed, *response) {
	if name == "" {
		return nil, nil
	}
	t, bad := p.lookup(c, name, query)
	return t.after, bad
}

func (p *pageTokens) offset(c *call, name, query string) (int, *response) {
	if name == "" {
		return 0, nil
	}
	t, bad := p.lookup(c, name, query)
	return t.offset, bad
}
