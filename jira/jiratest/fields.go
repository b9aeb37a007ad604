package jiratest

import (
	"strconv"
	"strings"
)

// Field describes a custom field to AddField.
type Field struct {
	// ID is the field id, customfield_NNNNN. Empty means the next free one.
	ID string

	// Name is the display name. Names may repeat.
	Name string

	// Type is the short name of a field type: "text", "paragraph" (ADF),
	// "url", "number", "date", "datetime", "select", "multiselect",
	// "cascading", "labels", "user", "users", "sla", "rating", "organizations",
	// "requesttype", or "any" for everything else.
	Type string
}

// field is a system or custom field with its metadata.
type field struct {
	id, name  string
	kind      *kind
	schema    object
	custom    bool
	navigable bool
	orderable bool
	search    bool
	clauses   []string
	reference bool // read-only parts that are rendered from elsewhere
}

// AddField makes a custom field and returns its id.
func (s *Server) AddField(f Field) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.site.addCustom(s, f)
}

func (t *site) addCustom(s *Server, f Field) string {
	k := kinds[f.Type]
	if k == nil || k.custom == "" {
		s.problemf("AddField: unknown type %q", f.Type)
		return ""
	}
	if f.ID == "" {
		for t.fieldByID[f.ID] != nil || f.ID == "" {
			f.ID = "customfield_" + strconv.FormatInt(t.id("field")+2000, 10)
		}
	}
	number, err := strconv.Atoi(strings.TrimPrefix(f.ID, "customfield_"))
	if err != nil || t.fieldByID[f.ID] != nil {
		s.problemf("AddField: %q is no free custom field id", f.ID)
		return ""
	}
	schema := object{"type": k.typ, "custom": k.custom, "customId": number}
	if k.items != "" {
		schema["items"] = k.items
	}
	t.register(&field{
		id: f.ID, name: f.Name, kind: k, schema: schema, custom: true,
		navigable: true, orderable: true, search: true,
		clauses: []string{"cf[" + strconv.Itoa(number) + "]", f.Name},
	})
	return f.ID
}

func (t *site) register(f *field) {
	t.fields = append(t.fields, f)
	t.fieldByID[f.id] = f
}

// addFields registers the system fields and the custom fields that a new site
// has: those of the reference configuration and a few that every site meets.
func (t *site) addFields() {
	for _, d := range systemFields {
		schema := object{"type": d.typ, "system": d.id}
		if d.items != "" {
			schema["items"] = d.items
		}
		clauses := d.clauses
		if clauses == "" {
			clauses = d.id
		}
		t.register(&field{
			id: d.id, name: d.name, kind: kinds[d.kind], schema: schema,
			navigable: !d.hidden, orderable: d.kind != "", search: true,
			clauses: strings.Split(clauses, ","), reference: d.kind == "",
		})
	}
	for _, f := range []Field{
		{"customfield_10002", "Organizations", "organizations"},
		{"customfield_10004", "Severity", "select"},
		{"customfield_10010", "Request Type", "requesttype"},
		{"customfield_10016", "Story point estimate", "number"},
		{"customfield_10019", "Rank", "rank"},
		{"customfield_10020", "Sprint", "sprint"},
		{"customfield_10021", "Flagged", "multiselect"},
		{"customfield_10156", "Request participants", "participants"},
		{"customfield_10157", "Satisfaction", "rating"},
		{"customfield_10161", "Time to resolution", "sla"},
		{"customfield_10323", "Triage", "multiselect"},
		{"customfield_10325", "Platform URL", "url"},
		{"customfield_10328", "Time to first response", "sla"},
		{"customfield_10330", "Context", "paragraph"},
		{"customfield_10350", "Slack link", "text"},
		{"customfield_10365", "Spam", "select"},
		{"customfield_10475", "Email address", "text"},
		{"customfield_10511", "Configuration item", "multiselect"},
		{"customfield_10676", "Technical issue category", "select"},
		{"customfield_11831", "L3 team", "select"},
		{"customfield_11900", "Severity", "text"}, // names repeat on real sites
		{"customfield_11901", "Product area", "cascading"},
		{"customfield_11902", "Incident started", "datetime"},
		{"customfield_11903", "Watch date", "date"},
		{"customfield_11904", "Team labels", "labels"},
		{"customfield_11905", "Escalation owner", "user"},
	} {
		t.addCustom(nil, f)
	}
}

