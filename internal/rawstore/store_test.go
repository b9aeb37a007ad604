package rawstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/rawstore"
)

var t0 = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func open(t *testing.T) (*rawstore.Store, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := rawstore.Open(dir, rawstore.Options{SLAFields: []string{"customfield_1"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, dir
}

func issue(fields string) []byte {
	return []byte(`{"id":"10001","key":"A-1","fields":{` + fields + `},"changelog":{"total":1,"histories":[{"id":"1"}]}}`)
}

func save(t *testing.T, s *rawstore.Store, f rawstore.Fetch) rawstore.Saved {
	t.Helper()
	if f.ID == "" {
		f.ID, f.Key = "10001", "A-1"
	}
	if f.StartedAt.IsZero() {
		f.StartedAt = t0
	}
	saved, err := s.Save(t.Context(), f)
	require.NoError(t, err)
	return saved
}

// member returns a member of the stored record, by a path with dots.
func member(t *testing.T, s *rawstore.Store, key, path string) string {
	t.Helper()
	data, err := s.Record(key)
	require.NoError(t, err)
	raw := json.RawMessage(data)
	for name := range strings.SplitSeq(path, ".") {
		var object map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(raw, &object))
		raw = object[name]
	}
	return string(raw)
}

func TestSaveKeepsJirasBytes(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	odd := `"n":12345678901234567891,"text":"a<b>&\u00e9 \u0000","e":1.50e+2`
	saved := save(t, s, rawstore.Fetch{JSON: issue(odd), RemoteLinks: []byte(`[{"id": 1}]`)})
	require.Equal(t, rawstore.Saved{Key: "A-1", Changed: true, New: true}, saved)
	data, err := os.ReadFile(filepath.Join(dir, "issues", "A-1.json"))
	require.NoError(t, err)
	want := `{"id":"10001","key":"A-1","fields":{` + odd + `},"changelog":{"total":1,"histories":[{"id":"1"}]},` +
		`"_remote_links":[{"id": 1}],"_synced_at":"2026-11-23T12:00:00.000000+00:00"}` + "\n"
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("record mismatch (-want +got):\n%s", diff)
	}
}

// Lesson 3: a record must stay writable for the group, whatever the umask.
func TestLesson3RecordMode(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	save(t, s, rawstore.Fetch{JSON: issue("")})
	info, err := os.Stat(filepath.Join(dir, "issues", "A-1.json"))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o660), info.Mode().Perm())
}

// A fetch that brings nothing new leaves the file, and its _synced_at, alone.
func TestUnchangedIsNotWritten(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	save(t, s, rawstore.Fetch{JSON: issue(`"summary":"x"`), RemoteLinks: []byte(`[]`)})
	path := filepath.Join(dir, "issues", "A-1.json")
	before, err := os.Stat(path)
	require.NoError(t, err)
	saved := save(t, s, rawstore.Fetch{JSON: issue(`"summary":"x"`), RemoteLinks: []byte(`[]`), StartedAt: t0.Add(time.Hour)})
	require.False(t, saved.Changed)
	after, err := os.Stat(path)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after), "the file was replaced")
	require.Equal(t, `"2026-11-23T12:00:00.000000+00:00"`, member(t, s, "A-1", "_synced_at"))
}

// Two events for one issue may be fetched in one order and saved in the other.
func TestOlderFetchNeverReplacesNewer(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	save(t, s, rawstore.Fetch{JSON: issue(`"summary":"new"`), StartedAt: t0.Add(time.Second)})
	saved := save(t, s, rawstore.Fetch{JSON: issue(`"summary":"old"`), StartedAt: t0})
	require.True(t, saved.Stale)
	require.Equal(t, `"new"`, member(t, s, "A-1", "fields.summary"))
}

// A clock that was wrong must not lock an issue until that time comes.
func TestFutureStampDoesNotLock(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	save(t, s, rawstore.Fetch{JSON: issue(`"summary":"2099"`), StartedAt: time.Now().AddDate(73, 0, 0)})
	saved := save(t, s, rawstore.Fetch{JSON: issue(`"summary":"now"`), StartedAt: time.Now()})
	require.False(t, saved.Stale)
	require.Equal(t, `"now"`, member(t, s, "A-1", "fields.summary"))
}

