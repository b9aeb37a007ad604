package transform_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/transform"
)

const fieldTypes = "com.atlassian.jira.plugin.system.customfieldtypes:"

func siteField(id, name, typ, custom string) transform.SiteField {
	return transform.SiteField{ID: "customfield_" + id, Name: name, Type: typ, Custom: custom}
}

func option(id, name string) transform.SiteField {
	return siteField(id, name, "option", fieldTypes+"select")
}

func list(id, name, items, custom string) transform.SiteField {
	f := siteField(id, name, "array", custom)
	f.Items = items
	return f
}

// none is a map of a site that has mapped nothing; nil stands for the default.
var none = transform.FieldMap{}

func TestProposedKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field   transform.SiteField
		kind    transform.FieldKind
		columns []string
	}{
		{siteField("1", "Zeit bis zur Lösung", "sd-servicelevelagreement", "com.atlassian.servicedesk:sd-sla-field"), "sla", []string{"zeit_bis_zur_losung_*"}},
		{siteField("10161", "Not an SLA", "string", fieldTypes+"textfield"), "text", []string{"not_an_sla"}}, // whatever its number
		{siteField("1", "Request Type", "sd-customerrequesttype", "com.atlassian.servicedesk:vp-origin"), "jsm_request", []string{"request_type", "request_status"}},
		{siteField("1", "Satisfaction", "sd-feedback", "com.atlassian.servicedesk:sd-request-feedback"), "rating", []string{"satisfaction"}},
		{siteField("1", "Root cause", "string", fieldTypes+"textarea"), "adf", []string{"root_cause"}},
		{siteField("1", "Due at", "datetime", fieldTypes+"datetime"), "text", []string{"due_at"}},
		{siteField("1", "Cost (€)", "number", fieldTypes+"float"), "number", []string{"cost"}},
		{siteField("1", "Story Points", "number", fieldTypes+"float"), "story_points", nil},
		{siteField("1", "Story point estimate", "number", "com.pyxis.greenhopper.jira:jsw-story-points"), "story_points", nil},
		{list("1", "Sprint", "json", "com.pyxis.greenhopper.jira:gh-sprint"), "sprint", nil},
		{siteField("1", "Area", "option-with-child", fieldTypes+"cascadingselect"), "option", []string{"area"}},
		{list("1", "Tags", "string", fieldTypes+"labels"), "option_list", []string{"tags"}},
		{list("1", "Organizations", "sd-customerorganization", "com.atlassian.servicedesk:sd-customer-organizations"), "option_list", []string{"organizations"}},
		{list("1", "Approvers", "user", fieldTypes+"multiuserpicker"), "user_email_list", []string{"approvers"}},
		{siteField("1", "Owner", "user", fieldTypes+"userpicker"), "raw", []string{"owner"}},
		{siteField("1", "Of an app", "any", "com.example:thing"), "raw", []string{"of_an_app"}},
		{option("1", "3rd party?"), "option", []string{"field_3rd_party"}},
		{option("77", "重大度"), "option", []string{"customfield_77"}},
		{option("1", "Závažnost: Řešení/ÚNIK"), "option", []string{"zavaznost_reseni_unik"}},
	} {
		p := transform.ProposeFields(none, []transform.SiteField{c.field})
		want := transform.FieldMap{{ID: c.field.ID, Kind: c.kind, Columns: c.columns}}
		if diff := cmp.Diff(want, p.Fields); diff != "" {
			t.Errorf("ProposeFields(%s) mismatch (-want +got):\n%s", c.field.Name, diff)
		}
		require.NoError(t, p.Fields.Validate())
	}
	p := transform.ProposeFields(none, []transform.SiteField{
		{ID: "summary", Name: "Summary", Type: "string"},
		siteField("10019", "Rank", "any", "com.pyxis.greenhopper.jira:gh-lexo-rank"),
	})
	require.Empty(t, p.Fields)
	require.Len(t, p.Left, 1)
}

func TestProposalKeepsTheMap(t *testing.T) {
	t.Parallel()
	existing := transform.FieldMap{
		{ID: "customfield_5", Kind: "option", Columns: []string{"severity"}},
		{ID: "customfield_9", Kind: "text", Columns: []string{"legacy"}},
	}
	p := transform.ProposeFields(existing, []transform.SiteField{
		option("7", "Severity"), option("5", "Impact, formerly Severity"), option("6", "Legacy"),
	})
	want := transform.Proposal{
		Added: transform.FieldMap{
			{ID: "customfield_6", Kind: "option", Columns: []string{"legacy_6"}},
			{ID: "customfield_7", Kind: "option", Columns: []string{"severity_7"}},
		},
		Gone: []string{"customfield_9"},
	}
	want.Fields = slices.Concat(existing, want.Added)
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
	again := transform.ProposeFields(p.Fields, []transform.SiteField{option("5", "a"), option("6", "b"), option("7", "c")})
	require.Equal(t, p.Fields, again.Fields, "what was once proposed is kept, whatever the fields are called")
	require.Empty(t, again.Added)
}

