package webhook_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/webhook"
)

// The rows of the bad-input table that concern configuration, signature, JSON,
// keys and bodies, by their names there. W-3 to W-13 are in TestHandlerSignature,
// W-30 to W-32 also in TestParseEventNames, W-52 in TestParseEventTime. Rows
// about what happens later (W-46, W-47, W-50, W-53) belong to other packages:
// here their deliveries are only handed on.

func TestHandlerNotConfigured(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		secrets []string
	}{
		{"W-1 no secret", nil},
		{"W-2 empty secret", []string{""}},
		{"W-2 white space", []string{"  ", "\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newReceiver(t, tt.secrets...)
			key := ""
			if len(tt.secrets) > 0 {
				key = tt.secrets[0]
			}
			for _, body := range []string{normal, ""} {
				resp := r.post(t, body, http.Header{webhook.SignatureHeader: {webhook.Sign([]byte(body), []byte(key))}})
				if resp.StatusCode != http.StatusServiceUnavailable || len(r.take()) != 0 {
					t.Errorf("answer %d", resp.StatusCode)
				}
			}
		})
	}
	t.Run("W-1 no function", func(t *testing.T) {
		r := newReceiver(t)
		r.handler.Secrets = nil
		if resp := r.post(t, normal, signed(normal)); resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("answer %d", resp.StatusCode)
		}
	})
}

// issueWithKey is an event whose issue has this key, written as JSON.
func issueWithKey(key string) string {
	return `{"webhookEvent":"jira:issue_updated","issue":{"id":"10001","key":` + key + `}}`
}

func quoted(key string) string { return issueWithKey(`"` + key + `"`) }

// deep nests n arrays inside issue.fields, two levels above them.
func deep(n int) string {
	return `{"webhookEvent":"x","issue":{"key":"A-1","fields":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}}`
}

