package jira

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/internal/rawjson"
)

// Part is a piece of an issue that Jira serves in pages or apart from the issue.
type Part string

// The parts of an issue.
const (
	PartComments    Part = "comments"
	PartWorklogs    Part = "worklogs"
	PartChangelog   Part = "changelog"
	PartRemoteLinks Part = "remote_links"
)

// Issue is an issue as Jira has it, whole or with a list of what is missing.
type Issue struct {
	ID  string // the identity; numeric
	Key string // where the issue is now; another one than asked for after a move

	// JSON is the object of GET issue with every field and the changelog. The
	// bytes of a field are Jira's. Only three members are put together anew:
	// fields.comment, fields.worklog and changelog hold all their elements,
	// each with Jira's bytes, oldest first by creation and then by id, with
	// startAt 0 and total and maxResults the number of elements. A part that
	// is in Missing stays as it came, cut or absent, but oldest first too.
	JSON json.RawMessage

	// RemoteLinks is the JSON array of remote links, "[]" if there are none
	// and nil if they are unknown: because they could not be read, and then
	// they are in Missing, or because they were not asked for.
	RemoteLinks json.RawMessage
	// RemoteLinksHinted says that a history tells of a remote link, made or
	// removed. That none does proves nothing.
	RemoteLinksHinted bool

	// Missing names the parts that could not be read whole. What is stored of
	// them is to be kept.
	Missing []Part
	// Cause joins the errors behind Missing; nil if nothing is missing.
	Cause error
}

// Issue fetches an issue by key or numeric id with everything that belongs to
// it. A moved issue answers under its new key.
//
// It takes one request for the issue, one for its remote links and one for
// each further page of comments, worklogs and histories. Only the first must
// succeed: a part that fails is named in Missing. A part that changes while it
// is read is read again, and is missing if it does not come to rest.
//
// Errors: ErrInvalidID, ErrNotFound (which does not mean deleted), the other
// sentinels, or the context's error.
//
// Source: REST v3 getIssue, getComments, getIssueWorklog, getChangeLogs,
// getRemoteIssueLinks; the cuts are in jira-cloud.md section 2.1, seen 2026-08.
func (c *Client) Issue(ctx context.Context, idOrKey string) (*Issue, error) {
	found, err := c.issueAnswer(ctx, idOrKey, wholeIssue)
	if err != nil {
		return nil, err
	}
	a := newAssembly(c, found, historiesInIssue)
	if err := a.complete(ctx); err != nil {
		return nil, err
	}
	return a.issue, nil
}

// FieldValues fetches only the named fields of an issue, as the JSON object
// {"id", "key", "fields", …} of GET issue. A field that Jira could not load or
// does not show is absent; that is not null. Naming no field is an error.
func (c *Client) FieldValues(ctx context.Context, idOrKey string, fields []string) (json.RawMessage, error) {
	if len(fields) == 0 {
		return nil, errors.New("jira: no fields named")
	}
	found, err := c.issueAnswer(ctx, idOrKey, url.Values{"fields": {strings.Join(fields, ",")}})
	if err != nil {
		return nil, err
	}
	return found.top.Bytes(), nil
}

// answer is an issue as Jira answered it, checked.
type answer struct {
	id, key     string
	top, fields rawjson.Object
}

// issueAnswer fetches an issue and checks that it is one, and the one asked for.
func (c *Client) issueAnswer(ctx context.Context, idOrKey string, query url.Values) (a answer, err error) {
	if !issuekey.Valid(idOrKey) && !issuekey.ValidID(idOrKey) {
		return a, fmt.Errorf("issue %.40q: %w", idOrKey, ErrInvalidID)
	}
	var top rawjson.Object
	r := get("issue", "/rest/api/3/issue/"+idOrKey, query, func(body []byte) (err error) {
		top, err = rawjson.Parse(body)
		return err
	})
	if err := c.do(ctx, r); err != nil {
		return a, err
	}
	a, fault := checkIssue(top, query.Get("fields") == allFields)
	if fault == "" && issuekey.ValidID(idOrKey) && a.id != idOrKey {
		fault = "the answer is another issue"
	}
	if fault != "" {
		return answer{}, r.newError(ErrMalformed, 200, fault)
	}
	return a, nil
}

const allFields = "*all"

// wholeIssue is the query of everything that GET issue has.
var wholeIssue = url.Values{"fields": {allFields}, "expand": {"changelog"}}

// checkIssue says what is wrong with an issue, if anything is. If all fields
// were asked for, the creation time must be there, since rows are filed by it.
func checkIssue(top rawjson.Object, all bool) (a answer, fault string) {
	a = answer{id: text(top, "id"), key: text(top, "key"), top: top}
	if !issuekey.ValidID(a.id) {
		return a, "the issue has no id"
	}
	if !issuekey.Valid(a.key) {
		return a, "the issue has no key"
	}
	var err error
	if a.fields, err = top.Object("fields"); err != nil {
		return a, "the issue has no fields"
	}
	if _, err := parseTime(text(a.fields, "created")); all && err != nil {
		return a, "the issue has no creation time"
	}
	return a, ""
}

// text returns a member that is a JSON string, or "".
func text(o rawjson.Object, name string) string {
	raw, _ := o.Get(name)
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// RemoteLinks fetches the remote links of an issue: a JSON array, "[]" if there
// are none. Any failure is an error; no answer is ever taken for none.
//
// Source: REST v3 getRemoteIssueLinks; not paged. 403 when linking is off.
func (c *Client) RemoteLinks(ctx context.Context, idOrKey string) (json.RawMessage, error) {
	if !issuekey.Valid(idOrKey) && !issuekey.ValidID(idOrKey) {
		return nil, fmt.Errorf("issue %.40q: %w", idOrKey, ErrInvalidID)
	}
	var links json.RawMessage
	err := c.do(ctx, get("remotelink", "/rest/api/3/issue/"+idOrKey+"/remotelink", nil, func(body []byte) error {
		elements, err := rawjson.Elements(body)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(elements, func(e json.RawMessage) bool { return e[0] != '{' }) {
			return rawjson.ErrNotObject
		}
		links = rawjson.Array(elements)
		return nil
	}))
	if err != nil {
		return nil, err
	}
	return links, nil
}
