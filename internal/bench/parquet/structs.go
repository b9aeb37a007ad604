package main

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/jirasync/jirasync/partition"
)

// What most programs would do: structs with the members that the reference
// tables need, filled by encoding/json.
type (
	structRecord struct {
		ID        string
		Key       string
		SyncedAt  *string `json:"_synced_at"`
		Fields    structFields
		Changelog struct{ Histories []structHistory }
		Links     []structRemoteLink `json:"_remote_links"`
	}
	structFields struct {
		Summary        *string
		Description    *structNode
		Created        *string
		Updated        *string
		ResolutionDate *string
		DueDate        *string
		Labels         []string
		IssueType      structNamed
		Status         structStatus
		Priority       structNamed
		Resolution     structNamed
		Project        struct{ Key, Name *string }
		Creator        structPerson
		Reporter       structPerson
		Assignee       structPerson
		Attachment     []structAttachment
		IssueLinks     []structLink
		Comment        struct {
			Total    int64
			Comments []structComment
		}
		Request       structRequest           `json:"customfield_10010"`
		Severity      structOption            `json:"customfield_10004"`
		Triage        []structOption          `json:"customfield_10323"`
		Configuration []structOption          `json:"customfield_10511"`
		Participants  []structPerson          `json:"customfield_10156"`
		Organizations []structOption          `json:"customfield_10002"`
		Spam          structOption            `json:"customfield_10365"`
		Context       *structNode             `json:"customfield_10330"`
		Platform      *string                 `json:"customfield_10325"`
		Slack         *string                 `json:"customfield_10350"`
		Category      structOption            `json:"customfield_10676"`
		Email         *string                 `json:"customfield_10475"`
		Satisfaction  struct{ Rating *int64 } `json:"customfield_10157"`
		Response      structSLA               `json:"customfield_10328"`
		Resolving     structSLA               `json:"customfield_10161"`
		Team          structOption            `json:"customfield_11831"`
	}
	structNamed  struct{ Name *string }
	structOption struct{ Value, Name *string }
	structStatus struct {
		Name           *string
		StatusCategory structNamed
	}
	structPerson  struct{ EmailAddress, DisplayName *string }
	structRequest struct {
		RequestType   structNamed
		CurrentStatus struct{ Status *string }
	}
	structSLA struct {
		OngoingCycle    *structCycle
		CompletedCycles []structCycle
	}
	structCycle struct {
		Breached                  *bool
		GoalDuration, ElapsedTime struct{ Millis *int64 }
	}
	structComment struct {
		ID                   *string
		Author, UpdateAuthor structPerson
		Body                 *structNode
		Created, Updated     *string
	}
	structAttachment struct {
		ID, Filename, MimeType, Created, Content, Thumbnail *string
		Size                                                *int64
		Author                                              structPerson
	}
	structHistory struct {
		ID      *string
		Author  structPerson
		Created *string
		Items   []struct{ Field, FieldType, FromString, ToString *string }
	}
	structLink struct {
		ID                        *string
		Type                      structNamed
		InwardIssue, OutwardIssue *structLinked
	}
	structLinked struct {
		Key    *string
		Fields struct {
			Summary          *string
			Status, Priority structNamed
		}
	}
	structRemoteLink struct {
		ID          json.Number
		Object      struct{ URL, Title *string }
		Application structNamedType
	}
	structNamedType struct{ Name, Type *string }
	structNode      struct {
		Type    string
		Text    string
		Content []structNode
	}
)

// structRows makes the rows of the reference tables of one record, in the order
// of transform's: children first.
func structRows(data []byte) ([]partition.Content, error) {
	var r structRecord
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, err
	}
	return []partition.Content{
		{Rows: r.comments()}, {Rows: r.attachments()}, {Rows: r.changes()}, {Rows: r.links()}, {Rows: r.remoteLinks()},
		{Rows: []partition.Row{r.issue()}},
	}, nil
}

func (r *structRecord) issue() partition.Row {
	f := &r.Fields
	row := partition.Row{
		partition.String(r.Key), partition.String(r.ID), partition.String("https://your-domain.atlassian.net/browse/" + r.Key),
		optional(f.Summary), partition.String(f.Description.plainText()), optional(f.IssueType.Name), optional(f.Status.Name),
		optional(f.Status.StatusCategory.Name), optional(f.Priority.Name), optional(f.Resolution.Name), optional(f.Project.Key),
		optional(f.Project.Name), optional(f.Creator.EmailAddress), optional(f.Creator.DisplayName), optional(f.Reporter.EmailAddress),
		optional(f.Reporter.DisplayName), optional(f.Assignee.EmailAddress), optional(f.Assignee.DisplayName), instant(f.Created),
		instant(f.Updated), instant(f.ResolutionDate), optional(f.DueDate), array(f.Labels), partition.Int(int64(len(f.Attachment))),
		partition.Int(f.Comment.Total), partition.Int(int64(len(f.IssueLinks))), optional(f.Request.RequestType.Name),
		optional(f.Request.CurrentStatus.Status), optional(f.Severity.Value), values(f.Triage), values(f.Configuration),
		emails(f.Participants), values(f.Organizations), optional(f.Spam.Value), contextText(f.Context), optional(f.Platform),
		optional(f.Slack), optional(f.Category.Value), optional(f.Email), number(f.Satisfaction.Rating),
	}
	row = append(row, f.Response.current()...)
	row = append(row, f.Resolving.current()...)
	return append(row, optional(f.Team.Value), optional(r.SyncedAt), partition.String(r.Key+".json"))
}

