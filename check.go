package jirasync

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/jirasync/jirasync/internal/rawstore"
	"github.com/jirasync/jirasync/transform"
)

// ErrCheckRuns reports a Check that was asked for while another one runs.
var ErrCheckRuns = errors.New("jirasync: a check is already running")

// ErrDiffers reports a Check that leaves differences behind.
var ErrDiffers = errors.New("jirasync: Jira, records and tables differ")

// CheckOptions say what Check compares and mends. The zero value compares the
// issues updated within 30 days and changes nothing.
type CheckOptions struct {
	Days   int  // how far back issues are compared by content; zero means 30
	Full   bool // all issues, and the lengths of their lists as well
	Fix    bool // mend what differs
	MaxFix int  // the most issues to read again, and to write again; zero means 20
	Force  bool // believe deletions beyond the brake

	// RemoteLinks compares the remote links of each issue that is compared by
	// content, a request each. Jira sends no event for them and does not
	// touch "updated". Without it they are read only where they are unknown,
	// as a backfill leaves them.
	RemoteLinks bool

	// Grace is the age below which a change is left to the webhook and the
	// catch-up. Zero means two minutes, negative none.
	Grace time.Duration

	// Confirm is the least time between two looks for an issue that Jira does
	// not find before it is taken for deleted. Zero means ten minutes,
	// negative one look.
	Confirm time.Duration
}

// Check compares Jira, the records and the tables, both ways: that each issue
// of Jira is stored, is as new and as long as Jira's, and shows all its cells
// in the tables; and that nothing is stored or shown that Jira has no more.
// With Fix, what differs is read and written again through the same seams as
// everything else, a month with a file that cannot be read is made anew from the
// records, and the copy of the tables is compared file by file.
//
// Which issues there are is compared for all of them; their content, for those
// updated within the last days, or for all. An issue that Jira does not show
// is asked for by its id, and only one that is not found twice, while the
// account works and sees its project, gets a tombstone.
//
// The error is ErrDiffers if differences are left, ErrBrake, ErrCheckRuns, or
// what kept the check from its end; the report is valid in any case. An SLA
// account that is refused stops nothing, and is part of the error.
func (s *Syncer) Check(ctx context.Context, opts CheckOptions) (CheckReport, error) {
	if s.site == nil {
		return CheckReport{}, ErrNoCredentials
	}
	if !s.checking.TryLock() {
		return CheckReport{}, ErrCheckRuns
	}
	defer s.checking.Unlock()
	c := newCheck(s, opts)
	err := c.run(ctx)
	c.close(err)
	if c.opts.Fix {
		err = errors.Join(err, s.writeState(stateLastCheck, c.report))
	}
	switch unread := c.unreadable(); {
	case err != nil || c.report.Remaining == 0:
	case unread == 0:
		err = fmt.Errorf("%w: %d issues", ErrDiffers, c.report.Remaining)
	default:
		err = fmt.Errorf("%w: %d issues, and %d months cannot be read", ErrDiffers, c.report.Remaining-unread, unread)
	}
	if err == nil || errors.Is(err, ErrDiffers) {
		err = errors.Join(err, c.agentErr)
	}
	return c.report, err
}

// check is one run.
type check struct {
	*Syncer
	opts     CheckOptions
	report   CheckReport
	began    time.Time
	agentErr error           // the second account is refused, which stops nothing
	stored   int             // records
	refetch  map[string]bool // keys to read again
	reapply  map[string]bool // keys to write again
	left     map[string]bool // keys that differ and cannot be mended here
	unread   []string        // keys whose remote links are unknown
}

func newCheck(s *Syncer, opts CheckOptions) *check {
	opts.Days, opts.MaxFix = cmp.Or(opts.Days, 30), cmp.Or(opts.MaxFix, 20)
	opts.Grace, opts.Confirm = orDefault(opts.Grace, 2*time.Minute), orDefault(opts.Confirm, 10*time.Minute)
	c := &check{
		Syncer: s, opts: opts, began: time.Now(),
		refetch: map[string]bool{}, reapply: map[string]bool{}, left: map[string]bool{},
	}
	c.report = CheckReport{At: c.began.UTC().Truncate(time.Second), Full: opts.Full, Days: opts.Days, Failed: map[string]string{}}
	if opts.Full {
		c.report.Days = 0
	}
	return c
}

