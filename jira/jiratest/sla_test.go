package jiratest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
)

func TestSLAClocksRunWithoutEvents(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	srv := newSite(t, jiratest.Options{Now: func() time.Time { return clock }})
	iss := srv.Create("SUPPORT", nil)
	const field = "customfield_10161"
	agent := as(t, srv, srv.Agent)
	fields := func() any { return at(agent.object(agent.get("/rest/api/3/issue/"+iss.Key())), "fields") }
	require.Nil(t, at(fields(), field))

	iss.SetSLA(field, &jiratest.SLA{
		Goal:      8 * time.Hour,
		Completed: []jiratest.Cycle{{Start: clock.Add(-48 * time.Hour), Stop: clock.Add(-47 * time.Hour)}},
		Ongoing:   &jiratest.Cycle{Start: clock.Add(-time.Hour)},
	})
	updated := at(fields(), "updated")
	sla := at(fields(), field)
	require.Equal(t, "Time to resolution", at(sla, "name"))
	require.Equal(t, 3600000.0, at(sla, "completedCycles", 0, "elapsedTime", "millis"))
	require.Equal(t, "1h 0m", at(sla, "completedCycles", 0, "elapsedTime", "friendly"))
	require.Equal(t, 3600000.0, at(sla, "ongoingCycle", "elapsedTime", "millis"))
	require.Equal(t, "Today 9:00 AM", friendlyUTC(t, srv, agent, iss, field))
	require.Equal(t, "2026-11-23T12:00:00.000-0500", at(sla, "ongoingCycle", "breachTime", "jira"))

	clock = clock.Add(9 * time.Hour)
	sla = at(fields(), field)
	require.Equal(t, true, at(sla, "ongoingCycle", "breached"))
	require.Equal(t, -7200000.0, at(sla, "ongoingCycle", "remainingTime", "millis"))
	require.Equal(t, updated, at(fields(), "updated"), "a breach does not touch the issue")

	iss.SetSLA(field, &jiratest.SLA{Goal: time.Hour, Ongoing: &jiratest.Cycle{Start: clock, Paused: true, Elapsed: time.Minute}})
	ongoing := at(fields(), field, "ongoingCycle")
	require.Equal(t, true, at(ongoing, "paused"))
	require.Nil(t, at(ongoing, "breachTime"))
	iss.SetSLA(field, &jiratest.SLA{Old: true, Goal: time.Hour, Completed: []jiratest.Cycle{{Elapsed: 2 * time.Hour}}})
	require.Equal(t, []string{"breached", "elapsedTime", "goalDuration", "remainingTime"}, names(at(fields(), field, "completedCycles", 0)))
	iss.SetSLA(field, nil)
	require.Nil(t, at(fields(), field))
	noProblems(t, srv)
}

// friendlyUTC reads the start of the ongoing cycle as people see it in UTC.
func friendlyUTC(t *testing.T, srv *jiratest.Server, agent *caller, iss *jiratest.Issue, field string) any {
	t.Helper()
	srv.SetTimeZone(srv.Agent, "UTC")
	defer srv.SetTimeZone(srv.Agent, "America/New_York")
	return at(agent.object(agent.get("/rest/api/3/issue/"+iss.Key())), "fields", field, "ongoingCycle", "startTime", "friendly")
}

func TestServiceDeskPaging(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	for range 5 {
		srv.AddOrganization("Org")
	}
	agent := as(t, srv, srv.Agent)
	page := agent.object(agent.get("/rest/servicedeskapi/organization", "limit", "2"))
	require.Equal(t, []any{"1", "2"}, column(at(page, "values"), "id"))
	require.Equal(t, []any{2.0, 0.0, 2.0, false}, []any{at(page, "size"), at(page, "start"), at(page, "limit"), at(page, "isLastPage")})
	page = agent.object(agent.get(at(page, "_links", "next").(string)))
	require.Equal(t, []any{"3", "4"}, column(at(page, "values"), "id"))
	page = agent.object(agent.get(at(page, "_links", "next").(string)))
	require.Equal(t, true, at(page, "isLastPage"))
	require.Nil(t, at(page, "_links", "next"))
	require.Equal(t, "Org", at(agent.object(agent.get("/rest/servicedeskapi/organization/5")), "name"))
	main := as(t, srv, srv.Main)
	require.Equal(t, 0.0, at(main.object(main.get("/rest/servicedeskapi/organization")), "size"), "customers see only theirs")
	noProblems(t, srv)
}

func TestFeedback(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	iss := srv.Create("SUPPORT", jiratest.Fields{"customfield_10157": 5})
	agent := as(t, srv, srv.Agent)
	got := agent.object(agent.get("/rest/servicedeskapi/request/" + iss.Key() + "/feedback"))
	require.Equal(t, 5.0, at(got, "rating"))
	require.Equal(t, 404, agent.get("/rest/servicedeskapi/request/NOPE-1/feedback").status)
}
