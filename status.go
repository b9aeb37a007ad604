package jirasync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/jirasync/jirasync/internal/inbox"
	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/internal/rawstore"
	"github.com/jirasync/jirasync/transform"
)

// PartCount says how much of one part of issues is stored.
type PartCount struct {
	Stored  int `json:"stored"`
	Total   int `json:"total"`             // as Jira counts
	Unknown int `json:"unknown,omitempty"` // issues of which the part was never read
}

// countedParts are the parts that are counted; worklogs and what follows are
// unknown in records that were made without them.
var countedParts = []string{
	rawstore.PartComments, rawstore.PartWorklogs, rawstore.PartChangelog,
	rawstore.PartAttachments, rawstore.PartLinks, rawstore.PartRemoteLinks,
}

// Holdings are records, and what they hold together.
type Holdings struct {
	Issues     int `json:"issues"`     // those that live
	Incomplete int `json:"incomplete"` // of them, those that lack a part or some of it
	Deleted    int `json:"deleted"`    // tombstones
	Moved      int `json:"moved"`      // pointers to an issue's new key
	Unreadable int `json:"unreadable"`

	Updated time.Time            `json:"updated,omitzero"`   // Jira's newest update of an issue
	Synced  time.Time            `json:"synced_at,omitzero"` // the newest fetch
	Parts   map[string]PartCount `json:"parts"`
}

// RecordState says how much of an issue is stored.
type RecordState string

// States of a record.
const (
	RecordComplete   RecordState = "complete"
	RecordIncomplete RecordState = "incomplete"
	RecordDeleted    RecordState = "deleted"
	RecordMoved      RecordState = "moved"
	RecordUnreadable RecordState = "unreadable"
	RecordAbsent     RecordState = "not stored"
)

// RecordStatus is what the record of one issue holds.
type RecordStatus struct {
	Key       string               `json:"key"`
	ID        string               `json:"id,omitempty"`
	State     RecordState          `json:"state"`
	KeyNow    string               `json:"key_now,omitempty"` // of a moved issue
	Updated   time.Time            `json:"updated,omitzero"`
	Synced    time.Time            `json:"synced_at,omitzero"`
	DeletedAt time.Time            `json:"deleted_at,omitzero"`
	Parts     map[string]PartCount `json:"parts,omitempty"`
	Lacks     []string             `json:"lacks,omitempty"` // parts that are not stored whole
}

// Completeness says how much of Jira the records hold, as Jira counted when
// each was read. What has changed in Jira since is for Check to find.
type Completeness struct {
	All        Holdings            `json:"all"`
	Projects   map[string]Holdings `json:"projects"`
	Incomplete Found               `json:"incomplete_records"`
	Unreadable Found               `json:"unreadable_records"`

	// Records are those that were asked for by key, in that order.
	Records []RecordStatus `json:"records,omitempty"`
}

// Completeness reads the records of the keys, or all if none is given, and
// counts what they hold. It asks nobody and writes nothing.
//
// All records are read from disk, by as many goroutines as there are
// processors: about a second of a processor for 70 MB.
func (s *Syncer) Completeness(ctx context.Context, keys ...string) (Completeness, error) {
	all, err := s.recordKeys(keys)
	if err != nil {
		return Completeness{}, err
	}
	statuses := make([]RecordStatus, len(all))
	next := make(chan int)
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() { // ends when next is closed
			for i := range next {
				statuses[i] = s.recordStatus(all[i])
			}
		})
	}
	for i := range all {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return Completeness{}, err
	}
	c := Completeness{Projects: map[string]Holdings{}}
	for _, st := range statuses {
		c.add(st)
	}
	if len(keys) > 0 {
		c.Records = statuses
	}
	return c, nil
}

func (s *Syncer) recordKeys(keys []string) (all []string, err error) {
	for _, key := range keys {
		if !issuekey.Valid(key) {
			return nil, fmt.Errorf("%.40q: %w", key, rawstore.ErrBadKey)
		}
		if !slices.Contains(all, key) {
			all = append(all, key)
		}
	}
	if len(keys) > 0 {
		return all, nil
	}
	for key, err := range s.store.Keys() {
		if err != nil {
			return nil, err
		}
		all = append(all, key)
	}
	return all, nil
}