// orDefault returns d, the default for zero, and zero for a negative d.
func orDefault(d, value time.Duration) time.Duration { return max(0, cmp.Or(d, value)) }

func (c *check) run(ctx context.Context) error {
	if err := c.siteLogin(ctx); err != nil {
		return err
	}
	c.agentErr = c.agentLogin(ctx)
	census, err := c.takeCensus(ctx)
	if err != nil {
		return err
	}
	c.report.InJira = len(census.keys)
	compare, err := c.records(ctx, census)
	if err != nil {
		return err
	}
	absent, err := c.absent(census)
	if err != nil {
		return err
	}
	b := &burial{Syncer: c.Syncer, census: census, confirm: c.opts.Confirm, force: c.opts.Force, dryRun: !c.opts.Fix}
	if err := b.judge(ctx, absent); err != nil {
		return err
	}
	c.settle(b)
	for _, key := range absent {
		compare[key] = true
	}
	if err := c.rows(ctx, compare); err != nil {
		return err
	}
	if !c.opts.Fix {
		return nil
	}
	return errors.Join(c.bury(ctx, b), c.mend(ctx), c.remake(ctx), c.publishAll(ctx))
}

// remake makes the months anew of which a file cannot be read.
func (c *check) remake(ctx context.Context) error {
	if len(c.report.UnreadableMonths) == 0 {
		return nil
	}
	months := slices.Sorted(maps.Keys(c.report.UnreadableMonths))
	result, err := transform.Rebuild(ctx, c.tables, c.store, transform.RebuildOptions{Months: months})
	for key, why := range result.Failed {
		c.report.Failed[key] = why.Error()
		c.left[key] = true
	}
	if ctx.Err() == nil && len(result.Failed) > 0 {
		err = nil // they are counted
	}
	if err == nil {
		c.report.RemadeMonths = months
		c.stats.monthsRemade.Add(int64(len(months)))
		c.log.WarnContext(ctx, "months that could not be read were made anew from the records", "months", months)
	}
	return err
}

// records compares Jira with the records. It returns the keys whose rows are
// to be compared.
func (c *check) records(ctx context.Context, census census) (compare map[string]bool, err error) {
	compare = map[string]bool{}
	have := map[string]bool{}
	for key, err := range c.store.Keys() {
		if err != nil {
			return nil, err
		}
		have[key] = true
	}
	c.stored = len(have)
	condition, d := updatedWithin(time.Duration(c.opts.Days+1)*24*time.Hour), withUpdated
	if c.opts.Full {
		condition, d = "", withCounts
	}
	c.report.JQL = c.scopeJQL(condition, "updated ASC, key ASC")
	recent := map[string]bool{}
	for l, err := range c.list(ctx, c.report.JQL, d) {
		if err != nil {
			return nil, err
		}
		compare[l.key] = true
		c.report.Compared++
		if c.opts.Grace > 0 && time.Since(l.updated) < c.opts.Grace {
			recent[l.key] = true
			continue
		}
		c.record(ctx, l)
	}
	c.report.Recent = len(recent)
	for key := range census.ids {
		if !have[key] && !recent[key] && !compare[key] {
			c.report.MissingRecords.add(key)
			c.refetch[key] = true
		}
	}
	return compare, nil
}

// record compares one issue as Jira lists it with its record.
func (c *check) record(ctx context.Context, l listed) {
	sum, err := c.store.Summary(l.key)
	found := (*Found)(nil)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		found = &c.report.MissingRecords
	case err != nil:
		found = &c.report.UnreadableRecords
	case sum.State == rawstore.Deleted || sum.State == rawstore.Moved || sum.ID != l.id:
		found = &c.report.DeletedHere
	case sum.Updated.Before(l.updated):
		found = &c.report.StaleRecords
	case sum.State == rawstore.Incomplete || shorter(sum, l.parts):
		found = &c.report.IncompleteRecords
	case !c.linksKnown(sum):
		return
	case c.opts.RemoteLinks && c.linksDiffer(ctx, l):
		found = &c.report.StaleRecords
	default:
		return
	}
	found.add(l.key)
	c.refetch[l.key] = true
}

// linksKnown notes an issue whose remote links were never read.
func (c *check) linksKnown(sum rawstore.Summary) bool {
	_, known := sum.Parts[rawstore.PartRemoteLinks]
	if !known {
		c.report.UnknownRemoteLinks.add(sum.Key)
		c.unread = append(c.unread, sum.Key)
	}
	return known
}

