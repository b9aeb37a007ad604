package jirasync

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/jirasync/jirasync/internal/filelock"
	"github.com/jirasync/jirasync/internal/rawstore"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/transform"
)

// ErrNoSLAAccount reports a call that needs the SLA account.
var ErrNoSLAAccount = errors.New("jirasync: JIRA_SLA_EMAIL and JIRA_SLA_API_TOKEN are not set")

// ErrPollRuns reports an SLA pass that was asked for while another one runs,
// in this process or in another.
var ErrPollRuns = errors.New("jirasync: an SLA pass is already running")

// SLAState is what became of one issue in an SLA pass.
type SLAState string

// States of an issue after an SLA pass.
const (
	SLAUpdated SLAState = "updated" // its clocks are as the account saw them
	SLAHealed  SLAState = "healed"  // and it was open here but resolved in Jira, or the reverse
	SLASkipped SLAState = "skipped" // nothing to be done, or not visible to the account
	SLAFailed  SLAState = "failed"
)

// SLAOptions adjust PollSLA and BackfillSLA.
type SLAOptions struct {
	DryRun   bool // read and count, write nothing
	Force    bool // of BackfillSLA: also issues whose values were read before
	Parallel int  // batches of a hundred at once; zero means 2 for a poll, 8 for a backfill

	// Each is told of every issue, from one goroutine at a time.
	Each func(key string, state SLAState, err error)
}

// SLAResult counts what an SLA pass did.
type SLAResult struct {
	Issues    int               `json:"issues"` // looked at
	Updated   int               `json:"updated"`
	Healed    int               `json:"healed"`
	Skipped   int               `json:"skipped"`
	Failed    int               `json:"failed"`
	Refetched int               `json:"refetched"` // of them, read whole because more than a clock had changed
	Files     int               `json:"files"`
	Requests  int64             `json:"requests"` // of all that this process sent meanwhile
	Seconds   float64           `json:"seconds"`
	Failures  map[string]string `json:"failures,omitempty"` // the first hundred
}

// PollSLA reads the SLA clocks of the issues that are not done, here or in
// Jira, and of those whose clocks could not be read when the issue was, with
// the second account, a hundred with a request. Clocks move without an event and without touching
// "updated".
//
// Issues that Jira has updated since they were read are read whole, which heals
// a status that no webhook brought. If the first account fails, the status,
// resolution and its date are taken over from the second one's answer, and
// "updated" is not, so that the next catch-up reads the rest.
//
// Passes never overlap: ErrPollRuns. A month that cannot be read counts as a
// failure, since its issues are not looked at.
func (s *Syncer) PollSLA(ctx context.Context, opts SLAOptions) (SLAResult, error) {
	result, err := s.slaPass(ctx, opts, cmp.Or(opts.Parallel, 2), (*slaPass).watched)
	if !opts.DryRun && !errors.Is(err, ErrNoSLAAccount) && !errors.Is(err, ErrPollRuns) {
		err = errors.Join(err, s.note(ctx, stateSLAPoll, err))
	}
	return result, err
}

// LastSLAPoll returns how the last SLA poll ended, in this process or another;
// zero if there was none.
func (s *Syncer) LastSLAPoll() (last LastRun) {
	s.readState(stateSLAPoll, &last)
	return last
}

// BackfillSLA reads the SLA clocks of stored issues whose clocks were not read
// when the issue was, or with Force of all of them.
func (s *Syncer) BackfillSLA(ctx context.Context, opts SLAOptions) (SLAResult, error) {
	return s.slaPass(ctx, opts, cmp.Or(opts.Parallel, 8), (*slaPass).stored)
}

// slaPass is one run of either.
type slaPass struct {
	*Syncer
	opts   SLAOptions
	fields []string

	mu      sync.Mutex // guards what follows
	result  SLAResult
	errs    []error
	changed []string            // keys whose rows wait
	refetch map[string]slaIssue // by id: more than a clock has changed
}

// slaIssue is an issue that a pass looks at.
type slaIssue struct {
	id, key string
	open    bool // as stored
	unknown bool // not stored at all
	answer  jira.Values
}

// slaLock keeps passes of several processes apart.
const slaLock = "sla-pass.lock"

func (s *Syncer) slaPass(ctx context.Context, opts SLAOptions, parallel int, source func(*slaPass, context.Context) iter.Seq2[slaIssue, error]) (SLAResult, error) {
	if s.agent == nil {
		return SLAResult{}, ErrNoSLAAccount
	}
	release, err := s.takeSLALock(ctx)
	if err != nil {
		return SLAResult{}, err
	}
	defer release()
	began, sent := time.Now(), s.requests()
	if _, err := s.agent.Myself(ctx); err != nil { // an expired token finds nothing, and says nothing
		return SLAResult{}, fmt.Errorf("JIRA_SLA_API_TOKEN: %w", err)
	}
	s.findSLAFields(ctx)
	p := &slaPass{Syncer: s, opts: opts, fields: s.store.SLAFields(), refetch: map[string]slaIssue{}}
	p.look(ctx, parallel, source(p, ctx))
	p.readWhole(ctx)
	p.applyAll(ctx)
	p.result.Seconds, p.result.Requests = time.Since(began).Seconds(), s.requests()-sent
	err = errors.Join(ctx.Err(), errors.Join(p.errs...))
	if err == nil && p.result.Failed > 0 {
		err = fmt.Errorf("SLA: %d of %d issues failed", p.result.Failed, p.result.Issues)
	}
	return p.result, err
}

