package jira

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/jirasync/jirasync/internal/issuekey"
)

// RemoteLinks says for which issues [Client.Issues] asks for the remote links.
// They come with no issue and cannot be had for many at once: each answer
// costs a request.
type RemoteLinks int

const (
	// RemoteLinksAlways asks for every issue.
	RemoteLinksAlways RemoteLinks = iota
	// RemoteLinksHinted asks for the issues of which something says that they
	// have or had some: a history of one, or IssuesOptions.HasRemoteLinks. It
	// also asks when the histories could not be read. For all others they are
	// unknown, not none: no document says that each remote link leaves a
	// history.
	RemoteLinksHinted
	// RemoteLinksNever asks for none.
	RemoteLinksNever
)

// maxBulk is how many issues Jira serves with all their fields in one answer.
const maxBulk = 100

// IssuesOptions adjust [Client.Issues]. The zero value reads everything.
type IssuesOptions struct {
	// BatchSize is the most issues to ask for at once, 1 to 100. Zero means 100.
	BatchSize int
	// RemoteLinks says whose remote links are read. Zero means everyone's.
	RemoteLinks RemoteLinks
	// HasRemoteLinks, if set, is asked with the id of an issue whether remote
	// links are known from before. It serves RemoteLinksHinted: links that
	// have gone are noticed only if they are asked for.
	HasRemoteLinks func(id string) bool
}

// Fetched is the outcome for one issue that was asked for.
type Fetched struct {
	Asked     string    // the id or key, as it was passed
	StartedAt time.Time // before the first request for it; orders fetches of one issue

	Issue *Issue // nil if Err is not; shared if the issue was asked for under two names
	Err   error
}

// Issues fetches many issues, each as [Client.Issue] would, and yields one
// Fetched for every id or key, in their order; one that repeats counts once.
// Nothing is left out: an issue that could not be read has an error, and after
// the context has ended the rest have the context's.
//
// It reads up to 100 issues with one request. A batch that fails or is too
// large is halved until the culprit is alone. Jira leaves out of a batch what
// does not exist or is not visible, and answers a key that was moved under its
// new one: those are asked for alone, so the errors are those of Client.Issue.
// Then it reads what the answer says is cut: the histories of all issues of a
// batch together, comments and worklogs per issue and page; and the remote
// links as the options say.
//
// It is lazy: a batch is fetched when its first issue is wanted, and leaving
// the loop ends it. Ranging again fetches again. Whoever wants to read in
// parallel ranges over parts of the ids in several goroutines.
//
// Source: REST v3 bulkFetchIssues, getBulkChangelogs; jira-cloud.md section
// 2.4, the limits as of 2026-07.
func (c *Client) Issues(ctx context.Context, idsOrKeys []string, options IssuesOptions) iter.Seq[Fetched] {
	return func(yield func(Fetched) bool) {
		size := options.BatchSize
		if size <= 0 || size > maxBulk {
			size = maxBulk
		}
		seen := make(map[string]bool, len(idsOrKeys))
		var streak streak
		for len(idsOrKeys) > 0 {
			b := &batch{client: c, options: options, streak: &streak}
			for len(idsOrKeys) > 0 && len(b.fetched) < size {
				if asked := idsOrKeys[0]; !seen[asked] {
					seen[asked] = true
					b.fetched = append(b.fetched, Fetched{Asked: asked})
				}
				idsOrKeys = idsOrKeys[1:]
			}
			b.run(ctx)
			for _, f := range b.fetched {
				if !yield(f) {
					return
				}
			}
		}
	}
}

// run fills in the outcomes of the batch.
func (b *batch) run(ctx context.Context) {
	started := time.Now()
	var ask []*Fetched
	for n := range b.fetched {
		f := &b.fetched[n]
		f.StartedAt = started
		if !issuekey.Valid(f.Asked) && !issuekey.ValidID(f.Asked) {
			f.Err = fmt.Errorf("issue %.40q: %w", f.Asked, ErrInvalidID)
			continue
		}
		ask = append(ask, f)
	}
	b.read(ctx, ask, 0)
	b.complete(ctx)
}
