package jiratest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
)

func TestAttachmentsComeFromASecondHost(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	srv := newSite(t, jiratest.Options{Now: func() time.Time { return clock }})
	iss := srv.Create("SUPPORT", nil)
	id := iss.Attach("../a b/ü.txt", "text/plain", []byte("0123456789"))
	main, nobody := as(t, srv, srv.Main), as(t, srv, jiratest.Account{})

	inside := at(main.object(main.get("/rest/api/3/issue/"+iss.Key())), "fields", "attachment", 0)
	require.Equal(t, id, at(inside, "id"), "a string inside issues")
	require.Equal(t, "../a b/ü.txt", at(inside, "filename"))
	meta := main.object(main.get("/rest/api/3/attachment/" + id))
	require.Equal(t, 10000.0, at(meta, "id"), "a number in its metadata")

	got := main.get(at(inside, "content").(string))
	require.Equal(t, http.StatusSeeOther, got.status)
	location := got.header.Get("Location")
	require.True(t, strings.HasPrefix(location, srv.MediaURL+"/file/"), location)
	file := nobody.get(location)
	require.Equal(t, []any{200, "0123456789", "text/plain"}, []any{file.status, string(file.body), file.header.Get("Content-Type")})
	noProblems(t, srv)

	clock = clock.Add(11 * time.Minute)
	require.Equal(t, http.StatusForbidden, nobody.get(location).status, "signed URLs expire")
	require.Equal(t, http.StatusForbidden, nobody.get(strings.Replace(location, "token=", "token=0", 1)).status)
	require.Equal(t, http.StatusBadRequest, main.get(location).status)
	require.Equal(t, []string{"media host: a request with a header Authorization"}, srv.Problems())
	require.Equal(t, 4, srv.Requests()["GET /file/{id}/binary"])

	iss.RemoveAttachment(id)
	require.Equal(t, http.StatusNotFound, main.get("/rest/api/3/attachment/content/"+id).status)
}

func TestAttachmentBytesWithoutRedirect(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	iss := srv.Create("SUPPORT", nil)
	id := iss.Attach("a.txt", "text/plain", []byte("0123456789"))
	for header, want := range map[string]struct {
		status int
		body   string
	}{
		"":             {200, "0123456789"},
		"bytes=0-3":    {206, "0123"},
		"bytes=4-":     {206, "456789"},
		"bytes=-3":     {206, "789"},
		"bytes=8-100":  {206, "89"},
		"bytes=10-":    {416, ""},
		"bytes=5-2":    {416, ""},
		"bytes=a-b":    {400, ""},
		"lines=1-2":    {400, ""},
		"bytes=0-1,3-": {400, ""},
	} {
		c := as(t, srv, srv.Main)
		if header != "" {
			c.header.Set("Range", header)
		}
		got := c.get("/rest/api/3/attachment/content/"+id, "redirect", "false")
		require.Equal(t, want.status, got.status, header)
		if want.body != "" {
			require.Equal(t, want.body, string(got.body), header)
		}
	}
	noProblems(t, srv)
}

func TestThumbnails(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	iss := srv.Create("SUPPORT", nil)
	text := iss.Attach("a.txt", "text/plain", []byte("x"))
	image := iss.Attach("a.png", "image/png", []byte("x"))
	main := as(t, srv, srv.Main)
	path := "/rest/api/3/attachment/thumbnail/"
	require.Equal(t, http.StatusSeeOther, main.get(path+image).status)
	got := main.get(path+image, "redirect", "false")
	require.Equal(t, "image/png", got.header.Get("Content-Type"))
	require.Equal(t, "image/png", http.DetectContentType(got.body))
	require.Equal(t, http.StatusNotFound, main.get(path+text, "fallbackToDefault", "false").status)
	noProblems(t, srv)
}

func TestReportedSizeMayLie(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	iss := srv.Create("SUPPORT", nil)
	id := iss.AttachSized("big.bin", "application/octet-stream", []byte("x"), 60<<20)
	main := as(t, srv, srv.Main)
	require.Equal(t, float64(60<<20), at(main.object(main.get("/rest/api/3/attachment/"+id)), "size"))
}
