package jirasync_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/transform"
	"github.com/jirasync/jirasync/webhook"
)

// observed is the folder of payloads seen on real sites. It is not part of
// the module.
var observed = filepath.Join("..", "shared", "fixtures")

// replay serves issues as they were seen: GET issue by id or key, its parts,
// and no remote links.
type replay map[string]json.RawMessage // by id and by key

func (r replay) add(raw json.RawMessage) (key string, ok bool) {
	var head struct {
		ID     string
		Key    string
		Fields map[string]json.RawMessage
	}
	if json.Unmarshal(raw, &head) != nil || !issuekey.Valid(head.Key) || head.Fields["created"] == nil {
		return "", false
	}
	if head.ID == "" { // some samples were shortened by hand
		head.ID = "90001"
		raw = json.RawMessage(`{"id":"90001",` + strings.TrimPrefix(strings.TrimSpace(string(raw)), "{"))
	}
	r[head.ID], r[head.Key] = raw, raw
	return head.Key, true
}

func (r replay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	if req.URL.Path == "/rest/api/3/myself" {
		fmt.Fprint(w, `{"accountId":"1","accountType":"app","active":true}`)
		return
	}
	rest, ok := strings.CutPrefix(req.URL.Path, "/rest/api/3/issue/")
	id, part, _ := strings.Cut(rest, "/")
	issue := r[id]
	var body struct {
		Fields struct {
			Comment struct{ Comments []json.RawMessage }
			Worklog struct{ Worklogs []json.RawMessage }
		}
		Changelog struct{ Histories []json.RawMessage }
	}
	switch {
	case !ok || issue == nil:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"errorMessages":["Issue does not exist or you do not have permission to see it."],"errors":{}}`)
		return
	case part == "":
		_, _ = w.Write(issue)
		return
	case part == "remotelink":
		fmt.Fprint(w, "[]")
		return
	}
	if err := json.Unmarshal(issue, &body); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	name, list := map[string]string{"comment": "comments", "worklog": "worklogs", "changelog": "values"}[part], []json.RawMessage(nil)
	switch part {
	case "comment":
		list = body.Fields.Comment.Comments
	case "worklog":
		list = body.Fields.Worklog.Worklogs
	case "changelog":
		list = body.Changelog.Histories
	}
	if list == nil {
		list = []json.RawMessage{}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"startAt": 0, "maxResults": 100, "total": len(list), "isLast": true, name: list})
}

// startReplay runs the real server before a Jira that answers with issues.
func startReplay(t *testing.T, issues replay) *rig {
	t.Helper()
	site := httptest.NewServer(issues)
	t.Cleanup(site.Close)
	return serve(t, jirasync.Config{BaseURL: site.URL, Email: "sync@example.com", APIToken: jira.NewSecret("token-of-the-sync"), NoAttachments: true, RateLimit: -1})
}

func TestObservedIssues(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(observed, "issues", "*.json"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("the folder of observed payloads is not here")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			list := []json.RawMessage{data}
			if strings.HasPrefix(strings.TrimSpace(string(data)), "[") {
				require.NoError(t, json.Unmarshal(data, &list))
			}
			issues := replay{}
			var keys []string
			for _, raw := range list {
				key, ok := issues.add(raw)
				require.True(t, ok, "the file holds something else than issues")
				keys = append(keys, key)
			}
			r := startReplay(t, issues)
			for _, key := range keys {
				r.post(http.StatusOK, fmt.Sprintf(`{"timestamp":1,"webhookEvent":"jira:issue_updated","issue":{"key":%q}}`, key))
			}
			for _, key := range keys {
				r.eventually(func() bool { return len(r.rows("issues", key)) == 1 }, "%s has no row", key)
			}
			require.Empty(t, r.failures())
		})
	}
}

// Each observed delivery goes through the real handler; where its body holds a
// whole issue, the simulated Jira serves that issue and its row must come.
func TestObservedWebhooks(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(observed, "webhooks", "*", "*.json"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("the folder of observed payloads is not here")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			body, err := os.ReadFile(file)
			require.NoError(t, err)
			event, err := webhook.ParseEvent(body)
			if err != nil {
				require.Equal(t, "user_deleted.json", filepath.Base(file), "only the capture that lacks webhookEvent is malformed")
				startReplay(t, replay{}).post(http.StatusBadRequest, string(body))
				return
			}
			var envelope struct{ Issue json.RawMessage }
			require.NoError(t, json.Unmarshal(body, &envelope))
			issues := replay{}
			key, whole := "", false
			if envelope.Issue != nil && !event.Deleted {
				key, whole = issues.add(envelope.Issue)
			}
			r := startReplay(t, issues)
			r.post(http.StatusOK, string(body))
			if whole {
				r.eventually(func() bool { return len(r.rows("issues", key)) == 1 }, "%s has no row", key)
			}
			r.eventually(func() bool { s := r.Status(); return s.Waiting+s.InFlight == 0 || event.AttachmentID != "" }, "the event is not worked off")
			require.NotEmpty(t, r.eventFiles(), "the delivery is in the event log")
		})
	}
}

// Every issue seen on a real site also goes through the rebuild, and gives the
// files that the webhook gave.
func TestObservedIssuesRebuild(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(observed, "issues", "*.json"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("the folder of observed payloads is not here")
	}
	issues, keys := replay{}, map[string]bool{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		if key, ok := issues.add(data); ok && string(issues[key]) != "" {
			keys[key] = true
		}
	}
	delete(keys, "TEST-1") // three samples without an id share this key
	r := startReplay(t, issues)
	for key := range keys {
		r.post(http.StatusOK, fmt.Sprintf(`{"timestamp":1,"webhookEvent":"jira:issue_updated","issue":{"key":%q}}`, key))
	}
	r.eventually(func() bool { return len(r.allRows("issues")) == len(keys) }, "not all issues arrived")
	r.stop()
	before := r.parquetFiles()
	require.NotEmpty(t, before)
	s, err := jirasync.New(r.cfg)
	require.NoError(t, err)
	defer s.Close()
	result, err := s.Rebuild(t.Context(), transform.RebuildOptions{})
	require.NoError(t, err)
	require.Empty(t, result.Files, "the rebuild changed files that the webhooks wrote")
	require.Equal(t, before, r.parquetFiles())
}