// systemFields lists the system fields: those with a kind hold a value, the
// others are rendered from the issue. clauses are the JQL names if not the id.
//
// Source: developer.atlassian.com, REST v3, "Get fields"; *navigable leaves
// out the hidden ones, as GET /field of real sites reports them.
var systemFields = []struct {
	id, name, typ, items, kind, clauses string
	hidden                              bool
}{
	{"statuscategorychangedate", "Status Category Changed", "datetime", "", "", "statusCategoryChangedDate", false},
	{"issuetype", "Issue Type", "issuetype", "", "issuetype", "issuetype,type", false},
	{"timespent", "Time Spent", "number", "", "", "timespent", false},
	{"project", "Project", "project", "", "", "project", false},
	{"fixVersions", "Fix versions", "array", "version", "versions", "fixVersion", false},
	{"aggregatetimespent", "Σ Time Spent", "number", "", "", "", false},
	{"resolution", "Resolution", "resolution", "", "resolution", "resolution", false},
	{"resolutiondate", "Resolved", "datetime", "", "", "resolutiondate,resolved", false},
	{"workratio", "Work Ratio", "number", "", "", "workratio", false},
	{"issuerestriction", "Restrict to", "issuerestriction", "", "", "", false},
	{"watches", "Watchers", "watches", "", "", "watchers", false},
	{"lastViewed", "Last Viewed", "datetime", "", "", "lastViewed", false},
	{"created", "Created", "datetime", "", "", "created,createdDate", false},
	{"priority", "Priority", "priority", "", "priority", "priority", false},
	{"labels", "Labels", "array", "string", "labels", "labels", false},
	{"timeestimate", "Remaining Estimate", "number", "", "", "remainingEstimate,timeestimate", false},
	{"aggregatetimeoriginalestimate", "Σ Original Estimate", "number", "", "", "", false},
	{"versions", "Affects versions", "array", "version", "versions", "affectedVersion", false},
	{"issuelinks", "Linked Issues", "array", "issuelinks", "", "issueLink", false},
	{"assignee", "Assignee", "user", "", "user", "assignee", false},
	{"updated", "Updated", "datetime", "", "", "updated,updatedDate", false},
	{"status", "Status", "status", "", "status", "status", false},
	{"components", "Components", "array", "component", "components", "component", false},
	{"timeoriginalestimate", "Original estimate", "number", "", "", "originalEstimate,timeoriginalestimate", false},
	{"description", "Description", "string", "", "paragraph", "description", false},
	{"timetracking", "Time tracking", "timetracking", "", "", "", true},
	{"security", "Security Level", "securitylevel", "", "", "level", false},
	{"attachment", "Attachment", "array", "attachment", "", "attachments", true},
	{"aggregatetimeestimate", "Σ Remaining Estimate", "number", "", "", "", false},
	{"summary", "Summary", "string", "", "summary", "summary", false},
	{"creator", "Creator", "user", "", "user", "creator", false},
	{"subtasks", "Sub-tasks", "array", "issuelinks", "", "subtasks", false},
	{"reporter", "Reporter", "user", "", "user", "reporter", false},
	{"aggregateprogress", "Σ Progress", "progress", "", "", "", false},
	{"environment", "Environment", "string", "", "paragraph", "environment", false},
	{"duedate", "Due date", "date", "", "date", "due,duedate", false},
	{"progress", "Progress", "progress", "", "", "progress", false},
	{"votes", "Votes", "votes", "", "", "votes", false},
	{"comment", "Comment", "comments-page", "", "", "comment", true},
	{"worklog", "Log Work", "array", "worklog", "", "", true},
	{"parent", "Parent", "issuelink", "", "parent", "parent", false},
	{"statusCategory", "Status Category", "statusCategory", "", "", "statusCategory", false},
}
