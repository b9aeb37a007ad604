package jiratest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/jirasync/jirasync/webhook"
)

func TestDeliveryHeaders(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	r := &receiver{statuses: []int{503, 500}}
	server := httptest.NewServer(r)
	defer server.Close()
	srv.SetWebhook(jiratest.Webhook{URL: server.URL + "/hook?project=${project.key}", Secret: "It's a Secret to Everybody"})
	srv.Create("SUPPORT", nil)
	attempts := srv.Flush(t.Context())
	require.Equal(t, []int{503, 500, 200}, []int{attempts[0].Status, attempts[1].Status, attempts[2].Status})
	identifier := ""
	for n, req := range r.requests {
		require.Equal(t, http.MethodPost, req.Method)
		require.Equal(t, "/hook", req.URL.Path)
		require.Equal(t, "application/json; charset=utf-8", req.Header.Get("Content-Type"))
		require.Equal(t, "Atlassian Webhook HTTP Client", req.Header.Get("User-Agent"))
		require.Equal(t, "Primary", req.Header.Get("X-Atlassian-Webhook-Flow"))
		_, err := webhook.Verify(r.bodies[n], req.Header.Get(webhook.SignatureHeader), []byte("It's a Secret to Everybody"))
		require.NoError(t, err)
		want := map[int]string{0: "", 1: "1", 2: "2"}[n]
		require.Equal(t, want, req.Header.Get("X-Atlassian-Webhook-Retry"))
		if n == 0 {
			identifier = req.Header.Get("X-Atlassian-Webhook-Identifier")
		}
		require.Equal(t, identifier, req.Header.Get("X-Atlassian-Webhook-Identifier"), "the same on every retry")
	}
	require.NotEmpty(t, identifier)
	srv.SetWebhook(jiratest.Webhook{URL: server.URL})
	srv.Create("SUPPORT", nil)
	srv.Flush(t.Context())
	require.Empty(t, r.requests[3].Header.Get(webhook.SignatureHeader), "no secret, no signature")
}

func TestRetriesFollowTheStatus(t *testing.T) {
	t.Parallel()
	for status, attempts := range map[int]int{
		200: 1, 204: 1, 302: 1, 400: 1, 401: 1, 404: 1, 413: 1, 408: 6, 409: 6, 425: 6, 429: 6, 500: 6, 503: 6,
	} {
		srv := newSite(t, jiratest.Options{})
		srv.SetWebhook(jiratest.Webhook{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })})
		srv.Create("SUPPORT", nil)
		got := srv.Flush(t.Context())
		require.Len(t, got, attempts, strconv.Itoa(status))
		require.Equal(t, status/100 != 2, got[len(got)-1].Lost)
		require.Equal(t, 0, srv.Queued())
	}
	srv := newSite(t, jiratest.Options{})
	srv.SetWebhook(jiratest.Webhook{URL: "http://127.0.0.1:1/"})
	srv.Create("SUPPORT", nil)
	got := srv.Flush(t.Context())
	require.Len(t, got, 6, "refused connections are retried")
	require.Error(t, got[0].Err)
	require.Len(t, srv.Deliveries(), 6)
	require.Equal(t, got[5].Identifier, srv.Deliveries()[5].Identifier)
}

func TestDeliverOnceLeavesRetriesQueued(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	srv.SetWebhook(jiratest.Webhook{Handler: &receiver{statuses: []int{503}}})
	srv.Create("SUPPORT", nil)
	require.Len(t, srv.DeliverOnce(t.Context()), 1)
	require.Equal(t, 1, srv.Queued())
	require.Equal(t, 1, srv.DeliverOnce(t.Context())[0].Attempt)
	require.Equal(t, 0, srv.Queued())
	srv.Create("SUPPORT", nil)
	require.Equal(t, 1, srv.DropQueued(func(event, _ string) bool { return event == "jira:issue_created" }))
	require.Empty(t, srv.Flush(t.Context()))
	srv.SetWebhook(jiratest.Webhook{})
	srv.Create("SUPPORT", nil)
	require.Equal(t, 0, srv.Queued(), "without a webhook events go nowhere")
}

func TestAutomaticDeliveryWaitsBetweenRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := jiratest.NewServerWith(jiratest.Options{InProcess: true})
		defer srv.Close()
		srv.AddProject("SUPPORT", "Customer support")
		r := &receiver{statuses: []int{503, 503, 503, 503, 503, 503, 503, 503}}
		srv.SetWebhook(jiratest.Webhook{Handler: r, Auto: true})
		srv.Create("SUPPORT", nil)
		require.NoError(t, srv.Drain(t.Context()))
		got := srv.Deliveries()
		for n := 1; n < len(got); n++ {
			wait := got[n].At.Sub(got[n-1].At)
			require.True(t, 5*time.Minute <= wait && wait <= 15*time.Minute, "%v", wait)
		}
		require.GreaterOrEqual(t, len(got), 3)
		require.GreaterOrEqual(t, got[len(got)-1].At.Sub(got[0].At), 25*time.Minute)
		require.True(t, got[len(got)-1].Lost, "after 30 minutes of failure, or five retries, nothing more is tried")

		time.Sleep(time.Hour)
		before := len(srv.Deliveries())
		srv.Create("SUPPORT", nil)
		require.NoError(t, srv.Drain(t.Context()))
		require.Len(t, srv.Deliveries(), before+1, "one attempt per event while the webhook is failing")
	})
}

func TestAutomaticDeliveryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := jiratest.NewServerWith(jiratest.Options{InProcess: true})
		defer srv.Close()
		srv.AddProject("SUPPORT", "Customer support")
		r := &receiver{delay: time.Second}
		srv.SetWebhook(jiratest.Webhook{Handler: r, Auto: true})
		iss := srv.Create("SUPPORT", nil)
		for range 100 {
			iss.Comment("x")
		}
		require.NoError(t, srv.Drain(t.Context()))
		require.Equal(t, 20, r.maxOpen, "primary requests at once")
		iss.Delete()
		require.NoError(t, srv.Drain(t.Context()))
		require.LessOrEqual(t, r.maxOpen, 30)
		require.Len(t, r.bodies, 202)
	})
}

func TestDeliveriesTimeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := jiratest.NewServerWith(jiratest.Options{InProcess: true})
		defer srv.Close()
		srv.AddProject("SUPPORT", "Customer support")
		srv.SetWebhook(jiratest.Webhook{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })})
		srv.Create("SUPPORT", nil)
		got := srv.DeliverOnce(t.Context())[0]
		require.Equal(t, 20*time.Second, got.Duration)
		require.ErrorIs(t, got.Err, context.DeadlineExceeded)
	})
}

func TestUnreliableDeliveries(t *testing.T) {
	t.Parallel()
	run := func(f jiratest.DeliveryFaults) (order []string, attempts []jiratest.Delivered) {
		srv := newSite(t, jiratest.Options{})
		r := &receiver{}
		srv.SetWebhook(jiratest.Webhook{Handler: r, Parallel: 1})
		srv.SetDeliveryFaults(f)
		for range 200 {
			srv.Create("SUPPORT", nil)
		}
		attempts = srv.Flush(t.Context())
		for _, req := range r.requests {
			order = append(order, req.Header.Get("X-Atlassian-Webhook-Identifier"))
		}
		return order, attempts
	}
	clean, _ := run(jiratest.DeliveryFaults{})
	require.Len(t, clean, 200)
	got, attempts := run(jiratest.DeliveryFaults{Lose: 0.2, Duplicate: 0.2, Reorder: 0.5})
	again, _ := run(jiratest.DeliveryFaults{Lose: 0.2, Duplicate: 0.2, Reorder: 0.5})
	require.Equal(t, got, again, "equal seeds, equal dice")
	unique := slices.Compact(slices.Sorted(slices.Values(got)))
	require.Less(t, len(unique), 200, "some are lost")
	require.Greater(t, len(got), len(unique), "some come twice")
	lost := 0
	for _, d := range attempts {
		if d.Lost {
			lost++
		}
	}
	require.Equal(t, 200, len(unique)+lost)
	ordered := slices.DeleteFunc(slices.Clone(clean), func(id string) bool { return !slices.Contains(unique, id) })
	require.NotEqual(t, ordered, slices.Compact(got), "some are out of order")
}

func TestWebhooksAreManagedOverREST(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	admin := as(t, srv, srv.AddAccount("admin@example.com", jiratest.AccountOptions{Admin: true}))
	main := as(t, srv, srv.Main)
	r := &receiver{}
	server := httptest.NewServer(r)
	defer server.Close()
	const path = "/rest/webhooks/1.0/webhook"
	in := object{"name": "sync", "url": server.URL, "events": []string{"jira:issue_created"}, "secret": "s3cret", "filters": object{"issue-related-events-section": ""}}
	require.Equal(t, http.StatusForbidden, main.post(path, in).status)
	created := admin.post(path, in)
	require.Equal(t, http.StatusCreated, created.status)
	require.NotContains(t, string(created.body), "s3cret", "the secret never comes back")
	var list []any
	require.NoError(t, json.Unmarshal(admin.get(path).body, &list))
	require.Equal(t, []any{"sync", true, server.URL}, []any{at(list, 0, "name"), at(list, 0, "isSigned"), at(list, 0, "url")})
	srv.Create("SUPPORT", nil).Comment("not wanted")
	srv.Flush(t.Context())
	require.Len(t, r.bodies, 1)
	require.Equal(t, http.StatusOK, admin.get(path+"/1").status)
	require.Equal(t, http.StatusBadRequest, admin.post(path, object{"name": "x"}).status)
	require.Equal(t, http.StatusNoContent, admin.send(http.MethodDelete, path+"/1", "").status)
	require.Equal(t, "[]", string(admin.get(path).body))
	require.Equal(t, http.StatusForbidden, admin.get("/rest/api/3/webhook").status, "dynamic webhooks are for apps")
	noProblems(t, srv)
}
