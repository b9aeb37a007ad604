package jirasync_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

const organizationsEndpoint = "GET /rest/servicedeskapi/organization"

// metadataSite is a site with n organizations, all read by a first refresh.
func metadataSite(t *testing.T, n int) (*jiratest.Server, []jiratest.Organization, *rig) {
	t.Helper()
	site := newSite(t)
	var all []jiratest.Organization
	for i := range n {
		all = append(all, site.AddOrganization(fmt.Sprintf("Organization %03d", i)))
	}
	r := library(t, config(site))
	result, err := r.RefreshMetadata(t.Context(), jirasync.MetadataOptions{})
	require.NoError(t, err)
	require.Equal(t, n, result.Organizations.Added)
	require.Len(t, r.siteRows("organizations"), n)
	return site, all, r
}

// siteRows reads a published site table, by id.
func (r *rig) siteRows(table string) map[string]row {
	r.t.Helper()
	dir, err := partition.Open(r.cfg.DistDir)
	require.NoError(r.t, err)
	defer dir.Close()
	rows := map[string]row{}
	for _, t := range transform.SiteTables(transform.Options{}) {
		if t.Name != table {
			continue
		}
		read, err := dir.Read(t, partition.Whole)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		require.NoError(r.t, err)
		for _, values := range read {
			named := row{}
			for i, c := range t.Columns {
				named[c.Name] = values[i]
			}
			rows[values[0].Text()] = named
		}
	}
	return rows
}

func (r *rig) refresh(opts jirasync.MetadataOptions) (jirasync.MetadataResult, error) {
	r.t.Helper()
	return r.RefreshMetadata(r.t.Context(), opts)
}

func TestRefreshMetadata(t *testing.T) {
	t.Parallel()
	site, all, r := metadataSite(t, 120)
	fields := r.siteRows("fields")
	require.Equal(t, `["severity"]`, fields["customfield_10004"]["issue_columns"].Text())
	require.Equal(t, "Summary", fields["summary"]["name"].Text())
	require.False(t, r.LastMetadata().Ailing())

	before := r.parquetFiles()
	site.ResetLog()
	result, err := r.refresh(jirasync.MetadataOptions{})
	require.NoError(t, err)
	require.Equal(t, jirasync.MetadataUnchanged, result.Fields.State)
	require.Equal(t, jirasync.MetadataUnchanged, result.Organizations.State)
	require.Equal(t, before, r.parquetFiles(), "what is unchanged is not written")
	require.Equal(t, int64(6), result.Requests, "two logins, the fields, three pages")

	// A rename shows in the table alone: issues keep the name that they came with.
	all[0].Rename("Renamed")
	all[1].Delete()
	site.AddOrganization("New")
	site.AddField(jiratest.Field{ID: "customfield_12345", Type: "text", Name: "New field"})
	result, err = r.refresh(jirasync.MetadataOptions{})
	require.NoError(t, err)
	require.Equal(t, 1, result.Fields.Added)
	organizations := result.Organizations
	require.Equal(t, []int{1, 1, 120}, []int{organizations.Added, organizations.Changed, organizations.Rows})
	require.Equal(t, jirasync.Found{Count: 1, Keys: []string{all[1].ID()}}, organizations.Removed, "lesson 138: what left is named")
	rows := r.siteRows("organizations")
	require.Equal(t, "Renamed", rows[all[0].ID()]["name"].Text())
	require.NotContains(t, rows, all[1].ID())
	require.NotEqual(t, rows[all[0].ID()]["_synced_at"], rows[all[2].ID()]["_synced_at"])
	require.Equal(t, "New field", r.siteRows("fields")["customfield_12345"]["name"].Text())
}

