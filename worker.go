package jirasync

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"time"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/internal/inbox"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/webhook"
)

// Run works off the deliveries that [Syncer.Handler] accepts, and those that
// an earlier run left behind, until ctx ends. It then finishes what is in hand
// within the grace period, leaves the rest on disk and returns nil.
//
// Issues are fetched by Config.Workers goroutines; one goroutine applies them,
// all that wait at once, so that a burst costs one pass over its months. Order
// is kept per issue only, and by the fetch: whatever the order of events, the
// last fetch wins.
func (s *Syncer) Run(ctx context.Context) error {
	if s.site == nil {
		return ErrNoCredentials
	}
	events, err := atomicfile.OpenDir(filepath.Join(s.cfg.DataDir, "webhook_events"))
	if err != nil {
		return fmt.Errorf("open event log: %w", err)
	}
	defer events.Close()
	queue, err := inbox.Open(events, inbox.Options{Logger: s.log})
	if err != nil {
		return fmt.Errorf("open event log: %w", err)
	}
	if err := s.store.SweepTemporaries(); err != nil {
		s.log.WarnContext(ctx, "temporary files could not be swept", "error", err)
	}
	w := newWorker(s, queue)
	s.inbox.Store(queue)
	s.log.InfoContext(ctx, "worker started", "waiting", queue.Stats().Waiting)
	w.run(ctx)
	s.inbox.Store(nil)
	if err := queue.Close(); err != nil {
		return fmt.Errorf("close event log: %w", err)
	}
	s.log.InfoContext(ctx, "worker stopped")
	return nil
}

// worker is one run of the pipeline: take, fetch and save, apply, publish,
// download attachments.
type worker struct {
	s     *Syncer
	queue *inbox.Inbox

	toApply chan job // fetched and saved, waiting for their month
	files   *keySet  // issues whose attachments may be missing
}

// job is an item whose record is saved.
type job struct {
	item inbox.Item
	refreshed
}

func newWorker(s *Syncer, queue *inbox.Inbox) *worker {
	// The channel holds one job per fetcher, so that none waits for another's
	// month while the applier writes.
	return &worker{s: s, queue: queue, toApply: make(chan job, s.cfg.Workers), files: newKeySet()}
}

// run returns when every goroutine that it started has ended.
func (w *worker) run(ctx context.Context) {
	// Work in hand goes on for the grace period after ctx has ended.
	soft, stop := graceful(ctx, w.s.cfg.GracePeriod)
	defer stop()
	var fetchers, others sync.WaitGroup
	for range w.s.cfg.Workers {
		fetchers.Go(func() { w.fetchLoop(ctx, soft) })
	}
	others.Go(func() { w.applyLoop(soft) })
	others.Go(func() { w.s.renew(ctx) })
	others.Go(func() { w.s.watch(ctx) })
	others.Go(func() { w.s.watchTokens(ctx) })
	if !w.s.cfg.NoAttachments {
		others.Go(func() { w.s.queueMissingAttachments(ctx, w.files) })
		for range attachmentWorkers {
			others.Go(func() { w.attachmentLoop(ctx) })
		}
	}
	fetchers.Wait()
	close(w.toApply)
	others.Wait()
}

// graceful returns a context that ends grace after ctx does.
func graceful(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	soft, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return soft, func() { stop(); cancel() }
}

func (w *worker) fetchLoop(ctx, soft context.Context) {
	for {
		item, err := w.queue.Take(ctx)
		if err != nil {
			return // ctx has ended, or the inbox is closed
		}
		w.fetch(soft, item)
	}
}

// fetch refreshes the records that an item names and hands them to apply.
func (w *worker) fetch(ctx context.Context, item inbox.Item) {
	if item.Ref == (webhook.IssueRef{}) {
		w.resolve(ctx, item)
		return
	}
	r, err := w.s.refresh(ctx, item.Ref, item.Deleted)
	switch {
	case err != nil:
		w.failed(ctx, item, err)
	case r.ignored:
		w.queue.Done(item)
	default:
		w.toApply <- job{item: item, refreshed: r}
	}
}

