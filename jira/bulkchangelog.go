package jira

import (
	"context"
	"errors"

	"github.com/jirasync/jirasync/internal/rawjson"
)

// Histories that come with an issue: with GET issue and in bulk (jira-cloud.md
// sections 2.1 and 2.4). As many can mean that there are more: the schema calls
// "total" the number of results on the page.
const (
	historiesInIssue = 100
	historiesInBulk  = 40
)

const (
	maxBulkHistories = 10_000 // a page of changelog/bulkfetch
	maxBulkPages     = 100
)

// histories reads the histories of those issues of the batch that have more
// than came with them, if that saves requests. What it does not bring is read
// issue by issue.
func (b *batch) histories(ctx context.Context) {
	cut, pages := map[string]*assembly{}, 0
	var ids []string
	for _, a := range b.parts {
		if n := a.cutHistories(); n > 0 {
			cut[a.issue.ID] = a
			ids = append(ids, a.issue.ID)
			pages += (n + changelog.pageSize - 1) / changelog.pageSize
		}
	}
	if pages < 2 || ctx.Err() != nil || b.client.noHistories.is() {
		return
	}
	found, err := b.client.bulkHistories(ctx, ids)
	switch {
	case err == nil:
		for id, a := range cut {
			a.histories = found[id]
		}
	case missingEndpoint(err), errors.Is(err, errOddHistories):
		b.client.noHistories.set()
	}
}

// errOddHistories: histories in another form than GET issue has them, such as
// with a number as their time, which the record is not to have.
var errOddHistories = errors.New("histories in another form")

// bulkHistories returns all histories of the issues by issue id. They come in
// the order of time, those of one issue spread over the pages.
//
// Source: REST v3 getBulkChangelogs; jira-cloud.md section 2.4.
func (c *Client) bulkHistories(ctx context.Context, ids []string) (map[string][]element, error) {
	found := make(map[string][]element, len(ids))
	body := map[string]any{"issueIdsOrKeys": ids, "maxResults": maxBulkHistories}
	r := post("bulkchangelog", "/rest/api/3/changelog/bulkfetch", body, nil)
	r.attempts = halfAttempts
	tokens, size := map[string]bool{}, int64(0)
	for range maxBulkPages {
		var page historyPage
		r.decode = func(data []byte) (err error) {
			page, err = parseHistoryPage(data)
			return err
		}
		if err := c.do(ctx, r); err != nil {
			return nil, err
		}
		if page.odd {
			return nil, errOddHistories
		}
		for id, elements := range page.histories {
			found[id] = append(found[id], elements...)
		}
		size += page.size
		switch {
		case page.token == "":
			return found, nil
		case tokens[page.token]:
			return nil, r.newError(ErrUnavailable, 200, "a page token came twice")
		case size > c.cfg.MaxBodyBytes:
			return nil, r.newError(ErrTooLarge, 200, "too many histories in pages")
		}
		tokens[page.token] = true
		body["nextPageToken"] = page.token
	}
	return nil, r.newError(ErrUnavailable, 200, "too many pages")
}

// historyPage is one page of changelog/bulkfetch.
type historyPage struct {
	histories map[string][]element // by issue id
	token     string               // of the next page; empty on the last
	size      int64                // bytes
	odd       bool                 // a history has no time that can be read
}

func parseHistoryPage(data []byte) (historyPage, error) {
	p := historyPage{histories: map[string][]element{}, size: int64(len(data))}
	o, err := rawjson.Parse(data)
	if err != nil {
		return p, err
	}
	p.token = text(o, "nextPageToken")
	issues, err := o.Objects("issueChangeLogs")
	if err != nil {
		return p, err
	}
	for _, issue := range issues {
		id := text(issue, "issueId")
		values, err := issue.Objects("changeHistories")
		if err != nil || id == "" {
			return p, errNotList
		}
		for _, value := range values {
			e, err := parseElement(value)
			if err != nil {
				return p, err
			}
			p.odd = p.odd || e.created.IsZero()
			p.histories[id] = append(p.histories[id], e)
		}
	}
	return p, nil
}

// allHistories returns the union of what came with the issue and what was read
// in bulk, and whether that is all of it.
func allHistories(embedded list, bulk []element) (list, bool) {
	known := make(map[string]bool, len(bulk))
	all := list{total: embedded.total}
	for _, e := range bulk {
		if !known[e.id] {
			known[e.id] = true
			all.elements = append(all.elements, e)
		}
	}
	for _, e := range embedded.elements {
		if !known[e.id] {
			return list{}, false // the bulk answer is older, or of another account
		}
	}
	return all, len(all.elements) >= all.total
}