// Lessons 133, 134 and 140: a list that breaks off is none, wherever it does; what
// is there stays, and the other table goes on. Answers that are tried again before
// they are an error have their cases in package jira.
func TestLesson133PartialEnumerationWritesNothing(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]jiratest.Fault{
		"second page":        {Status: http.StatusBadRequest, Skip: 1},
		"last page":          {Status: http.StatusForbidden, Skip: 2},
		"no access any more": {Status: http.StatusForbidden},
		"empty page":         {Status: http.StatusOK, Skip: 1, Body: `{"isLastPage":false,"values":[]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site, all, r := metadataSite(t, 120)
			before := r.parquetFiles()
			organization := "organizations/data.parquet"
			all[3].Rename("Renamed")
			site.AddField(jiratest.Field{ID: "customfield_12345", Type: "text", Name: "New field"})
			fault.Match = organizationsEndpoint
			site.Fail(fault)
			result, err := r.refresh(jirasync.MetadataOptions{Force: true})
			require.Error(t, err, "lesson 142: force does not help against an outage")
			require.Equal(t, jirasync.MetadataFailed, result.Organizations.State)
			require.Equal(t, jirasync.MetadataUpdated, result.Fields.State)
			for path, sum := range r.parquetFiles() {
				require.Equal(t, strings.HasSuffix(path, organization), before[path] == sum, path)
			}
			require.True(t, r.LastMetadata().Ailing())
			require.Contains(t, r.LastMetadata().Error, "organizations: ")
			site.ClearFaults()
			_, err = r.refresh(jirasync.MetadataOptions{})
			require.NoError(t, err)
			require.Equal(t, "Renamed", r.siteRows("organizations")[all[3].ID()]["name"].Text())
			require.False(t, r.LastMetadata().Ailing())
		})
	}
}

// An organization that a page hid because another was removed meanwhile is
// found by the second look.
func TestOrganizationHiddenByRemovalStays(t *testing.T) {
	t.Parallel()
	site, all, r := metadataSite(t, 120)
	site.Fail(jiratest.Fault{Match: organizationsEndpoint, Skip: 1, Do: all[0].Delete})
	result, err := r.refresh(jirasync.MetadataOptions{})
	require.NoError(t, err)
	require.Zero(t, result.Organizations.Removed.Count, "one pass saw all[0], the other the one that it hid")
	result, err = r.refresh(jirasync.MetadataOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{all[0].ID()}, result.Organizations.Removed.Keys)
}

// Lesson 137: additions do not make up for what vanished.
func TestLesson137GuardCountsWhatLeft(t *testing.T) {
	t.Parallel()
	site, all, r := metadataSite(t, 9)
	for _, o := range all[:4] {
		o.Delete()
	}
	_, err := r.refresh(jirasync.MetadataOptions{})
	require.NoError(t, err, "less than half")
	before := r.parquetFiles()
	for _, o := range all[4:7] {
		o.Delete()
		site.AddOrganization("instead")
	}
	for _, opts := range []jirasync.MetadataOptions{{}, {DryRun: true}} {
		result, err := r.refresh(opts)
		require.ErrorIs(t, err, jirasync.ErrMetadataBrake)
		require.ErrorContains(t, err, "3 of 5")
		require.Equal(t, 3, result.Organizations.Removed.Count)
		require.Equal(t, before, r.parquetFiles())
	}
	result, err := r.refresh(jirasync.MetadataOptions{Force: true})
	require.NoError(t, err)
	require.Equal(t, 3, result.Organizations.Removed.Count)
	require.Len(t, r.siteRows("organizations"), 5)
}

// Lesson 139: a table that cannot be read is not empty. It is looked at before
// anything is asked, and force does not help: the operator moves it away.
func TestLesson139UnreadableTableIsNotEmpty(t *testing.T) {
	t.Parallel()
	site, all, r := metadataSite(t, 3)
	all[0].Rename("Renamed")
	path := filepath.Join(r.cfg.ParquetDir, "organizations", "data.parquet")
	require.NoError(t, os.WriteFile(path, []byte("PAR1 and no more"), 0o600))
	before := r.parquetFiles()
	site.ResetLog()
	for _, force := range []bool{false, true} {
		result, err := r.refresh(jirasync.MetadataOptions{Force: force})
		require.ErrorIs(t, err, partition.ErrCorrupt)
		var fault *partition.Error
		require.ErrorAs(t, err, &fault)
		require.Contains(t, fault.Hint, "move the file away")
		require.Equal(t, jirasync.MetadataFailed, result.Organizations.State)
	}
	require.Zero(t, site.Requests()[organizationsEndpoint])
	require.Equal(t, before, r.parquetFiles())
	require.Len(t, r.siteRows("organizations"), 3, "what was published stays")
	require.NoError(t, os.Remove(path))
	_, err := r.refresh(jirasync.MetadataOptions{})
	require.NoError(t, err)
	require.Equal(t, "Renamed", r.siteRows("organizations")[all[0].ID()]["name"].Text())
}

// Lessons 141 and 143: nothing over something is refused; nothing over nothing is
// a site without organizations. Forced, the table keeps its columns, and is
// filled again without anybody's word.
func TestLesson141EmptyEnumeration(t *testing.T) {
	t.Parallel()
	site, all, r := metadataSite(t, 0)
	require.NotNil(t, r.siteRows("organizations"), "the table is there, without rows")
	all = append(all, site.AddOrganization("the only one"))
	_, err := r.refresh(jirasync.MetadataOptions{})
	require.NoError(t, err)
	all[0].Delete()
	_, err = r.refresh(jirasync.MetadataOptions{})
	require.ErrorIs(t, err, jirasync.ErrMetadataBrake)
	require.Len(t, r.siteRows("organizations"), 1)
	_, err = r.refresh(jirasync.MetadataOptions{Force: true})
	require.NoError(t, err)
	require.Empty(t, r.siteRows("organizations"))
	require.NotNil(t, r.siteRows("organizations"))
	_, err = r.refresh(jirasync.MetadataOptions{})
	require.NoError(t, err)
	site.AddOrganization("again")
	_, err = r.refresh(jirasync.MetadataOptions{})
	require.NoError(t, err)
	require.Len(t, r.siteRows("organizations"), 1)
}

// Lesson 144: a dry run, forced or not, leaves no trace.
func TestLesson144DryRunWritesNothing(t *testing.T) {
	t.Parallel()
	site, all, r := metadataSite(t, 3)
	all[0].Delete()
	all[1].Delete()
	site.AddOrganization("new")
	before, last := r.parquetFiles(), r.LastMetadata()
	result, err := r.refresh(jirasync.MetadataOptions{DryRun: true, Force: true})
	require.NoError(t, err)
	require.Equal(t, jirasync.MetadataUpdated, result.Organizations.State)
	require.Equal(t, []int{1, 2, 2}, []int{result.Organizations.Added, result.Organizations.Removed.Count, result.Organizations.Rows})
	require.True(t, result.DryRun)
	require.Equal(t, before, r.parquetFiles())
	require.Equal(t, last, r.LastMetadata())
	require.Len(t, r.siteRows("organizations"), 3)
}

// Lesson 149: a scoped token works at the gateway only.
func TestLesson149ScopedTokenReadsThroughTheGateway(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	site.AddOrganization("one")
	agent := site.AddAccount("scoped@example.org", jiratest.AccountOptions{Agent: true, Scoped: true})
	cfg := config(site)
	cfg.SLAEmail, cfg.SLAAPIToken = agent.Email, jira.NewSecret(agent.Token)
	r := library(t, cfg)
	_, err := r.refresh(jirasync.MetadataOptions{})
	require.NoError(t, err)
	require.Len(t, r.siteRows("organizations"), 1)
}

// The login is checked first: Jira answers an account that it takes for
// anonymous as if there were less. The tables fail apart.
func TestMetadataChecksTheLoginFirst(t *testing.T) {
	t.Parallel()
	site, _, r := metadataSite(t, 3)
	site.ExpireToken(site.Agent)
	site.AddField(jiratest.Field{ID: "customfield_12345", Type: "text", Name: "New field"})
	site.ResetLog()
	result, err := r.refresh(jirasync.MetadataOptions{Force: true})
	require.ErrorContains(t, err, "organizations: JIRA_SLA_API_TOKEN")
	require.Equal(t, jirasync.MetadataUpdated, result.Fields.State)
	require.Zero(t, site.Requests()[organizationsEndpoint])
	site.ExpireToken(site.Main)
	r = library(t, r.cfg) // which has not been told yet
	_, err = r.refresh(jirasync.MetadataOptions{Force: true})
	require.ErrorContains(t, err, "fields: JIRA_API_TOKEN")
	require.NotEmpty(t, r.siteRows("fields"))
	require.Len(t, r.siteRows("organizations"), 3)

	cfg := r.cfg
	cfg.APIToken = jira.Secret{}
	_, err = library(t, cfg).refresh(jirasync.MetadataOptions{})
	require.ErrorIs(t, err, jirasync.ErrNoCredentials)
}

// Lesson 151: a site without a service desk is skipped, which is said once. If
// it had one yesterday, something is amiss.
func TestLesson151NoServiceDeskIsACleanSkip(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	undo := site.Fail(jiratest.Fault{Match: organizationsEndpoint, Status: http.StatusNotFound, Times: -1})
	r := library(t, config(site))
	for range 2 {
		result, err := r.refresh(jirasync.MetadataOptions{})
		require.NoError(t, err)
		require.Equal(t, jirasync.MetadataSkipped, result.Organizations.State)
		require.NotEmpty(t, result.Organizations.Reason)
	}
	require.Nil(t, r.siteRows("organizations"))
	require.Equal(t, 1, strings.Count(r.log.String(), "no service desk: there"))
	undo()
	site.AddOrganization("one")
	_, err := r.refresh(jirasync.MetadataOptions{})
	require.NoError(t, err)
	site.Fail(jiratest.Fault{Match: organizationsEndpoint, Status: http.StatusNotFound, Times: -1})
	_, err = r.refresh(jirasync.MetadataOptions{})
	require.ErrorIs(t, err, jira.ErrNoServiceDesk)
	require.Len(t, r.siteRows("organizations"), 1)
}

// The reference has no such tables.
func TestMetadataOfReferenceSchema(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	cfg := config(site)
	cfg.ReferenceOnly = true
	r := library(t, cfg)
	result, err := r.refresh(jirasync.MetadataOptions{})
	require.NoError(t, err)
	require.Equal(t, jirasync.MetadataSkipped, result.Fields.State)
	require.Empty(t, r.parquetFiles())
	require.Empty(t, site.Requests())
}

// Lessons 145 and 158: serve refreshes by itself, publishes at once, and says
// by the same result as the command that it failed.
func TestLesson158ServeRefreshesMetadata(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	organization := site.AddOrganization("before")
	cfg := config(site)
	cfg.MetadataEvery = 50 * time.Millisecond
	r := serve(t, cfg)
	r.eventually(func() bool { return len(r.siteRows("organizations")) == 1 }, "nothing is refreshed")
	organization.Rename("after")
	r.eventually(func() bool { return r.siteRows("organizations")[organization.ID()]["name"].Text() == "after" }, "a rename is not seen")
	require.False(t, r.Status().Metadata.Succeeded.IsZero())
	organization.Delete()
	r.eventually(func() bool { return r.Status().Metadata.Ailing() }, "a refusal is not shown")
	require.Contains(t, r.Status().Metadata.Error, jirasync.ErrMetadataBrake.Error())
	r.eventually(func() bool {
		return slices.ContainsFunc(r.failures(), func(line string) bool { return strings.Contains(line, "metadata could not be refreshed") })
	}, "nobody is warned")
	page := r.adminPage("/metrics")
	require.Contains(t, page, "\njirasync_metadata_failure_time_seconds 1")
	require.Contains(t, page, "\njirasync_metadata_success_time_seconds 1")
	var status struct{ Metadata jirasync.LastRun }
	require.NoError(t, json.Unmarshal([]byte(r.adminPage("/status")), &status))
	require.True(t, status.Metadata.Ailing())
}

func (r *rig) adminPage(path string) string {
	r.t.Helper()
	page := httptest.NewRecorder()
	r.AdminHandler().ServeHTTP(page, httptest.NewRequest("GET", path, nil))
	require.Equal(r.t, http.StatusOK, page.Code)
	return page.Body.String()
}

// Lesson 129: an issue keeps the names that its organizations had when it was
// read; their ids, which are in issue_fields, find those of today.
func TestLesson129NamesDriftIdsStay(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	alpha, beta := site.AddOrganization("Alpha"), site.AddOrganization("Beta")
	site.Create("SUP", jiratest.Fields{"summary": "s", "customfield_10002": []jiratest.Organization{alpha, beta}})
	r := library(t, config(site))
	_, err := r.Backfill(t.Context(), jirasync.BackfillOptions{})
	require.NoError(t, err)
	alpha.Rename("Alpha Ltd")
	_, err = r.refresh(jirasync.MetadataOptions{})
	require.NoError(t, err)
	require.Equal(t, `["Alpha","Beta"]`, r.rows("issues", "SUP-1")[0]["organizations"].Text())
	var names []string
	for _, field := range r.rows("issue_fields", "SUP-1") {
		if r.siteRows("fields")[field["field_id"].Text()]["custom_type"].Text() != "com.atlassian.servicedesk:sd-customer-organizations" {
			continue
		}
		var list []struct{ ID string }
		require.NoError(t, json.Unmarshal([]byte(field["value_json"].Text()), &list))
		for _, o := range list {
			names = append(names, r.siteRows("organizations")[o.ID]["name"].Text())
		}
	}
	require.Equal(t, []string{"Alpha Ltd", "Beta"}, names)
}
