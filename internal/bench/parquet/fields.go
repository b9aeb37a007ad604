package main

import (
	"strconv"
	"time"
)

// customFields writes the fields of transform.DefaultFields, and some that only
// the table issue_fields shows.
func (i *issue) customFields() {
	i.s(`"customfield_10010":`)
	i.or(20, i.request)
	for _, id := range []string{"10004", "10365", "10676", "11831"} {
		i.s(`,"customfield_`, id, `":`)
		i.or(40, func() { i.option(0) })
	}
	for _, id := range []string{"10323", "10511"} {
		i.s(`,"customfield_`, id, `":`)
		i.or(50, func() { i.list([]int{1, 1, 2}, i.option) })
	}
	i.s(`,"customfield_10156":`)
	i.or(30, func() { i.list([]int{0, 1, 2}, func(int) { i.someone() }) })
	i.s(`,"customfield_10002":`)
	i.or(20, func() {
		i.list([]int{0, 1, 1}, func(int) {
			n := strconv.Itoa(i.IntN(300))
			i.s(`{"id":"`, n, `","name":"Organization `, n, `","_links":{"self":"`, site, `/rest/servicedeskapi/organization/`, n, `"}}`)
		})
	})
	i.s(`,"customfield_10330":`)
	i.or(80, func() { i.document(1) })
	i.s(`,"customfield_10325":`)
	i.or(50, func() {
		i.s(`"https://connection.example.com/admin/projects/`)
		i.int(i.IntN(5000))
		i.s(`"`)
	})
	for _, id := range []string{"10350", "10475"} {
		i.s(`,"customfield_`, id, `":`)
		i.or(80, func() { i.s(`"`, i.vocabulary.word(i.Uint64()), `@example.com"`) })
	}
	i.s(`,"customfield_10157":`)
	i.or(85, func() { i.s(`{"rating":`, strconv.Itoa(1+i.IntN(5)), `}`) })
	i.s(`,"customfield_10019":"0|i`, strconv.FormatInt(int64(i.n), 36), `:","customfield_10020":`)
	i.or(70, func() { i.int(i.IntN(100)) })
	i.s(`,"customfield_10328":`)
	i.or(15, func() { i.sla("1", "Time to first response", 4*time.Hour) })
	i.s(`,"customfield_10161":`)
	i.or(15, func() { i.sla("2", "Time to resolution", 120*time.Hour) })
}

func (i *issue) option(int) {
	n := i.IntN(12)
	i.s(`{"self":"`, site, `/rest/api/3/customFieldOption/`, strconv.Itoa(10500+n), `","value":"`, common[n+40], `","id":"`, strconv.Itoa(10500+n), `"}`)
}

// request writes the value of a Request Type field.
func (i *issue) request() {
	i.s(`{"_links":{"jiraRest":"`, site, `/rest/api/2/issue/`, i.id, `","web":"`, site, `/servicedesk/customer/portal/1/`, i.key,
		`"},"requestType":{"id":"4","_links":{"self":"`, site, `/rest/servicedeskapi/servicedesk/1/requesttype/4"},"name":"`)
	i.one("Report a problem", "Ask a question", "Get access", "Billing")
	i.s(`","description":"","helpText":"","issueTypeId":"10001","serviceDeskId":"1","portalId":"1","groupIds":["1"]},"currentStatus":{"status":"`)
	i.one("Open", "Waiting for customer", "Resolved")
	i.s(`","statusCategory":"DONE"}}`)
}

// sla writes an SLA with a cycle or two; some the account may not read.
func (i *issue) sla(id, name string, goal time.Duration) {
	if i.chance(2) {
		i.s(`{"errorMessage":"metric not found"}`)
		return
	}
	i.s(`{"id":"`, id, `","name":"`, name, `","_links":{"self":"`, site, `/rest/servicedeskapi/request/`, i.id, `/sla/`, id, `"},"completedCycles":`)
	i.list([]int{0, 1, 1, 2}, func(n int) {
		start := i.created.Add(time.Duration(n) * 24 * time.Hour)
		i.s(`{`)
		i.clock("startTime", start)
		i.s(`,`)
		i.clock("stopTime", start.Add(3*time.Hour))
		i.s(`,`)
		i.cycle(start, goal)
		i.s(`}`)
	})
	if !i.done {
		i.s(`,"ongoingCycle":{`)
		i.clock("startTime", i.updated)
		i.s(`,`)
		i.cycle(i.updated, goal)
		i.one(`,"paused":false,"withinCalendarHours":true}`, `,"paused":true,"withinCalendarHours":false}`)
	}
	i.s(`,"slaDisplayFormat":"NEW_SLA_FORMAT"}`)
}

func (i *issue) cycle(start time.Time, goal time.Duration) {
	elapsed := time.Duration(i.Int64N(int64(2 * goal))).Truncate(time.Millisecond)
	i.clock("breachTime", start.Add(goal))
	i.s(`,"breached":`, strconv.FormatBool(elapsed > goal))
	for _, d := range []struct {
		name string
		d    time.Duration
	}{{"goalDuration", goal}, {"elapsedTime", elapsed}, {"remainingTime", goal - elapsed}} {
		i.s(`,"`, d.name, `":{"millis":`, strconv.FormatInt(d.d.Milliseconds(), 10), `,"friendly":"`, strconv.Itoa(int(d.d.Hours())), `h"}`)
	}
}

func (i *issue) clock(name string, at time.Time) {
	i.s(`"`, name, `":{"iso8601":"`)
	local := at.In(prague)
	i.b = local.AppendFormat(i.b, "2006-01-02T15:04:05-0700")
	i.s(`","jira":"`)
	i.b = local.AppendFormat(i.b, "2006-01-02T15:04:05.000-0700")
	i.s(`","friendly":"`)
	i.b = local.AppendFormat(i.b, "02/Jan/06 3:04 PM")
	i.s(`","epochMillis":`)
	i.b = strconv.AppendInt(i.b, at.UnixMilli(), 10)
	i.s(`}`)
}
