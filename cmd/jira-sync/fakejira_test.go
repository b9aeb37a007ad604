package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/jirasync/jirasync/jira/jiratest"
)

// fakeJira is the script command fakejira, a simulated Jira with the projects
// SUPPORT and OPS:
//
//	fakejira start [N]        starts it with N realistic issues in SUPPORT, over many months,
//	                          and sets the environment to it; start plain N: small
//	                          issues, a day old
//	fakejira create KEY...    new issues in these projects
//	fakejira edit KEY TEXT    changes the summary; also attach, delete and archive KEY
//	fakejira resolve OPEN     ends an issue that is open
//	fakejira field ID TYPE NAME
//	fakejira organization NAME; also dissolve N removes the N oldest
//	fakejira fail MATCH N     lets the next N requests to an endpoint fail
//	fakejira expire           ends the token of the first account; expire sla, of the second
//	fakejira problems         fails if a caller did what Jira would refuse
func fakeJira(ts *testscript.TestScript, _ bool, args []string) {
	if args[0] == "start" {
		startJira(ts, args[1:])
		return
	}
	site, ok := ts.Value(siteKey{}).(*siteHolder)
	if !ok || site.Server == nil {
		ts.Fatalf("fakejira start comes first")
	}
	issue := func() *jiratest.Issue {
		i := site.Issue(args[1])
		if i == nil {
			ts.Fatalf("no issue %s", args[1])
		}
		return i
	}
	switch args[0] {
	case "create":
		for _, project := range args[1:] {
			site.Create(project, jiratest.Fields{"summary": "made later"})
		}
	case "edit":
		issue().Edit(jiratest.Fields{"summary": args[2]})
	case "attach":
		issue().Attach("notes.txt", "text/plain", []byte(args[2]))
	case "delete":
		issue().Delete()
	case "resolve":
		for _, i := range site.Issues() { // the first one that is open
			if i.Resolve(); !i.Deleted() {
				break
			}
		}
	case "archive":
		issue().Archive()
	case "field":
		site.AddField(jiratest.Field{ID: args[1], Type: args[2], Name: strings.Join(args[3:], " ")})
	case "organization":
		site.organizations = append(site.organizations, site.AddOrganization(args[1]))
	case "dissolve":
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		for _, o := range site.organizations[:n] {
			o.Delete()
		}
		site.organizations = site.organizations[n:]
	case "fail":
		n, err := strconv.Atoi(args[2])
		ts.Check(err)
		site.Fail(jiratest.Fault{Match: args[1], Times: n, Status: 403})
	case "expire":
		account := site.Main
		if len(args) > 1 {
			account = site.Agent
		}
		site.ExpireToken(account)
	case "problems":
		if p := site.Problems(); len(p) > 0 {
			ts.Fatalf("the simulated Jira would refuse: %s", strings.Join(p, "; "))
		}
	default:
		ts.Fatalf("fakejira: no such verb %q", args[0])
	}
}

// siteHolder is the simulated Jira of a script, once it is started.
type siteHolder struct {
	*jiratest.Server
	organizations []jiratest.Organization
}

type siteKey struct{}

func startJira(ts *testscript.TestScript, args []string) {
	site := jiratest.NewServerWith(jiratest.Options{Seed: 1})
	ts.Defer(site.Close)
	ts.Value(siteKey{}).(*siteHolder).Server = site
	site.AddProject("SUPPORT", "Customer support")
	site.AddProject("OPS", "Operations")
	if len(args) > 0 {
		n, err := strconv.Atoi(args[len(args)-1])
		ts.Check(err)
		if args[0] == "plain" {
			yesterday := time.Now().Add(-24 * time.Hour)
			for range n {
				site.Create("SUPPORT", jiratest.Fields{"summary": "small", "created": yesterday, "updated": yesterday})
			}
		} else {
			site.Fill("SUPPORT", n, 1)
		}
	}
	for name, value := range map[string]string{
		"JIRA_DOMAIN": "acme.atlassian.net", "JIRA_BASE_URL": site.URL, "JIRA_API_BASE_URL": site.APIURL, "JIRA_CLOUD_ID": site.CloudID,
		"JIRA_EMAIL": site.Main.Email, "JIRA_API_TOKEN": site.Main.Token,
		"JIRA_SLA_EMAIL": site.Agent.Email, "JIRA_SLA_API_TOKEN": site.Agent.Token,
		"JIRA_MEDIA_HOSTS": strings.TrimPrefix(site.MediaURL, "http://"),
		"JIRA_DATA_DIR":    ts.MkAbs("data"), "JIRA_PARQUET_DIR": ts.MkAbs("parquet"),
	} {
		ts.Setenv(name, value)
	}
}
