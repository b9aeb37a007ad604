package jirasync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/internal/rawstore"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/webhook"
)

// BackfillOptions say which issues a backfill reads. The zero value reads all
// issues of the configured projects that are not stored yet.
type BackfillOptions struct {
	JQL           string   // instead of the projects; must be bounded, as Jira demands
	Keys          []string // instead of a search
	Refetch       bool     // also issues that are stored and complete
	Restart       bool     // with Refetch: do not go on where a killed run ended
	Parallel      int      // batches fetched at once; zero means 4
	NoAttachments bool
	DryRun        bool // search and count, fetch and write nothing

	// RemoteLinks says whose remote links are read, which costs a request an
	// issue. Zero means RemoteLinksHinted.
	RemoteLinks RemoteLinks

	// Progress is called after each step, from one goroutine at a time.
	Progress func(BackfillResult)
}

// RemoteLinks says for which issues a backfill reads the remote links, the
// one part that Jira serves for single issues only.
type RemoteLinks int

const (
	// RemoteLinksHinted reads those of issues whose histories, or whose
	// record, tell of a remote link. Those of others stay unknown.
	RemoteLinksHinted RemoteLinks = iota
	RemoteLinksAlways
	RemoteLinksNever
)

// BackfillResult counts what a backfill did.
type BackfillResult struct {
	JQL         string            `json:"jql,omitempty"` // as sent to Jira
	Expected    int               `json:"expected"`      // issues, as Jira estimates before the run, skipped ones too
	Found       int               `json:"found"`
	Fetched     int               `json:"fetched"` // to be fetched, in a dry run
	Skipped     int               `json:"skipped"` // stored whole, read by the run that this one goes on with, or out of scope
	Gone        int               `json:"gone"`    // listed, but not found when it was read
	Failed      int               `json:"failed"`
	Incomplete  int               `json:"incomplete"` // stored, but with a part that could not be read
	Attachments int               `json:"attachments"`
	Files       int               `json:"files"`
	Requests    int64             `json:"requests"` // to Jira, by all that runs in this process
	Seconds     float64           `json:"seconds"`
	Failures    map[string]string `json:"failures,omitempty"` // the first hundred

	// Forecast is made of Expected, before the first issue is listed; that of
	// a dry run, of the issues that it would fetch.
	Forecast *Forecast `json:"forecast,omitempty"`
}

// Forecast is what a backfill costs at least: parts that Jira cuts, and remote
// links, take further requests.
type Forecast struct {
	Requests int     `json:"requests"`
	Seconds  float64 `json:"seconds"` // at the configured rate
}

// Backfill reads issues through the same seams as the webhook: fetch, save,
// apply, publish, but a hundred with a request. A failed issue is counted and
// does not stop the others; the error then says how many failed.
//
// A run that was killed is repeated by calling Backfill again: issues that are
// stored whole are skipped, and with Refetch those that the killed run had
// read.
func (s *Syncer) Backfill(ctx context.Context, opts BackfillOptions) (BackfillResult, error) {
	if s.site == nil {
		return BackfillResult{}, ErrNoCredentials
	}
	if err := s.siteLogin(ctx); err != nil {
		return BackfillResult{}, fmt.Errorf("backfill: %w", err)
	}
	agentErr := s.agentLogin(ctx)
	b := s.newBackfill(opts)
	source := keysSource(opts.Keys)
	b.result.Expected = len(opts.Keys)
	if len(opts.Keys) == 0 {
		b.result.JQL = cmp.Or(opts.JQL, s.scopeJQL("", "created ASC"))
		b.goneIsFine = true
		source = s.list(ctx, b.result.JQL, idsOnly)
		expected, err := s.site.ApproximateCount(ctx, b.result.JQL)
		if err != nil {
			return b.result, fmt.Errorf("backfill: %w", err)
		}
		b.result.Expected = expected
	}
	b.count(func(r *BackfillResult) { r.Forecast = b.forecast(r.Expected, r.Expected/searchPage+1) })
	if opts.Refetch && !opts.DryRun {
		b.checkpoint = s.openCheckpoint(opts, b.result.JQL)
	}
	err := b.run(ctx, source)
	if err == nil && b.result.Failed > 0 {
		err = fmt.Errorf("backfill: %d of %d issues failed", b.result.Failed, b.result.Found)
	}
	return b.result, errors.Join(err, b.checkpoint.close(err == nil), agentErr)
}