// takeSLALock takes the lock of SLA passes, or says that one is running.
func (s *Syncer) takeSLALock(ctx context.Context) (release func(), err error) {
	soon, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	release, err = filelock.Acquire(soon, s.state, slaLock)
	if err != nil && ctx.Err() == nil && soon.Err() != nil {
		return nil, ErrPollRuns
	}
	return release, err
}

// findSLAFields adds the SLA fields of the site, found by their type, to those
// of the map. Without an answer those known so far stay.
func (s *Syncer) findSLAFields(ctx context.Context) {
	known := s.cfg.Fields.IDs(transform.KindSLA)
	fields, err := s.agent.Fields(ctx)
	if err != nil {
		s.log.WarnContext(ctx, "SLA fields could not be looked up; those of the map and those known are read", "error", err)
		fields = nil
		known = append(known, s.store.SLAFields()...)
	}
	for _, f := range fields {
		if f.Schema.Custom == "com.atlassian.servicedesk:sd-sla-field" {
			known = append(known, f.ID)
		}
	}
	slices.Sort(known)
	s.store.SetSLAFields(slices.Compact(known))
}

// watched lists what a poll looks at: open here, open in Jira, or never read.
func (p *slaPass) watched(ctx context.Context) iter.Seq2[slaIssue, error] {
	return func(yield func(slaIssue, error) bool) {
		watched, err := p.tables.WatchedIssues()
		if err != nil && !yield(slaIssue{}, err) {
			return
		}
		seen := map[string]bool{}
		for _, w := range watched {
			seen[w.ID] = true
			if !yield(slaIssue{id: w.ID, key: w.Key, open: w.Open}, nil) {
				return
			}
		}
		for hit, err := range p.agent.Search(ctx, p.scopeJQL("statusCategory != Done", "created ASC"), jira.SearchOptions{}) {
			if err != nil {
				yield(slaIssue{}, fmt.Errorf("search of open issues: %w", err))
				return
			}
			if !seen[hit.ID] && p.wanted(hit.Key) && !yield(slaIssue{id: hit.ID, key: hit.Key}, nil) {
				return
			}
		}
	}
}

// stored lists what a backfill looks at.
func (p *slaPass) stored(context.Context) iter.Seq2[slaIssue, error] {
	return func(yield func(slaIssue, error) bool) {
		for key, err := range p.store.Keys() {
			if err != nil {
				yield(slaIssue{}, err)
				return
			}
			sum, err := p.store.Summary(key)
			switch {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil:
				if !yield(slaIssue{}, fmt.Errorf("%s: %w", key, err)) {
					return
				}
			case sum.State == rawstore.Deleted || sum.State == rawstore.Moved:
			case !sum.ClocksBehind() && !p.opts.Force:
				p.count(key, SLASkipped, nil)
			case !yield(slaIssue{id: sum.ID, key: key, open: true}, nil):
				return
			}
		}
	}
}

// look reads the clocks of the listed issues, many batches at a time.
func (p *slaPass) look(ctx context.Context, parallel int, source iter.Seq2[slaIssue, error]) {
	work := make(chan []slaIssue)
	var wait sync.WaitGroup
	for range parallel {
		wait.Go(func() { // ends when work is closed
			for batch := range work {
				p.batch(ctx, batch)
			}
		})
	}
	var batch []slaIssue
	for issue, err := range source {
		if err != nil {
			p.mu.Lock()
			p.errs = append(p.errs, err)
			p.mu.Unlock()
			continue
		}
		if batch = append(batch, issue); len(batch) == fetchBatch {
			work <- batch
			batch = nil
		}
	}
	if len(batch) > 0 {
		work <- batch
	}
	close(work)
	wait.Wait()
}

// statusFields tell whether an issue is done, beside its clocks.
var statusFields = []string{"status", "resolution", "resolutiondate"}

// batch reads the clocks of up to a hundred issues.
func (p *slaPass) batch(ctx context.Context, issues []slaIssue) {
	ids := make([]string, len(issues))
	for i, issue := range issues {
		ids[i] = issue.id
	}
	i := 0
	for answer := range p.agent.FieldValuesOf(ctx, ids, slices.Concat(p.fields, statusFields, []string{"updated"})) {
		issue := issues[i]
		i++
		issue.answer = answer
		p.take(ctx, issue)
	}
}

