package webhook

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jirasync/jirasync/internal/issuekey"
)

// ErrMalformed reports a body that is no event: not one JSON object, beyond
// the bounds of ParseEvent, ambiguous, or without the issue that its type must
// carry. The message names the fault and its place, never content.
var ErrMalformed = errors.New("webhook: malformed event")

// maxTypeBytes bounds webhookEvent; the longest documented one has 42 bytes.
const maxTypeBytes = 255

// Event is what a body says about the site: which issues to look at again.
type Event struct {
	// Type is the member webhookEvent, such as "jira:issue_updated" or
	// "comment_created", as Jira wrote it. The set is open. It is text from
	// outside: no part of a file name.
	Type string

	// IssueEventTypeName is the member issue_event_type_name, such as
	// "issue_moved", or empty. Sites can add names of their own.
	IssueEventTypeName string

	// Time is the member timestamp, when it happened, in UTC to the
	// millisecond. It is zero if absent or not a time.
	Time time.Time

	// Issues are the issues concerned: none for events of projects, sprints
	// and the like, two for a link, otherwise one.
	Issues []IssueRef

	// Deleted reports that the issue itself was deleted. The deletion of a
	// comment, an attachment or a worklog leaves it false.
	Deleted bool

	// MovedFrom is the key that the issue had before it moved to another
	// project, or empty.
	MovedFrom string

	// AttachmentID is the attachment of an attachment event, or empty. Such
	// an event may name no issue; the attachment then leads to it.
	AttachmentID string
}

// IssueRef names an issue by its id, its key or both. At least one is set. The
// id is the identity, the key changes when the issue moves. Both are in valid
// form: a key is an upper-case project key, a hyphen and digits.
type IssueRef struct {
	ID  string // decimal digits
	Key string // such as "SUP-15"
}

// String returns the key if there is one, otherwise the id.
func (r IssueRef) String() string {
	if r.Key != "" {
		return r.Key
	}
	return r.ID
}

// ParseEvent reads the body of a delivery.
//
// Shape: one JSON object, at most 512 levels deep and 2,000,000 values and
// names long. Names count only as Jira writes them; a name that is read and
// comes twice in one object makes the body malformed. The issue is taken from
// issue.id and issue.key, else issue_key, else issueLink.sourceIssueId and
// destinationIssueId, else the issueId (or the self link) of a comment,
// worklog or property. Types that are not known are read in the same way.
//
// Absence: null counts as absent. Events of issues and comments must name
// their issue; for all others none is in order.
//
// Errors: ErrMalformed. Safe for concurrent use; the event does not keep body.
//
// Source: developer.atlassian.com, Jira platform, Webhooks, and captures of
// 2018, 2020 and 2026, checked 2026-11.
func ParseEvent(body []byte) (Event, error) {
	s := scanner{data: body}
	if err := s.document(&deliveryShape); err != nil {
		return Event{}, err
	}
	return s.values.event()
}

type slot int

const (
	_ slot = iota
	slotType
	slotIssueEventTypeName
	slotTimestamp
	slotIssue
	slotIssueID
	slotIssueKey
	slotTopIssueKey
	slotSource
	slotDestination
	slotPartIssueID
	slotPartSelf
	slotAttachmentID
	slotAccountID
	slotItemField
	slotItemFrom
	slotMovedFrom
	slots
)

// values are the raw values by slot, nil where there is none.
type values [slots][]byte

var (
	partMembers = []shape{{name: "issueId", slot: slotPartIssueID}, {name: "self", slot: slotPartSelf}}
	// deliveryShape is all that is read of a body.
	deliveryShape = shape{members: []shape{
		{name: "timestamp", slot: slotTimestamp},
		{name: "webhookEvent", slot: slotType},
		{name: "issue_event_type_name", slot: slotIssueEventTypeName},
		{name: "issue", slot: slotIssue, members: []shape{
			{name: "id", slot: slotIssueID},
			{name: "key", slot: slotIssueKey},
		}},
		{name: "issue_key", slot: slotTopIssueKey},
		{name: "issueLink", members: []shape{
			{name: "sourceIssueId", slot: slotSource},
			{name: "destinationIssueId", slot: slotDestination},
		}},
		{name: "comment", members: partMembers},
		{name: "worklog", members: partMembers},
		// No delivery of issue_property_set was ever published; the
		// documentation speaks of "property data" only.
		{name: "property", members: partMembers},
		{name: "attachment", members: []shape{{name: "id", slot: slotAttachmentID}}},
		{name: "changelog", members: []shape{
			{name: "items", each: true, members: []shape{
				{name: "field", slot: slotItemField},
				{name: "fromString", slot: slotItemFrom},
			}},
		}},
		{name: "accountId", slot: slotAccountID},
	}}
)

// historyItem looks at one item of a changelog. A move carries an item Key
// without a fieldId.
func (v *values) historyItem() {
	if string(v[slotItemField]) == `"Key"` && v[slotMovedFrom] == nil {
		v[slotMovedFrom] = v[slotItemFrom]
	}
	v[slotItemField], v[slotItemFrom] = nil, nil
}

