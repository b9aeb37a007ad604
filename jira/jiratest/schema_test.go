package jiratest_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
)

// The official documents, outside the repository for their size.
const (
	platformDocument = "../../../shared/openapi/jira-platform-v3.json"
	deskDocument     = "../../../shared/openapi/jira-service-management.json"
)

// waiver is a mismatch that the real service has too.
type waiver struct {
	place  *regexp.Regexp // of "place in the answer: what is wrong"
	reason string
}

// waived are the known ones: the official documents are untidy.
var waived = []waiver{
	{regexp.MustCompile(`/items/\d+/(from|fromString|to|toString): type .*null`), "null on the wire, string in ChangeDetails (captures of Jira Cloud)"},
	{regexp.MustCompile(`/items/\d+: additional.*tmp(From|To)AccountId`), "on the wire for user fields, absent from ChangeDetails"},
	{regexp.MustCompile(`^/\d+: additional .*"untranslatedName"`), "on the wire in GET /field, absent from FieldDetails"},
	{regexp.MustCompile(`^/: additional .*"defaultLocale"`), "in the example of GET /serverInfo, absent from ServerInformation"},
	{regexp.MustCompile(`^/: required .*"(inward|outward)Issue"`), "inside an issue a link has exactly one side, IssueLink wants both"},
	{regexp.MustCompile(`^/values/\d+: additional .*"projectKeys"`), "documented under expand of GET /project/search, absent from Project"},
}

