package transform_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/transform"
)

// typical returns a record of about 30 KB as real ones are: ten comments,
// twenty changes, users with avatars, a hundred fields that no column needs.
func typical(n int, created time.Time, version string) (key, record string) {
	key = fmt.Sprintf("SUPPORT-%d", n)
	at := func(d time.Duration) string { return created.Add(d).Format("2006-01-02T15:04:05.000-0700") }
	user := func(n int) string {
		avatar := strings.Repeat("0123456789abcdef", 8)
		return fmt.Sprintf(`{"self":"https://acme.example/rest/api/3/user?accountId=5b10:%[1]d","accountId":"5b10:%[1]d","emailAddress":"person%[1]d@example.com",`+
			`"displayName":"Person %[1]d","active":true,"timeZone":"Europe/Prague","accountType":"atlassian","avatarUrls":{"48x48":"https://avatar.example/%[2]s","16x16":"https://avatar.example/%[2]s"}}`, n%40, avatar)
	}
	doc := func(s string) string {
		return fmt.Sprintf(`{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":%q},{"type":"hardBreak"},{"type":"text","text":"second line","marks":[{"type":"strong"}]}]}]}`, s)
	}
	var comments, histories, others []string
	for c := range 10 {
		comments = append(comments, fmt.Sprintf(`{"self":"https://acme.example/rest/api/3/issue/%[1]d/comment/%[1]d%[2]d","id":"%[1]d%[2]d","author":%[3]s,"updateAuthor":%[3]s,"body":%[4]s,"created":%[5]q,"updated":%[5]q,"jsdPublic":true}`,
			n, c, user(n+c), doc(strings.Repeat("What was tried and what came of it. ", 8)), at(time.Duration(c)*time.Hour)))
	}
	for h := range 10 {
		histories = append(histories, fmt.Sprintf(`{"id":"%d%d","author":%s,"created":%q,"items":[{"field":"status","fieldtype":"jira","fieldId":"status","from":"1","fromString":"Open","to":"3","toString":"In Progress"},{"field":"assignee","fieldtype":"jira","fieldId":"assignee","from":null,"fromString":null,"to":"5b10:1","toString":"Person 1"}]}`,
			n, h, user(n+h), at(time.Duration(h)*time.Minute)))
	}
	for f := range 100 {
		others = append(others, fmt.Sprintf(`"customfield_2%04d":null`, f))
	}
	record = fmt.Sprintf(`{"expand":"changelog","id":"%d","self":"https://acme.example/rest/api/3/issue/%d","key":%q,"fields":{"summary":"Ticket %d %s","description":%s,`+
		`"issuetype":{"name":"Incident"},"status":{"name":"Open","statusCategory":{"key":"new","name":"To Do"}},"priority":{"name":"High"},"resolution":null,"project":{"key":"SUPPORT","name":"Support"},`+
		`"creator":%s,"reporter":%s,"assignee":%s,"created":%q,"updated":%q,"labels":["a","b"],"attachment":[],"issuelinks":[],`+
		`"customfield_10004":{"value":"3-Medium"},"customfield_10002":[{"id":"1","name":"Acme"}],"customfield_10161":{"ongoingCycle":{"breached":false,"goalDuration":{"millis":432000000},"elapsedTime":{"millis":10800000}}},`+
		`"comment":{"total":10,"comments":[%s]},%s},"changelog":{"total":10,"histories":[%s]},"_remote_links":[],"_synced_at":"2026-01-16T10:22:40.000001+00:00"}`,
		100000+n, 100000+n, key, n, version, doc(strings.Repeat("The job fails since Monday. ", 20)), user(n), user(n+1), user(n+2), at(0), at(time.Hour),
		strings.Join(comments, ","), strings.Join(others, ","), strings.Join(histories, ","))
	return key, record
}

