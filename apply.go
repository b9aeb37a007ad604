package jirasync

import (
	"context"
	"errors"
	"time"

	"github.com/jirasync/jirasync/internal/rawstore"
	"github.com/jirasync/jirasync/transform"
)

// Upsert brings the tables to the stored records of the named issues, without
// asking Jira.
func (s *Syncer) Upsert(ctx context.Context, keys ...string) (transform.Result, error) {
	return s.apply(ctx, keys...)
}

// Delete writes tombstones for the named issues and takes their rows out of
// all tables. The records stay for audit; a later successful fetch revives an
// issue that Jira still has.
func (s *Syncer) Delete(ctx context.Context, keys ...string) (transform.Result, error) {
	for _, key := range keys {
		if _, err := s.store.Delete(ctx, "", key, time.Now(), rawstore.CauseManual); err != nil {
			return transform.Result{}, err
		}
	}
	return s.apply(ctx, keys...)
}

// Rebuild makes all tables anew from the records and publishes them.
func (s *Syncer) Rebuild(ctx context.Context, opts transform.RebuildOptions) (transform.Result, error) {
	result, err := transform.Rebuild(ctx, s.tables, transform.RecordsDir(s.store.Dir()), opts)
	return result, errors.Join(err, s.publishAll(ctx))
}

// Verify compares the tables with the records and writes nothing.
func (s *Syncer) Verify(ctx context.Context, opts transform.VerifyOptions) (transform.Verification, error) {
	return transform.Verify(ctx, s.tables, transform.RecordsDir(s.store.Dir()), opts)
}
