package jirasync_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira/jiratest"
)

// Files that a run did not get are read by the next, though the issue is
// skipped; files that are there in full size are not read again.
func TestBackfillReadsTheFilesThatAreMissing(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]jirasync.BackfillOptions{"skipping": {}, "going on": {Refetch: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := newSite(t)
			issue := site.Create("SUP", nil)
			var ids []string
			for _, content := range []string{"first", "second", "third"} {
				ids = append(ids, issue.Attach("f.txt", "text/plain", []byte(content)))
			}
			r := library(t, config(site))
			const content = "GET /rest/api/3/attachment/content/{id}"
			undo := site.Fail(jiratest.Fault{Match: "GET /rest/api/3/attachment/content/" + ids[1], Times: -1, Status: 403})
			result, err := r.Backfill(t.Context(), opts)
			require.Error(t, err)
			require.Equal(t, 2, result.Attachments)
			require.Equal(t, 1, result.Failed)

			undo()
			path := filepath.Join(r.cfg.DataDir, "attachments", "SUP-1", ids[2]+"_f.txt")
			require.NoError(t, os.WriteFile(path, []byte("thi"), 0o600)) // cut
			site.ResetLog()
			result, err = r.Backfill(t.Context(), opts)
			require.NoError(t, err)
			require.Equal(t, 2, result.Attachments)
			require.Equal(t, 1, result.Skipped)
			require.Equal(t, 2, site.Requests()[content], "%v", site.Requests())
			for _, row := range r.rows("attachments", "SUP-1") {
				require.NotEmpty(t, row["local_path"].Text())
			}

			site.ResetLog()
			result, err = r.Backfill(t.Context(), jirasync.BackfillOptions{Refetch: true, Restart: true})
			require.NoError(t, err)
			require.Equal(t, 1, result.Fetched)
			require.Zero(t, result.Attachments)
			require.Zero(t, site.Requests()[content])
		})
	}
}
