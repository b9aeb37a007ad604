package jiratest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
)

// A policy's clock starts with the issue, runs in working hours alone, stands
// still while the issue waits, ends when it is resolved, and starts anew when
// it is reopened.
func TestPolicyFollowsTheIssue(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 11, 23, 16, 0, 0, 0, time.UTC) // a Monday
	srv := newSite(t, jiratest.Options{Now: func() time.Time { return clock }})
	const field = "customfield_10161"
	srv.AddStatus("Waiting for customer", "indeterminate")
	srv.SetPolicy(field, jiratest.Policy{
		Goal: 4 * time.Hour, Calendar: &jiratest.Calendar{From: 9 * time.Hour, To: 17 * time.Hour}, PausedIn: []string{"Waiting for customer"},
	})
	korean := as(t, srv, srv.AddAccount("ko@example.com", jiratest.AccountOptions{Agent: true, Language: "ko"}))
	iss := srv.Create("SUPPORT", nil)
	sla := func(path ...any) any {
		return at(korean.object(korean.get("/rest/api/3/issue/"+iss.Key())), append([]any{"fields", field}, path...)...)
	}
	hours := func(path ...any) float64 { return sla(path...).(float64) / 3.6e6 }

	clock = clock.Add(17 * time.Hour) // Tuesday at nine: one hour of Monday
	require.InDelta(t, 1, hours("ongoingCycle", "elapsedTime", "millis"), 0)
	require.Equal(t, true, sla("ongoingCycle", "withinCalendarHours"))
	require.EqualValues(t, clock.Add(3*time.Hour).UnixMilli(), sla("ongoingCycle", "breachTime", "epochMillis"))
	require.Equal(t, "1시간 0분", sla("ongoingCycle", "elapsedTime", "friendly"))

	clock = clock.Add(time.Hour)
	iss.Transition("Waiting for customer")
	clock = clock.Add(5 * time.Hour)
	require.InDelta(t, 2, hours("ongoingCycle", "elapsedTime", "millis"), 0)
	require.Equal(t, true, sla("ongoingCycle", "paused"))
	require.Nil(t, sla("ongoingCycle", "breachTime"))
	iss.Transition("Open")
	clock = clock.Add(20 * time.Hour) // Wednesday at eleven: two hours of Tuesday, and two
	require.InDelta(t, 6, hours("ongoingCycle", "elapsedTime", "millis"), 0)
	require.Equal(t, true, sla("ongoingCycle", "breached"))
	iss.Resolve()
	require.Nil(t, sla("ongoingCycle"))
	require.Equal(t, true, sla("completedCycles", 0, "breached"))
	clock = clock.Add(time.Hour)
	iss.Reopen()
	clock = clock.Add(time.Hour)
	require.InDelta(t, 1, hours("ongoingCycle", "elapsedTime", "millis"), 0)
	require.Len(t, sla("completedCycles"), 1)
	noProblems(t, srv)
}
