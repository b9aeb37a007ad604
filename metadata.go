package jirasync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"

	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

// ErrMetadataBrake reports that so much of what a site table holds has
// vanished from Jira at once that it is not believed without a person's word.
var ErrMetadataBrake = errors.New("jirasync: too much of the site's metadata has vanished at once")

// MetadataOptions adjust RefreshMetadata.
type MetadataOptions struct {
	DryRun bool // read and compare, write nothing
	Force  bool // believe that everything else is gone from Jira
}

// MetadataResult says what RefreshMetadata found.
type MetadataResult struct {
	DryRun        bool          `json:"dry_run,omitempty"` // what was not written would have been
	Fields        TableMetadata `json:"fields"`
	Organizations TableMetadata `json:"organizations"`
	Requests      int64         `json:"requests"`
	Seconds       float64       `json:"seconds"`
}

// TableMetadata says what became of one table.
type TableMetadata struct {
	State   MetadataState `json:"state"`
	Rows    int           `json:"rows"` // as Jira has them
	Added   int           `json:"added"`
	Changed int           `json:"changed"`
	Removed Found         `json:"removed"` // by id

	Reason string `json:"reason,omitempty"` // why it was skipped or failed
}

// MetadataState is what became of a table.
type MetadataState string

// States of a table after RefreshMetadata.
const (
	MetadataUpdated   MetadataState = "updated" // with DryRun: would be
	MetadataUnchanged MetadataState = "unchanged"
	MetadataSkipped   MetadataState = "skipped" // nothing to be read: no service desk, or schema: reference
	MetadataFailed    MetadataState = "failed"  // what was there stays
)

// RefreshMetadata brings the tables fields and organizations to what Jira has.
// Nothing announces their changes, so Run calls it every Config.MetadataEvery.
//
// Each table is read whole from Jira, or stays as it is: after a login that is
// refused, an enumeration that breaks off, and while the present file cannot
// be read (partition.ErrCorrupt, ErrSchema). What is not listed any more goes,
// after a second look; but if nothing is listed, or more than half of what was
// there is not, the error is ErrMetadataBrake, unless Force says that it is
// so. The organizations are those that the SLA account sees, else the first
// one. A site without a service desk is no fault as long as it never had any.
//
// The tables fail apart from each other; the errors are joined.
func (s *Syncer) RefreshMetadata(ctx context.Context, opts MetadataOptions) (MetadataResult, error) {
	if s.site == nil {
		return MetadataResult{}, ErrNoCredentials
	}
	began, sent := time.Now(), s.requests()
	result := MetadataResult{DryRun: opts.DryRun}
	desk := metadataSource{transform.TableOrganizations, s.site, "JIRA_API_TOKEN", readOrganizations}
	if s.agent != nil {
		desk.client, desk.token = s.agent, "JIRA_SLA_API_TOKEN"
	}
	fields := metadataSource{transform.TableFields, s.site, "JIRA_API_TOKEN", readFields}
	var errs [2]error
	result.Fields, errs[0] = s.refreshTable(ctx, fields, opts)
	result.Organizations, errs[1] = s.refreshTable(ctx, desk, opts)
	err := errors.Join(errs[:]...)
	if !opts.DryRun {
		err = errors.Join(err, s.note(ctx, stateMetadata, err))
	}
	result.Requests, result.Seconds = s.requests()-sent, time.Since(began).Seconds()
	return result, err
}

// metadataSource is where one table comes from.
type metadataSource struct {
	table  string
	client *jira.Client
	token  string // whose login it is
	read   func(context.Context, *jira.Client) ([]json.RawMessage, error)
}

func readFields(ctx context.Context, client *jira.Client) (parts []json.RawMessage, err error) {
	fields, err := client.Fields(ctx)
	for _, f := range fields {
		parts = append(parts, f.JSON)
	}
	return parts, err
}

// readOrganizations returns all or an error: some would look like deletions.
func readOrganizations(ctx context.Context, client *jira.Client) (parts []json.RawMessage, err error) {
	for o, err := range client.Organizations(ctx) {
		if err != nil {
			return nil, err
		}
		parts = append(parts, o.JSON)
	}
	return parts, nil
}

// refreshTable refreshes one table, and publishes it.
func (s *Syncer) refreshTable(ctx context.Context, source metadataSource, opts MetadataOptions) (TableMetadata, error) {
	if s.cfg.ReferenceOnly {
		return TableMetadata{State: MetadataSkipped, Reason: "schema: reference has no such table"}, nil
	}
	result, err := s.tryTable(ctx, source, opts)
	if err == nil && result.State == MetadataUpdated && !opts.DryRun {
		s.log.InfoContext(ctx, "metadata refreshed", "table", source.table, "rows", result.Rows,
			"added", result.Added, "changed", result.Changed, "removed", result.Removed.Count)
	}
	if err != nil {
		result.State, result.Reason = MetadataFailed, err.Error()
		err = fmt.Errorf("%s: %w", source.table, err)
	}
	return result, err
}

