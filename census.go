package jirasync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/internal/rawstore"
	"github.com/jirasync/jirasync/jira"
)

// ErrBrake reports that more issues have vanished from Jira at once than is
// believed without a person's word.
var ErrBrake = errors.New("jirasync: too many issues have vanished at once")

// Vanished is a stored issue that Jira does not show any more.
type Vanished struct {
	ID    string        `json:"id"`
	Key   string        `json:"key"`
	Since time.Time     `json:"since"` // when it was first not found
	Cause VanishedCause `json:"cause"`
}

// VanishedCause says what became of the issue.
type VanishedCause string

// What becomes of issues. Only Gone and LeftScope take rows out of the tables:
// the others mean that Jira no longer tells, not that there is nothing.
const (
	Gone              VanishedCause = "deleted"            // not found twice, with a working account that sees the project
	LeftScope         VanishedCause = "moved"              // now in a project that is not synced
	Unlisted          VanishedCause = "archived or hidden" // readable, but in no search
	ProjectNotVisible VanishedCause = "permission lost"    // no issue of its project is visible any more
	Unconfirmed       VanishedCause = "waiting for a second look"
)

// census is every issue of our projects that a search shows.
type census struct {
	keys     map[string]string // by id
	ids      map[string]string // by key
	projects map[string]bool   // those with an issue
}

func (s *Syncer) takeCensus(ctx context.Context) (census, error) {
	c := census{keys: map[string]string{}, ids: map[string]string{}, projects: map[string]bool{}}
	for l, err := range s.list(ctx, s.scopeJQL("", "created ASC"), idsOnly) {
		if err != nil {
			return census{}, fmt.Errorf("census: %w", err)
		}
		c.keys[l.id], c.ids[l.key] = l.key, l.id
		c.projects[issuekey.Project(l.key)] = true
	}
	return c, nil
}

// absent are the stored living issues that the census lacks, by id.
func (s *Syncer) absent(c census) (map[string]string, error) {
	absent := map[string]string{}
	for key, err := range s.store.Keys() {
		if err != nil {
			return nil, err
		}
		if c.ids[key] != "" {
			continue
		}
		sum, err := s.store.Summary(key)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, rawstore.ErrCorrupt) {
			continue // the comparison of records names it
		}
		if err != nil {
			return nil, err
		}
		if sum.State != rawstore.Deleted && sum.State != rawstore.Moved && s.wanted(key) {
			absent[sum.ID] = key
		}
	}
	return absent, nil
}

// burial is one search for what became of absent issues.
type burial struct {
	*Syncer
	census  census
	confirm time.Duration // between two looks
	force   bool
	dryRun  bool

	suspects map[string]Vanished // by id: what is remembered from one census to the next
	vanished []Vanished
	reread   []string // keys of issues that are there, but not as they are stored
	gone     []Vanished
	failed   map[string]error // by key
}

// lookAgain is how often an issue that answers, but is in no search, is read.
const lookAgain = 24 * time.Hour

// judge asks Jira for each absent issue. Nothing is deleted on a search's word:
// its index lags, and hides what is archived.
func (b *burial) judge(ctx context.Context, absent map[string]string) error {
	b.suspects, b.failed = map[string]Vanished{}, map[string]error{}
	b.readState(stateSuspects, &b.suspects)
	maps.DeleteFunc(b.suspects, func(id string, _ Vanished) bool { return absent[id] == "" })
	var ask []string
	for _, id := range slices.Sorted(maps.Keys(absent)) {
		known := b.suspects[id]
		switch now := b.census.keys[id]; {
		case now != "": // moved or renamed: it has another key
			b.reread = append(b.reread, now)
		case known.Cause == Unlisted && time.Since(known.Since) < lookAgain:
			b.vanished = append(b.vanished, known)
		default:
			ask = append(ask, id)
		}
	}
	for v := range b.site.FieldValuesOf(ctx, ask, []string{"updated"}) {
		b.look(v, absent[v.Asked])
	}
	if err := ctx.Err(); err != nil || b.dryRun {
		return err
	}
	return b.writeState(stateSuspects, b.suspects)
}

// look takes in what Jira says of an absent issue.
func (b *burial) look(answer jira.Values, key string) {
	id, now := answer.Asked, time.Now().UTC()
	v, known := b.suspects[id]
	if !known {
		v = Vanished{ID: id, Key: key, Since: now}
	}
	switch err := answer.Err; {
	case err == nil:
		v.Since, v.Cause = now, Unlisted
		l := listed{id: answer.ID, key: answer.Key}
		if l.read(answer.JSON); l.key != key || !b.isFresh(l) {
			b.reread = append(b.reread, l.key)
		}
	case !errors.Is(err, jira.ErrNotFound):
		b.failed[key] = err
		return
	case !b.census.projects[issuekey.Project(key)]:
		v.Cause = ProjectNotVisible
	case !known || v.Cause == Unlisted || now.Sub(v.Since) < b.confirm:
		if v.Cause == Unlisted {
			v.Since = now
		}
		v.Cause = Unconfirmed
		if b.confirm == 0 {
			v.Cause = Gone
		}
	default:
		v.Cause = Gone
	}
	if v.Cause == Gone {
		b.gone = append(b.gone, v)
	}
	b.suspects[id] = v
	b.vanished = append(b.vanished, v)
}

// brake is how many issues may be found deleted at once: one in a hundred, but
// at least 5 and at most 50. More than that is more likely a lost permission.
func brake(stored int) int { return min(50, max(5, stored/100)) }

// bury writes the tombstones, and returns the keys whose rows must go. stored
// is how many issues are known, for the brake.
func (b *burial) bury(ctx context.Context, stored int) (keys []string, err error) {
	if len(b.gone) == 0 || b.dryRun {
		return nil, nil
	}
	if limit := brake(stored); len(b.gone) > limit && !b.force {
		return nil, fmt.Errorf("%w: %d of %d, at most %d are believed; look at them in Jira, then use --force", ErrBrake, len(b.gone), stored, limit)
	}
	// An expired token looks exactly like this.
	if _, err := b.site.Myself(ctx); err != nil {
		return nil, fmt.Errorf("JIRA_API_TOKEN: %w", err)
	}
	for _, v := range b.gone {
		if _, err := b.site.FieldValues(ctx, v.ID, []string{"updated"}); !errors.Is(err, jira.ErrNotFound) {
			continue // it is back, or Jira cannot say: the next census asks again
		}
		dead, err := b.store.Delete(ctx, v.ID, v.Key, time.Now(), rawstore.CauseCensus)
		if err != nil {
			return keys, err
		}
		b.log.InfoContext(ctx, "issue deleted", "issue", v.Key, "cause", string(rawstore.CauseCensus))
		keys = append(keys, dead...)
		delete(b.suspects, v.ID)
	}
	return keys, b.writeState(stateSuspects, b.suspects)
}
