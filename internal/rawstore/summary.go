package rawstore

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/internal/rawjson"
)

// Count says how much of one part of an issue a record holds.
type Count struct {
	Stored int `json:"stored"`
	Total  int `json:"total"` // as Jira counts; Stored when Jira gives no count
}

// whole reports whether nothing that Jira counts is missing.
func (c Count) whole() bool { return c.Stored >= c.Total }

// Names of the parts in a Summary. The first three are those of Fetch.Missing.
const (
	PartComments    = "comments"
	PartWorklogs    = "worklogs"
	PartChangelog   = "changelog"
	PartAttachments = "attachments"
	PartLinks       = "issuelinks"
	PartRemoteLinks = "remote_links"
)

// Summary says what a record holds, without its content.
type Summary struct {
	ID, Key     string
	State       State
	Updated     time.Time        // Jira's fields.updated; zero when there is none
	SyncedAt    time.Time        // when the fetch began that the record shows; zero when it does not say
	DeletedAt   time.Time        // of a tombstone
	SLAObserved time.Time        // when the SLA values were read; zero if never
	Missing     []string         // parts that the last fetch could not read whole
	Parts       map[string]Count // a part that is not there is unknown
}

// Summary returns what the issue's record holds: fs.ErrNotExist when there is
// none, ErrCorrupt when it cannot be read.
func (s *Store) Summary(key string) (Summary, error) {
	if !issuekey.Valid(key) {
		return Summary{}, ErrBadKey
	}
	data, err := readFile(s.issues, key+".json", maxRecord)
	if err != nil {
		return Summary{}, fmt.Errorf("record %s: %w", key, err)
	}
	// As in Record, but without a second pass over the bytes: all records are
	// read to see whether they are complete.
	record, err := rawjson.Parse(data)
	if err != nil || textMember(record, "key") != key || !issuekey.ValidID(textMember(record, "id")) {
		return Summary{}, fmt.Errorf("record %s: %w", key, ErrCorrupt)
	}
	return summarize(key, record), nil
}

func summarize(key string, record rawjson.Object) Summary {
	sum := Summary{ID: textMember(record, "id"), Key: key, Parts: map[string]Count{}}
	fields, err := record.Object("fields")
	sum.SyncedAt = ParseTime(textMember(record, "_synced_at"))
	sum.SLAObserved = observedAt(record)
	sum.DeletedAt = ParseTime(textMember(record, "_deleted_at"))
	sum.Updated = ParseTime(textMember(fields, "updated"))
	for _, p := range fieldParts {
		sum.count(p.name, fields, p)
	}
	sum.count(changelogPart.name, record, changelogPart)
	sum.countList(PartAttachments, fields, "attachment")
	sum.countList(PartLinks, fields, "issuelinks")
	sum.countList(PartRemoteLinks, record, "_remote_links")
	if raw, ok := record.Get("_incomplete"); ok && json.Unmarshal(raw, &sum.Missing) != nil {
		sum.Missing = []string{"unknown"}
	}
	switch {
	case has(record, "_moved_to"):
		sum.State = Moved
	case has(record, "_deleted_at"):
		sum.State = Deleted
	case err != nil || len(sum.Missing) > 0 || sum.short():
		sum.State = Incomplete
	default:
		sum.State = Complete
	}
	return sum
}

// ClocksBehind reports whether the SLA values were never read, or not when the
// issue was last read.
func (s *Summary) ClocksBehind() bool { return s.SLAObserved.Before(s.SyncedAt) }

// HasRemoteLinks reports whether the record of the issue with that id has
// remote links, which then must be read to notice that they are gone.
func (s *Store) HasRemoteLinks(id string) bool {
	key, err := s.KeyByID(id)
	if err != nil {
		return false
	}
	sum, err := s.Summary(key)
	return err == nil && sum.Parts[PartRemoteLinks].Stored > 0
}

// RemoteLinks returns the JSON array of the record's remote links, nil if they
// are unknown.
func (s *Store) RemoteLinks(key string) (json.RawMessage, error) {
	data, err := s.Record(key)
	if err != nil {
		return nil, err
	}
	record, err := rawjson.Parse(data)
	if err != nil {
		return nil, ErrCorrupt
	}
	links, _ := record.Get("_remote_links")
	return links, nil
}

// short reports whether a list has fewer elements than Jira counts.
func (s *Summary) short() bool {
	for _, c := range s.Parts {
		if !c.whole() {
			return true
		}
	}
	return false
}

// Lacks names the parts that are not stored whole, sorted.
func (s *Summary) Lacks() []string {
	lacks := slices.Clone(s.Missing)
	for name, c := range s.Parts {
		if !c.whole() {
			lacks = append(lacks, name)
		}
	}
	slices.Sort(lacks)
	return slices.Compact(lacks)
}

// count counts a list in an envelope {"total": 3, LIST: […]}.
func (s *Summary) count(name string, in rawjson.Object, p part) {
	envelope, err := in.Object(p.member)
	if err != nil {
		return
	}
	list, ok := envelope.Get(p.list)
	if !ok {
		return
	}
	elements, err := rawjson.PartElements(list)
	if err != nil {
		return
	}
	c := Count{len(elements), len(elements)}
	raw, _ := envelope.Get("total")
	if total, err := strconv.Atoi(string(raw)); err == nil {
		c.Total = total
	}
	s.Parts[name] = c
}

func (s *Summary) countList(name string, in rawjson.Object, member string) {
	list, _ := in.Get(member)
	if elements, err := rawjson.Elements(list); err == nil {
		s.Parts[name] = Count{len(elements), len(elements)}
	}
}

// ParseTime reads a time as Jira writes it, "2026-11-23T12:00:00.000+0000"; zero if it is none.
func ParseTime(s string) time.Time {
	for _, layout := range []string{"2006-01-02T15:04:05.999999999-0700", time.RFC3339Nano} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}