// TestAnswersMatchOpenAPI validates answers against the schema of the operation
// they stand in for.
func TestAnswersMatchOpenAPI(t *testing.T) {
	platform, desk := openDocument(t, platformDocument), openDocument(t, deskDocument)
	srv := newSite(t, jiratest.Options{})
	issues := srv.Fill("SUPPORT", 14, 1)
	srv.AddProject("OPS", "Operations")
	ops := srv.Create("OPS", jiratest.Fields{"summary": "other"})
	issues[0].Link(ops, "Blocks")
	attachment := issues[0].Attach("a.png", "image/png", []byte("x"))
	log := issues[0].Worklog(3600e9, "work")
	issues[1].By(srv.AddUser("X", "x@example.com")).Edit(jiratest.Fields{"assignee": srv.AddUser("Y", "y@example.com")})
	main, agent := as(t, srv, srv.Main), as(t, srv, srv.Agent)
	key := "{issueIdOrKey}"

	for _, c := range []struct {
		document     *document
		method, path string
		name, query  string // of the issue, project …, and the query string
		body         any
	}{
		{platform, "get", "/rest/api/3/issue/" + key, issues[2].Key(), "expand=changelog,names,schema,transitions", nil},
		{platform, "get", "/rest/api/3/issue/" + key, issues[8].Key(), "expand=changelog", nil},
		{platform, "get", "/rest/api/3/issue/" + key, issues[1].Key(), "expand=changelog", nil},
		{platform, "get", "/rest/api/3/issue/" + key + "/comment", issues[2].Key(), "", nil},
		{platform, "get", "/rest/api/3/issue/" + key + "/changelog", issues[8].Key(), "maxResults=30", nil},
		{platform, "get", "/rest/api/3/issue/" + key + "/worklog", issues[5].Key(), "", nil},
		{platform, "get", "/rest/api/3/issue/" + key + "/remotelink", issues[0].Key(), "", nil},
		{platform, "get", "/rest/api/3/issue/" + key + "/watchers", issues[0].Key(), "", nil},
		{platform, "get", "/rest/api/3/issue/" + key + "/votes", issues[0].Key(), "", nil},
		{platform, "post", "/rest/api/3/search/jql", "", "", object{"jql": "project = SUPPORT", "fields": []string{"*all"}, "expand": "changelog,names,schema", "maxResults": 3}},
		{platform, "get", "/rest/api/3/search/jql", "", "jql=project%20%3D%20SUPPORT", nil},
		{platform, "post", "/rest/api/3/search/approximate-count", "", "", object{"jql": "project = SUPPORT"}},
		{platform, "post", "/rest/api/3/issue/bulkfetch", "", "", object{"issueIdsOrKeys": []string{issues[0].ID(), "SUPPORT-2"}, "expand": []string{"changelog"}}},
		{platform, "post", "/rest/api/3/changelog/bulkfetch", "", "", object{"issueIdsOrKeys": []string{issues[0].ID(), "SUPPORT-9"}, "maxResults": 5}},
		{platform, "post", "/rest/api/3/comment/list", "", "", object{"ids": []int{10000, 10001}}},
		{platform, "post", "/rest/api/3/worklog/list", "", "", json.RawMessage(`{"ids":[` + log + `]}`)},
		{platform, "get", "/rest/api/3/worklog/updated", "", "", nil},
		{platform, "get", "/rest/api/3/worklog/deleted", "", "", nil},
		{platform, "get", "/rest/api/3/field", "", "", nil},
		{platform, "get", "/rest/api/3/field/search", "", "", nil},
		{platform, "get", "/rest/api/3/myself", "", "", nil},
		{platform, "get", "/rest/api/3/mypermissions", "", "permissions=BROWSE_PROJECTS", nil},
		{platform, "get", "/rest/api/3/serverInfo", "", "", nil},
		{platform, "get", "/rest/api/3/project/search", "", "expand=lead,projectKeys,description", nil},
		{platform, "get", "/rest/api/3/project/{projectIdOrKey}", "SUPPORT", "", nil},
		{platform, "get", "/rest/api/3/user/bulk", "", "accountId=" + srv.AddUser("Z", "z@example.com").AccountID(), nil},
		{platform, "get", "/rest/api/3/status", "", "", nil},
		{platform, "get", "/rest/api/3/priority", "", "", nil},
		{platform, "get", "/rest/api/3/resolution", "", "", nil},
		{platform, "get", "/rest/api/3/issuetype", "", "", nil},
		{platform, "get", "/rest/api/3/issueLinkType", "", "", nil},
		{platform, "get", "/rest/api/3/attachment/meta", "", "", nil},
		{platform, "get", "/rest/api/3/attachment/{id}", attachment, "", nil},
		{desk, "get", "/rest/servicedeskapi/organization", "", "", nil},
		{desk, "get", "/rest/servicedeskapi/request/{issueIdOrKey}/sla", issues[0].Key(), "", nil},
	} {
		t.Run(c.method+" "+c.path+" "+c.name, func(t *testing.T) {
			main.t, agent.t = t, t
			from := main
			if c.document == desk {
				from = agent
			}
			target := regexp.MustCompile(`\{\w+\}`).ReplaceAllString(c.path, c.name)
			if c.query != "" {
				target += "?" + c.query
			}
			var got answer
			if c.body != nil {
				got = from.post(target, c.body)
			} else {
				got = from.get(target)
			}
			require.Equal(t, http.StatusOK, got.status, "%s", got.body)
			require.Empty(t, c.document.check(t, c.method, c.path, got.body))
		})
	}
	noProblems(t, srv)
}

// TestFieldsMatchOpenAPI validates the fields of an issue for which there is a
// schema; the schema of the issue leaves them open.
func TestFieldsMatchOpenAPI(t *testing.T) {
	platform := openDocument(t, platformDocument)
	srv := newSite(t, jiratest.Options{})
	issues := srv.Fill("SUPPORT", 14, 2)
	parent := issues[5]
	srv.Create("SUPPORT", jiratest.Fields{"issuetype": "Sub-task", "parent": parent})
	parent.Link(issues[0], "Relates")
	parent.Resolve()
	parent.Edit(jiratest.Fields{"components": []string{"api"}, "fixVersions": []string{"1"}, "assignee": srv.AddUser("A", "a@example.com")})
	main := as(t, srv, srv.Main)
	fields := at(main.object(main.get("/rest/api/3/issue/"+parent.ID())), "fields")
	for field, schema := range map[string]string{
		"comment": "PageOfComments", "worklog": "PageOfWorklogs", "status": "StatusDetails", "project": "ProjectDetails",
		"priority": "Priority", "resolution": "Resolution", "issuetype": "IssueTypeDetails", "assignee": "UserDetails",
		"reporter": "UserDetails", "creator": "UserDetails", "watches": "Watchers", "votes": "Votes",
		"components": "ProjectComponent", "fixVersions": "Version", "subtasks": "LinkedIssue", "issuelinks": "IssueLink",
	} {
		value := at(fields, field)
		if list, isList := value.([]any); isList {
			require.NotEmpty(t, list, field)
			value = list[0]
		}
		require.NotNil(t, value, field)
		data, err := json.Marshal(value)
		require.NoError(t, err)
		require.Empty(t, platform.validate(t, "openapi.json#/components/schemas/"+schema, data), field)
	}
}

