package jirasync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/internal/filelock"
	"github.com/jirasync/jirasync/partition"
)

// ErrLayout reports a directory with tables of another layout than
// Config.Layout, or of both: a migration was cut short, or the configuration
// is that of another directory. Nothing is written there.
var ErrLayout = errors.New("jirasync: tables lie in another layout than the configured one")

// ErrMigrating reports tables that Migrate is bringing to another layout.
var ErrMigrating = errors.New("jirasync: the tables are being brought to another layout")

// ErrTablesInUse reports a Migrate beside a Syncer, in this process or in
// another, which would go on writing in the layout it was made with.
var ErrTablesInUse = errors.New("jirasync: the tables are open in another process")

// layoutLock is shared by all who write the tables; a migration has it alone.
const layoutLock = ".locks/layout.lock"

// takeLayout takes the lock by take, filelock.Share or filelock.Acquire, or
// returns busy.
func takeLayout(ctx context.Context, dir string, take func(context.Context, *os.Root, string) (func(), error), busy error) (release func(), err error) {
	root, err := atomicfile.OpenDir(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close() // the lock has a descriptor of its own
	soon, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	release, err = take(soon, root, layoutLock)
	if err != nil && ctx.Err() == nil && soon.Err() != nil {
		return nil, busy
	}
	return release, err
}

// shareLayout keeps migrations away. Who may not write the lock file may not
// write the tables either, and needs none.
func shareLayout(dir string) (release func(), err error) {
	release, err = takeLayout(context.Background(), dir, filelock.Share, ErrMigrating)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return func() {}, nil
	}
	return release, err
}

// inLayout refuses a directory with files of another layout.
func inLayout(dir *partition.Dir, layout partition.Layout) error {
	files, err := dir.Misplaced()
	if err == nil && len(files) > 0 {
		err = fmt.Errorf("%w: %d files of %s are not %s", ErrLayout, len(files), dir.Path(), layout)
	}
	return err
}

// MigrateOptions adjust Migrate.
type MigrateOptions struct {
	DryRun bool // count, move nothing

	// Progress is told how far the migration is, twice a second and at the end
	// of each directory, from one goroutine at a time. Nil means nobody.
	Progress func(MigrateResult)
}

// MigrateResult counts what Migrate did.
type MigrateResult struct {
	Layout  string        `json:"layout"`
	Dirs    []MigratedDir `json:"dirs"`
	Seconds float64       `json:"seconds"`
}

// MigratedDir is one directory of a MigrateResult.
type MigratedDir struct {
	Dir   string `json:"dir"`
	Files int    `json:"files"` // that were found in the other layout
	Moved int    `json:"moved"`
}

// Migrate brings the files of the tables in ParquetDir, and of their copy in
// DistDir, to cfg.Layout, the only other field that counts. Files are renamed,
// not written, each month under its lock, and a manifest is made anew. What was
// cut short is finished by the next call, or taken back by one for the other
// layout.
//
// A file that fails does not stop the others; the errors are joined.
// ErrTablesInUse means that a Syncer is open on the tables.
func Migrate(ctx context.Context, cfg Config, opts MigrateOptions) (MigrateResult, error) {
	m := &migration{opts: opts, result: MigrateResult{Layout: cfg.Layout.String()}}
	if cfg.ParquetDir == "" {
		return m.result, errors.New("migrate: JIRA_PARQUET_DIR: is not set")
	}
	release, err := takeLayout(ctx, cfg.ParquetDir, filelock.Acquire, ErrTablesInUse)
	if err != nil {
		return m.result, err
	}
	defer release()
	began := time.Now()
	for _, path := range []string{cfg.ParquetDir, cfg.DistDir} {
		if path != "" {
			err = errors.Join(err, m.dir(ctx, path, cfg.Layout))
		}
	}
	m.result.Seconds = time.Since(began).Seconds()
	return m.result, err
}

// migration is one run of Migrate.
type migration struct {
	opts   MigrateOptions
	result MigrateResult
}

func (m *migration) dir(ctx context.Context, path string, layout partition.Layout) error {
	dir, err := partition.OpenLayout(path, layout)
	if err != nil {
		return err
	}
	defer dir.Close()
	files, err := dir.Misplaced()
	if err != nil {
		return err
	}
	m.result.Dirs = append(m.result.Dirs, MigratedDir{Dir: path, Files: len(files)})
	if m.opts.DryRun {
		return nil
	}
	done := m.report(dir)
	moved, err := dir.Migrate(ctx)
	done()
	m.result.Dirs[len(m.result.Dirs)-1].Moved = moved
	return err
}

// report tells the progress until done is called, which waits for the end.
func (m *migration) report(dir *partition.Dir) (done func()) {
	if m.opts.Progress == nil {
		return func() {}
	}
	now := m.result
	now.Dirs = slices.Clone(m.result.Dirs)
	tell := func() {
		if left, err := dir.Misplaced(); err == nil {
			d := &now.Dirs[len(now.Dirs)-1]
			d.Moved = d.Files - len(left)
			m.opts.Progress(now)
		}
	}
	stop := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() { // ends when stop is closed
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				tell()
			}
		}
	})
	return func() {
		close(stop)
		wait.Wait()
		tell()
	}
}
