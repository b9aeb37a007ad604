package jira

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
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
	log       *piece    // the histories that did; nil: not looked at
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
	return a.remoteLinks(ctx)
}

// piece is what came of a part with the issue.
type piece struct {
	envelope rawjson.Object
	list
	known bool // absent, null or something else is not empty
	whole bool
}

// embedded reads what came of a part in the object that holds it.
func (a *assembly) embedded(p pagedPart, in *rawjson.Object) piece {
	if p.part == PartChangelog && a.log != nil {
		return *a.log
	}
	var e piece
	envelope, err := in.Object(p.member)
	if err == nil {
		e.envelope = envelope
		e.list, err = parseList(envelope, p.elements)
	}
	e.known = err == nil
	e.whole = e.known && len(e.elements) >= e.total
	if p.part == PartChangelog {
		if e.whole && e.total == e.received && e.received >= a.embeds {
			e.whole, e.total = false, unknownTotal // of the page, perhaps
		}
		a.log = &e
	}
	return e
}

// cutHistories returns how many histories the issue lacks, at least: 0 if it
// has them all, and more than a page if nobody knows.
func (a *assembly) cutHistories() int {
	switch e := a.embedded(changelog, &a.top); {
	case e.whole:
		return 0
	case !e.known:
		return changelog.pageSize + 1
	default:
		return max(1, e.total-len(e.elements))
	}
}

// part completes one part in the object that holds it.
func (a *assembly) part(ctx context.Context, p pagedPart, in *rawjson.Object) {
	e := a.embedded(p, in)
	all, err := a.whole(ctx, p, e)
	switch {
	case err == nil:
		all.sort()
		in.Set(p.member, seal(e.envelope, p.elements, all))
	case !e.known && p.part == PartWorklogs && errors.Is(err, ErrNotFound):
		// Time tracking is off: there is nothing to be had (jira-cloud.md 2.2).
	default:
		if e.known {
			all = e.list
			all.sort()
			e.envelope.Set(p.elements, all.array())
			in.Set(p.member, e.envelope.Bytes())
		}
		a.missing(ctx, p.part, err)
	}
	if p.part == PartChangelog {
		a.issue.RemoteLinksHinted = hintsAtLinks(all)
	}
}

// whole returns all elements of a part: those that came with the issue, the
// histories read together with other issues', or, page by page, the rest.
func (a *assembly) whole(ctx context.Context, p pagedPart, e piece) (list, error) {
	switch {
	case e.whole:
		return e.list, nil
	case !e.known:
		return a.client.collect(ctx, p, a.issue.ID, nil)
	}
	if p.part == PartChangelog && a.histories != nil {
		if all, ok := allHistories(e.list, a.histories); ok {
			return all, nil
		}
	}
	return a.client.collect(ctx, p, a.issue.ID, &e.list)
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
		w := walk{client: c, part: p, call: r, total: unknownTotal}
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

// unknownTotal is the total before the first page.
const unknownTotal = -1

// walk is one reading of the pages, from the first on.
type walk struct {
	client *Client
	part   pagedPart
	call   *call
	total  int

	paged   []element
	known   map[string]bool // ids: true if paged, false if only in the seed
	unpaged []element       // the seed
	bytes   int64
}

// seed begins with elements that came with the issue.
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