// take takes over the answer for one issue.
func (p *slaPass) take(ctx context.Context, issue slaIssue) {
	if err := issue.answer.Err; err != nil {
		if errors.Is(err, jira.ErrNotFound) { // the check finds out what became of it
			p.count(issue.key, SLASkipped, err)
		} else {
			p.count(issue.key, SLAFailed, err)
		}
		return
	}
	sum, err := p.store.Summary(issue.key)
	l := listed{}
	l.read(issue.answer.JSON)
	fresh := err == nil && sum.ID == issue.id && sum.State != rawstore.Deleted && issue.answer.Key == issue.key && !sum.Updated.Before(l.updated)
	issue.unknown = errors.Is(err, fs.ErrNotExist)
	switch {
	case !fresh && p.site != nil:
		p.mu.Lock()
		p.refetch[issue.id] = issue
		p.mu.Unlock()
	case err != nil:
		p.count(issue.key, SLASkipped, err)
	default:
		p.observe(ctx, issue, nil)
	}
}

// observe patches the record with the clocks, and with more fields if the
// issue cannot be read whole.
func (p *slaPass) observe(ctx context.Context, issue slaIssue, also []string) {
	if p.opts.DryRun {
		p.count(issue.key, SLAUpdated, nil)
		return
	}
	saved, err := p.store.Observe(ctx, rawstore.Observation{
		ID: issue.id, Key: issue.key, JSON: issue.answer.JSON, Also: also, StartedAt: issue.answer.StartedAt,
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.count(issue.key, SLASkipped, err)
	case err != nil:
		p.count(issue.key, SLAFailed, err)
	case saved.Stale:
		p.count(issue.key, SLASkipped, nil) // read whole meanwhile, with its clocks
	default:
		p.landed(ctx, issue, saved.Changed)
	}
}

// landed counts an issue whose record shows what Jira said.
func (p *slaPass) landed(ctx context.Context, issue slaIssue, changed bool) {
	state := SLAUpdated
	switch done := isDone(issue.answer.JSON); {
	case issue.unknown:
	case done && issue.open:
		state = SLAHealed
		p.log.InfoContext(ctx, "Self-healing: "+issue.key+" is resolved in Jira", "issue", issue.key)
	case !done && !issue.open:
		state = SLAHealed
		p.log.InfoContext(ctx, "Self-healing: "+issue.key+" is open in Jira", "issue", issue.key)
	case !changed:
		state = SLASkipped
	}
	p.mu.Lock()
	p.changed = append(p.changed, issue.key)
	p.mu.Unlock()
	p.count(issue.key, state, nil)
}

// isDone reports whether the status of an issue is one of those that end it.
func isDone(data []byte) bool {
	var issue struct {
		Fields struct {
			Status struct {
				StatusCategory struct{ Key string }
			}
		}
	}
	return json.Unmarshal(data, &issue) == nil && issue.Fields.Status.StatusCategory.Key == "done"
}

// readWhole reads the issues of which more than a clock has changed.
func (p *slaPass) readWhole(ctx context.Context) {
	var ids []string
	for id := range p.refetch {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	p.result.Refetched = len(ids)
	if p.opts.DryRun {
		for _, id := range ids {
			p.count(p.refetch[id].key, p.wouldBe(p.refetch[id]), nil)
		}
		return
	}
	i := 0
	for r, err := range p.refreshMany(ctx, ids, RemoteLinksHinted) {
		issue := p.refetch[ids[i]]
		i++
		switch {
		case errors.Is(err, jira.ErrNotFound):
			p.count(issue.key, SLASkipped, err)
		case err != nil: // the first account is down: what the second one saw must do
			p.log.WarnContext(ctx, "issue could not be read whole; its status is taken over", "issue", issue.key, "error", err)
			p.observe(ctx, issue, statusFields)
		case r.ignored:
			p.count(issue.key, SLASkipped, nil)
		default:
			p.mu.Lock()
			p.changed = append(p.changed, r.keys...)
			p.mu.Unlock()
			issue.key = r.key
			p.landed(ctx, issue, true)
		}
	}
}

func (p *slaPass) wouldBe(issue slaIssue) SLAState {
	if isDone(issue.answer.JSON) == issue.open {
		return SLAHealed
	}
	return SLAUpdated
}

// applyAll brings the tables to all changed records at once.
func (p *slaPass) applyAll(ctx context.Context) {
	if len(p.changed) == 0 {
		return
	}
	result, err := p.apply(ctx, p.changed...)
	p.result.Files += len(result.Files)
	if err != nil {
		p.errs = append(p.errs, err)
	}
	for key, cause := range result.Failed {
		p.count(key, SLAFailed, cause)
	}
}

func (p *slaPass) count(key string, state SLAState, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.result.Issues++
	switch state {
	case SLAUpdated:
		p.result.Updated++
	case SLAHealed:
		p.result.Healed++
	case SLASkipped:
		p.result.Skipped++
	case SLAFailed:
		p.fail(key, err)
	}
	if p.opts.Each != nil {
		p.opts.Each(key, state, err)
	}
}

// fail is called with mu held.
func (p *slaPass) fail(key string, err error) {
	const kept = 100
	p.result.Failed++
	if p.result.Failures == nil {
		p.result.Failures = map[string]string{}
	}
	if len(p.result.Failures) < kept && err != nil {
		p.result.Failures[key] = err.Error()
	}
}