func (r *structRecord) comments() (rows []partition.Row) {
	for i := range r.Fields.Comment.Comments {
		c := &r.Fields.Comment.Comments[i]
		rows = append(rows, partition.Row{
			optional(c.ID), partition.String(r.Key), optional(c.Author.EmailAddress), optional(c.Author.DisplayName),
			partition.String(c.Body.plainText()), instant(c.Created), instant(c.Updated), optional(c.UpdateAuthor.EmailAddress),
		})
	}
	return rows
}

func (r *structRecord) attachments() (rows []partition.Row) {
	for i := range r.Fields.Attachment {
		a := &r.Fields.Attachment[i]
		rows = append(rows, partition.Row{
			optional(a.ID), partition.String(r.Key), optional(a.Filename), partition.Null, partition.Null, number(a.Size), optional(a.MimeType),
			optional(a.Author.EmailAddress), instant(a.Created), optional(a.Content), optional(a.Thumbnail),
		})
	}
	return rows
}

func (r *structRecord) changes() (rows []partition.Row) {
	for i := range r.Changelog.Histories {
		h := &r.Changelog.Histories[i]
		for _, c := range h.Items {
			rows = append(rows, partition.Row{
				optional(h.ID), partition.String(r.Key), optional(h.Author.EmailAddress), optional(h.Author.DisplayName), optional(c.Field),
				optional(c.FieldType), optional(c.FromString), optional(c.ToString), instant(h.Created),
			})
		}
	}
	return rows
}

func (r *structRecord) links() (rows []partition.Row) {
	for i := range r.Fields.IssueLinks {
		l := &r.Fields.IssueLinks[i]
		direction, other := "inward", l.InwardIssue
		if other == nil {
			direction, other = "outward", l.OutwardIssue
		}
		rows = append(rows, partition.Row{
			partition.String(r.Key), optional(l.ID), optional(l.Type.Name), partition.String(direction), optional(other.Key),
			optional(other.Fields.Summary), optional(other.Fields.Status.Name), optional(other.Fields.Priority.Name),
		})
	}
	return rows
}

func (r *structRecord) remoteLinks() (rows []partition.Row) {
	for i := range r.Links {
		l := &r.Links[i]
		rows = append(rows, partition.Row{
			partition.String(r.Key), partition.String(l.ID.String()), optional(l.Object.URL), optional(l.Object.Title),
			optional(l.Application.Name), optional(l.Application.Type),
		})
	}
	return rows
}

func (s *structSLA) current() []partition.Value {
	c := s.OngoingCycle
	if n := len(s.CompletedCycles); c == nil && n > 0 {
		c = &s.CompletedCycles[n-1]
	}
	if c == nil || c.Breached == nil {
		return []partition.Value{partition.Null, partition.Null, partition.Null}
	}
	breached := "False"
	if *c.Breached {
		breached = "True"
	}
	return []partition.Value{partition.String(breached), number(c.GoalDuration.Millis), number(c.ElapsedTime.Millis)}
}

func optional(s *string) partition.Value {
	if s == nil {
		return partition.Null
	}
	return partition.String(*s)
}

func number(n *int64) partition.Value {
	if n == nil {
		return partition.Null
	}
	return partition.Int(*n)
}

func instant(s *string) partition.Value {
	if s == nil {
		return partition.Null
	}
	at, err := time.Parse("2006-01-02T15:04:05.000-0700", *s)
	if err != nil {
		return partition.Null
	}
	return partition.Time(at)
}

func values(options []structOption) partition.Value {
	texts := []string{}
	for _, o := range options {
		switch {
		case o.Value != nil:
			texts = append(texts, *o.Value)
		case o.Name != nil:
			texts = append(texts, *o.Name)
		}
	}
	return array(texts)
}

func emails(people []structPerson) partition.Value {
	texts := []*string{}
	for _, p := range people {
		texts = append(texts, p.EmailAddress)
	}
	return array(texts)
}

func array(list any) partition.Value {
	text, err := json.Marshal(list)
	if err != nil {
		return partition.Null
	}
	return partition.String(string(text))
}

func contextText(n *structNode) partition.Value {
	if n == nil {
		return partition.Null
	}
	return partition.String(n.plainText())
}

// plainText is a simple one: all texts, with a line for each block.
func (n *structNode) plainText() string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	n.write(&b)
	return strings.TrimSpace(b.String())
}

func (n *structNode) write(b *strings.Builder) {
	b.WriteString(n.Text)
	for i := range n.Content {
		n.Content[i].write(b)
	}
	switch n.Type {
	case "paragraph", "heading", "codeBlock", "hardBreak":
		b.WriteByte('\n')
	}
}