func (s *Syncer) recordStatus(key string) RecordStatus {
	st := RecordStatus{Key: key, State: RecordUnreadable}
	sum, err := s.store.Summary(key)
	if errors.Is(err, fs.ErrNotExist) {
		st.State = RecordAbsent
	}
	if err != nil {
		return st
	}
	st.ID, st.Updated, st.Synced, st.DeletedAt = sum.ID, sum.Updated, sum.SyncedAt, sum.DeletedAt
	switch sum.State {
	case rawstore.Deleted:
		st.State = RecordDeleted
		return st
	case rawstore.Moved:
		st.State = RecordMoved
		st.KeyNow, _ = s.store.KeyByID(sum.ID) // unknown if it cannot be read
		return st
	case rawstore.Incomplete:
		st.State, st.Lacks = RecordIncomplete, sum.Lacks()
	default:
		st.State = RecordComplete
	}
	st.Parts = make(map[string]PartCount, len(countedParts))
	for _, part := range countedParts {
		count, known := sum.Parts[part]
		p := PartCount{Stored: count.Stored, Total: count.Total}
		if !known {
			p.Unknown = 1
		}
		st.Parts[part] = p
	}
	return st
}

func (c *Completeness) add(st RecordStatus) {
	switch st.State {
	case RecordIncomplete:
		c.Incomplete.add(st.Key)
	case RecordUnreadable:
		c.Unreadable.add(st.Key)
	case RecordAbsent:
		return
	}
	project := issuekey.Project(st.Key)
	of := c.Projects[project]
	of.add(st)
	c.Projects[project] = of
	c.All.add(st)
}

func (h *Holdings) add(st RecordStatus) {
	switch st.State {
	case RecordDeleted:
		h.Deleted++
	case RecordMoved:
		h.Moved++
	case RecordUnreadable:
		h.Unreadable++
	case RecordIncomplete:
		h.Incomplete++
		h.Issues++
	default:
		h.Issues++
	}
	h.Updated, h.Synced = later(h.Updated, st.Updated), later(h.Synced, st.Synced)
	if h.Parts == nil {
		h.Parts = map[string]PartCount{}
	}
	for part, p := range st.Parts {
		sum := h.Parts[part]
		h.Parts[part] = PartCount{sum.Stored + p.Stored, sum.Total + p.Total, sum.Unknown + p.Unknown}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// TableCount is how many rows a table has.
type TableCount struct {
	Table      string            `json:"table"`
	Rows       int               `json:"rows"`
	Projects   map[string]int    `json:"projects"`
	Months     int               `json:"months"` // files
	Newest     string            `json:"newest_month,omitempty"`
	Unreadable map[string]string `json:"unreadable_months,omitempty"`
}

// TableCounts counts the rows of each table, issues first, those of the site
// last: they have no months.
func (s *Syncer) TableCounts(ctx context.Context) ([]TableCount, error) {
	tables := transform.Schema(transform.Options{Fields: s.cfg.Fields, ReferenceOnly: s.cfg.ReferenceOnly})
	last := len(tables) - 1 // issues, the last to be written
	tables = append(tables[last:], tables[:last]...)
	counts := make([]TableCount, len(tables))
	for i, table := range tables {
		c := &counts[i]
		c.Table, c.Projects = table.Name, map[string]int{}
		months, err := s.tables.Dir().Months(table.Name)
		if err != nil {
			return nil, fmt.Errorf("count rows: %w", err)
		}
		for _, month := range months {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			rows, err := s.tables.Dir().Counts(table, month)
			if errors.Is(err, fs.ErrNotExist) {
				continue // removed since it was listed
			}
			c.add(month, rows, err)
		}
	}
	return append(counts, s.siteCounts()...), nil
}

func (c *TableCount) add(month string, rows map[string]int, err error) {
	c.Months, c.Newest = c.Months+1, max(c.Newest, month)
	if err != nil {
		if c.Unreadable == nil {
			c.Unreadable = map[string]string{}
		}
		c.Unreadable[month] = err.Error()
		return
	}
	for key, n := range rows {
		c.Rows += n
		c.Projects[issuekey.Project(key)] += n
	}
}

// Backlog is what the event log holds that is not worked off.
type Backlog struct {
	Waiting int       `json:"waiting"` // issues
	Oldest  time.Time `json:"oldest,omitzero"`
	Damaged int       `json:"damaged,omitempty"` // stretches of the log that cannot be read
}

// Backlog reads the event log, also beside a server at work, whose state of a
// second ago it then is.
func (s *Syncer) Backlog() (Backlog, error) {
	dir, err := os.OpenRoot(filepath.Join(s.cfg.DataDir, "webhook_events"))
	if errors.Is(err, fs.ErrNotExist) {
		return Backlog{}, nil
	}
	if err != nil {
		return Backlog{}, fmt.Errorf("open event log: %w", err)
	}
	defer dir.Close()
	b, err := inbox.ReadBacklog(dir)
	if err != nil {
		return Backlog{}, fmt.Errorf("read event log: %w", err)
	}
	return Backlog{b.Waiting, b.Oldest, b.Damaged}, nil
}

// LastCheck returns the report of the last check that mended, nil if there is
// none.
func (s *Syncer) LastCheck() *CheckReport {
	var report CheckReport
	if !s.readState(stateLastCheck, &report) {
		return nil
	}
	return &report
}
