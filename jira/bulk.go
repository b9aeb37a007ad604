package jira

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/jirasync/jirasync/internal/rawjson"
)

// batch is up to a hundred issues on their way.
type batch struct {
	client  *Client
	options IssuesOptions
	fetched []Fetched

	parts []*assembly          // the issues read, each once
	byID  map[string]*assembly // the same
	down  error                // why the rest of the batch is not asked for
	*streak
}

// streak counts the failures of one reading, over its batches.
type streak struct {
	failures int // requests in a row without a usable answer
	bulk     int // of them, or between answers to other calls, those for many issues
}

// maxFailures is how many requests in a row may fail before halving ends. A
// single bad issue fails eight times on the way from a hundred to one; a site
// that is down fails for ever.
const maxFailures = 12

// halfAttempts is how often a part of a failed batch is sent: the whole of it
// has had all its attempts.
const halfAttempts = 2

// read fetches the issues of ask, all at once if it can be.
func (b *batch) read(ctx context.Context, ask []*Fetched, attempts int) {
	if b.down != nil || ctx.Err() != nil {
		b.fail(ctx, ask)
		return
	}
	if len(ask) <= 1 || b.client.noBulk.is() {
		for _, f := range ask {
			b.readOne(ctx, f)
		}
		return
	}
	answer, err := b.client.bulkFetch(ctx, ask, attempts)
	switch {
	case err == nil:
		b.failures, b.bulk = 0, 0
		b.readRest(ctx, b.take(ask, answer))
	case halved(err):
		b.halve(ctx, ask, err)
	case missingEndpoint(err):
		b.client.noBulk.set()
		b.read(ctx, ask, attempts)
	default:
		b.down = err
		b.fail(ctx, ask)
	}
}

// halve reads both halves of a batch that failed. After too many failures
// there is more amiss than one issue: the site is down, or serves no batches,
// and then issues are read one by one.
func (b *batch) halve(ctx context.Context, ask []*Fetched, err error) {
	if b.answered(err); b.failures > 0 {
		b.bulk++
	}
	switch {
	case b.failures > maxFailures && errors.Is(err, ErrUnavailable):
		b.down = err
		b.fail(ctx, ask)
	case b.bulk > maxFailures:
		b.failures, b.bulk = 0, 0
		b.client.noBulk.set()
		b.read(ctx, ask, 0)
	default:
		half := len(ask) / 2
		b.read(ctx, ask[:half], halfAttempts)
		b.read(ctx, ask[half:], halfAttempts)
	}
}

// readRest asks one by one for what an answer left out.
func (b *batch) readRest(ctx context.Context, rest []*Fetched) {
	for _, f := range rest {
		b.readOne(ctx, f)
	}
}

// readOne asks for one issue alone.
func (b *batch) readOne(ctx context.Context, f *Fetched) {
	if b.down != nil || ctx.Err() != nil {
		b.fail(ctx, []*Fetched{f})
		return
	}
	found, err := b.client.issueAnswer(ctx, f.Asked, wholeIssue)
	b.answered(err)
	switch {
	case err == nil:
		f.Issue = b.add(found, historiesInIssue)
	case ctx.Err() != nil, errors.Is(err, ErrUnauthorized), errors.Is(err, ErrRateLimited), b.failures > maxFailures:
		b.down = err
		f.Err = err
	default:
		f.Err = err
	}
}

// answered keeps count of the requests in a row that brought no usable answer.
func (b *batch) answered(err error) {
	if errors.Is(err, ErrUnavailable) || errors.Is(err, ErrRejected) && !isTooLarge(err) {
		b.failures++
	} else {
		b.failures = 0
	}
}

// fail gives the reason to those that were not asked for.
func (b *batch) fail(ctx context.Context, ask []*Fetched) {
	err := b.down
	if err == nil {
		err = ctx.Err()
	}
	for _, f := range ask {
		f.Err = fmt.Errorf("issue %s: %w", f.Asked, err)
	}
}

// take finds each issue asked for in the answer and returns those that are not
// there or not usable. An issue that was moved answers under another key than
// it was asked for: then it is among the rest.
func (b *batch) take(ask []*Fetched, issues []rawjson.Object) (rest []*Fetched) {
	byName := make(map[string]*answer, 2*len(issues))
	for _, top := range issues {
		if a, fault := checkIssue(top, true); fault == "" {
			byName[a.id], byName[a.key] = &a, &a
		}
	}
	for _, f := range ask {
		if a := byName[f.Asked]; a != nil {
			f.Issue = b.add(*a, historiesInBulk)
		} else {
			rest = append(rest, f)
		}
	}
	return rest
}

// add begins the assembly of an issue, unless the batch has it already.
func (b *batch) add(found answer, histories int) *Issue {
	if a := b.byID[found.id]; a != nil {
		return a.issue
	}
	a := newAssembly(b.client, found, histories)
	a.links, a.hasLinks = b.options.RemoteLinks, b.options.HasRemoteLinks
	if b.byID == nil {
		b.byID = map[string]*assembly{}
	}
	b.byID[found.id] = a
	b.parts = append(b.parts, a)
	return a.issue
}

// complete reads the parts that were cut. An issue whose parts could not be
// looked for, because the context ended, is no issue.
func (b *batch) complete(ctx context.Context) {
	b.histories(ctx)
	for _, a := range b.parts {
		err := a.complete(ctx)
		if err == nil {
			continue
		}
		for n := range b.fetched {
			if f := &b.fetched[n]; f.Issue == a.issue {
				f.Issue, f.Err = nil, err
			}
		}
	}
}

// halved reports whether less at once can help: too large an answer or
// request, or a fault that one of the issues may cause.
func halved(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (isTooLarge(err) || e.Retryable() && e.kind == ErrUnavailable || e.Status == http.StatusBadRequest)
}

// isTooLarge reports whether the answer or the request was too large.
func isTooLarge(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.kind == ErrTooLarge || e.Status == http.StatusRequestEntityTooLarge)
}

// missingEndpoint reports whether Jira does not offer the call, or not to us.
func missingEndpoint(err error) bool {
	return errors.Is(err, ErrNotFound) || errors.Is(err, ErrForbidden) || errors.Is(err, ErrRejected)
}

// memory remembers for a while that an endpoint is of no use.
type memory struct{ until atomic.Int64 }

const memoryLasts = time.Hour

func (m *memory) set()     { m.until.Store(time.Now().Add(memoryLasts).UnixNano()) }
func (m *memory) is() bool { return time.Now().UnixNano() < m.until.Load() }

// bulkFetch sends one request for many issues.
func (c *Client) bulkFetch(ctx context.Context, ask []*Fetched, attempts int) (issues []rawjson.Object, err error) {
	names := make([]string, len(ask))
	for n, f := range ask {
		names[n] = f.Asked
	}
	r := post("bulkfetch", "/rest/api/3/issue/bulkfetch", map[string]any{
		"issueIdsOrKeys": names, "fields": []string{allFields}, "expand": []string{"changelog"},
	}, func(body []byte) error {
		o, err := rawjson.Parse(body)
		if err == nil {
			issues, err = o.Objects("issues")
		}
		return err
	})
	r.attempts = attempts
	return issues, c.do(ctx, r)
}
