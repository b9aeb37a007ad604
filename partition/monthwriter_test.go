package partition_test

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/partition"
)

// stream appends rows to the files of a month, issue after issue.
func stream(t testing.TB, d *partition.Dir, commentRows, issueRows []partition.Row) ([]partition.File, error) {
	t.Helper()
	w, err := d.NewMonthWriter("2026-01", comments, issues)
	require.NoError(t, err)
	defer w.Discard()
	of := groupByKey(commentRows, 1)
	for _, row := range issueRows {
		if err := w.Append(of[row[0].Text()], []partition.Row{row}); err != nil {
			return nil, err
		}
	}
	return w.Commit()
}

// What is streamed is what Replace writes, byte for byte, whatever was there
// before; and where the rows were there nothing is written.
func TestMonthWriterIsReplace(t *testing.T) {
	r := seeded()
	issueRows, commentRows := makeIssues(r, 777), makeComments(r, 777)
	fresh := openDir(t)
	replace(t, fresh, "2026-01", partition.Content{Table: comments, Rows: commentRows}, partition.Content{Table: issues, Rows: issueRows})
	want := files(t, fresh)

	for name, change := range map[string]func(rows []partition.Row) []partition.Row{
		"nothing":      func([]partition.Row) []partition.Row { return nil },
		"the same":     func(rows []partition.Row) []partition.Row { return rows },
		"first gone":   func(rows []partition.Row) []partition.Row { return rows[1:] },
		"last gone":    func(rows []partition.Row) []partition.Row { return rows[:len(rows)-1] },
		"one more":     func(rows []partition.Row) []partition.Row { return append(rows, withKey(rows[0], "Z-1")) },
		"group gone":   func(rows []partition.Row) []partition.Row { return slices.Delete(rows, 300, 400) },
		"first cell":   func(rows []partition.Row) []partition.Row { return edited(rows, 0) },
		"middle cell":  func(rows []partition.Row) []partition.Row { return edited(rows, 399) },
		"last cell":    func(rows []partition.Row) []partition.Row { return edited(rows, len(rows)-1) },
		"other groups": nil,
	} {
		d := openDir(t)
		if change != nil {
			replace(t, d, "2026-01", partition.Content{Table: comments, Rows: commentRows}, partition.Content{Table: issues, Rows: change(slices.Clone(issueRows))})
		} else {
			replace(t, d, "2026-01", partition.Content{Table: comments, Rows: commentRows}, partition.Content{Table: issues, Rows: issueRows[:300]})
			var keys []string
			for _, row := range issueRows[300:] {
				keys = append(keys, row[0].Text())
			}
			splice(t, d, "2026-01", keys, partition.Content{Table: issues, Rows: issueRows[300:]})
		}
		before := files(t, d)
		changed, err := stream(t, d, commentRows, issueRows)
		require.NoError(t, err, name)
		if name == "the same" || name == "other groups" {
			require.Empty(t, changed, name)
			require.Equal(t, before, files(t, d), name)
			continue
		}
		require.Len(t, changed, 1, name)
		require.Equal(t, 777, changed[0].Rows, name)
		require.Equal(t, want, files(t, d), name)
	}
}

func edited(rows []partition.Row, n int) []partition.Row {
	row := slices.Clone(rows[n])
	row[6] = partition.Int(-1)
	rows[n] = row
	return rows
}