// linksDiffer compares the remote links of the record with Jira's.
func (c *check) linksDiffer(ctx context.Context, l listed) bool {
	theirs, err := c.site.RemoteLinks(ctx, l.id)
	if err != nil {
		c.report.Failed[l.key] = err.Error()
		c.left[l.key] = true
		return false
	}
	ours, err := c.store.RemoteLinks(l.key)
	return err != nil || !bytes.Equal(ours, theirs)
}

// shorter reports whether a list of the record has another length than Jira's.
func shorter(sum rawstore.Summary, parts map[string]int) bool {
	for part, n := range parts {
		if have, known := sum.Parts[part]; known && have.Stored != n {
			return true
		}
	}
	return false
}

// settle takes over what became of issues that Jira does not show.
func (c *check) settle(b *burial) {
	c.report.Vanished = b.vanished
	for key, err := range b.failed {
		c.report.Failed[key] = err.Error()
		c.left[key] = true
	}
	for _, key := range b.reread {
		c.refetch[key] = true
	}
	for _, v := range b.gone {
		c.left[v.Key] = true
	}
}

// rows compares the records with the tables.
func (c *check) rows(ctx context.Context, compare map[string]bool) error {
	keys := slices.Collect(maps.Keys(compare))
	if c.opts.Full {
		keys = nil // all
	} else if len(keys) == 0 {
		return nil
	}
	v, err := transform.Verify(ctx, c.tables, transform.RecordsDir(c.store.Dir()), transform.VerifyOptions{Keys: keys})
	if err != nil {
		return err
	}
	for _, kind := range []struct {
		keys  []string
		found *Found
		todo  map[string]bool
	}{
		{v.Missing, &c.report.MissingRows, c.reapply}, {v.Stale, &c.report.StaleRows, c.reapply},
		{v.Extra, &c.report.ExtraRows, c.reapply}, {v.Orphans, &c.report.OrphanRows, c.refetch},
	} {
		for _, key := range kind.keys {
			kind.found.add(key)
			kind.todo[key] = true
		}
	}
	for key := range v.Failed {
		if !c.refetch[key] {
			c.report.UnreadableRecords.add(key)
			c.refetch[key] = true
		}
	}
	for month, err := range v.Months {
		if c.report.UnreadableMonths == nil {
			c.report.UnreadableMonths = map[string]string{}
		}
		c.report.UnreadableMonths[month] = err.Error()
	}
	return nil
}

// bury believes deletions.
func (c *check) bury(ctx context.Context, b *burial) error {
	dead, err := b.bury(ctx, c.stored)
	if len(dead) == 0 {
		return err
	}
	result, applyErr := c.apply(ctx, dead...)
	for _, key := range dead {
		if result.Failed[key] == nil && applyErr == nil {
			c.report.Deleted = append(c.report.Deleted, key)
			delete(c.left, key)
		}
	}
	return errors.Join(err, applyErr)
}

// mend reads and writes again what differs, as far as it may.
func (c *check) mend(ctx context.Context) error {
	again := c.first(c.refetch)
	if len(again) > 0 {
		result, err := c.SyncIssues(ctx, again...)
		c.done(again, result.Failures, c.refetch)
		if err != nil && len(result.Failures) == 0 {
			return err
		}
		for key, why := range result.Failures {
			c.report.Failed[key] = why
		}
	}
	if len(c.unread) > 0 {
		result, _ := c.sync(ctx, keysSource(c.unread)) // what fails stays unknown, and is said
		for key, why := range result.Failures {
			c.report.Failed[key] = why
		}
	}
	for key := range c.refetch {
		delete(c.reapply, key)
	}
	if write := c.first(c.reapply); len(write) > 0 {
		result, err := c.apply(ctx, write...)
		failed := map[string]string{}
		for key, why := range result.Failed {
			failed[key] = why.Error()
			c.report.Failed[key] = why.Error()
		}
		c.done(write, failed, c.reapply)
		return err
	}
	return nil
}

// first returns as many keys as may be mended at once.
func (c *check) first(keys map[string]bool) []string {
	all := slices.Sorted(maps.Keys(keys))
	return all[:min(len(all), c.opts.MaxFix)]
}

func (c *check) done(keys []string, failed map[string]string, todo map[string]bool) {
	for _, key := range keys {
		if _, bad := failed[key]; !bad {
			delete(todo, key)
			c.report.Mended = append(c.report.Mended, key)
		}
	}
}