func utf16LE(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func members(n int) string {
	b := []byte(`{"issue_key":"A-1"`)
	for i := range n {
		b = strconv.AppendInt(append(b, `,"`...), int64(i), 36)
		b = append(b, `":0`...)
	}
	return string(append(b, '}'))
}

// Malformed bodies: 400, and handed on once as malformed so that they are kept.
func TestHandlerMalformed(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, secret)
	check := func(name, body string) {
		t.Run(name, func(t *testing.T) {
			resp := r.post(t, body, signed(body))
			got := r.take()
			if resp.StatusCode != http.StatusBadRequest || len(got) != 1 {
				t.Fatalf("%.80q: %d, %d handed on", body, resp.StatusCode, len(got))
			}
			if !errors.Is(got[0].Malformed, webhook.ErrMalformed) || string(got[0].Body) != body {
				t.Errorf("%.80q: malformed %v, body kept %v", body, got[0].Malformed, string(got[0].Body) == body)
			}
			if diff := cmp.Diff(webhook.Event{}, got[0].Event); diff != "" {
				t.Errorf("%.80q: event (-want +got):\n%s", body, diff)
			}
		})
	}
	for row, bodies := range map[string][]string{
		"W-18": {"null", "true", "7", `"x"`, "[]", "[{}]", " ", "\x00", "{}"},
		"W-19": {
			normal[:len(normal)-1], `{"webhookEvent":"x",}`, `{,}`, `{"a":[1,]}`, `{"a":[,]}`, "{\"a\":1 // c\n}", "{/**/}", `{'a':1}`, `{"a":NaN}`,
			`{"a":Infinity}`, `{"a":01}`, `{"a":1.}`, `{"a":.5}`, `{"a":+1}`, `{"a":1e}`, `{"a":-}`, `{"a":tru}`, `{"a"}`, `{"a" 1}`, `{"a":1 "b":2}`,
			"{\"a\":\"\n\"}", `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"`, `{"a":"\`, `{a:1}`, `{"a":1]`, `{"a":[1}`, "\v{}",
		},
		"W-20": {normal + normal, normal + "x", normal + "\n{}", normal + "\x00"},
		"W-21": {"\ufeff" + normal},
		"W-22": {utf16LE(normal)},
		"W-24": {quoted("A-\xff1"), quoted("A\xc3\x28-1"), quoted(`A-1\ud800`), quoted(`\udc00A-1`)},
		"W-25": {deep(10_001), strings.Repeat(`{"a":`, 10_001) + "1" + strings.Repeat("}", 10_001)},
		"W-26": {deep(511), deep(600), deep(9_998)},
		"W-30": {`{"issue":{"key":"A-1"},"issue":{"key":"A-2"}}`},
		"W-32": {`{"webhookEvent":"jira:issue_updated","iſſue":{"key":"A-1"}}`},
		"W-33": {
			`{"webhookEvent":"jira:issue_updated","issue":null}`, `{"webhookEvent":"jira:issue_updated","issue":"x"}`,
			`{"webhookEvent":"jira:issue_deleted","issue":[]}`, `{"webhookEvent":"comment_created","issue":7}`, `{"issue":{}}`,
		},
		"W-34": {issueWithKey("7"), issueWithKey("{}"), issueWithKey("[]"), issueWithKey("true"), issueWithKey(`["A-1"]`)},
		"W-35": {quoted("../../etc/passwd"), quoted(`..\\x`), quoted("/abs"), quoted("A-1/../B"), quoted("A-1/..")},
		"W-36": {quoted(`A-1\u0000`), quoted(`A-1\r`), quoted(`A-1\n`), quoted(`A\t-1`), quoted(" A-1"), quoted("A-1 "), quoted(`\u0000`)},
		"W-37": {quoted("a-1"), quoted("\u0410-1"), quoted("A-\u0661"), quoted("\uff21-1"), quoted("A-１")},
		"W-38": {quoted("A-"), quoted("-1"), quoted("A"), quoted("A--1"), quoted("A-1.5"), quoted("A-0x1"), quoted("")},
		"W-39": {quoted(strings.Repeat("A", 300) + "-1"), quoted("A-" + strings.Repeat("1", 1_000_000))},
		"W-41": {quoted("A-1?x=1"), quoted("A-1#x"), quoted("A%2f-1"), quoted("A-1@h"), quoted("A-1:80")},
		"W-42": {quoted("A-1'"), quoted("A-1;--"), quoted("${A}-1"), quoted("`A`-1"), quoted(`A-1\"`)},
		"W-43": {`{"webhookEvent":7,"issue_key":"A-1"}`, `{"webhookEvent":["x"],"issue_key":"A-1"}`, `{"webhookEvent":"` + strings.Repeat("x", 1<<20) + `"}`},
	} {
		for i, body := range bodies {
			check(fmt.Sprintf("%s/%d", row, i), body)
		}
	}
	check("lesson 29 underscore", quoted("MY_PROJ-1"))
	check("link with bad id", `{"webhookEvent":"issuelink_created","issueLink":{"sourceIssueId":"../1","destinationIssueId":2}}`)
	check("H-4 form", "payload=%7B%7D")
	check("H-4 multipart", "--x\r\nContent-Disposition: form-data; name=payload\r\n\r\n{}\r\n--x--")
	r.checkNormal(t)
}

// Odd but harmless: 200, with the body as it came.
func TestHandlerAccepted(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, secret)
	for _, tt := range []struct{ name, body, want string }{
		{"W-23 invalid UTF-8 in a text", "{\"webhookEvent\":\"x\",\"issue\":{\"key\":\"A-1\",\"fields\":{\"summary\":\"\xff\xc3\x28\"}}}", `"x" issue id= key=A-1`},
		{"W-23 in a name", "{\"\xff\":1,\"issue_key\":\"A-1\"}", `"" issue id= key=A-1`},
		{"nesting 512", deep(510), `"x" issue id= key=A-1`},
		{"W-29 many members", members(100_000), `"" issue id= key=A-1`},
		{"W-31 other case besides", `{"issue":{"key":"A-1"},"ISSUE":{"key":"A-2"}}`, `"" issue id= key=A-1`},
		{"W-33 null where none is needed", `{"webhookEvent":"sprint_created","issue":null}`, `"sprint_created"`},
		{"W-33 text where none is needed", `{"webhookEvent":"sprint_created","issue":"x"}`, `"sprint_created"`},
		{"W-33 list where none is needed", `{"webhookEvent":"sprint_created","issue":[]}`, `"sprint_created"`},
		{"W-33 number where none is needed", `{"webhookEvent":"sprint_created","issue":7}`, `"sprint_created"`},
		{"W-40 CON-1", quoted("CON-1"), `"jira:issue_updated" issue id=10001 key=CON-1`},
		{"W-40 NUL-7", quoted("NUL-7"), `"jira:issue_updated" issue id=10001 key=NUL-7`},
		{"W-43 traversal", `{"webhookEvent":"../../x","issue_key":"A-1"}`, `"../../x" issue id= key=A-1`},
		{"W-43 NUL and newline", `{"webhookEvent":"a\u0000b\nc","issue_key":"A-1"}`, `"a\x00b\nc" issue id= key=A-1`},
		{"W-43 missing", `{"issue_key":"A-1"}`, `"" issue id= key=A-1`},
		{"W-44 unknown type", `{"webhookEvent":"issue_teleported","issue":{"key":"A-1"}}`, `"issue_teleported" issue id= key=A-1`},
		{"W-45 comment_deleted", `{"webhookEvent":"comment_deleted","issue":{"key":"A-1"}}`, `"comment_deleted" issue id= key=A-1`},
		{"W-45 attachment_deleted", `{"webhookEvent":"attachment_deleted","attachment":{"id":"7"}}`, `"attachment_deleted" attachment 7`},
		{"W-46 issue_deleted", `{"webhookEvent":"jira:issue_deleted","issue":{"id":"9","key":"A-1"}}`, `"jira:issue_deleted" issue id=9 key=A-1 deleted`},
		{"W-48 attachment URL", `{"webhookEvent":"attachment_created","attachment":{"id":"7","content":"file:///etc/passwd"}}`, `"attachment_created" attachment 7`},
		{"W-49 self on another host", `{"webhookEvent":"x","issue":{"self":"https://evil.example/issue/2","key":"A-1"}}`, `"x" issue id= key=A-1`},
		{"W-52 time", `{"webhookEvent":"x","timestamp":-1,"issue_key":"A-1"}`, `"x" issue id= key=A-1`},
		{"white space", " \r\n\t{ \"issue_key\" : \"A-1\" } \n", `"" issue id= key=A-1`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp := r.post(t, tt.body, signed(tt.body))
			got := r.take()
			if resp.StatusCode != http.StatusOK || len(got) != 1 {
				t.Fatalf("%.80q: %d, %d handed on", tt.body, resp.StatusCode, len(got))
			}
			if string(got[0].Body) != tt.body {
				t.Errorf("%.80q: body changed", tt.body)
			}
			if diff := cmp.Diff(tt.want, describe(got[0].Event, got[0].Malformed)); diff != "" {
				t.Errorf("%.80q mismatch (-want +got):\n%s", tt.body, diff)
			}
		})
	}
	r.checkNormal(t)
}

// W-17: an empty body has nothing to keep.
func TestHandlerEmptyBody(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, secret)
	resp := r.post(t, "", signed(""))
	if resp.StatusCode != http.StatusBadRequest || len(r.take()) != 0 {
		t.Errorf("answer %d", resp.StatusCode)
	}
	r.checkNormal(t)
}

