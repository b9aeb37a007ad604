package webhook_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jirasync/jirasync/internal/golden"
	"github.com/jirasync/jirasync/webhook"
)

// Every archive holds the deliveries of one family of events, of our own making
// and modelled on captures, and in events.txt what is read in each.
func TestParseEventGolden(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *testing.T, c *golden.Case) {
		var got strings.Builder
		for _, name := range c.Names() {
			if filepath.Ext(name) != ".json" {
				continue
			}
			e, err := webhook.ParseEvent(c.Input(name))
			fmt.Fprintf(&got, "%s: %s\n", strings.TrimSuffix(name, ".json"), describe(e, err))
		}
		c.Want("events.txt", got.String())
	})
}

// describe writes an event for people.
func describe(e webhook.Event, err error) string {
	if err != nil {
		return err.Error()
	}
	words := []string{fmt.Sprintf("%q", e.Type)}
	add := func(ok bool, format string, args ...any) {
		if ok {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	add(e.IssueEventTypeName != "", "(%s)", e.IssueEventTypeName)
	add(!e.Time.IsZero(), "at %s", e.Time.Format("2006-01-02T15:04:05.000Z07:00"))
	for _, ref := range e.Issues {
		add(true, "issue id=%s key=%s", ref.ID, ref.Key)
	}
	add(e.Deleted, "deleted")
	add(e.MovedFrom != "", "moved from %s", e.MovedFrom)
	add(e.AttachmentID != "", "attachment %s", e.AttachmentID)
	return strings.Join(words, " ")
}

func TestParseEventTime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		timestamp string
		want      time.Time
	}{
		{"W-52 minus one", "-1", time.Time{}},
		{"W-52 largest", "9223372036854775807", time.Time{}},
		{"W-52 text", `"x"`, time.Time{}},
		{"beyond int64", "92233720368547758070", time.Time{}},
		{"fraction", "1.5", time.Time{}},
		{"null", "null", time.Time{}},
		{"object", `{"a":1}`, time.Time{}},
		{"milliseconds", "1790102915652", time.Date(2026, 9, 22, 18, 48, 35, 652e6, time.UTC)},
		{"last of year 9999", "253402300799999", time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)},
		{"year 10000", "253402300800000", time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := webhook.ParseEvent(fmt.Appendf(nil, `{"webhookEvent":"x","timestamp":%s}`, tt.timestamp))
			if err != nil || !e.Time.Equal(tt.want) {
				t.Errorf("ParseEvent with timestamp %s: time %v, error %v, want %v", tt.timestamp, e.Time, err, tt.want)
			}
		})
	}
}

// Lessons 207 and 208: only these two names delete an issue, and any event
// that could be one of them does.
func TestParseEventDeleted(t *testing.T) {
	t.Parallel()
	for eventType, want := range map[string]bool{
		"jira:issue_deleted": true, "issue_deleted": true, "JIRA:ISSUE_DELETED": true,
		"comment_deleted": false, "attachment_deleted": false, "worklog_deleted": false, "issuelink_deleted": false,
		"issue_property_deleted": false, "project_deleted": false, "user_deleted": false, "jira:version_deleted": false,
		"issue_undeleted": false, "xjira:issue_deleted": false, "jira:iſſue_deleted": false, "deleted": false,
	} {
		e, err := webhook.ParseEvent(fmt.Appendf(nil, `{"webhookEvent":%q,"issue":{"id":"1","key":"A-1"}}`, eventType))
		if err != nil || e.Deleted != want {
			t.Errorf("ParseEvent(%s): deleted %v, error %v, want %v", eventType, e.Deleted, err, want)
		}
	}
}

// A name that is read counts once and as Jira writes it, escapes undone.
func TestParseEventNames(t *testing.T) {
	t.Parallel()
	malformed := "malformed"
	for _, tt := range []struct{ name, body, want string }{
		{"W-30 two issues", `{"issue":{"key":"A-1"},"issue":{"key":"A-2"}}`, malformed},
		{"two keys", `{"issue":{"key":"A-1","key":"A-1"}}`, malformed},
		{"two ids", `{"issue":{"id":"1","id":"2"}}`, malformed},
		{"two types", `{"webhookEvent":"x","webhookEvent":"jira:issue_deleted","issue":{"key":"A-1"}}`, malformed},
		{"two issue_key", `{"issue_key":"A-1","issue_key":"A-2"}`, malformed},
		{"second name escaped", `{"issue":{"key":"A-1"},"\u0069ssue":{"key":"A-2"}}`, malformed},
		{"second is null", `{"issue":{"key":"A-1"},"issue":null}`, malformed},
		{"name escaped", `{"\u0069ss\u0075e":{"k\u0065y":"A\u002d1"}}`, "A-1"},
		{"duplicates elsewhere", `{"issue":{"key":"A-1","fields":{"key":"B-1","key":"B-2"}},"x":1,"x":2}`, "A-1"},
		{"W-31 other case besides", `{"issue":{"key":"A-1","KEY":"B-1"},"ISSUE":{"key":"B-2"},"Issue_key":"B-3"}`, "A-1"},
		{"W-32 long s alone", `{"webhookEvent":"jira:issue_updated","iſſue":{"key":"A-1"}}`, malformed},
		{"W-32 long s alone, no type", `{"iſſue":{"key":"A-1"}}`, malformed},
		{"issue before issue_key", `{"issue_key":"B-1","issue":{"key":"A-1"}}`, "A-1"},
		{"lesson 30: issue_key alone", `{"webhookEvent":"jira:issue_deleted","issue_key":"A-1"}`, "A-1"},
		{"lesson 32: issue null", `{"webhookEvent":"jira:issue_deleted","issue":null,"issue_key":"A-1"}`, "A-1"},
		{"key in the wrong place", `{"webhookEvent":"jira:issue_updated","key":"A-1","issue":{"fields":{"key":"A-1"}}}`, malformed},
		{"nothing", `{}`, malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := webhook.ParseEvent([]byte(tt.body))
			got := fmt.Sprint(e.Issues)
			if errors.Is(err, webhook.ErrMalformed) {
				got = "[" + malformed + "]"
			}
			if diff := cmp.Diff("["+tt.want+"]", got); diff != "" {
				t.Errorf("ParseEvent(%s) mismatch (-want +got):\n%s\nerror: %v", tt.body, diff, err)
			}
		})
	}
}

// The text of an error reaches logs: it must not carry what users wrote.
func TestParseEventErrorWithoutContent(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"issue":{"key":"Sesame-1"}}`, `{"Sesame"}`, `{"a":"Sesame`, `{"a":Sesame}`, `{"webhookEvent":["Sesame"]}`, `Sesame`,
	} {
		_, err := webhook.ParseEvent([]byte(body))
		if !errors.Is(err, webhook.ErrMalformed) || strings.Contains(err.Error(), "Sesame") {
			t.Errorf("ParseEvent(%s) = %v", body, err)
		}
	}
}
