package jira

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jirasync/jirasync/internal/rawjson"
)

// pagedPart says where a part is: in the issue, and in pages.
type pagedPart struct {
	part     Part
	member   string // holds the envelope, in fields or at the top
	elements string // the envelope's member with the elements
	path     string // of the pages, below the issue
	paged    string // the page's member with the elements
	pageSize int
}

// The page sizes are Jira's maxima, except for worklogs (5,000 of 2 KB each).
var (
	comments  = pagedPart{PartComments, "comment", "comments", "comment", "comments", 100}
	worklogs  = pagedPart{PartWorklogs, "worklog", "worklogs", "worklog", "worklogs", 1000}
	changelog = pagedPart{PartChangelog, "changelog", "histories", "changelog", "values", 100}
)

// assembly puts an issue together.
type assembly struct {
	client *Client
	issue  *Issue
	answer

	embeds    int       // the most histories that come with an issue
	histories []element // read together with those of other issues; nil: not read
	links     RemoteLinks
	hasLinks  func(id string) bool // nil: nothing is known from before
}

// newAssembly begins with what Jira answered. Members whose names begin with
// an underscore are ours (tombstones, stamps); no answer may bring them.
func newAssembly(c *Client, found answer, embeds int) *assembly {
	for _, name := range found.top.Names() {
		if strings.HasPrefix(name, "_") {
			found.top.Delete(name)
		}
	}
	return &assembly{client: c, issue: &Issue{ID: found.id, Key: found.key}, answer: found, embeds: embeds}
}

// complete fetches what the answer lacks and fills in the issue. Its error is
// the context's; all other failures end in Missing.
func (a *assembly) complete(ctx context.Context) error {
	for _, p := range []struct {
		pagedPart
		in *rawjson.Object
	}{{comments, &a.fields}, {worklogs, &a.fields}, {changelog, &a.top}} {
		if a.part(ctx, p.pagedPart, p.in); ctx.Err() != nil {
			return fmt.Errorf("issue %s: %w", a.issue.Key, ctx.Err())
		}
	}
	a.top.Set("fields", a.fields.Bytes())
	a.issue.JSON = a.top.Bytes()
	a.issue.RemoteLinksHinted = a.hinted()
	return a.remoteLinks(ctx)
}

// remoteLinks reads the remote links if they are wanted.
func (a *assembly) remoteLinks(ctx context.Context) error {
	known := a.hasLinks != nil && a.hasLinks(a.issue.ID)
	unread := slices.Contains(a.issue.Missing, PartChangelog) // it might have told
	hinted := a.issue.RemoteLinksHinted || known || unread
	if a.links == RemoteLinksNever || a.links == RemoteLinksHinted && !hinted {
		return nil
	}
	links, err := a.client.RemoteLinks(ctx, a.issue.ID)
	if ctx.Err() != nil {
		return fmt.Errorf("issue %s: %w", a.issue.Key, ctx.Err())
	}
	a.issue.RemoteLinks = links
	a.missing(ctx, PartRemoteLinks, err)
	return nil
}

// hinted reports whether a history tells of a remote link. Jira calls the field
// RemoteIssueLink, and RemoteWorkItemLink since issues are work items.
func (a *assembly) hinted() bool {
	log, err := a.top.Object("changelog")
	if err != nil {
		return false
	}
	histories, _ := log.Get("histories")
	if !bytes.Contains(histories, []byte(`"Remote`)) {
		return false
	}
	var list []struct {
		Items []struct {
			Field string `json:"field"`
		} `json:"items"`
	}
	if json.Unmarshal(histories, &list) != nil {
		return true // unreadable, and it speaks of something remote: ask
	}
	for _, h := range list {
		for _, item := range h.Items {
			if item.Field == "RemoteIssueLink" || item.Field == "RemoteWorkItemLink" {
				return true
			}
		}
	}
	return false
}

// cutHistories returns how many histories the issue lacks, at least: 0 if it
// has them all, and more than a page if nobody knows.
func (a *assembly) cutHistories() int {
	envelope, err := a.top.Object(changelog.member)
	if err != nil {
		return changelog.pageSize + 1
	}
	l, err := parseList(envelope, changelog.elements)
	switch {
	case err != nil:
		return changelog.pageSize + 1
	case !l.whole():
		return l.total - len(l.elements)
	case a.doubtful(changelog, l):
		return 1
	}
	return 0
}

// doubtful reports whether a list that claims to be whole may be cut: its
// total can be the number of elements on the page.
func (a *assembly) doubtful(p pagedPart, l list) bool {
	return p.part == PartChangelog && l.total == l.received && l.received >= a.embeds
}

// part completes one part in the object that holds it.
func (a *assembly) part(ctx context.Context, p pagedPart, in *rawjson.Object) {
	var embedded list
	envelope, err := in.Object(p.member)
	if err == nil {
		embedded, err = parseList(envelope, p.elements)
	}
	known := err == nil // absent, null or something else is not empty
	whole := known && embedded.whole() && !a.doubtful(p, embedded)
	if p.part == PartChangelog && known && !whole && a.histories != nil {
		if all, ok := allHistories(embedded, a.histories); ok {
			embedded, whole = all, true
		}
	}
	if whole {
		embedded.sort()
		in.Set(p.member, seal(envelope, p.elements, embedded))
		return
	}
	var seed *list
	if known {
		seed = &embedded
		if a.doubtful(p, embedded) {
			seed = &list{elements: embedded.elements, total: -1}
		}
	}
	all, err := a.client.collect(ctx, p, a.issue.ID, seed)
	switch {
	case err == nil:
		all.sort()
		in.Set(p.member, seal(envelope, p.elements, all))
	case !known && p.part == PartWorklogs && errors.Is(err, ErrNotFound):
		// Time tracking is off: there is nothing to be had (jira-cloud.md 2.2).
	default:
		if known {
			embedded.sort()
			envelope.Set(p.elements, embedded.array())
			in.Set(p.member, envelope.Bytes())
		}
		a.missing(ctx, p.part, err)
	}
}

