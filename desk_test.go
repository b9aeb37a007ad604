package jirasync_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
)

var deskSize = flag.Int("tickets", 150, "open tickets in TestDeskHour; the gate asks for 1,350")

// An hour at a support desk: clocks run, webhooks are lost, tickets are
// resolved and reopened, a storm of events comes beside each poll, and the
// second account's token expires half-way. In the end every SLA column is what
// Jira says at that instant.
func TestDeskHour(t *testing.T) {
	t.Parallel()
	size := sizeOf(*deskSize, 60)
	c := &clock{now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)} // a Friday
	site := jiratest.NewServerWith(jiratest.Options{Now: c.Now})
	t.Cleanup(site.Close)
	site.AddProject("SUP", "Support")
	site.AddStatus("Waiting for customer", "indeterminate")
	hours := &jiratest.Calendar{From: 8 * time.Hour, To: 18 * time.Hour}
	site.SetPolicy("customfield_10161", jiratest.Policy{Goal: 8 * time.Hour, Calendar: hours, PausedIn: []string{"Waiting for customer"}})
	site.SetPolicy("customfield_10328", jiratest.Policy{Goal: 30 * time.Minute, Calendar: hours})
	for n := range size {
		site.Create("SUP", jiratest.Fields{"summary": fmt.Sprint(n)})
		c.pass(time.Second)
	}
	r := serve(t, config(site))
	_, err := r.Backfill(t.Context(), jirasync.BackfillOptions{})
	require.NoError(t, err)
	c.pass(time.Minute)
	quiet, err := r.PollSLA(t.Context(), jirasync.SLAOptions{})
	require.NoError(t, err)
	t.Logf("a quiet pass: %d issues, %d requests, %.2f s", quiet.Issues, quiet.Requests, quiet.Seconds)
	// The login, the fields, the pages of open issues, and the batches.
	batches := int64(size+99) / 100
	require.LessOrEqual(t, quiet.Requests, batches+3)
	site.SetWebhook(jiratest.Webhook{URL: r.url + "/webhooks/jira", Secret: secret, Parallel: 8})
	site.SetDeliveryFaults(jiratest.DeliveryFaults{Seed: 5, Duplicate: 0.2, Reorder: 0.3})
	random := rand.New(rand.NewPCG(5, 5))
	healed := 0
	for quarter := range 4 {
		for range 15 {
			c.pass(time.Minute)
			work(site, random)
		}
		site.DropQueued(func(string, string) bool { return random.IntN(2) == 0 })
		if quarter == 2 {
			site.ExpireToken(site.Agent)
		}
		var storm sync.WaitGroup
		storm.Go(func() { r.flush(site) }) // beside the poll; waited for below
		site.ResetLog()
		result, err := r.PollSLA(t.Context(), jirasync.SLAOptions{})
		storm.Wait()
		r.idle()
		if quarter >= 2 {
			require.ErrorContains(t, err, "JIRA_SLA_API_TOKEN", "its failure is said")
			continue
		}
		require.NoError(t, err)
		healed += result.Healed
		t.Logf("pass %d: %d issues, %d updated, %d healed, %d read whole, %d requests, %.2f s", quarter+1,
			result.Issues, result.Updated, result.Healed, result.Refetched, result.Requests, result.Seconds)
	}
	require.Positive(t, healed)
	r.stop()

	site.Agent = site.RenewToken(site.Agent)
	cfg := r.cfg
	cfg.SLAAPIToken = jira.NewSecret(site.Agent.Token)
	r = library(t, cfg)
	site.ResetLog()
	result, err := r.PollSLA(t.Context(), jirasync.SLAOptions{})
	require.NoError(t, err)
	t.Logf("the last pass: %d issues, %d healed, %d requests, %.2f s; the reference took 31 minutes for 1,350 tickets",
		result.Issues, result.Healed, result.Requests, result.Seconds)
	r.slaEqualsSite(site)
	// A comment on a resolved issue whose event was lost is no pass's to find.
	_, err = r.CatchUp(t.Context())
	require.NoError(t, err)
	r.equalsSite(site)
	require.Empty(t, site.Problems())
}

// work is a minute at the desk.
func work(site *jiratest.Server, random *rand.Rand) {
	issues := site.Issues()
	for range 1 + len(issues)/100 {
		issue := issues[random.IntN(len(issues))]
		switch random.IntN(6) {
		case 0:
			issue.Resolve()
		case 1:
			issue.Reopen()
		case 2:
			issue.Transition("Waiting for customer")
		case 3:
			issue.Comment("a word")
		case 4:
			site.Create("SUP", jiratest.Fields{"summary": "new"})
		}
	}
}

// slaEqualsSite compares the SLA columns and cycles with what the agent sees
// at this instant, which the site's clock holds still.
func (r *rig) slaEqualsSite(site *jiratest.Server) {
	r.t.Helper()
	want := library(r.t, jirasync.Config{
		BaseURL: site.URL, Email: site.Agent.Email, APIToken: jira.NewSecret(site.Agent.Token), RateLimit: -1,
	})
	_, err := want.Backfill(r.t.Context(), jirasync.BackfillOptions{RemoteLinks: jirasync.RemoteLinksNever})
	require.NoError(r.t, err)
	for _, table := range []string{"issues", "sla_cycles"} {
		if diff := cmp.Diff(want.slaCells(table), r.slaCells(table)); diff != "" {
			r.t.Errorf("%s mismatch (-Jira +Parquet):\n%s", table, diff)
		}
	}
	require.NotEmpty(r.t, r.slaCells("sla_cycles"))
}

// slaCells returns what a table shows of clocks, by issue.
func (r *rig) slaCells(table string) map[string][]string {
	found := map[string][]string{}
	for _, row := range r.allRows(table) {
		var cells []string
		for name, value := range row {
			if table == "sla_cycles" && name != "observed_at" || strings.HasPrefix(name, "first_response_") || strings.HasPrefix(name, "time_to_resolution_") {
				cells = append(cells, name+"="+value.String())
			}
		}
		key := row["issue_key"].Text()
		found[key] = append(found[key], strings.Join(sorted(cells), " "))
	}
	return found
}

func sorted(s []string) []string { slices.Sort(s); return s }
