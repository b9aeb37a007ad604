package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The hive layout holds the rows of the flat one, with the month as a column
// that leaves files out; migrate brings the files there and back.
func TestHiveLayout(t *testing.T) {
	bin, err := command()
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "it's here")
	_, err = output(t.TempDir(), bin, "demo", "--dir", dir, "--issues", "40", "--events", "14", "--layout", "hive")
	require.NoError(t, err)
	parquet, dist := filepath.Join(dir, "parquet"), filepath.Join(dir, "dist")
	require.Empty(t, monthFiles(t, parquet), "flat files in the hive layout")

	db := openDuckDB(t)
	glob := literal(filepath.Join(dist, "issues", "*", "*.parquet"))
	require.Equal(t, "0", one(t, db, fmt.Sprintf(`SELECT count(*) FROM read_parquet(%s, hive_partitioning = true)
		WHERE month IS DISTINCT FROM strftime(created_at AT TIME ZONE 'UTC', '%%Y-%%m')`, glob)))
	month := one(t, db, fmt.Sprintf("SELECT max(month) FROM read_parquet(%s, hive_partitioning = true)", glob))
	sql, err := output(dir, bin, "views", "--dir", dist)
	require.NoError(t, err)
	exec1(t, db, sql)
	require.Equal(t, month, one(t, db, "SELECT max(month) FROM jira_issues"))
	plan := rows(t, db, fmt.Sprintf("EXPLAIN ANALYZE SELECT count(*) FROM jira_issues WHERE month = %s", literal(month)))
	require.Contains(t, fmt.Sprint(plan), "Total Files Read: 1", "the month leaves the other files out")
	hive := map[string][][]string{}
	for table := range schemas {
		hive[table] = rows(t, db, fmt.Sprintf("SELECT * EXCLUDE (month) FROM jira_%s ORDER BY ALL", table))
		require.NotEmpty(t, hive[table], table)
	}
	for table := range siteSchemas {
		require.NotEqual(t, "0", one(t, db, "SELECT count(*) FROM jira_"+table))
	}

	_, err = output(dir, bin, "migrate", "--layout", "flat", "--parquet-dir", parquet, "--dist-dir", dist)
	require.NoError(t, err)
	sql, err = output(dir, bin, "views", "--dir", dist)
	require.NoError(t, err)
	db = openDuckDB(t)
	exec1(t, db, sql)
	for table := range schemas {
		require.Equal(t, hive[table], rows(t, db, fmt.Sprintf("SELECT * FROM jira_%s ORDER BY ALL", table)), table)
	}
	require.NotEmpty(t, monthFiles(t, parquet))
	require.Equal(t, monthFiles(t, parquet), monthFiles(t, dist))

	_, err = output(dir, bin, "migrate", "--layout", "hive", "--parquet-dir", parquet, "--dist-dir", dist)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(len(hive["issues"])), one(t, openDuckDB(t), fmt.Sprintf("SELECT count(*) FROM read_parquet(%s)", glob)))
}

// monthFiles lists the files of the flat layout.
func monthFiles(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	for _, name := range parquetFiles(t, dir) {
		if !strings.HasSuffix(name, "/data.parquet") {
			found = append(found, name)
		}
	}
	return found
}