func (s *Syncer) tryTable(ctx context.Context, source metadataSource, opts MetadataOptions) (TableMetadata, error) {
	now := time.Now()
	present, err := s.tables.CompareSite(source.table, nil, now) // before anything is asked
	if err != nil {
		return TableMetadata{}, err
	}
	// An account that is taken for anonymous sees less and gets no error.
	if _, err := source.client.Myself(ctx); err != nil {
		return TableMetadata{}, fmt.Errorf("%s: %w", source.token, err)
	}
	parts, err := s.enumerate(ctx, source, now)
	if errors.Is(err, jira.ErrNoServiceDesk) && present.Before == 0 {
		s.noDesk.Do(func() { s.log.InfoContext(ctx, "the site has no service desk: there are no organizations") })
		return TableMetadata{State: MetadataSkipped, Reason: err.Error()}, nil
	}
	if err != nil {
		return TableMetadata{}, err
	}
	return s.writeTable(ctx, source.table, parts, now, opts)
}

// enumerate reads everything, and once more if something is missing: while it
// pages, an organization that is removed hides another.
func (s *Syncer) enumerate(ctx context.Context, source metadataSource, now time.Time) ([]json.RawMessage, error) {
	parts, err := source.read(ctx, source.client)
	if err != nil {
		return nil, err
	}
	change, err := s.tables.CompareSite(source.table, parts, now)
	if err != nil || len(change.Removed) == 0 {
		return parts, err
	}
	again, err := source.read(ctx, source.client)
	return append(again, parts...), err // of a row that comes twice the first counts
}

// writeTable compares under the lock, and writes what is believed.
func (s *Syncer) writeTable(ctx context.Context, table string, parts []json.RawMessage, now time.Time, opts MetadataOptions) (TableMetadata, error) {
	change, files, err := s.replaceTable(ctx, table, parts, now, opts)
	result := TableMetadata{State: MetadataUnchanged, Rows: len(change.Content.Rows), Added: len(change.Added), Changed: len(change.Changed)}
	for _, id := range change.Removed {
		result.Removed.add(id)
	}
	if result.Added+result.Changed+result.Removed.Count+len(files) > 0 {
		result.State = MetadataUpdated
	}
	if err == nil && !opts.DryRun {
		err = s.publish(ctx, files...)
	}
	return result, err
}

func (s *Syncer) replaceTable(ctx context.Context, table string, parts []json.RawMessage, now time.Time, opts MetadataOptions) (transform.SiteChange, []partition.File, error) {
	release, err := s.tables.Dir().LockMonth(ctx, partition.Whole)
	if err != nil {
		return transform.SiteChange{}, nil, err
	}
	defer release()
	change, err := s.tables.CompareSite(table, parts, now)
	if err == nil && !opts.Force {
		err = metadataBrake(change)
	}
	if err != nil || opts.DryRun {
		return change, nil, err
	}
	files, err := s.tables.Dir().Replace(partition.Whole, change.Content)
	return change, files, err
}

// metadataBrake refuses what is more likely a lost permission than a clean-up:
// more than half of what there was, and so an empty list. What vanished is
// counted by id: additions do not make up for it.
func metadataBrake(c transform.SiteChange) error {
	if gone := len(c.Removed); 2*gone > c.Before {
		return fmt.Errorf("%w: %d of %d", ErrMetadataBrake, gone, c.Before)
	}
	return nil
}

// LastMetadata returns how the last refresh of the metadata ended, in this
// process or another; zero if there was none.
func (s *Syncer) LastMetadata() (last LastRun) {
	s.readState(stateMetadata, &last)
	return last
}

// siteCounts counts the rows of the site's tables.
func (s *Syncer) siteCounts() []TableCount {
	var counts []TableCount
	for _, table := range transform.SiteTables(transform.Options{Fields: s.cfg.Fields, ReferenceOnly: s.cfg.ReferenceOnly}) {
		rows, err := s.tables.Dir().Read(table, partition.Whole)
		c := TableCount{Table: table.Name, Rows: len(rows), Projects: map[string]int{}}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.Unreadable = map[string]string{partition.Whole: err.Error()}
			if fault, ok := errors.AsType[*partition.Error](err); ok { // the hint of status is about months
				c.Unreadable[partition.Whole] += "; " + fault.Hint
			}
		}
		counts = append(counts, c)
	}
	return counts
}

// firstMetadata is when the first refresh of a run begins at the earliest; it
// begins within as much again, so that servers that start together spread.
const firstMetadata = 3 * time.Minute

// watchMetadata refreshes the metadata a while after the start and then from
// time to time, until ctx ends.
func (s *Syncer) watchMetadata(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-time.After(min(s.cfg.MetadataEvery, firstMetadata+rand.N(firstMetadata))):
	}
	s.metadataOnce(ctx)
	s.every(ctx, "metadata", s.cfg.MetadataEvery, s.metadataOnce)
}

func (s *Syncer) metadataOnce(ctx context.Context) {
	if _, err := s.RefreshMetadata(ctx, MetadataOptions{}); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "metadata could not be refreshed; what is known stays", "error", err)
	}
}
