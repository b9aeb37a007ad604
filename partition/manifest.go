package partition

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strconv"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/internal/filelock"
)

// A Manifest lists the files of a published directory, in its manifest.json.
// It is replaced after the files of each publication, so that a reader who
// wants several tables of one state reads the manifest, then the files, and
// begins again if a file has not the hash that the manifest gives.
type Manifest struct {
	// Generation grows by one with each change of the manifest.
	Generation int64 `json:"generation"`

	// Files are sorted by table and month.
	Files []ManifestFile `json:"files"`
}

// A ManifestFile is one file of a [Manifest].
type ManifestFile struct {
	Table  string `json:"table"`
	Month  string `json:"month"` // [Whole] for a table that is not divided
	Path   string `json:"path"`  // below the directory, with slashes
	Rows   int    `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // of the file, in hexadecimal
	Schema string `json:"schema"` // equal for files with the same columns in the same order
}

const (
	manifestName = "manifest.json"
	manifestNote = noteDir + "/manifest"
	manifestLock = ".locks/manifest.lock"
	maxManifest  = 64 << 20
)

// Manifest returns the manifest of a published directory. The error is
// fs.ErrNotExist if nothing was published there, and ErrCorrupt if it cannot
// be understood.
func (d *Dir) Manifest() (Manifest, error) {
	m := Manifest{}
	file, size, err := d.open(manifestName)
	if err != nil {
		return m, err
	}
	defer file.Close()
	if size > maxManifest {
		return m, fmt.Errorf("%s: %w", manifestName, corrupt("%d bytes", size))
	}
	data := make([]byte, size)
	if err := readFull(file, data, 0); err != nil {
		return m, err
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", manifestName, corrupt("%v", err))
	}
	for _, f := range m.Files {
		known := f.Path == Flat.path(f.Table, f.Month) || f.Path == Hive.path(f.Table, f.Month)
		if !validName(f.Table) || !validPart(f.Month) || !known {
			return Manifest{}, fmt.Errorf("%s: %w", manifestName, corrupt("it names a file that is not of a table and month"))
		}
	}
	return m, nil
}

// CheckManifest reads every file that the manifest lists and compares it with
// its size and hash. Each that differs or is missing is ErrCorrupt, as
// *[Error]; the errors are joined. Beside a running Publish it may report a
// file that has just been replaced.
func (d *Dir) CheckManifest(ctx context.Context) error {
	m, err := d.Manifest()
	if err != nil {
		return err
	}
	var errs []error
	for _, want := range m.Files {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(errs, err)...)
		}
		got, err := d.inspect(want.Table, want.Month, want.Path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && got != want {
			err = corrupt("not the file of the manifest")
		}
		if err != nil {
			errs = append(errs, fileError(want.Table, want.Month, want.Path, err))
		}
	}
	return errors.Join(errs...)
}

// inspect reads and verifies a whole file, and says what it is.
func (d *Dir) inspect(table, month, path string) (ManifestFile, error) {
	entry := ManifestFile{Table: table, Month: month, Path: path}
	file, size, err := d.open(path)
	if err != nil {
		return entry, err
	}
	defer file.Close()
	return entry, entry.inspect(file, size)
}

// inspect verifies a whole file and completes the entry, in one reading.
func (f *ManifestFile) inspect(r io.ReaderAt, size int64) error {
	t, err := verifyTail(r, size)
	if err != nil {
		return err
	}
	whole := sha256.New()
	buf := make([]byte, 256<<10)
	for i, s := range t.sections {
		begin, end := t.section(i)
		sum := crc32.New(castagnoli)
		n, err := io.CopyBuffer(io.MultiWriter(whole, sum), io.NewSectionReader(r, begin, end-begin), buf)
		if err != nil {
			return err
		}
		if n != end-begin || sum.Sum32() != s.crc {
			return corrupt("row group %d is damaged", i)
		}
	}
	if _, err := io.CopyBuffer(whole, io.NewSectionReader(r, t.start, size-t.start), buf); err != nil {
		return err
	}
	f.Bytes, f.SHA256 = size, hex.EncodeToString(whole.Sum(nil))
	f.Rows, f.Schema, err = t.describe(f.Table, size)
	return err
}

// describe returns the row count and a fingerprint of the columns.
func (t *tail) describe(table string, size int64) (rows int, schema string, err error) {
	defer recovered(&err)
	file, err := openParquet(&checked{tail: part{t.start, t.bytes}}, size)
	if err != nil {
		return 0, "", corrupt("%v", err)
	}
	if name, _ := file.Lookup(keyTable); name != table {
		return 0, "", corrupt("it holds table %q", name)
	}
	version, _ := file.Lookup(keyVersion)
	var b bytes.Buffer
	for _, c := range file.Root().Columns() {
		kind, _ := kindOf(c)
		fmt.Fprintf(&b, "%s %s\n", c.Name(), kind)
	}
	sum := sha256.Sum256(b.Bytes())
	return int(file.NumRows()), version + "-" + hex.EncodeToString(sum[:8]), nil
}

// with returns a manifest in which the entries have taken the place of those
// of their tables and months. One without a hash stands for no file.
func (m Manifest) with(entries []ManifestFile) Manifest {
	type id struct{ table, month string }
	files := make(map[id]ManifestFile, len(m.Files))
	for _, f := range append(slices.Clone(m.Files), entries...) {
		files[id{f.Table, f.Month}] = f
	}
	m.Files = nil
	for _, f := range files {
		if f.SHA256 != "" {
			m.Files = append(m.Files, f)
		}
	}
	slices.SortFunc(m.Files, func(a, b ManifestFile) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Month, b.Month))
	})
	return m
}

// lockManifest waits for the lock of the manifest, which comes after those of
// months, and finishes a publication that a crash has cut short.
func (d *Dir) lockManifest(ctx context.Context) (release func(), err error) {
	release, err = filelock.Acquire(ctx, d.root, manifestLock)
	if err != nil {
		return nil, err
	}
	if err := d.redo("manifest"); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// currentManifest returns the manifest, or makes it from the files that are
// there when it is missing or damaged. The caller holds its lock.
func (d *Dir) currentManifest(ctx context.Context) (Manifest, error) {
	m, err := d.Manifest()
	if err == nil || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrCorrupt) {
		return m, err
	}
	return d.survey(ctx)
}

// survey describes all files that are good. Its generation is 0.
func (d *Dir) survey(ctx context.Context) (Manifest, error) {
	tables, err := d.tables()
	if err != nil {
		return Manifest{}, err
	}
	var found []ManifestFile
	for _, table := range tables {
		months, err := d.Months(table)
		if err != nil {
			return Manifest{}, err
		}
		for _, month := range append(months, Whole) {
			if err := ctx.Err(); err != nil {
				return Manifest{}, err
			}
			name, err := d.find(table, month)
			if err != nil {
				continue // set aside, or a table has the one kind of file and not the other
			}
			entry, err := d.inspect(table, month, name)
			if err == nil {
				found = append(found, entry)
			} else if !errors.Is(err, ErrCorrupt) {
				return Manifest{}, err
			}
		}
	}
	return Manifest{}.with(found), nil
}

// writeManifest writes the manifest beside its target, a file a line.
func (d *Dir) writeManifest(m Manifest) (*atomicfile.File, error) {
	out, err := atomicfile.Create(d.root, manifestName)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(`{"generation":` + strconv.FormatInt(m.Generation, 10) + `,"files":[`)
	for i, f := range m.Files {
		line, err := json.Marshal(f)
		if err != nil {
			out.Discard()
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n")
		b.Write(line)
	}
	b.WriteString("\n]}\n")
	if _, err := b.WriteTo(out); err != nil {
		out.Discard()
		return nil, err
	}
	return out, nil
}

// remakeManifest makes the manifest anew if there is one.
func (d *Dir) remakeManifest(ctx context.Context) error {
	if _, err := d.root.Lstat(manifestName); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	release, err := d.lockManifest(ctx)
	if err != nil {
		return err
	}
	defer release()
	old, err := d.Manifest()
	if err != nil && !errors.Is(err, ErrCorrupt) {
		return err
	}
	m, err := d.survey(ctx)
	if err != nil || slices.Equal(m.Files, old.Files) && old.Generation > 0 {
		return err
	}
	m.Generation = old.Generation + 1
	out, err := d.writeManifest(m)
	if err != nil {
		return err
	}
	return atomicfile.Commit(out)
}
