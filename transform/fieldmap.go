package transform

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// FieldKind says how the value of a field becomes columns.
type FieldKind string

// The kinds of fields. A value of a shape that its kind does not describe is
// null; an explicit null is null everywhere but in the lists, which are [].
const (
	// KindOption: the "value" of an option, else its "name"; of a cascading
	// select the parent. A scalar is its text, a boolean "True" or "False",
	// a list compact JSON.
	KindOption FieldKind = "option"
	// KindOptionList: a JSON array of the options' texts, those without text
	// left out; anything but a list is [].
	KindOptionList FieldKind = "option_list"
	// KindUserEmailList: a JSON array with the email address of each user,
	// null for a user that shows none; anything but a list is [].
	KindUserEmailList FieldKind = "user_email_list"
	// KindADF: the plain text of a rich text field; empty text is null.
	KindADF FieldKind = "adf"
	// KindRaw: a string as it is, any other value as compact JSON.
	KindRaw FieldKind = "raw"
	// KindText: a string or a number with its digits verbatim.
	KindText FieldKind = "text"
	// KindNumber: a number with its digits verbatim, as text: it is exact
	// where no column type would be. Cast it in the query.
	KindNumber FieldKind = "number"
	// KindRating: the whole number in "rating" of a satisfaction field.
	KindRating FieldKind = "rating"
	// KindJSMRequest: two columns of a Request Type field, the name of the
	// request type and the status that the customer sees.
	KindJSMRequest FieldKind = "jsm_request"
	// KindSLA: three columns of an SLA field. Its one column name is a prefix
	// such as "first_response_*", which stands for first_response_breached,
	// first_response_goal_millis and first_response_elapsed_millis. They show
	// the ongoing cycle, else the last completed one.
	KindSLA FieldKind = "sla"
	// KindSprint: the sprints of the issue, for the column sprint_names. It
	// takes no column name. Of several such fields the first with a value
	// counts.
	KindSprint FieldKind = "sprint"
	// KindStoryPoints: a number, for the column story_points; otherwise as
	// KindSprint. A site has one field in company-managed projects and another
	// in team-managed ones.
	KindStoryPoints FieldKind = "story_points"
)

// Field maps one Jira field to columns of the issues table.
type Field struct {
	ID      string // Jira's field id, such as customfield_10004
	Kind    FieldKind
	Columns []string // as many names as the kind has columns; see KindSLA
}

// FieldMap says which fields of a site become columns 27 and following of the
// issues table, in this order.
type FieldMap []Field

// DefaultFields returns the map of the reference tables: the columns
// request_type to l3_team. Its field ids are those of one site; another site
// brings its own map.
func DefaultFields() FieldMap {
	return FieldMap{
		{"customfield_10010", KindJSMRequest, []string{"request_type", "request_status"}},
		{"customfield_10004", KindOption, []string{"severity"}},
		{"customfield_10323", KindOptionList, []string{"triage"}},
		{"customfield_10511", KindOptionList, []string{"configuration_item"}},
		{"customfield_10156", KindUserEmailList, []string{"participants"}},
		{"customfield_10002", KindOptionList, []string{"organizations"}},
		{"customfield_10365", KindOption, []string{"spam"}},
		{"customfield_10330", KindADF, []string{"context"}},
		{"customfield_10325", KindRaw, []string{"keboola_platform_url"}},
		{"customfield_10350", KindOption, []string{"slack_link"}},
		{"customfield_10676", KindOption, []string{"technical_issue_category"}},
		{"customfield_10475", KindOption, []string{"email_address"}},
		{"customfield_10157", KindRating, []string{"satisfaction"}},
		{"customfield_10328", KindSLA, []string{"first_response_*"}},
		{"customfield_10161", KindSLA, []string{"time_to_resolution_*"}},
		{"customfield_11831", KindOption, []string{"l3_team"}},
	}
}

var columnName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// Validate reports every fault of the map, joined, each naming its entry: a
// missing field id, an unknown kind, a wrong number of column names, a name
// that is not [a-z_][a-z0-9_]{0,62}, or one that another column of the issues
// table has.
func (m FieldMap) Validate() error {
	taken := map[string]string{}
	for _, c := range slices.Concat(issueColumns, issueTail) {
		taken[c.name] = "a built-in column"
	}
	var faults []error
	for i, f := range m {
		entry := fmt.Sprintf("field %d (%s)", i+1, f.ID)
		if f.ID == "" {
			faults = append(faults, fmt.Errorf("%s: id is missing", entry))
		}
		names, err := f.names()
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", entry, err))
		}
		for _, name := range names {
			switch owner, clash := taken[name]; {
			case !columnName.MatchString(name):
				faults = append(faults, fmt.Errorf("%s: column name %q is not [a-z_][a-z0-9_]{0,62}", entry, name))
			case clash:
				faults = append(faults, fmt.Errorf("%s: column name %q is taken by %s", entry, name, owner))
			default:
				taken[name] = entry
			}
		}
	}
	return errors.Join(faults...)
}

// names returns the column names of f, those of an SLA written out.
func (f Field) names() ([]string, error) {
	kind, known := fieldKinds[f.Kind]
	if !known {
		return nil, fmt.Errorf("unknown kind %q", f.Kind)
	}
	names := f.Columns
	if f.Kind == KindSLA {
		if len(names) != 1 || !strings.HasSuffix(names[0], "_*") {
			return nil, errors.New(`kind sla takes one column name that ends in "_*"`)
		}
		prefix := strings.TrimSuffix(names[0], "*")
		names = []string{prefix + "breached", prefix + "goal_millis", prefix + "elapsed_millis"}
	}
	if len(names) != len(kind) {
		return nil, fmt.Errorf("kind %s takes %d column name(s), not %d", f.Kind, len(kind), len(names))
	}
	return names, nil
}

// columns returns the columns of the map, which must be valid.
func (m FieldMap) columns() []column {
	var columns []column
	for _, f := range m {
		names, _ := f.names() // Validate has accepted them
		for i, name := range names {
			columns = append(columns, fieldKinds[f.Kind][i].column(name, f.ID))
		}
	}
	return columns
}
