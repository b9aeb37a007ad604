package jirasync_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/jirasync/jirasync/transform"
)

// Metrics in OLD_SLA_FORMAT, whose cycles have durations and no times of the
// day, by each way on which clocks come in: the six columns of the reference,
// at their places, and the cycles, as they lie on disk.
func TestOldSLAFormat(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(t *testing.T, r *rig, site *jiratest.Server){
		"backfill": func(t *testing.T, r *rig, _ *jiratest.Server) {
			_, err := r.Backfill(t.Context(), jirasync.BackfillOptions{})
			require.NoError(t, err)
		},
		"webhook": func(t *testing.T, r *rig, site *jiratest.Server) {
			site.SetWebhook(jiratest.Webhook{URL: r.url + "/webhooks/jira", Secret: secret})
			site.Issue("SUP-1").Edit(jiratest.Fields{"summary": "edited"})
			r.flush(site)
			r.idle()
		},
		"poll": func(t *testing.T, r *rig, site *jiratest.Server) {
			site.Issue("SUP-1").SetSLA(resolutionField, nil)
			_, err := r.Backfill(t.Context(), jirasync.BackfillOptions{})
			require.NoError(t, err)
			require.True(t, r.rows("issues", "SUP-1")[0]["time_to_resolution_breached"].IsNull())
			setOldClocks(site.Issue("SUP-1"))
			result, err := r.PollSLA(t.Context(), jirasync.SLAOptions{})
			require.NoError(t, err)
			require.Equal(t, 1, result.Updated)
			require.Zero(t, result.Refetched, "only the clocks are read")
		},
		"sla backfill": func(t *testing.T, r *rig, site *jiratest.Server) {
			site.Issue("SUP-1").SetSLA(resolutionField, nil)
			_, err := r.Backfill(t.Context(), jirasync.BackfillOptions{})
			require.NoError(t, err)
			setOldClocks(site.Issue("SUP-1"))
			_, err = r.BackfillSLA(t.Context(), jirasync.SLAOptions{Force: true})
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &clock{now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
			site := jiratest.NewServerWith(jiratest.Options{Now: c.Now})
			t.Cleanup(site.Close)
			site.AddProject("SUP", "Support")
			setOldClocks(site.Create("SUP", jiratest.Fields{"summary": "old"}))
			c.pass(time.Minute)
			r := serve(t, config(site))
			read(t, r, site)
			r.hasOldClocks()
			require.Empty(t, site.Problems())
		})
	}
}

// setOldClocks gives an issue the metrics of fixtures/sla in the old format.
func setOldClocks(issue *jiratest.Issue) {
	const millis = time.Millisecond
	issue.SetSLA("customfield_10328", &jiratest.SLA{Old: true, Name: "First Reply Time", Goal: 30 * time.Minute,
		Completed: []jiratest.Cycle{{Elapsed: 14_929_216 * millis}}})
	issue.SetSLA(resolutionField, &jiratest.SLA{Old: true, Name: "Time to resolution", Goal: time.Hour,
		Completed: []jiratest.Cycle{{Elapsed: 7_200_000 * millis}}, Ongoing: &jiratest.Cycle{Elapsed: 1_800_000 * millis, Paused: true}})
}

func (r *rig) hasOldClocks() {
	r.t.Helper()
	require.Contains(r.t, r.records()[filepath.Join(r.cfg.DataDir, "issues", "SUP-1.json")], "OLD_SLA_FORMAT")
	schema := transform.Schema(transform.Options{})
	columns := schema[len(schema)-1].Columns[40:46] // numbered from 1, 41 to 46
	row := r.rows("issues", "SUP-1")[0]
	var cells []string
	for _, c := range columns {
		cells = append(cells, c.Name+"="+row[c.Name].String())
	}
	want := []string{
		`first_response_breached="True"`, "first_response_goal_millis=1800000", "first_response_elapsed_millis=14929216",
		`time_to_resolution_breached="False"`, "time_to_resolution_goal_millis=3600000", "time_to_resolution_elapsed_millis=1800000",
	}
	if diff := cmp.Diff(want, cells); diff != "" {
		r.t.Errorf("columns 41 to 46 mismatch (-want +got):\n%s", diff)
	}
	var cycles []string
	for _, row := range r.rows("sla_cycles", "SUP-1") {
		var cells []string
		for _, name := range []string{
			"field_id", "metric", "kind", "cycle", "started_at", "stopped_at", "breach_at",
			"breached", "paused", "within_calendar_hours", "goal_millis", "elapsed_millis", "remaining_millis",
		} {
			cells = append(cells, row[name].String())
		}
		cycles = append(cycles, strings.Join(cells, " "))
		require.False(r.t, row["observed_at"].IsNull())
	}
	want = []string{
		`"customfield_10161" "Time to resolution" "completed" 1 NULL NULL NULL true NULL NULL 3600000 7200000 -3600000`,
		`"customfield_10161" "Time to resolution" "ongoing" 2 NULL NULL NULL false true false 3600000 1800000 1800000`,
		`"customfield_10328" "First Reply Time" "completed" 1 NULL NULL NULL true NULL NULL 1800000 14929216 -13129216`,
	}
	if diff := cmp.Diff(want, cycles); diff != "" {
		r.t.Errorf("sla_cycles mismatch (-want +got):\n%s", diff)
	}
}
