package jirasync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/internal/rawstore"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/transform"
	"github.com/jirasync/jirasync/webhook"
)

// BackfillOptions say which issues a backfill reads. The zero value reads all
// issues of the configured projects that are not stored yet.
type BackfillOptions struct {
	JQL           string   // instead of the projects; must be bounded, as Jira demands
	Keys          []string // instead of a search
	Refetch       bool     // also issues that are stored and complete
	Parallel      int      // issues fetched at once; zero means 4
	NoAttachments bool
	DryRun        bool // search and count, fetch and write nothing

	// Progress is called after each issue, from one goroutine at a time.
	Progress func(BackfillResult)
}

// BackfillResult counts what a backfill did.
type BackfillResult struct {
	JQL         string            `json:"jql,omitempty"` // as sent to Jira
	Found       int               `json:"found"`
	Fetched     int               `json:"fetched"` // to be fetched, in a dry run
	Skipped     int               `json:"skipped"`
	Failed      int               `json:"failed"`
	Incomplete  int               `json:"incomplete"` // stored, but with a part that could not be read
	Attachments int               `json:"attachments"`
	Files       int               `json:"files"`
	Seconds     float64           `json:"seconds"`
	Failures    map[string]string `json:"failures,omitempty"` // the first hundred
}

// Backfill reads issues through the same seams as the webhook: fetch, save,
// apply, publish. A failed issue is counted and does not stop the others; the
// error then says how many failed.
func (s *Syncer) Backfill(ctx context.Context, opts BackfillOptions) (BackfillResult, error) {
	if s.site == nil {
		return BackfillResult{}, ErrNoCredentials
	}
	if err := s.CheckLogin(ctx); err != nil {
		return BackfillResult{}, fmt.Errorf("backfill: %w", err)
	}
	b := &backfill{s: s, opts: opts, began: time.Now()}
	if len(opts.Keys) == 0 {
		b.result.JQL = cmp.Or(opts.JQL, s.projectJQL())
	}
	err := b.run(ctx)
	b.result.Seconds = time.Since(b.began).Seconds()
	if err == nil && b.result.Failed > 0 {
		err = fmt.Errorf("backfill: %d of %d issues failed", b.result.Failed, b.result.Found)
	}
	return b.result, err
}

// SyncIssues refreshes the named issues at once and applies them. It is what
// the test endpoint and repairs call.
func (s *Syncer) SyncIssues(ctx context.Context, keys ...string) (BackfillResult, error) {
	if s.site == nil {
		return BackfillResult{}, ErrNoCredentials
	}
	b := &backfill{s: s, opts: BackfillOptions{Keys: keys, Refetch: true}, began: time.Now()}
	err := b.run(ctx)
	return b.result, errors.Join(err, errors.Join(b.errs...))
}

// projectJQL names all issues of the configured projects, oldest first. Jira
// refuses an unbounded query, so without projects the bound is a date before
// any issue.
func (s *Syncer) projectJQL() string {
	if len(s.cfg.Projects) == 0 {
		return `created >= "1990-01-01" ORDER BY created ASC`
	}
	return fmt.Sprintf(`project in (%s) ORDER BY created ASC`, `"`+strings.Join(s.cfg.Projects, `", "`)+`"`)
}

// backfill is one run.
type backfill struct {
	s     *Syncer
	opts  BackfillOptions
	began time.Time

	mu     sync.Mutex // guards what follows
	result BackfillResult
	errs   []error  // the first few failures
	saved  []string // keys whose rows wait
}

// backfillBatch is how many saved issues are applied at once: each apply
// rewrites the months it touches.
const backfillBatch = 2000

func (b *backfill) run(ctx context.Context) error {
	work := make(chan webhook.IssueRef)
	var wait sync.WaitGroup
	for range cmp.Or(b.opts.Parallel, 4) {
		wait.Go(func() {
			for ref := range work {
				b.one(ctx, ref)
			}
		})
	}
	err := b.feed(ctx, work)
	close(work)
	wait.Wait()
	return errors.Join(err, b.apply(ctx, 0))
}