// TestParametersMatchOpenAPI compares the query parameters that endpoints know
// with those of the document.
func TestParametersMatchOpenAPI(t *testing.T) {
	platform := openDocument(t, platformDocument)
	srv := newSite(t, jiratest.Options{})
	compared := 0
	for name, params := range srv.EndpointParams() {
		method, path, _ := strings.Cut(name, " ")
		operation, _ := at(platform.root, "paths", path, strings.ToLower(method)).(object)
		if operation == nil || strings.HasSuffix(path, "/search") && method == http.MethodPost {
			continue
		}
		want := []string{}
		list, _ := operation["parameters"].([]any)
		for _, p := range list {
			if at(p, "in") == "query" {
				want = append(want, at(p, "name").(string))
			}
		}
		compared++
		require.ElementsMatch(t, want, params, name)
	}
	require.Greater(t, compared, 30)
}

// TestSchemaCheckFindsFaults makes sure that the validation can fail.
func TestSchemaCheckFindsFaults(t *testing.T) {
	platform := openDocument(t, platformDocument)
	faults := platform.check(t, "get", "/rest/api/3/issue/{issueIdOrKey}", []byte(`{"id":7,"colour":"red"}`))
	require.Len(t, faults, 2, "%q", faults)
}

// document is an OpenAPI document turned into JSON Schema.
type document struct {
	compiler *jsonschema.Compiler
	root     object
}

// openDocument reads a document; the test is skipped where it is absent.
func openDocument(t *testing.T, path string) *document {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(path))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("%s is not here; answers are not validated", path)
	}
	require.NoError(t, err)
	root, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	require.NoError(t, err)
	convert(root)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("openapi.json", root))
	return &document{compiler, root.(object)}
}

// convert turns what OpenAPI 3.0 adds to JSON Schema into JSON Schema:
// nullable becomes a type, and examples go, which may look like schemas.
func convert(v any) {
	switch v := v.(type) {
	case object:
		if v["nullable"] == true {
			if typ, isText := v["type"].(string); isText {
				v["type"] = []any{typ, "null"}
			}
		}
		for name, member := range v {
			if name == "example" || name == "examples" || name == "x-atlassian-connect-scope" {
				delete(v, name)
				continue
			}
			convert(member)
		}
	case []any:
		for _, member := range v {
			convert(member)
		}
	}
}

// check returns how an answer differs from the schema of its operation.
func (d *document) check(t *testing.T, method, path string, body []byte) []string {
	t.Helper()
	return d.validate(t, "openapi.json#/paths/"+strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(path)+
		"/"+method+"/responses/200/content/application~1json/schema", body)
}

func (d *document) validate(t *testing.T, pointer string, body []byte) []string {
	t.Helper()
	schema, err := d.compiler.Compile(pointer)
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(body)))
	require.NoError(t, err)
	var invalid *jsonschema.ValidationError
	if !errors.As(schema.Validate(value), &invalid) {
		return nil
	}
	return slices.DeleteFunc(leaves(invalid), func(s string) bool {
		return slices.ContainsFunc(waived, func(w waiver) bool { return w.place.MatchString(s) })
	})
}

// leaves flattens a validation error to "place: what is wrong".
func leaves(e *jsonschema.ValidationError) []string {
	if len(e.Causes) == 0 {
		message, _ := json.Marshal(e.ErrorKind)
		text := strings.Join(e.ErrorKind.KeywordPath(), "/") + " " + string(message)
		return []string{"/" + strings.Join(e.InstanceLocation, "/") + ": " + strings.Replace(text, "additionalProperties", "additional", 1)}
	}
	var out []string
	for _, cause := range e.Causes {
		out = append(out, leaves(cause)...)
	}
	return out
}

func sortStrings(s []string) { slices.Sort(s) }
