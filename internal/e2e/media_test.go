package e2e

import (
	"fmt"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/jirasync/jirasync/transform"
	"github.com/stretchr/testify/require"
)

// What a comment embeds leads to the downloaded file, by a join; what cannot be
// resolved has NULL.
func TestCommentMedia(t *testing.T) {
	records := fstest.MapFS{
		"A-1.json": &fstest.MapFile{Data: []byte(`{"id": "1", "key": "A-1", "fields": {"created": "2026-01-05T10:00:00.000+0000",
			"attachment": [{"id": "7", "filename": "shot.png", "content": "https://acme.atlassian.net/rest/api/3/attachment/content/7"}],
			"comment": {"comments": [{"id": "21", "body": {"type": "doc", "version": 1, "content": [
				{"type": "mediaSingle", "content": [{"type": "media", "attrs": {"type": "file", "id": "u-7", "collection": "", "alt": "shot.png"}}]},
				{"type": "mediaSingle", "content": [{"type": "media", "attrs": {"type": "file", "id": "u-8", "collection": "", "alt": "gone.png"}}]}]}}]}}}`)},
	}
	dir := t.TempDir()
	tables, err := transform.Open(dir, transform.Options{Attachment: func(key, id, _ string) (string, bool) { return key + "/" + id, true }})
	require.NoError(t, err)
	defer tables.Close()
	_, err = transform.Rebuild(t.Context(), tables, transform.RecordsFS(records), transform.RebuildOptions{})
	require.NoError(t, err)

	table := func(name string) string {
		return fmt.Sprintf("read_parquet(%s)", literal(filepath.Join(dir, name, "*.parquet")))
	}
	got := rows(t, openDuckDB(t), fmt.Sprintf(`SELECT m.issue_key, comment_id, media_id, m.filename, attachment_id, local_path, contains(body_md, content_url)
		FROM %s m JOIN %s c USING (comment_id) LEFT JOIN %s a USING (attachment_id) ORDER BY media_id`,
		table("comment_media"), table("comments"), table("attachments")))
	require.Equal(t, [][]string{
		{"A-1", "21", "u-7", "shot.png", "7", "A-1/7", "true"},
		{"A-1", "21", "u-8", "gone.png", "∅", "∅", "∅"},
	}, got)
}

// An older version's months unite with those of this one, and are brought to
// its columns.
func TestMonthsOfTwoVersionsUnite(t *testing.T) {
	records := fstest.MapFS{}
	for n, month := range []string{"2026-01", "2026-02"} {
		records[fmt.Sprintf("A-%d.json", n+1)] = &fstest.MapFile{Data: fmt.Appendf(nil,
			`{"id": "%[1]d", "key": "A-%[1]d", "fields": {"created": "%[2]s-05T10:00:00.000+0000", "description": "text %[1]d"}}`, n+1, month)}
	}
	dir := t.TempDir()
	open := func(o transform.Options) *transform.Tables {
		tables, err := transform.Open(dir, o)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, tables.Close()) })
		return tables
	}
	_, err := transform.Rebuild(t.Context(), open(transform.Options{ReferenceOnly: true}), transform.RecordsFS(records), transform.RebuildOptions{})
	require.NoError(t, err)
	tables := open(transform.Options{})
	_, err = transform.Upsert(t.Context(), tables, transform.RecordsFS(records), "A-2")
	require.NoError(t, err)
	query := fmt.Sprintf("SELECT issue_key, description_md FROM read_parquet(%s, union_by_name = true) ORDER BY issue_key",
		literal(filepath.Join(dir, "issues", "*.parquet")))
	require.Equal(t, [][]string{{"A-1", "∅"}, {"A-2", "text 2"}}, rows(t, openDuckDB(t), query))
	_, err = transform.Renew(t.Context(), tables, transform.RecordsFS(records))
	require.NoError(t, err)
	require.Equal(t, [][]string{{"A-1", "text 1"}, {"A-2", "text 2"}}, rows(t, openDuckDB(t), query))
}