// feed sends each issue that is to be fetched.
func (b *backfill) feed(ctx context.Context, work chan<- webhook.IssueRef) error {
	for ref, err := range b.refs(ctx) {
		if err != nil {
			return fmt.Errorf("backfill: %w", err)
		}
		b.count(func(r *BackfillResult) { r.Found++ })
		if !b.opts.Refetch && b.complete(ref.Key) {
			// Its rows may be missing all the same: a run that was killed saves
			// records before it writes tables.
			b.count(func(r *BackfillResult) {
				r.Skipped++
				if !b.opts.DryRun {
					b.saved = append(b.saved, ref.Key)
				}
			})
			b.applyFull(ctx)
			continue
		}
		if b.opts.DryRun {
			b.count(func(r *BackfillResult) { r.Fetched++ })
			continue
		}
		select {
		case work <- ref:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (b *backfill) refs(ctx context.Context) iter.Seq2[webhook.IssueRef, error] {
	if len(b.opts.Keys) == 0 {
		return func(yield func(webhook.IssueRef, error) bool) {
			for hit, err := range b.s.site.Search(ctx, b.result.JQL, jira.SearchOptions{Fields: []string{"key"}}) {
				if !yield(webhook.IssueRef{ID: hit.ID, Key: hit.Key}, err) || err != nil {
					return
				}
			}
		}
	}
	keys := slices.Compact(slices.Sorted(slices.Values(b.opts.Keys)))
	return func(yield func(webhook.IssueRef, error) bool) {
		for _, key := range keys {
			if !issuekey.Valid(key) {
				yield(webhook.IssueRef{}, fmt.Errorf("%.40q: %w", key, rawstore.ErrBadKey))
				return
			}
			if !yield(webhook.IssueRef{Key: key}, nil) {
				return
			}
		}
	}
}

// complete reports whether the issue is stored whole. A record that cannot be
// read, that is a tombstone, or that lacks a part is fetched again.
func (b *backfill) complete(key string) bool {
	state, err := b.s.store.State(key)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.s.log.Warn("record is not readable and is fetched again", "issue", key)
	}
	return err == nil && state == rawstore.Complete
}

func (b *backfill) one(ctx context.Context, ref webhook.IssueRef) {
	r, err := b.s.refresh(ctx, ref, false)
	if err != nil {
		b.fail(ref.String(), err)
		return
	}
	if r.ignored {
		b.count(func(res *BackfillResult) { res.Skipped++ })
		return
	}
	landed := 0
	if !b.opts.NoAttachments && !b.s.cfg.NoAttachments && !r.deleted {
		if landed, err = b.s.downloadAttachments(ctx, r.key); err != nil {
			b.fail(r.key, err)
		}
	}
	b.count(func(res *BackfillResult) {
		res.Fetched++
		res.Attachments += landed
		if r.issue != nil && len(r.issue.Missing) > 0 {
			res.Incomplete++
		}
		b.saved = append(b.saved, r.keys...)
	})
	b.applyFull(ctx)
}

// applyFull applies when a whole batch waits. What could not be written waits
// on, and the end of the run tries and fails for good.
func (b *backfill) applyFull(ctx context.Context) {
	if err := b.apply(ctx, backfillBatch); err != nil {
		b.s.log.ErrorContext(ctx, "tables could not be written", "error", err)
	}
}

// apply brings the waiting issues to the tables when there are more than atLeast.
func (b *backfill) apply(ctx context.Context, atLeast int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.saved) == 0 || len(b.saved) < atLeast {
		return nil
	}
	result, err := b.s.apply(ctx, b.saved...)
	b.result.Files += len(result.Files)
	for key, cause := range result.Failed {
		b.record(key, cause)
	}
	if err != nil {
		return fmt.Errorf("backfill: %w", err)
	}
	b.saved = nil
	return nil
}

func (b *backfill) fail(key string, err error) {
	b.s.log.Warn("issue could not be fetched", "issue", key, "error", err)
	b.count(func(*BackfillResult) { b.record(key, err) })
}

// record notes a failure; the caller holds mu.
func (b *backfill) record(key string, err error) {
	const kept = 100
	b.result.Failed++
	if len(b.errs) >= kept {
		return
	}
	b.errs = append(b.errs, fmt.Errorf("%s: %w", key, err))
	if b.result.Failures == nil {
		b.result.Failures = map[string]string{}
	}
	b.result.Failures[key] = err.Error()
}

func (b *backfill) count(change func(*BackfillResult)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.result)
	if b.opts.Progress != nil {
		b.opts.Progress(b.result)
	}
}

// Upsert brings the tables to the stored records of the named issues, without
// asking Jira.
func (s *Syncer) Upsert(ctx context.Context, keys ...string) (transform.Result, error) {
	return s.apply(ctx, keys...)
}

// Delete writes tombstones for the named issues and takes their rows out of
// all tables. The records stay for audit; a later successful fetch revives an
// issue that Jira still has.
func (s *Syncer) Delete(ctx context.Context, keys ...string) (transform.Result, error) {
	for _, key := range keys {
		if _, err := s.store.Delete(ctx, "", key, time.Now(), rawstore.CauseManual); err != nil {
			return transform.Result{}, err
		}
	}
	return s.apply(ctx, keys...)
}

// Rebuild makes all tables anew from the records and publishes them.
func (s *Syncer) Rebuild(ctx context.Context, opts transform.RebuildOptions) (transform.Result, error) {
	result, err := transform.Rebuild(ctx, s.tables, s.store, opts)
	s.publishing.Lock()
	s.distBehind = true
	s.publishing.Unlock()
	return result, errors.Join(err, s.publish(ctx))
}
