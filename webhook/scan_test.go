package webhook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/webhook"
)

// checkEvent holds for any body: an event only from valid JSON, its references
// in valid form; and of valid, unambiguous, shallow JSON encoding/json is the
// oracle.
func checkEvent(t *testing.T, body []byte) {
	t.Helper()
	e, err := webhook.ParseEvent(body)
	if err != nil {
		if !errors.Is(err, webhook.ErrMalformed) {
			t.Fatalf("ParseEvent(%q): %v", body, err)
		}
		return
	}
	if !json.Valid(body) {
		t.Fatalf("ParseEvent(%q) took invalid JSON", body)
	}
	for _, ref := range e.Issues {
		if ref == (webhook.IssueRef{}) || ref.Key != "" && !issuekey.Valid(ref.Key) || ref.ID != "" && !issuekey.ValidID(ref.ID) {
			t.Errorf("ParseEvent(%q): reference %+v", body, ref)
		}
	}
	if e.MovedFrom != "" && !issuekey.Valid(e.MovedFrom) || e.AttachmentID != "" && !issuekey.ValidID(e.AttachmentID) {
		t.Errorf("ParseEvent(%q): %+v", body, e)
	}
	if len(e.Issues) > 2 || len(e.Type) > 255 || !utf8.ValidString(e.IssueEventTypeName) && utf8.Valid(body) {
		t.Errorf("ParseEvent(%q): %+v", body, e)
	}
	if e.MovedFrom+e.AttachmentID == "" && len(e.Issues) == 0 {
		return
	}
	var exact map[string]json.RawMessage // exact names, the last of several
	if err := json.Unmarshal(body, &exact); err != nil {
		t.Fatalf("ParseEvent(%q): %v", body, err)
	}
	var eventType string
	if raw := exact["webhookEvent"]; raw != nil {
		if err := json.Unmarshal(raw, &eventType); err != nil || eventType != e.Type {
			t.Errorf("ParseEvent(%q): type %q, oracle %q, %v", body, e.Type, eventType, err)
		}
	}
}

// The scanner takes exactly what json.Valid takes, but for the bounds, which
// these small documents keep.
func TestParseEventAgreesWithValid(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	pieces := []string{`{`, `}`, `[`, `]`, `"`, `:`, `,`, `\`, `u00e9`, `\u00e9`, `\n`, "\n", " ", "0", "1", "-", ".", "e", "+", "true", "null", "nul", `"a"`, `"b":`, `{}`, `[]`, "\xff", "é", "\x00", "\x1f"}
	valid := 0
	for range 50_000 {
		var b bytes.Buffer
		b.WriteString(`{"webhookEvent":"x","y":`)
		for range rng.IntN(6) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		b.WriteString(`}`)
		body := b.Bytes()
		_, err := webhook.ParseEvent(body)
		if json.Valid(body) {
			valid++
		}
		// A piece can close the object, or repeat a name that is read.
		if err == nil != json.Valid(body) {
			t.Fatalf("ParseEvent(%q) = %v, json.Valid says %v", body, err, json.Valid(body))
		}
	}
	if valid < 250 {
		t.Errorf("only %d valid documents drawn", valid)
	}
}
