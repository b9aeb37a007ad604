package jirasync

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/jirasync/jirasync/internal/rawstore"
)

// catchUpOverlap is how far a catch-up looks back before the last one began:
// Jira's index can lag by minutes, and JQL knows no seconds.
const catchUpOverlap = 15 * time.Minute

// firstCatchUp is how far the first one looks back. What is older is a
// backfill's, and the check finds it.
const firstCatchUp = 30 * 24 * time.Hour

// CatchUp refreshes the issues that Jira has updated since the last catch-up
// began and that are not stored as new: what webhooks lost, or what happened
// while nobody listened. Run calls it at its start and every
// Config.CatchUpEvery.
//
// It remembers where it was only if every issue was read, so a failed one is
// repeated in full. Deletions and changes that do not touch an issue's
// "updated" are for Check to find.
func (s *Syncer) CatchUp(ctx context.Context) (BackfillResult, error) {
	if s.site == nil {
		return BackfillResult{}, ErrNoCredentials
	}
	if !s.catching.TryLock() {
		return BackfillResult{}, nil // one is at it
	}
	defer s.catching.Unlock()
	began := time.Now()
	since := began.Add(-firstCatchUp)
	s.readState(stateCaughtUp, &since)
	jql := s.scopeJQL(updatedWithin(began.Sub(since)+catchUpOverlap), "updated ASC, key ASC")

	b := s.newBackfill(BackfillOptions{Refetch: true, RemoteLinks: RemoteLinksAlways})
	b.result.JQL, b.goneIsFine = jql, true
	err := b.run(ctx, s.stale(ctx, jql))
	if err == nil && b.result.Failed > 0 {
		err = fmt.Errorf("catch-up: %d of %d issues failed", b.result.Failed, b.result.Found)
	}
	if err == nil {
		err = s.writeState(stateCaughtUp, began.UTC())
	}
	if b.result.Fetched > 0 {
		s.stats.caughtUp.Add(int64(b.result.Fetched))
		s.log.InfoContext(ctx, "caught up with what no webhook brought", "issues", b.result.Fetched)
	}
	return b.result, err
}

// stale lists the issues of a search of which the record is older than what
// the search shows. An account that is taken for anonymous finds nothing and
// gets no error, so an empty result is believed of a working login only.
func (s *Syncer) stale(ctx context.Context, jql string) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		seen := 0
		for l, err := range s.list(ctx, jql, withUpdated) {
			seen++
			if err == nil && s.isFresh(l) {
				continue
			}
			if !yield(l, err) || err != nil {
				return
			}
		}
		if seen > 0 {
			return
		}
		if _, err := s.site.Myself(ctx); err != nil {
			yield(listed{}, err)
		}
	}
}

// isFresh reports whether the record is whole and as new as the search shows.
// A tombstone is fresh if it is younger than the update: the index still shows
// what has just been deleted.
func (s *Syncer) isFresh(l listed) bool {
	sum, err := s.store.Summary(l.key)
	if err != nil || sum.ID != l.id {
		return false
	}
	switch sum.State {
	case rawstore.Complete, rawstore.Incomplete:
		return !sum.Updated.Before(l.updated)
	case rawstore.Deleted:
		return !sum.DeletedAt.Before(l.updated)
	}
	return false
}

// watch catches up at once and from time to time, and from time to time polls
// the SLA clocks, refreshes the metadata and checks everything, until ctx ends.
func (s *Syncer) watch(ctx context.Context) {
	var jobs sync.WaitGroup
	if s.cfg.CatchUpEvery > 0 {
		jobs.Go(func() {
			s.catchUpOnce(ctx)
			s.every(ctx, "catch-up", s.cfg.CatchUpEvery, s.catchUpOnce)
		})
	}
	if s.cfg.CheckEvery > 0 {
		jobs.Go(func() { s.every(ctx, "check", s.cfg.CheckEvery, s.checkOnce) })
	}
	if s.cfg.SLAPollEvery > 0 && s.agent != nil {
		jobs.Go(func() { s.every(ctx, "SLA poll", s.cfg.SLAPollEvery, s.pollOnce) })
	}
	if s.agent == nil {
		s.sayNoAgent(ctx)
	}
	if s.cfg.MetadataEvery > 0 {
		jobs.Go(func() { s.watchMetadata(ctx) })
	}
	jobs.Wait()
}

// every does a job each period until ctx ends. A pass that takes longer than
// its period costs those it overlaps, which is said; passes never stack.
func (s *Syncer) every(ctx context.Context, name string, period time.Duration, job func(context.Context)) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		began := time.Now()
		job(ctx)
		if took := time.Since(began); took > period {
			s.log.WarnContext(ctx, "a pass took longer than its period; those between were left out", "pass", name, "duration", took, "period", period)
		}
	}
}

// pollOnce runs the periodic SLA poll.
func (s *Syncer) pollOnce(ctx context.Context) {
	result, err := s.PollSLA(ctx, SLAOptions{})
	if errors.Is(err, ErrPollRuns) {
		s.log.InfoContext(ctx, "SLA poll left out: another pass is running")
		return
	}
	if ctx.Err() != nil {
		return
	}
	s.stats.slaHealed.Add(int64(result.Healed))
	if err != nil {
		s.stats.slaFailures.Add(1)
		s.log.WarnContext(ctx, "SLA poll failed in part; the last values stay", "failed", result.Failed, "error", err)
	}
	s.log.InfoContext(ctx, "SLA clocks read", "issues", result.Issues, "updated", result.Updated, "healed", result.Healed,
		"skipped", result.Skipped, "failed", result.Failed, "requests", result.Requests)
}

func (s *Syncer) catchUpOnce(ctx context.Context) {
	_, err := s.CatchUp(ctx)
	if err = errors.Join(err, s.publishAll(ctx)); err != nil && ctx.Err() == nil {
		s.stats.catchUpFailures.Add(1)
		s.log.WarnContext(ctx, "catch-up failed; it will be repeated in full", "error", err)
	}
}

// fullCheckEvery is how often the check looks at all issues.
const fullCheckEvery = 7 * 24 * time.Hour

// checkOnce runs the periodic check, which mends what it may.
func (s *Syncer) checkOnce(ctx context.Context) {
	began := time.Now()
	var lastFull time.Time
	s.readState(stateLastFull, &lastFull)
	full := began.Sub(lastFull) >= fullCheckEvery
	report, err := s.Check(ctx, CheckOptions{Full: full, Fix: true})
	if ctx.Err() != nil || errors.Is(err, ErrCheckRuns) {
		return
	}
	s.stats.lastCheck.Store(&report)
	attrs := []any{"full", full, "severity", string(report.Severity), "mended", len(report.Mended), "deleted", len(report.Deleted),
		"remaining", report.Remaining, "duration", time.Since(began)}
	if err != nil {
		s.log.WarnContext(ctx, "check found differences that it could not mend", append(attrs, "error", err)...)
	} else {
		s.log.InfoContext(ctx, "check done", attrs...)
	}
	if full && (err == nil || errors.Is(err, ErrDiffers) || errors.Is(err, errAgentLogin)) {
		if err := s.writeState(stateLastFull, began.UTC()); err != nil {
			s.log.WarnContext(ctx, "state could not be written", "error", err)
		}
	}
}