// W-27 to W-29: the largest bombs are given up where they pass the bounds, and
// not read to their end. What they cost in memory is in
// TestParseEventAllocations.
func TestHandlerBombs(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("25 MiB bodies")
	}
	r := newReceiver(t, secret)
	for _, tt := range []struct{ name, body, want string }{
		{"W-27 brackets", strings.Repeat("[", 25<<20), "not a JSON object at byte 0"},
		{"W-27 in an object", `{"a":` + strings.Repeat("[", 25<<20-5), "nested too deeply at byte 516"},
		{"W-28 empty objects", `{"a":[` + strings.Repeat("{},", (25<<20)/3-10) + "{}]}", "too many tokens at byte 5999997"},
		{"W-29 many names", members(1_000_000), "too many tokens at byte 8952020"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := webhook.ParseEvent([]byte(tt.body))
			if !errors.Is(err, webhook.ErrMalformed) || !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("ParseEvent: %v, want %s", err, tt.want)
			}
		})
	}
	body := strings.Repeat("[", 25<<20)
	if resp := r.post(t, body, signed(body)); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("answer %d", resp.StatusCode)
	}
	r.checkNormal(t)
}

func TestParseEventAllocations(t *testing.T) {
	for name, body := range map[string]string{
		"ordinary": normal,
		"W-27":     strings.Repeat("[", 1<<16),
		"W-28":     `{"a":[` + strings.Repeat("{},", 1<<14) + "{}]}",
		"W-29":     members(1_000),
	} {
		data := []byte(body)
		allocs := testing.AllocsPerRun(5, func() { _, _ = webhook.ParseEvent(data) })
		if allocs > 20 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}

// W-54, W-51 and the headers that Jira adds: cut, cleaned, handed on.
func TestHandlerHeaders(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, secret)
	for _, tt := range []struct {
		name, header, value string
		get                 func(webhook.Delivery) string
		want                string
	}{
		{"identifier", "x-atlassian-webhook-identifier", "b1c2-77", func(d webhook.Delivery) string { return d.Identifier }, "b1c2-77"},
		{"W-54 long identifier", "X-Atlassian-Webhook-Identifier", strings.Repeat("x", 20<<10), func(d webhook.Delivery) string { return d.Identifier }, strings.Repeat("x", 256)},
		{"lesson 38: identifier with controls", "X-Atlassian-Webhook-Identifier", "a\tb\u0085\u202ec", func(d webhook.Delivery) string { return d.Identifier }, "a?b??c"},
		{"no identifier", "X-Other", "x", func(d webhook.Delivery) string { return d.Identifier }, ""},
		{"flow", "X-Atlassian-Webhook-Flow", "Secondary", func(d webhook.Delivery) string { return d.Flow }, "Secondary"},
		{"retry", "X-Atlassian-Webhook-Retry", "3", func(d webhook.Delivery) string { return fmt.Sprint(d.Retry) }, "3"},
		{"retry zero", "X-Atlassian-Webhook-Retry", "0", func(d webhook.Delivery) string { return fmt.Sprint(d.Retry) }, "0"},
		{"retry negative", "X-Atlassian-Webhook-Retry", "-1", func(d webhook.Delivery) string { return fmt.Sprint(d.Retry) }, "0"},
		{"retry text", "X-Atlassian-Webhook-Retry", "x", func(d webhook.Delivery) string { return fmt.Sprint(d.Retry) }, "0"},
		{"type", "Content-Type", "application/json; charset=utf-8", func(d webhook.Delivery) string { return d.ContentType }, "application/json; charset=utf-8"},
		{"encoding identity", "Content-Encoding", "identity", func(webhook.Delivery) string { return "" }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := signed(normal)
			h.Set(tt.header, tt.value)
			resp := r.post(t, normal, h)
			got := r.take()
			if resp.StatusCode != http.StatusOK || len(got) != 1 {
				t.Fatalf("answer %d", resp.StatusCode)
			}
			if diff := cmp.Diff(tt.want, tt.get(got[0])); diff != "" {
				t.Errorf("%s mismatch (-want +got):\n%s", tt.header, diff)
			}
			if got[0].ReceivedAt.IsZero() || got[0].ReceivedAt.Location() != time.UTC || !strings.HasPrefix(got[0].RemoteAddr, "127.0.0.1:") {
				t.Errorf("received at %v from %s", got[0].ReceivedAt, got[0].RemoteAddr)
			}
		})
	}
	for name, header := range map[string]string{"W-16 signature": webhook.SignatureHeader, "H-12": "X-Other", "W-54": "X-Atlassian-Webhook-Identifier"} {
		t.Run(name, func(t *testing.T) {
			h := signed(normal)
			h.Set(header, strings.Repeat("a", 64<<10))
			if resp := r.post(t, normal, h); resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge || len(r.take()) != 0 {
				t.Errorf("answer %d", resp.StatusCode)
			}
		})
	}
	r.checkNormal(t)
}

// Gate G3: whatever goes wrong in the storage, the answer is one after which
// Jira sends again, and says nothing of the cause.
func TestHandlerStorageFails(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, secret)
	for _, fault := range []error{os.ErrPermission, &os.PathError{Op: "write", Path: "/tmp/disk", Err: os.ErrDeadlineExceeded}, webhook.ErrMalformed, webhook.ErrBadSignature, errors.New("disk full")} {
		r.fail(fault)
		for _, body := range []string{normal, "[]"} {
			if resp := r.post(t, body, signed(body)); resp.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("after %v the answer is %d", fault, resp.StatusCode)
			}
		}
	}
	r.fail(nil)
	require.Empty(t, r.take())
	r.checkNormal(t)
}