// BenchmarkRows makes the rows of one record. internal/bench/parquet has the
// same beside encoding/json; what the pass over the bytes alone takes is
// internal/rawjson.BenchmarkIndex.
func BenchmarkRows(b *testing.B) {
	_, record := typical(1, time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC), "")
	for name, options := range map[string]transform.Options{"reference": {ReferenceOnly: true}, "all": {}} {
		b.Run(name, func(b *testing.B) {
			data := []byte(record)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				rows, err := transform.Rows(data, options)
				if err != nil || len(rows.Skipped) != 0 {
					b.Fatal(err, rows.Skipped)
				}
			}
		})
	}
}

// filled returns tables with a month of n issues, and its records.
func filled(b *testing.B, n int) (*transform.Tables, *store) {
	b.Helper()
	records := newStore()
	for i := range n {
		key, record := typical(i, time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC), "")
		records.put(key, record)
	}
	tables := openTables(b, b.TempDir())
	_, err := transform.Rebuild(b.Context(), tables, records, transform.RebuildOptions{})
	require.NoError(b, err)
	return tables, records
}

// BenchmarkUpsert changes one issue of a month.
func BenchmarkUpsert(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprintf("month=%d", n), func(b *testing.B) {
			if n > 1000 && testing.Short() {
				b.Skip("a large month")
			}
			tables, records := filled(b, n)
			b.ReportAllocs()
			version := 0
			for b.Loop() {
				version++
				i := version * 7919 % n
				key, record := typical(i, time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC), fmt.Sprint(version))
				records.put(key, record)
				result := upsert(b, tables, records, key)
				if len(result.Files) != 1 {
					b.Fatal(paths(result.Files))
				}
			}
		})
	}
}

// BenchmarkUpsertAmongMonths changes one issue beside more and more months: of
// tables whose months are known, and of tables that were just opened and have
// to find out which issues they hold. The difference is what an index on disk
// could save.
func BenchmarkUpsertAmongMonths(b *testing.B) {
	for _, months := range []int{1, 12, 120} {
		records := newStore()
		for i := range 100 * months {
			month := i % months
			id := fmt.Sprint(1000 + i)
			records.add(ticket{id: id, key: "A-" + id, created: fmt.Sprintf("%d-%02d-05", 2015+month/12, 1+month%12)})
		}
		dir := b.TempDir()
		_, err := transform.Rebuild(b.Context(), openTables(b, dir), records, transform.RebuildOptions{})
		require.NoError(b, err)
		version := 0
		change := func(tables *transform.Tables) {
			version++
			records.add(ticket{id: "1000", key: "A-1000", created: "2015-01-05", summary: fmt.Sprint(version)})
			require.Len(b, upsert(b, tables, records, "A-1000").Files, 2)
		}
		b.Run(fmt.Sprintf("months=%d/known", months), func(b *testing.B) {
			tables := openTables(b, dir)
			change(tables)
			for b.Loop() {
				change(tables)
			}
		})
		b.Run(fmt.Sprintf("months=%d/opened", months), func(b *testing.B) {
			for b.Loop() {
				tables, err := transform.Open(dir, transform.Options{})
				require.NoError(b, err)
				change(tables)
				require.NoError(b, tables.Close())
			}
		})
	}
}

// BenchmarkRebuild makes 10,000 issues of twelve months, 300 MB of JSON, from
// nothing.
func BenchmarkRebuild(b *testing.B) {
	if testing.Short() {
		b.Skip("10,000 issues")
	}
	records := newStore()
	size := 0
	for i := range 10000 {
		key, record := typical(i, time.Date(2025, time.Month(1+i%12), 1, 0, 0, i, 0, time.UTC), "")
		records.put(key, record)
		size += len(record)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		tables := openTables(b, b.TempDir())
		result, err := transform.Rebuild(b.Context(), tables, records, transform.RebuildOptions{})
		require.NoError(b, err)
		require.Len(b, result.Applied, 10000)
	}
	b.ReportMetric(10000*float64(b.N)/b.Elapsed().Seconds(), "issues/s")
}
