// Package jiratest provides a Jira Cloud site in memory, for tests, examples
// and demonstrations. It is shaped like net/http/httptest: a Server has a URL,
// a Client and a Close method, and needs no testing argument.
//
//	srv := jiratest.NewServer()
//	defer srv.Close()
//
//	srv.AddProject("SUPPORT", "Customer support")
//	iss := srv.Create("SUPPORT", jiratest.Fields{"summary": "Printer on fire"})
//	iss.Comment("Did you try turning it off?")
//	iss.Transition("Done")
//
// What goes in through verbs comes out in three ways: through the REST API, with
// the cut-offs, paging and error sentences of the real service; through signed
// webhooks, which SetWebhook and Flush deliver in the thin shapes Jira sends; and
// through Problems, which lists everything a caller did that Jira would refuse.
// A test of a client ends with
//
//	require.Empty(t, srv.Problems())
//
// # Three hosts
//
// URL is the site (https://your-site.atlassian.net in real life), APIURL stands
// for https://api.atlassian.com and serves the same API under /ex/jira/{cloudId},
// MediaURL is the host to which attachment downloads are redirected; it must never
// see an Authorization header. By default each is a loopback listener. With
// Options.InProcess there are no sockets and only Transport reaches the hosts,
// which is what tests inside a testing/synctest bubble need.
//
// # Accounts
//
// Two accounts exist: Main, an ordinary user, and Agent, who has a Jira Service
// Management licence. Only Agent sees the values of SLA fields; Main gets an
// object with an errorMessage in their place. The accounts live in different time
// zones, as dates in answers and dates in JQL follow the caller's profile.
//
// # Faults
//
// Fail makes chosen requests go wrong (429 with or without Retry-After, 5xx, HTML,
// truncated, dripping or hanging answers) or lets a test act before them,
// LimitBurst, LimitAccount and Pause refuse what is too much or too early,
// BreakInBulk makes one issue spoil the answer for a hundred, SetIndexLag makes search lag behind,
// SetDeliveryFaults loses, repeats and reorders webhook deliveries.
//
// # Fidelity
//
// Behaviour follows Atlassian's documentation and captures of the real service;
// comments name the page. What neither settles is marked "guessed:" in the code,
// and then the choice is the one that is harder for a client.
//
// # Misuse
//
// Verbs return no errors, so that tests read well: one that cannot be carried
// out (an unknown project, a deleted issue) changes nothing and is listed by
// Problems. All methods are safe for concurrent use. Until v1 names can change.
package jiratest
