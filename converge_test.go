package jirasync_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/internal/rawjson"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/jirasync/jirasync/sla"
	"github.com/jirasync/jirasync/transform"
)

// convergeSeed chooses the history.
var convergeSeed uint64 = 11

// Gate G6, scaled down: random changes, their deliveries repeated, exchanged
// and twenty at a time. When all is worked off, every row of every table is
// what Jira says, and no issue is there twice.
func TestConverges(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	site.AddProject("OPS", "Operations")
	r := serve(t, config(site))
	site.SetWebhook(jiratest.Webhook{URL: r.url + "/webhooks/jira", Secret: secret, Parallel: 20})
	site.SetDeliveryFaults(jiratest.DeliveryFaults{Seed: 11, Duplicate: 0.3, Reorder: 0.5})
	random := rand.New(rand.NewPCG(convergeSeed, 11))
	for n := range 40 {
		for range 1 + random.IntN(12) {
			change(site, random, n)
		}
		r.flush(site)
	}
	r.idle()

	r.equalsSite(site)
	require.NotEmpty(t, r.allRows("issuelinks"))
	require.NotEmpty(t, r.allRows("comments"))
	require.Empty(t, site.Problems())
}

// Gate G6 with all writers at once: a server that loses a third of its
// deliveries, and beside it a second Syncer on the same files that backfills,
// catches up and checks all the time. What the webhooks lost, the others find.
func TestConvergesBesideOtherWriters(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	site.AddProject("OPS", "Operations")
	r := serve(t, config(site))
	site.SetWebhook(jiratest.Webhook{URL: r.url + "/webhooks/jira", Secret: secret, Parallel: 8})
	site.SetDeliveryFaults(jiratest.DeliveryFaults{Seed: 12, Duplicate: 0.3, Reorder: 0.5})
	other := library(t, r.cfg)
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	all := fixing(now)
	all.Force = true
	for _, work := range []func() error{
		func() error { _, err := other.Backfill(ctx, jirasync.BackfillOptions{Refetch: true}); return err },
		func() error { _, err := other.CatchUp(ctx); return err },
		func() error { _, err := other.Check(ctx, all); return err },
		func() error { _, err := other.PollSLA(ctx, jirasync.SLAOptions{}); return err },
	} {
		writers.Go(func() { // ends with ctx
			for ctx.Err() == nil {
				if err := work(); err != nil && ctx.Err() == nil && !errors.Is(err, jirasync.ErrDiffers) {
					t.Errorf("beside the server: %v\n%s", err, other.failures())
				}
			}
		})
	}
	random := rand.New(rand.NewPCG(convergeSeed, 12))
	for n := range 30 {
		for range 1 + random.IntN(8) {
			change(site, random, n)
		}
		lost := func(string, string) bool { return random.IntN(3) == 0 }
		site.DropQueued(lost)
		r.flush(site)
	}
	r.idle()
	stop()
	writers.Wait()
	_, err := r.CatchUp(t.Context())
	require.NoError(t, err)
	report, err := r.Check(t.Context(), all)
	require.NoError(t, err)
	t.Logf("the last check mended %d and deleted %d", len(report.Mended), len(report.Deleted))
	r.equalsSite(site)
	require.Empty(t, site.Problems())
}

// equalsSite compares every row of every table with what Jira says.
func (r *rig) equalsSite(site *jiratest.Server) {
	t := r.t
	t.Helper()
	// Each account renders times in its own zone; only the agent sees SLA values.
	main, agent := clientOf(t, site, site.Main), clientOf(t, site, site.Agent)
	slaFields := transform.DefaultFields().IDs(transform.KindSLA)
	want, got := map[string][]string{}, map[string][]string{}
	var ids []string
	for _, issue := range site.Issues() {
		ids = append(ids, issue.ID())
	}
	answers := map[string]json.RawMessage{}
	for v := range agent.FieldValuesOf(t.Context(), ids, slaFields) {
		require.NoError(t, v.Err)
		answers[v.Asked] = v.JSON
	}
	for fetched := range main.Issues(t.Context(), ids, jira.IssuesOptions{}) {
		require.NoError(t, fetched.Err)
		whole, err := sla.Overlay(fetched.Issue.JSON, slaFields, answers[fetched.Asked])
		require.NoError(t, err)
		record, err := rawjson.Parse(whole)
		require.NoError(t, err)
		record.Set("_remote_links", fetched.Issue.RemoteLinks)
		rows, err := transform.Rows(record.Bytes(), transform.Options{SiteURL: site.URL})
		require.NoError(t, err)
		for _, c := range rows.Contents {
			for _, values := range c.Rows {
				named := row{}
				for i, column := range c.Table.Columns {
					named[column.Name] = values[i]
				}
				if !ticks(named) {
					want[c.Table.Name] = append(want[c.Table.Name], text(named))
				}
			}
		}
	}
	for _, table := range transform.Schema(transform.Options{}) {
		for _, row := range r.allRows(table.Name) {
			if !ticks(row) {
				got[table.Name] = append(got[table.Name], text(row))
			}
		}
		slices.Sort(want[table.Name])
		slices.Sort(got[table.Name])
		if diff := cmp.Diff(want[table.Name], got[table.Name]); diff != "" {
			t.Errorf("%s mismatch (-Jira +Parquet):\n%s", table.Name, diff)
		}
	}
}

func clientOf(t *testing.T, site *jiratest.Server, a jiratest.Account) *jira.Client {
	t.Helper()
	client, err := jira.New(jira.Config{BaseURL: site.URL, Email: a.Email, Token: jira.NewSecret(a.Token), RateLimit: -1})
	require.NoError(t, err)
	return client
}

// ticks reports whether the row holds a clock that goes on by itself: the value
// of an SLA field as Jira sent it.
func ticks(r row) bool {
	return slices.Contains(transform.DefaultFields().IDs(transform.KindSLA), r["field_id"].Text())
}

// text is a row without what speaks of our own files and clock.
func text(r row) string {
	var cells []string
	for name, value := range r {
		if name != "local_path" && name != "hierarchical_path" && name != "_synced_at" && name != "sla_observed_at" && !strings.HasSuffix(name, "_elapsed_millis") {
			cells = append(cells, name+"="+value.String())
		}
	}
	slices.Sort(cells)
	return strings.Join(cells, " ")
}

// change makes one random change.
func change(site *jiratest.Server, random *rand.Rand, n int) {
	issues := site.Issues()
	if len(issues) < 4 {
		site.Create("SUP", jiratest.Fields{"summary": fmt.Sprintf("issue %d", n)})
		return
	}
	issue, other := issues[random.IntN(len(issues))], issues[random.IntN(len(issues))]
	switch dice := random.IntN(100); {
	case dice < 20:
		site.Create("SUP", jiratest.Fields{"summary": fmt.Sprintf("issue %d", n)})
	case dice < 45:
		issue.Edit(jiratest.Fields{"summary": fmt.Sprintf("edit %d", random.IntN(1000))})
	case dice < 65:
		issue.Comment(fmt.Sprintf("comment %d", random.IntN(1000)))
	case dice < 75:
		issue.Transition([]string{"Open", "Resolved"}[random.IntN(2)])
	case dice < 85 && issue.ID() != other.ID():
		issue.Link(other, "Relates")
	case dice < 90:
		issue.Move(map[bool]string{true: "OPS", false: "SUP"}[strings.HasPrefix(issue.Key(), "SUP-")])
	case dice < 95:
		issue.Attach("f.txt", "text/plain", []byte("content"))
	default:
		issue.Delete()
	}
}
