package partition_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

// describe tells what a footer says, but not sizes and checksums, which
// change with the compressor.
func describe(t *testing.T, file []byte) string {
	t.Helper()
	f, err := partition.Metadata(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	var b strings.Builder
	m := f.Metadata()
	fmt.Fprintf(&b, "%s\n\ncreated by %s\nversion %d\n", f.Schema(), m.CreatedBy, m.Version)
	for _, kv := range m.KeyValueMetadata {
		if kv.Key == "jira-sync.groups" || kv.Key == "jira-sync.tail" {
			kv.Value = "(checksums)"
		}
		fmt.Fprintf(&b, "%s = %s\n", kv.Key, kv.Value)
	}
	for i, group := range m.RowGroups {
		fmt.Fprintf(&b, "\nrow group %d: %d rows", i, group.NumRows)
		for _, s := range group.SortingColumns {
			fmt.Fprintf(&b, ", sorted by column %d (descending %t)", s.ColumnIdx, s.Descending)
		}
		b.WriteByte('\n')
		for _, chunk := range group.Columns {
			md := chunk.MetaData
			bounds := "bounds"
			if md.Statistics.MinValue == nil && md.Statistics.MaxValue == nil {
				bounds = "no bounds"
			}
			fmt.Fprintf(&b, "  %-12s %v %v %v, %d nulls, %s\n", strings.Join(md.PathInSchema, "."), md.Type, md.Codec, md.Encoding, md.Statistics.NullCount, bounds)
		}
	}
	return b.String()
}