// SyncIssues refreshes the named issues at once and applies them. It is what
// the test endpoint and repairs call.
func (s *Syncer) SyncIssues(ctx context.Context, keys ...string) (BackfillResult, error) {
	if s.site == nil {
		return BackfillResult{}, ErrNoCredentials
	}
	return s.sync(ctx, keysSource(keys))
}

// sync reads the listed issues whole and applies them.
func (s *Syncer) sync(ctx context.Context, source iter.Seq2[listed, error]) (BackfillResult, error) {
	b := s.newBackfill(BackfillOptions{Refetch: true, RemoteLinks: RemoteLinksAlways})
	err := b.run(ctx, source)
	return b.result, errors.Join(err, errors.Join(b.errs...))
}

// keysSource lists keys, each once.
func keysSource(keys []string) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		for _, key := range slices.Compact(slices.Sorted(slices.Values(keys))) {
			if !issuekey.Valid(key) {
				yield(listed{}, fmt.Errorf("%.40q: %w", key, rawstore.ErrBadKey))
				return
			}
			if !yield(listed{key: key}, nil) {
				return
			}
		}
	}
}

// backfill is one run.
type backfill struct {
	*Syncer
	opts       BackfillOptions
	began      time.Time
	requests   int64 // that were sent before it began
	goneIsFine bool  // an issue that is not found was deleted since it was listed
	checkpoint *checkpoint

	mu     sync.Mutex // guards what follows
	result BackfillResult
	errs   []error  // the first few failures
	saved  []string // keys whose rows wait
}

func (s *Syncer) newBackfill(opts BackfillOptions) *backfill {
	return &backfill{Syncer: s, opts: opts, began: time.Now(), requests: s.requests()}
}

const (
	// applyBatch is how many saved issues are applied at once: each apply
	// rewrites the months it touches.
	applyBatch   = 2000
	fetchBatch   = 100       // issues in a request
	bulkPatience = time.Hour // for the pauses that Jira asks for: nobody waits for a single issue here
	searchPage   = 5000      // bare issues on a page of a search
)

func (b *backfill) run(ctx context.Context, source iter.Seq2[listed, error]) error {
	ctx = jira.WithPatience(ctx, bulkPatience)
	work := make(chan parcel)
	var wait sync.WaitGroup
	for range cmp.Or(b.opts.Parallel, 4) {
		wait.Go(func() { // ends when work is closed
			for p := range work {
				if p.files != "" {
					b.fetchFiles(ctx, p.files)
				} else {
					b.fetch(ctx, p.issues)
				}
			}
		})
	}
	err := b.feed(ctx, source, work)
	close(work)
	wait.Wait()
	err = errors.Join(err, b.applyWaiting(ctx, 0))
	b.result.Seconds, b.result.Requests = time.Since(b.began).Seconds(), b.Syncer.requests()-b.requests
	if b.opts.DryRun {
		b.result.Forecast = b.forecast(b.result.Fetched, int(b.result.Requests))
	}
	return err
}

// parcel is what one worker is given at once.
type parcel struct {
	issues []listed // to be read
	files  string   // or the key of one of which only attachments are missing
}