func TestProposedNamesAreUnique(t *testing.T) {
	t.Parallel()
	scoped := option("3", "Severity")
	scoped.Project = "10000"
	sla := siteField("8", "Severity", "sd-servicelevelagreement", "com.atlassian.servicedesk:sd-sla-field")
	sla2 := sla
	sla2.ID = "customfield_9"
	p := transform.ProposeFields(none, []transform.SiteField{
		scoped, option("40", "Severity"), option("5", "severity!"), sla, sla2,
		option("20", "Status"), option("21", "Description MD"), option("22", " synced at"), // as fixed columns are named
	})
	want := map[string]string{
		"customfield_3": "severity_3", "customfield_5": "severity", "customfield_40": "severity_40",
		"customfield_8": "severity_*", "customfield_9": "severity_9_*",
		"customfield_20": "status_20", "customfield_21": "description_md_21", "customfield_22": "synced_at",
	}
	got := map[string]string{}
	for _, f := range p.Fields {
		got[f.ID] = f.Columns[0]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
	require.NoError(t, p.Fields.Validate())
}

// Lesson 155: a fixed column that is added to the schema is avoided by itself.
func TestProposalAvoidsEveryColumn(t *testing.T) {
	t.Parallel()
	for _, table := range transform.Schema(transform.Options{Fields: none}) {
		if table.Name != "issues" {
			continue
		}
		var fields []transform.SiteField
		fixed := map[string]bool{}
		for i, c := range table.Columns {
			fixed[c.Name] = true
			fields = append(fields, option(fmt.Sprint(i+100), c.Name))
		}
		for _, f := range transform.ProposeFields(none, fields).Fields {
			require.NotContains(t, fixed, f.Columns[0])
		}
	}
}

// Without a map the built-in one is taken where it means the same fields.
func TestProposalTakesOverFittingDefaults(t *testing.T) {
	t.Parallel()
	sla := func(id, name string) transform.SiteField {
		return siteField(id, name, "sd-servicelevelagreement", "com.atlassian.servicedesk:sd-sla-field")
	}
	p := transform.ProposeFields(nil, []transform.SiteField{
		sla("10328", "Time to first response"), sla("10161", "Time to close"),
		option("10004", "Severity"), option("10323", "Colour"), siteField("10350", "Slack link", "string", fieldTypes+"textfield"),
	})
	want := transform.FieldMap{
		{ID: "customfield_10004", Kind: "option", Columns: []string{"severity"}},
		{ID: "customfield_10350", Kind: "option", Columns: []string{"slack_link"}},
		{ID: "customfield_10328", Kind: "sla", Columns: []string{"first_response_*"}},
		{ID: "customfield_10161", Kind: "sla", Columns: []string{"time_to_close_*"}},
		{ID: "customfield_10323", Kind: "option", Columns: []string{"colour"}},
	}
	if diff := cmp.Diff(want, p.Fields); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
	require.Empty(t, p.Gone, "what is not on the site was never mapped")
}

// Whatever fields are called, the map is valid.
func FuzzProposeFields(f *testing.F) {
	f.Add("Severity", "customfield_1", "Severity", "customfield_2", "option")
	f.Add("", "", "_", "x", "sd-servicelevelagreement")
	f.Add("1 a", "customfield_99999999999999999999", "\xff İ", "9", "array")
	f.Fuzz(func(t *testing.T, name, id, name2, id2, typ string) {
		fields := []transform.SiteField{
			{ID: id, Name: name, Type: typ, Custom: "x"}, {ID: id2, Name: name2, Type: typ, Custom: "x", Project: "1"},
			{ID: id + "a", Name: name, Type: "sd-customerrequesttype", Custom: "x:vp-origin"}, {ID: id2 + "b", Name: name, Type: "option", Custom: "x"},
		}
		p := transform.ProposeFields(none, slices.DeleteFunc(fields, func(f transform.SiteField) bool { return f.ID == "" }))
		if err := p.Fields.Validate(); err != nil {
			t.Errorf("ProposeFields(%q): %v", fields, err)
		}
	})
}
