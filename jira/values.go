package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/internal/rawjson"
)

// Values are some fields of one issue.
type Values struct {
	Asked     string    // the id or key, as it was passed
	StartedAt time.Time // before the request; orders reads of one issue

	ID, Key string          // where the issue is now
	JSON    json.RawMessage // as FieldValues returns it; nil if Err is not
	Err     error
}

// FieldValuesOf fetches only the named fields of many issues, a hundred with
// one request, and yields one Values for every id or key, in their order; one
// that repeats counts once.
//
// Jira leaves out of its answer what does not exist or is not visible. Such an
// issue has an error that is ErrNotFound without having been asked for alone:
// whoever acts on it confirms it with FieldValues. A key that was moved looks
// the same; ids do not.
//
// A batch that fails or is too large is halved. It is lazy as Issues is.
//
// Source: REST v3 bulkFetchIssues; jira-cloud.md section 2.4.
func (c *Client) FieldValuesOf(ctx context.Context, idsOrKeys, fields []string) iter.Seq[Values] {
	return func(yield func(Values) bool) {
		seen := make(map[string]bool, len(idsOrKeys))
		fresh := slices.DeleteFunc(slices.Clone(idsOrKeys), func(asked string) bool {
			again := seen[asked]
			seen[asked] = true
			return again
		})
		failures := 0 // requests in a row without an answer
		for ask := range slices.Chunk(fresh, maxBulk) {
			values := make([]Values, len(ask))
			for n, asked := range ask {
				values[n] = Values{Asked: asked, StartedAt: time.Now()}
				if !issuekey.Valid(asked) && !issuekey.ValidID(asked) {
					values[n].Err = fmt.Errorf("issue %.40q: %w", asked, ErrInvalidID)
				}
			}
			c.bulkValues(ctx, values, fields, 0, &failures)
			for _, v := range values {
				if !yield(v) {
					return
				}
			}
		}
	}
}

// bulkValues fills in those values that have no error yet. It halves what fails
// until too many requests in a row have brought nothing: then Jira is down.
func (c *Client) bulkValues(ctx context.Context, values []Values, fields []string, attempts int, failures *int) {
	var names []string
	for _, v := range values {
		if v.Err == nil {
			names = append(names, v.Asked)
		}
	}
	if len(names) == 0 {
		return
	}
	var answer []rawjson.Object
	r := post("bulkfetch", "/rest/api/3/issue/bulkfetch", map[string]any{"issueIdsOrKeys": names, "fields": fields}, func(body []byte) error {
		o, err := rawjson.Parse(body)
		if err == nil {
			answer, err = o.Objects("issues")
		}
		return err
	})
	r.attempts = attempts
	err := c.do(ctx, r)
	*failures++
	switch {
	case err == nil:
		*failures = 0
		takeValues(r, values, answer)
	case halved(err) && len(values) > 1 && *failures <= maxFailures && ctx.Err() == nil:
		half := len(values) / 2
		c.bulkValues(ctx, values[:half], fields, halfAttempts, failures)
		c.bulkValues(ctx, values[half:], fields, halfAttempts, failures)
	default:
		for n := range values {
			if values[n].Err == nil {
				values[n].Err = err
			}
		}
	}
}

func takeValues(r *call, values []Values, answer []rawjson.Object) {
	byName := make(map[string]rawjson.Object, 2*len(answer))
	for _, o := range answer {
		id, key := text(o, "id"), text(o, "key")
		if _, err := o.Object("fields"); err == nil && issuekey.ValidID(id) && issuekey.Valid(key) {
			byName[id], byName[key] = o, o
		}
	}
	for n := range values {
		v := &values[n]
		if v.Err != nil {
			continue
		}
		o, there := byName[v.Asked]
		if !there {
			v.Err = fmt.Errorf("issue %s: %w", v.Asked, r.newError(ErrNotFound, 200, "left out of the batch"))
			continue
		}
		v.ID, v.Key, v.JSON = text(o, "id"), text(o, "key"), o.Source()
	}
}
