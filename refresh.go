package jirasync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"sync"
	"time"

	"github.com/jirasync/jirasync/internal/rawstore"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/webhook"
)

// refreshed is an issue whose record is as new as Jira.
type refreshed struct {
	key     string      // the issue's key now
	keys    []string    // whose rows must be brought to the records
	deleted bool        // the issue has no rows any more
	ignored bool        // not of our projects, and never was
	recheck bool        // deleted on a signed event's word alone; Jira must be asked again
	issue   *jira.Issue // what Jira answered; nil when the issue is gone
}

// refresh reads the issue from Jira and saves its record: the one seam through
// which the webhook, the backfill and the commands fetch. An event is only a
// hint; what Jira answers decides.
//
// A signed deletion is believed when Jira answers 404, and also when Jira
// cannot be asked: a row that should be gone is worse than one that comes back
// with the next successful fetch. Without such a hint a 404 deletes nothing,
// because "not visible" and "deleted" look the same.
func (s *Syncer) refresh(ctx context.Context, ref webhook.IssueRef, deletionHint bool) (refreshed, error) {
	if s.site == nil {
		return refreshed{}, ErrNoCredentials
	}
	started := time.Now()
	issue, slaAnswer, err := s.fetch(ctx, ref)
	if err != nil {
		if deletionHint {
			return s.buryOrRetry(ctx, ref, err)
		}
		return refreshed{}, err
	}
	return s.keep(ctx, issue, slaAnswer, started)
}

// keep saves the record of an issue that was read: the one seam between fetch
// and store.
func (s *Syncer) keep(ctx context.Context, issue *jira.Issue, slaAnswer []byte, started time.Time) (refreshed, error) {
	if !s.wanted(issue.Key) {
		return s.leaveScope(ctx, issue)
	}
	saved, err := s.store.Save(ctx, rawstore.Fetch{
		ID: issue.ID, Key: issue.Key, JSON: issue.JSON, RemoteLinks: issue.RemoteLinks, Missing: partNames(issue.Missing),
		SLA: slaAnswer, HasSLA: s.agent != nil, StartedAt: started,
	})
	if err != nil {
		return refreshed{}, err
	}
	if len(issue.Missing) > 0 {
		s.stats.incomplete.Add(1)
		s.log.WarnContext(ctx, "issue could not be read whole; what is stored stays", "issue", issue.Key, "missing", partNames(issue.Missing))
	}
	r := refreshed{key: saved.Key, keys: append(saved.Linked, saved.Key), issue: issue}
	if saved.MovedFrom != "" {
		r.keys = append(r.keys, saved.MovedFrom)
	}
	return r, nil
}

// fetch reads the issue with the first account and its SLA fields with the
// second, side by side. The second one failing never costs the issue.
func (s *Syncer) fetch(ctx context.Context, ref webhook.IssueRef) (*jira.Issue, []byte, error) {
	idOrKey := ref.ID
	if idOrKey == "" {
		idOrKey = ref.Key
	}
	fields := s.store.SLAFields()
	var answer []byte
	var slaErr error
	var wait sync.WaitGroup
	if s.agent != nil && len(fields) > 0 {
		wait.Go(func() { answer, slaErr = s.agent.FieldValues(ctx, idOrKey, fields) }) // waited for below
	}
	issue, err := s.site.Issue(ctx, idOrKey)
	wait.Wait()
	if err != nil {
		return nil, nil, fmt.Errorf("fetch issue: %w", err)
	}
	if slaErr != nil {
		s.stats.slaFailures.Add(1)
		s.log.WarnContext(ctx, "SLA fields could not be read; the last values stay", "issue", issue.Key, "error", slaErr)
		return issue, nil, nil
	}
	return issue, answer, nil
}