func (v *values) event() (Event, error) {
	e := Event{
		Time:               v.time(slotTimestamp),
		IssueEventTypeName: v.text(slotIssueEventTypeName),
		AttachmentID:       v.id(slotAttachmentID),
	}
	if v.present(slotType) {
		if e.Type = v.text(slotType); e.Type == "" {
			return Event{}, malformed("webhookEvent is not a text of 1 to 255 bytes")
		}
	}
	if from := v.text(slotMovedFrom); issuekey.Valid(from) {
		e.MovedFrom = from
	}
	e.Deleted = isIssueDeletion(e.Type)
	var err error
	if e.Issues, err = v.issues(); err != nil {
		return Event{}, err
	}
	if len(e.Issues) == 0 && v.needsIssue(e.Type) {
		return Event{}, malformed("no issue")
	}
	return e, nil
}

// issues finds the issues, wherever this type of event carries them.
func (v *values) issues() ([]IssueRef, error) {
	ref := IssueRef{ID: v.id(slotIssueID)}
	var err error
	if ref.Key, err = v.key(slotIssueKey); err != nil {
		return nil, err
	}
	if ref.Key == "" {
		if ref.Key, err = v.key(slotTopIssueKey); err != nil {
			return nil, err
		}
	}
	if ref != (IssueRef{}) {
		return []IssueRef{ref}, nil
	}
	var refs []IssueRef
	for _, sl := range [...]slot{slotSource, slotDestination} {
		id := v.id(sl)
		if id == "" && v.present(sl) {
			return nil, malformed("issueLink has an invalid issue id")
		}
		if id != "" && (len(refs) == 0 || refs[0].ID != id) {
			refs = append(refs, IssueRef{ID: id})
		}
	}
	if len(refs) > 0 {
		return refs, nil
	}
	id := v.id(slotPartIssueID)
	if id == "" {
		id = idInLink(v.text(slotPartSelf))
	}
	if id != "" {
		return []IssueRef{{ID: id}}, nil
	}
	return nil, nil
}

// needsIssue reports whether an event of this type without an issue is wrong.
// A body without any type is one too, except for the user_deleted that a site
// sent in 2020 with nothing but an account id.
func (v *values) needsIssue(eventType string) bool {
	switch t := strings.TrimPrefix(eventType, "jira:"); {
	case t == "":
		return !v.present(slotAccountID)
	case strings.HasPrefix(t, "issue_property_"):
		return false
	default:
		return strings.HasPrefix(t, "issue_") || strings.HasPrefix(t, "comment_")
	}
}

// isIssueDeletion reports whether the issue itself is gone. Only these two
// names say so: looking for "deleted" in the name once removed issues whose
// comment or worklog had been deleted.
func isIssueDeletion(eventType string) bool {
	switch strings.ToLower(eventType) {
	case "jira:issue_deleted", "issue_deleted":
		return true
	}
	return false
}

// idInLink finds the issue id in a link such as
// https://acme.atlassian.net/rest/api/2/issue/10014/worklog/10066. Nothing
// else of the link is used: requests go to the configured site.
func idInLink(link string) string {
	_, rest, found := strings.Cut(link, "/issue/")
	if !found {
		return ""
	}
	id, _, _ := strings.Cut(rest, "/")
	if !issuekey.ValidID(id) {
		return ""
	}
	return id
}

func (v *values) present(sl slot) bool {
	return v[sl] != nil && !bytes.Equal(v[sl], []byte("null"))
}

// text returns a short text, empty if there is none.
func (v *values) text(sl slot) string {
	raw := v[sl]
	if len(raw) < 2 || raw[0] != '"' || len(raw) > 6*maxTypeBytes {
		return ""
	}
	text := unquote(raw)
	if len(text) > maxTypeBytes && sl != slotPartSelf {
		return ""
	}
	return string(text)
}

// key returns a key, empty if there is none, and an error if there is
// something else in its place.
func (v *values) key(sl slot) (string, error) {
	if !v.present(sl) {
		return "", nil
	}
	key := v.text(sl)
	if !issuekey.Valid(key) {
		return "", malformed("invalid issue key")
	}
	return key, nil
}

// id returns an id, which Jira writes now as a string, now as a number, and
// empty if there is none in that form.
func (v *values) id(sl slot) string {
	id := string(bytes.Trim(v[sl], `"`))
	if !issuekey.ValidID(id) {
		return ""
	}
	return id
}

// time returns a time in epoch milliseconds; beyond the year 9999 there is none.
func (v *values) time(sl slot) time.Time {
	ms, err := strconv.ParseInt(string(v[sl]), 10, 64)
	if err != nil || ms <= 0 || ms >= 253402300800_000 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func malformed(what string) error { return fmt.Errorf("%w: %s", ErrMalformed, what) }