// feed sends the issues that are to be fetched, many at a time.
func (b *backfill) feed(ctx context.Context, source iter.Seq2[listed, error], work chan<- parcel) error {
	give := func(p parcel) error {
		select {
		case work <- p:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	var batch []listed
	send := func() (err error) {
		if len(batch) > 0 {
			err = give(parcel{issues: batch})
			batch = nil
		}
		return err
	}
	for l, err := range source {
		if err != nil {
			return fmt.Errorf("backfill: %w", errors.Join(err, send()))
		}
		b.count(func(r *BackfillResult) { r.Found++ })
		switch {
		case b.skip(l):
			if !b.wantsFiles(l.key) {
				b.skipped(ctx, l.key)
			} else if err := give(parcel{files: l.key}); err != nil {
				return err
			}
		case b.opts.DryRun:
			b.count(func(r *BackfillResult) { r.Fetched++ })
		default:
			batch = append(batch, l)
		}
		if len(batch) == fetchBatch {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

// skip reports whether the issue need not be read. A record that cannot be
// read, that is a tombstone, or that lacks a part is read again.
func (b *backfill) skip(l listed) bool {
	if b.opts.Refetch {
		return b.checkpoint.has(l.id)
	}
	state, err := b.store.State(l.key)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.log.Warn("record is not readable and is fetched again", "issue", l.key)
	}
	return err == nil && state == rawstore.Complete
}

// skipped counts an issue. Its rows may be missing all the same: a run that
// was killed saves records before it writes tables.
func (b *backfill) skipped(ctx context.Context, key string) {
	b.count(func(r *BackfillResult) {
		r.Skipped++
		if !b.opts.DryRun {
			b.saved = append(b.saved, key)
		}
	})
	b.applyFull(ctx)
}

// fetch reads a batch of issues and saves their records.
func (b *backfill) fetch(ctx context.Context, batch []listed) {
	ids := make([]string, len(batch))
	for i, l := range batch {
		ids[i] = cmp.Or(l.id, l.key)
	}
	i := 0
	for r, err := range b.refreshMany(ctx, ids, b.opts.RemoteLinks) {
		l := batch[i]
		i++
		switch {
		case errors.Is(err, jira.ErrNotFound) && b.goneIsFine:
			b.count(func(r *BackfillResult) { r.Gone++ })
		case err != nil:
			b.fail(webhook.IssueRef{ID: l.id, Key: l.key}.String(), err)
		case r.ignored:
			b.count(func(r *BackfillResult) { r.Skipped++ })
		default:
			b.landed(ctx, l, r)
		}
	}
}

// wantsFiles reports whether a skipped issue has attachments that an earlier
// run did not get.
func (b *backfill) wantsFiles(key string) bool {
	return !b.opts.NoAttachments && !b.cfg.NoAttachments && !b.opts.DryRun && b.lacksFiles(key)
}

// fetchFiles reads the attachments of a skipped issue.
func (b *backfill) fetchFiles(ctx context.Context, key string) {
	files, err := b.downloadAttachments(ctx, key)
	if err != nil {
		b.fail(key, err)
	}
	b.count(func(r *BackfillResult) { r.Attachments += files })
	b.skipped(ctx, key)
}

// landed counts an issue whose record is saved, and reads its attachments.
func (b *backfill) landed(ctx context.Context, l listed, r refreshed) {
	files := 0
	if !b.opts.NoAttachments && !b.cfg.NoAttachments && !r.deleted {
		var err error
		if files, err = b.downloadAttachments(ctx, r.key); err != nil {
			b.fail(r.key, err)
		}
	}
	b.checkpoint.add(l.id, b.log)
	b.count(func(res *BackfillResult) {
		res.Fetched++
		res.Attachments += files
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
	if err := b.applyWaiting(ctx, applyBatch); err != nil {
		b.log.ErrorContext(ctx, "tables could not be written", "error", err)
	}
}

// applyWaiting brings the waiting issues to the tables if there are at least so many.
func (b *backfill) applyWaiting(ctx context.Context, atLeast int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.saved) == 0 || len(b.saved) < atLeast {
		return nil
	}
	result, err := b.apply(ctx, b.saved...)
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
	b.log.Warn("issue could not be fetched", "issue", key, "error", err)
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

// forecast reckons a run that fetches so many issues, with so many requests to
// list them.
func (b *backfill) forecast(issues, listing int) *Forecast {
	batches := (issues + fetchBatch - 1) / fetchBatch
	f := &Forecast{Requests: listing + batches}
	if b.agent != nil {
		f.Requests += batches
	}
	if b.opts.RemoteLinks == RemoteLinksAlways {
		f.Requests += issues
	}
	if rate := cmp.Or(b.cfg.RateLimit, 50); rate > 0 {
		f.Seconds = float64(f.Requests) / rate
	}
	return f
}