// refreshMany is refresh for many issues, a hundred with a request. It yields
// an outcome for each of them, in order.
func (s *Syncer) refreshMany(ctx context.Context, ids []string, links RemoteLinks) iter.Seq2[refreshed, error] {
	return func(yield func(refreshed, error) bool) {
		slaAnswers := s.fetchSLA(ctx, ids)
		options := jira.IssuesOptions{RemoteLinks: links.of(), HasRemoteLinks: s.store.HasRemoteLinks}
		for f := range s.site.Issues(ctx, ids, options) {
			var r refreshed
			err := f.Err
			if err == nil {
				r, err = s.keep(ctx, f.Issue, slaAnswers()[f.Asked], f.StartedAt)
			} else {
				err = fmt.Errorf("fetch issue: %w", err)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func (r RemoteLinks) of() jira.RemoteLinks {
	switch r {
	case RemoteLinksAlways:
		return jira.RemoteLinksAlways
	case RemoteLinksNever:
		return jira.RemoteLinksNever
	default:
		return jira.RemoteLinksHinted
	}
}

// fetchSLA begins to read the SLA fields of many issues with the second
// account. The function it returns waits for them; what could not be read is
// not in the map.
func (s *Syncer) fetchSLA(ctx context.Context, ids []string) func() map[string][]byte {
	fields := s.store.SLAFields()
	if s.agent == nil || len(fields) == 0 {
		return func() map[string][]byte { return nil }
	}
	answers := make(map[string][]byte, len(ids))
	var last error
	var wait sync.WaitGroup
	wait.Go(func() { // waited for by whoever wants the first answer
		for v := range s.agent.FieldValuesOf(ctx, ids, fields) {
			if v.Err == nil {
				answers[v.Asked] = v.JSON
			} else if !errors.Is(v.Err, jira.ErrNotFound) {
				last = v.Err
			}
		}
	})
	return sync.OnceValue(func() map[string][]byte {
		wait.Wait()
		if last != nil {
			s.stats.slaFailures.Add(1)
			s.log.WarnContext(ctx, "SLA fields could not be read; the last values stay", "issues", len(ids), "error", last)
		}
		return answers
	})
}

// buryOrRetry handles a signed deletion whose issue did not answer.
func (s *Syncer) buryOrRetry(ctx context.Context, ref webhook.IssueRef, fetchErr error) (refreshed, error) {
	cause := rawstore.CauseWebhook
	if errors.Is(fetchErr, jira.ErrNotFound) {
		if _, err := s.site.Myself(ctx); err == nil {
			cause = rawstore.CauseDeleted
		}
	}
	if ref.Key != "" && !s.wanted(ref.Key) {
		return refreshed{ignored: true}, nil
	}
	keys, err := s.store.Delete(ctx, ref.ID, ref.Key, time.Now(), cause)
	if errors.Is(err, rawstore.ErrBadKey) {
		return refreshed{ignored: true}, nil // never stored, and no key to write a tombstone under
	}
	if err != nil {
		return refreshed{}, err
	}
	s.log.InfoContext(ctx, "issue deleted", "issue", keys[0], "cause", string(cause))
	return refreshed{key: keys[0], keys: keys, deleted: true, recheck: cause == rawstore.CauseWebhook}, nil
}

// leaveScope removes an issue that was moved to a project we do not sync.
func (s *Syncer) leaveScope(ctx context.Context, issue *jira.Issue) (refreshed, error) {
	key, err := s.store.KeyByID(issue.ID)
	if errors.Is(err, fs.ErrNotExist) {
		s.stats.ignored.Add(1)
		return refreshed{ignored: true}, nil
	}
	if err != nil {
		return refreshed{}, err
	}
	keys, err := s.store.Delete(ctx, issue.ID, key, time.Now(), rawstore.CauseOutOfScope)
	if err != nil {
		return refreshed{}, err
	}
	return refreshed{key: key, keys: keys, deleted: true}, nil
}

func partNames(parts []jira.Part) []string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = string(p)
	}
	return names
}