// Tables without rows go, and a file that is damaged is made anew from its
// first row on, wherever the damage is.
func TestMonthWriterMendsAndRemoves(t *testing.T) {
	d := openDir(t)
	issueRows, commentRows := writeMonth(t, d, 500)
	want := files(t, d)
	whole := readFile(t, d, "issues/2026-01.parquet")
	ends, err := partition.Sections(whole)
	require.NoError(t, err)
	require.Greater(t, len(ends), 3)
	for _, at := range []int64{10, ends[0] + 10, ends[2] + 10, ends[len(ends)-1] + 10} {
		damaged := slices.Clone(whole)
		damaged[at] ^= 1
		require.NoError(t, os.WriteFile(d.Path()+"/issues/2026-01.parquet", damaged, 0o600))
		changed, err := stream(t, d, commentRows, issueRows)
		require.NoError(t, err)
		require.Len(t, changed, 1)
		require.Equal(t, want["issues/2026-01.parquet"], files(t, d)["issues/2026-01.parquet"], "damage at %d", at)
		require.NoError(t, os.RemoveAll(d.Path()+"/.corrupt"))
	}
	changed, err := stream(t, d, nil, issueRows)
	require.NoError(t, err)
	require.Len(t, changed, 1)
	require.True(t, changed[0].Removed)
	changed, err = stream(t, d, nil, nil)
	require.NoError(t, err)
	require.Len(t, changed, 1)
	_, err = d.Read(issues, "2026-01")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestMonthWriterRefuses(t *testing.T) {
	rows := makeIssues(seeded(), 200)
	for name, appended := range map[string][][]partition.Row{
		"key before":        {rows[3:4], rows[2:3]},
		"key again":         {rows[3:4], rows[3:4]},
		"key before, later": {rows[50:150], rows[2:3]},
		"too few values":    {{rows[0][:3]}},
	} {
		d := openDir(t)
		w, err := d.NewMonthWriter("2026-01", comments, issues)
		require.NoError(t, err)
		for _, rows := range appended {
			if err = w.Append(nil, rows); err != nil {
				break
			}
		}
		if err == nil {
			_, err = w.Commit()
		}
		require.ErrorIs(t, err, partition.ErrRows, name)
		w.Discard()
		require.Empty(t, files(t, d), name)
	}
	d := openDir(t)
	_, err := d.NewMonthWriter("2026-13", issues)
	require.Error(t, err)
	w, err := d.NewMonthWriter("2026-01", issues)
	require.NoError(t, err)
	require.ErrorIs(t, w.Append(nil, nil), partition.ErrRows)
	w.Discard()
}

// Nothing is left of what was discarded, nor after a write that failed; Append
// does not wait for a table that has failed.
func TestMonthWriterLeavesNothing(t *testing.T) {
	d := openDir(t)
	rows := makeIssues(seeded(), 3000)
	w, err := d.NewMonthWriter("2026-01", comments, issues)
	require.NoError(t, err)
	require.NoError(t, w.Append(nil, rows[:100]))
	w.Discard()
	require.Empty(t, files(t, d))

	var once sync.Once
	full := fs.ErrInvalid
	restore := atomicfile.SetHook(func(step, _ string) (err error) {
		if step == "create" {
			once.Do(func() { err = full })
		}
		return err
	})
	defer restore()
	w, err = d.NewMonthWriter("2026-01", comments, issues)
	require.NoError(t, err)
	for n := 0; n < len(rows) && err == nil; n++ {
		err = w.Append(nil, rows[n:n+1])
	}
	require.ErrorIs(t, err, full)
	_, err = w.Commit()
	require.ErrorIs(t, err, full)
	require.Empty(t, files(t, d))
}

// Row groups are the same whether their columns are encoded side by side, as
// Splice does, or as the rows come.
func TestRowGroupsAreEncodedTheSameEitherWay(t *testing.T) {
	table := issues
	table.GroupRows = 5000
	rows := makeIssues(seeded(), 4000) // several pages of a column
	group, err := partition.EncodeGroup(table, rows)
	require.NoError(t, err)
	require.Greater(t, len(group), 1<<19)
	require.Equal(t, encode(t, table, rows), group)
}

func TestCursor(t *testing.T) {
	d := openDir(t)
	_, err := d.Cursor(comments, "2026-01")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, commentRows := writeMonth(t, d, 400)
	of := groupByKey(commentRows, 1)
	c, err := d.Cursor(comments, "2026-01")
	require.NoError(t, err)
	var all []partition.Row
	for {
		rows, err := c.Next()
		require.NoError(t, err)
		if rows == nil {
			break
		}
		require.Len(t, rows, len(of[rows[0][1].Text()]))
		all = append(all, rows...)
	}
	require.NoError(t, c.Close())
	equalRows(t, commentRows, all)

	r := rand.New(rand.NewPCG(3, 3))
	for range 20 {
		c, err := d.Cursor(comments, "2026-01")
		require.NoError(t, err)
		for n := r.IntN(50); n < 450; n += 1 + r.IntN(80) {
			require.NoError(t, c.Seek(key(n)))
			for n < 400 && of[key(n)] == nil {
				n++
			}
			want := ""
			if n < 400 {
				want = key(n)
			}
			next, err := c.Peek()
			require.NoError(t, err)
			require.Equal(t, want, next)
			rows, err := c.Next()
			require.NoError(t, err)
			equalRows(t, of[want], rows)
		}
		require.NoError(t, c.Close())
	}

	file := readFile(t, d, "comments/2026-01.parquet")
	ends, err := partition.Sections(file)
	require.NoError(t, err)
	file[ends[1]+10] ^= 1 // in the third row group
	require.NoError(t, os.WriteFile(d.Path()+"/comments/2026-01.parquet", file, 0o600))
	c, err = d.Cursor(comments, "2026-01")
	require.NoError(t, err)
	defer c.Close()
	for err == nil {
		var rows []partition.Row
		if rows, err = c.Next(); err == nil {
			require.NotNil(t, rows, "the end, though a row group is damaged")
		}
	}
	require.ErrorIs(t, err, partition.ErrCorrupt)
}