// seal returns the envelope of a whole part.
func seal(envelope rawjson.Object, elements string, l list) json.RawMessage {
	n := json.RawMessage(strconv.Itoa(len(l.elements)))
	envelope.Set(elements, l.array())
	envelope.Set("maxResults", n)
	envelope.Set("total", n)
	envelope.Set("startAt", json.RawMessage("0"))
	return envelope.Bytes()
}

// missing records that a part could not be read, if err is not nil.
func (a *assembly) missing(ctx context.Context, part Part, err error) {
	if err == nil {
		return
	}
	a.issue.Missing = append(a.issue.Missing, part)
	a.issue.Cause = errors.Join(a.issue.Cause, fmt.Errorf("%s: %w", part, err))
	a.client.log.LogAttrs(ctx, slog.LevelWarn, "part of an issue unread",
		slog.String(keyIssue, a.issue.Key), slog.String(keyPart, string(part)), slog.Any(keyError, err))
}

// Bounds of the reading of one part.
const (
	maxWalks = 3    // a part that changes meanwhile is read again
	maxPages = 2000 // 200,000 histories
)

var errChanged = errors.New("changed while it was read")

// collect reads the pages of a part until all that Jira counts is there. The
// elements of seed, the piece that came with the issue, count as long as the
// total stays what it was: a changed total can mean that one of them is gone.
func (c *Client) collect(ctx context.Context, p pagedPart, id string, seed *list) (list, error) {
	r := get(family(p.path), "/rest/api/3/issue/"+id+"/"+p.path, nil, nil)
	for range maxWalks {
		w := walk{client: c, part: p, call: r, total: -1}
		if seed != nil {
			w.seed(*seed)
		}
		all, err := w.run(ctx)
		if err != errChanged {
			return all, err
		}
		seed = nil
	}
	return list{}, r.newError(ErrUnavailable, http.StatusOK, "the list "+errChanged.Error())
}

// walk is one reading of the pages, from the first on.
type walk struct {
	client *Client
	part   pagedPart
	call   *call
	total  int // -1 before the first page

	paged   []element
	known   map[string]bool // ids: true if paged, false if only in the seed
	unpaged []element       // the seed
	bytes   int64
}

// seed begins with elements that came with the issue; a negative total is not
// known.
func (w *walk) seed(l list) {
	w.total, w.unpaged = l.total, l.elements
	w.known = make(map[string]bool, len(l.elements))
	for _, e := range l.elements {
		w.known[e.id] = false
	}
}

// run fetches pages until their union with the seed is complete, a page is
// empty, or the offset has passed the total, as it does when the server
// ignores it. It advances by what it got, since servers shorten pages.
func (w *walk) run(ctx context.Context) (list, error) {
	if w.known == nil {
		w.known = map[string]bool{}
	}
	for startAt, pages := 0, 0; pages < maxPages; pages++ {
		received, err := w.page(ctx, startAt)
		if err != nil {
			return list{}, err
		}
		startAt += received
		if len(w.known) >= w.total {
			return w.union(), nil
		}
		if received == 0 || startAt >= w.total {
			break
		}
	}
	return list{}, w.call.newError(ErrUnavailable, http.StatusOK, fmt.Sprintf("the pages hold %d of %d", len(w.known), w.total))
}

// page fetches one page and returns how many elements it had.
func (w *walk) page(ctx context.Context, startAt int) (received int, err error) {
	r := *w.call
	r.query = url.Values{"startAt": {strconv.Itoa(startAt)}, "maxResults": {strconv.Itoa(w.part.pageSize)}}
	var l list
	r.decode = func(body []byte) error {
		envelope, err := rawjson.Parse(body)
		if err == nil {
			l, err = parseList(envelope, w.part.paged)
		}
		return err
	}
	if err := w.client.do(ctx, &r); err != nil {
		return 0, err
	}
	if w.total >= 0 && l.total != w.total {
		return 0, errChanged
	}
	w.total = l.total
	for _, e := range l.elements {
		if !w.known[e.id] {
			w.known[e.id] = true
			w.paged = append(w.paged, e)
			w.bytes += int64(len(e.raw))
		}
	}
	if w.bytes > w.client.cfg.MaxBodyBytes {
		return 0, r.newError(ErrTooLarge, http.StatusOK, fmt.Sprintf("more than %d bytes in pages", w.client.cfg.MaxBodyBytes))
	}
	return l.received, nil
}

// union returns the elements of the pages and those that only the seed has.
// Where both have one, the page's is the fresher.
func (w *walk) union() list {
	all := w.paged
	for _, e := range w.unpaged {
		if !w.known[e.id] {
			all = append(all, e)
		}
	}
	return list{elements: all, total: w.total}
}
