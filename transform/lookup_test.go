package transform_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

func TestAttachmentLookup(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables, err := transform.Open(dir, transform.Options{
		Attachment: func(_, id, _ string) (string, bool) { return "there/" + id, id == "71" },
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tables.Close()) })
	records.put("A-1", `{"id":"1","key":"A-1","fields":{"created":"2026-01-10","attachment":[{"id":"71","size":5},{"id":"72","size":50}]}}`)
	records.put("B-2", `{"id":"2","key":"B-2","fields":{"created":"2026-02-10","attachment":[{"id":"73","size":51},{"id":"74"}]}}`)
	upsert(t, tables, records, "A-1", "B-2")
	require.Equal(t, dir, tables.Dir().Path())

	for id, want := range map[string]string{"71": "A-1", "72": "A-1", "73": "B-2", "75": "", "": ""} {
		key, err := tables.AttachmentIssue(id)
		require.NoError(t, err)
		require.Equal(t, want, key, id)
	}
	missing, err := tables.MissingAttachments(50)
	require.NoError(t, err)
	require.Equal(t, []string{"A-1", "B-2"}, missing)
	missing, err = tables.MissingAttachments(5)
	require.NoError(t, err)
	require.Equal(t, []string{"B-2"}, missing, "of unknown size")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "attachments", "2026-02.parquet"), []byte("PAR1"), 0o600))
	missing, err = tables.MissingAttachments(50)
	require.ErrorIs(t, err, partition.ErrCorrupt)
	require.Equal(t, []string{"A-1"}, missing, "the other months are still told")
}

func TestFieldMapIDs(t *testing.T) {
	require.Equal(t, []string{"customfield_10328", "customfield_10161"}, transform.DefaultFields().IDs(transform.KindSLA))
	require.Empty(t, transform.DefaultFields().IDs(transform.KindText))
}
