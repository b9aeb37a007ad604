package jirasync

import (
	"context"

	"github.com/jirasync/jirasync/transform"
)

// renew brings the months that another version of the program wrote to the
// columns of this one, beside all other work: each is locked while it is made.
// What fails is taken up by the next start, or by the next event of the issue.
func (s *Syncer) renew(ctx context.Context) {
	result, err := transform.Renew(ctx, s.tables, s.store)
	if ctx.Err() != nil {
		return // the next start publishes what is made
	}
	if err != nil {
		s.log.WarnContext(ctx, "months of another schema could not be made anew", "issues", len(result.Failed), "error", err)
	}
	if len(result.Files) == 0 {
		return
	}
	if err := s.publish(ctx, result.Files...); err != nil {
		s.log.WarnContext(ctx, "renewed months could not be published", "error", err)
		return
	}
	s.log.InfoContext(ctx, "months of another schema made anew", "issues", len(result.Applied), "files", len(result.Files))
}