// Lessons 39 to 42: a failed read of remote links is unknown, never empty; an
// empty list that was read is known, and deletes.
func TestLesson42RemoteLinksThreeStates(t *testing.T) {
	t.Parallel()
	links := `[{"id":1}]`
	for name, tc := range map[string]struct {
		fresh []byte
		want  string
	}{
		"absent keeps":   {nil, links},
		"empty replaces": {[]byte(`[]`), `[]`},
		"list replaces":  {[]byte(`[{"id":2}]`), `[{"id":2}]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := open(t)
			save(t, s, rawstore.Fetch{JSON: issue(``), RemoteLinks: []byte(links)})
			save(t, s, rawstore.Fetch{JSON: issue(`"summary":"y"`), RemoteLinks: tc.fresh, StartedAt: t0.Add(time.Second)})
			require.Equal(t, tc.want, member(t, s, "A-1", "_remote_links"))
		})
	}
}

// Lesson 209: an absent changelog keeps the stored history; so do comments and
// worklogs that could not be read whole, with the fresh version of each element.
func TestLesson209UnknownPartsKeepWhatIsStored(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	comments := `"comment":{"total":3,"comments":[{"id":"1","b":1},{"id":"2","b":1},{"id":"3","b":1}]}`
	save(t, s, rawstore.Fetch{JSON: issue(comments + `,"attachment":[{"id":"7"}]`)})
	fresh := []byte(`{"id":"10001","key":"A-1","fields":{"comment":{"total":5,"comments":[{"id":"3","b":2},{"id":"5","b":2}]}}}`)
	save(t, s, rawstore.Fetch{JSON: fresh, Missing: []string{"comments", "changelog"}, StartedAt: t0.Add(time.Second)})
	require.Equal(t, `{"total":5,"comments":[{"id":"1","b":1},{"id":"2","b":1},{"id":"3","b":2},{"id":"5","b":2}]}`, member(t, s, "A-1", "fields.comment"))
	require.Equal(t, `{"total":1,"histories":[{"id":"1"}]}`, member(t, s, "A-1", "changelog"))
	require.Equal(t, `[{"id":"7"}]`, member(t, s, "A-1", "fields.attachment"), "a field that Jira left out is unknown")
	require.Equal(t, `["comments","changelog"]`, member(t, s, "A-1", "_incomplete"))
	state, err := s.State("A-1")
	require.NoError(t, err)
	require.Equal(t, rawstore.Incomplete, state)

	save(t, s, rawstore.Fetch{JSON: issue(`"comment":{"total":0,"comments":[]},"attachment":null`), StartedAt: t0.Add(2 * time.Second)})
	require.Equal(t, `{"total":0,"comments":[]}`, member(t, s, "A-1", "fields.comment"), "known empty replaces")
	require.Equal(t, `null`, member(t, s, "A-1", "fields.attachment"), "null replaces")
	require.Empty(t, member(t, s, "A-1", "_incomplete"))
}

func TestSLAOfTheSecondAccount(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	const hidden = `"customfield_1":{"errorMessage":"no licence"}`
	agent := []byte(`{"id":"10001","fields":{"customfield_1":{"id":"5","completedCycles":[]}}}`)
	save(t, s, rawstore.Fetch{JSON: issue(hidden), SLA: agent, HasSLA: true})
	require.Equal(t, `{"id":"5","completedCycles":[]}`, member(t, s, "A-1", "fields.customfield_1"))
	for i, silent := range []string{hidden, `"customfield_1":null`, ``} {
		save(t, s, rawstore.Fetch{JSON: issue(silent), HasSLA: true, StartedAt: t0.Add(time.Duration(i+1) * time.Second)})
		require.Equal(t, `{"id":"5","completedCycles":[]}`, member(t, s, "A-1", "fields.customfield_1"), "SLA account down, first account says %q", silent)
	}
	save(t, s, rawstore.Fetch{JSON: issue(`"customfield_1":null`), StartedAt: t0.Add(time.Minute)})
	require.Equal(t, `null`, member(t, s, "A-1", "fields.customfield_1"), "without a second account the first one's null counts")
}

func TestMoveLeavesPointer(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	save(t, s, rawstore.Fetch{JSON: issue(`"summary":"x"`), RemoteLinks: []byte(`[{"id":1}]`)})
	moved := []byte(`{"id":"10001","key":"B-9","fields":{"summary":"x"}}`)
	saved := save(t, s, rawstore.Fetch{ID: "10001", Key: "B-9", JSON: moved, StartedAt: t0.Add(time.Second)})
	require.Equal(t, rawstore.Saved{Key: "B-9", Changed: true, MovedFrom: "A-1"}, saved)
	require.Equal(t, `"B-9"`, member(t, s, "A-1", "_moved_to"))
	require.Equal(t, `[{"id":1}]`, member(t, s, "B-9", "_remote_links"), "what was known moves with the issue")
	key, err := s.KeyByID("10001")
	require.NoError(t, err)
	require.Equal(t, "B-9", key)

	back := save(t, s, rawstore.Fetch{JSON: issue(`"summary":"x"`), StartedAt: t0.Add(2 * time.Second)})
	require.Equal(t, "B-9", back.MovedFrom)
	state, err := s.State("A-1")
	require.NoError(t, err)
	require.Equal(t, rawstore.Complete, state)
}

// Lessons 207 and 208, and weaknesses 7 and 9 of the reference: tombstones are
// written for unknown issues too, a fetch that began before the deletion does
// not revive, one that began after it does.
func TestLesson208Tombstones(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	keys, err := s.Delete(t.Context(), "10001", "A-1", t0, rawstore.CauseWebhook)
	require.NoError(t, err)
	require.Equal(t, []string{"A-1"}, keys)
	require.Equal(t, `"10001"`, member(t, s, "A-1", "id"))

	saved := save(t, s, rawstore.Fetch{JSON: issue(`"summary":"late"`), StartedAt: t0.Add(-time.Second)})
	require.True(t, saved.Stale)
	saved = save(t, s, rawstore.Fetch{JSON: issue(`"summary":"alive"`), StartedAt: t0.Add(time.Second)})
	require.True(t, saved.New && saved.Changed)
	require.Empty(t, member(t, s, "A-1", "_deleted_at"))

	_, err = s.Delete(t.Context(), "10001", "", t0.Add(time.Minute), rawstore.CauseDeleted)
	require.NoError(t, err)
	require.Equal(t, `"alive"`, member(t, s, "A-1", "fields.summary"), "the content stays for audit")
	_, err = s.Delete(t.Context(), "10001", "A-1", t0.Add(time.Hour), rawstore.CauseWebhook)
	require.NoError(t, err)
	require.Equal(t, `"2026-11-23T12:01:00.000000+00:00"`, member(t, s, "A-1", "_deleted_at"), "the first time stays")
}

func TestDeleteOfAReusedKeySparesTheOtherIssue(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	save(t, s, rawstore.Fetch{JSON: issue(`"summary":"mine"`)})
	_, err := s.Delete(t.Context(), "999", "A-1", t0, rawstore.CauseWebhook)
	require.NoError(t, err)
	require.Empty(t, member(t, s, "A-1", "_deleted_at"))
}

// Lesson 14 and row P-1: a record that cannot be read is put aside, not
// treated as absent by readers, and replaced by the next fetch.
func TestLesson14UnreadableRecord(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty": "", "cut": `{"id":"10001","key":"A-1","fie`, "not JSON": "hello", "a list": "[]",
		"another issue": `{"id":"10001","key":"A-2","fields":{}}`, "no id": `{"key":"A-1","fields":{}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, dir := open(t)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "issues", "A-1.json"), []byte(content), 0o660))
			_, err := s.Record("A-1")
			require.ErrorIs(t, err, rawstore.ErrCorrupt)
			require.NotErrorIs(t, err, fs.ErrNotExist)
			_, err = s.Summary("A-1")
			require.ErrorIs(t, err, rawstore.ErrCorrupt)
			save(t, s, rawstore.Fetch{JSON: issue(`"summary":"x"`)})
			require.Equal(t, `"x"`, member(t, s, "A-1", "fields.summary"))
			aside, err := os.ReadDir(filepath.Join(dir, "issues", ".quarantine"))
			require.NoError(t, err)
			require.Len(t, aside, 1)
		})
	}
}

// What is no file is no record, and nobody waits for one to write into a pipe.
func TestRecordIsAFile(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "issues", "A-1.json"), 0o660))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "issues", "A-2.json"), 0o770))
	require.NoError(t, os.Symlink("nothing", filepath.Join(dir, "issues", "A-3.json")))
	for _, key := range []string{"A-1", "A-2", "A-3"} {
		read := make(chan error, 1)
		go func() { // ends with the test at the latest
			_, err := s.Record(key)
			read <- err
		}()
		select {
		case err := <-read:
			require.ErrorIs(t, err, rawstore.ErrCorrupt, key)
		case <-time.After(10 * time.Second):
			t.Fatal("it waits")
		}
	}
}

// Lessons 26, 28 and 31: no path is built from a key or id that is not one.
func TestLesson28KeysAtEveryBoundary(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	for _, bad := range []string{"", "../A-1", "A-1/../B-1", "a-1", "A-1\n", ".locks", strings.Repeat("A", 300) + "-1"} {
		_, err := s.Record(bad)
		require.ErrorIs(t, err, rawstore.ErrBadKey)
		_, err = s.Save(t.Context(), rawstore.Fetch{ID: "1", Key: bad, JSON: issue("")})
		require.ErrorIs(t, err, rawstore.ErrBadKey)
		_, err = s.Delete(t.Context(), "../1", bad, t0, rawstore.CauseManual)
		require.ErrorIs(t, err, rawstore.ErrBadKey)
		_, err = s.HasAttachment(bad, "1", "x", 1)
		require.ErrorIs(t, err, rawstore.ErrBadKey)
		require.ErrorIs(t, s.SaveAttachment(t.Context(), bad, "1", "x", nil), rawstore.ErrBadKey)
		require.ErrorIs(t, s.SaveAttachment(t.Context(), "A-1", "../1", "x", nil), rawstore.ErrBadKey)
	}
	var files []string
	require.NoError(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, p)
		}
		return err
	}))
	require.Empty(t, files)
}

// Lesson 5: eight writers of one record; every part that one of them knew is there.
func TestLesson5ConcurrentSaves(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	save(t, s, rawstore.Fetch{JSON: issue(`"comment":{"total":0,"comments":[]}`)})
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			body := fmt.Sprintf(`"comment":{"total":8,"comments":[{"id":"%d"}]}`, i)
			_, err := s.Save(context.Background(), rawstore.Fetch{ID: "10001", Key: "A-1", JSON: issue(body), Missing: []string{"comments"}, StartedAt: t0.Add(time.Second)})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	require.Equal(t, 8, strings.Count(member(t, s, "A-1", "fields.comment"), `"id"`))
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	for _, name := range []string{"B-1.json", "A-10.json", "A-2.json", "notes.json", ".tmp-1-x", "A-3.json.bak"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "issues", name), []byte("{}"), 0o660))
	}
	var keys []string
	for key, err := range s.Keys() {
		require.NoError(t, err)
		keys = append(keys, key)
	}
	require.Equal(t, []string{"A-10", "A-2", "B-1"}, keys)
}

// Lessons 112, 113 and 116: ids are immutable, so an existing file of the
// right size is enough; one of another size is not; long names fit.
func TestAttachments(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	put := func(name, content string) error {
		return s.SaveAttachment(t.Context(), "A-1", "77", name, func(w io.Writer) error {
			_, err := io.WriteString(w, content)
			return err
		})
	}
	long := strings.Repeat("ä", 2000) + ".pdf"
	for _, name := range []string{"x.txt", "../../etc/passwd", long, "a\nb\x00.txt", "", "..", "NUL", "a.", "a:b"} {
		require.NoError(t, put(name, "12345"))
		path, ok := s.AttachmentPath("A-1", "77", name)
		require.True(t, ok)
		require.Equal(t, filepath.Join(dir, "attachments", "A-1"), filepath.Dir(path))
		require.LessOrEqual(t, len(filepath.Base(path)), 200)
		has, err := s.HasAttachment("A-1", "77", name, 5)
		require.NoError(t, err)
		require.True(t, has)
		has, err = s.HasAttachment("A-1", "77", name, 6)
		require.NoError(t, err)
		require.False(t, has, "a file of another size is a download that was cut")
	}
	require.True(t, strings.HasSuffix(rawstore.CleanName(long), ".pdf"))

	broken := errors.New("broken")
	err := s.SaveAttachment(t.Context(), "A-1", "78", "y.txt", func(w io.Writer) error {
		_, werr := io.WriteString(w, "half")
		return errors.Join(werr, broken)
	})
	require.ErrorIs(t, err, broken)
	_, ok := s.AttachmentPath("A-1", "78", "y.txt")
	require.False(t, ok, "half a file was published")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "attachments", "A-2"), nil, 0o600)) // no directory can be made
	err = s.SaveAttachment(t.Context(), "A-2", "79", "CONFIDENTIAL.txt", func(io.Writer) error { return nil })
	require.Error(t, err)
	require.NotContains(t, err.Error(), "CONFIDENTIAL")
	left, err := filepath.Glob(filepath.Join(dir, "attachments", "A-1", ".tmp-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}