// resolve passes the work of an event that names an attachment only to the
// issue that carries it.
func (w *worker) resolve(ctx context.Context, item inbox.Item) {
	ref, err := w.s.attachmentIssue(ctx, item.AttachmentID, item.Deleted)
	switch {
	case err == nil:
		w.queue.Resolve(item, ref)
	case errors.Is(err, jira.ErrNotFound) && item.Deleted:
		w.queue.Done(item) // no row of ours has it, so none has to go
	case errors.Is(err, jira.ErrNotFound) && item.Attempt < maxOddAnswers:
		w.queue.Retry(item, retryDelay(item.Attempt)) // search lags behind the change
	default:
		w.failed(ctx, item, err)
	}
}

// failed puts an item back, or drops it when trying again cannot help.
func (w *worker) failed(ctx context.Context, item inbox.Item, err error) {
	w.s.stats.failures.Add(1)
	if errors.Is(err, jira.ErrNotFound) || errors.Is(err, jira.ErrMalformed) && item.Attempt >= maxOddAnswers {
		w.s.stats.notFound.Add(1)
		w.s.log.WarnContext(ctx, "issue is not readable in Jira; what is stored stays", "issue", name(item), "error", err)
		w.queue.Done(item)
		return
	}
	delay := retryDelay(item.Attempt)
	w.s.log.WarnContext(ctx, "issue could not be refreshed; it will be tried again", "issue", name(item), "attempt", item.Attempt+1, "delay", delay, "error", err)
	w.queue.Retry(item, delay)
}

// maxOddAnswers is how often an answer without the shape of an issue is asked
// for again before the item is dropped with a warning.
const maxOddAnswers = 6

// retryDelay doubles from two seconds to five minutes, with half of it random
// so that a site that comes back is not met by everybody at once.
func retryDelay(attempt int) time.Duration {
	delay := 5 * time.Minute
	if attempt < 8 {
		delay = min(delay, 2*time.Second<<attempt)
	}
	return delay/2 + rand.N(delay/2)
}

func (w *worker) applyLoop(ctx context.Context) {
	for first := range w.toApply {
		w.applyBatch(ctx, w.drain(first))
	}
}

// drain takes everything that waits, without waiting for more.
func (w *worker) drain(first job) []job {
	jobs := []job{first}
	for len(jobs) < maxBatch {
		select {
		case j, ok := <-w.toApply:
			if !ok {
				return jobs
			}
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// maxBatch bounds the issues of one apply, and with them its memory.
const maxBatch = 1000

// applyBatch brings the tables to the saved records and tells the inbox.
func (w *worker) applyBatch(ctx context.Context, jobs []job) {
	var keys []string
	for _, j := range jobs {
		keys = append(keys, j.keys...)
	}
	began := time.Now()
	result, err := w.s.apply(ctx, keys...)
	if err != nil {
		w.s.log.ErrorContext(ctx, "tables could not be written; it will be tried again", "issues", len(jobs), "error", err)
	}
	now := time.Now()
	for _, j := range jobs {
		if cause := firstFailure(result.Failed, j.keys); err != nil || cause != nil {
			w.failed(ctx, j.item, errors.Join(err, cause))
			continue
		}
		w.landed(j, now)
	}
	w.s.log.InfoContext(ctx, "tables updated", "issues", len(result.Applied), "files", len(result.Files), "duration", now.Sub(began))
}

func (w *worker) landed(j job, now time.Time) {
	w.s.stats.applied(j.item.Received, now)
	if w.s.cfg.OnUpdate != nil {
		w.s.cfg.OnUpdate(Update{Key: j.key, Deleted: j.deleted, Received: j.item.Received, Queryable: now})
	}
	if j.recheck {
		w.queue.Retry(j.item, retryDelay(j.item.Attempt+2))
		return
	}
	if j.issue != nil {
		w.files.add(j.key)
	}
	w.queue.Done(j.item)
}

func firstFailure(failed map[string]error, keys []string) error {
	for _, key := range keys {
		if err := failed[key]; err != nil {
			return err
		}
	}
	return nil
}

// name is what the log calls an item.
func name(item inbox.Item) string {
	if item.Ref == (webhook.IssueRef{}) {
		return "attachment " + item.AttachmentID
	}
	return item.Ref.String()
}
