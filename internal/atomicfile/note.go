package atomicfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

// ErrBadNote is the error of a note that this package did not write. Nothing
// of it is carried out.
var ErrBadNote = errors.New("not a redo note")

// maxNote bounds a note; ours take some hundred bytes a file.
const maxNote = 1 << 20

// A change is one line of a note: Temp takes the place of Name, or Name is
// removed when Temp is empty.
type change struct {
	Temp string `json:"temp,omitempty"`
	Name string `json:"name"`
}

// CommitNoted is [Commit] for files that belong together, all below root.
// Before the first rename it writes what it is about to do under the name
// note, and removes that after the last. [Redo] finishes what a crash or a
// failure in between has left, so that readers who come after it see all of
// the files old or all of them new.
//
// An error before the note is on disk leaves everything as it was. After any
// later one the note stays, and the temporary files that it names: whoever
// uses these files next calls Redo first. Sweep must not come before it.
func CommitNoted(root *os.Root, note string, files ...*File) error {
	if len(files) < 2 {
		return Commit(files...) // one rename is whole without a note
	}
	keep := false // what a note names is not ours to remove
	defer func() {
		for _, f := range files {
			f.done = f.done || keep
			f.Discard()
		}
	}()
	changes, err := changesOf(root, files)
	if err != nil {
		return err
	}
	var dirs openedDirs
	defer dirs.close()
	if err := sealAll(&dirs, files); err != nil {
		return err
	}
	if err := dirs.sync(); err != nil { // the names of the temporary files
		return err
	}
	if err := writeNote(root, note, changes); err != nil {
		undone := Remove(root, note) // its rename may have been the last thing that worked
		keep = undone != nil
		return errors.Join(err, undone)
	}
	keep = true
	return carryOut(root, note, changes, &dirs)
}

func changesOf(root *os.Root, files []*File) ([]change, error) {
	changes := make([]change, len(files))
	for i, f := range files {
		if f.root != root {
			return nil, &fs.PathError{Op: "commit", Path: f.name, Err: errors.New("another root than the note's")}
		}
		changes[i] = change{Temp: f.temp, Name: f.name}
	}
	return changes, nil
}

func writeNote(root *os.Root, note string, changes []change) error {
	data, err := json.Marshal(changes)
	if err != nil {
		return err
	}
	return WriteFile(root, note, append(data, '\n'))
}

// Redo finishes the [CommitNoted] whose note is there, and reports whether
// one was. It may be repeated. The caller excludes other writers of the same
// files, as CommitNoted's does. A note of other content is ErrBadNote.
func Redo(root *os.Root, note string) (bool, error) {
	changes, err := readNote(root, note)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var dirs openedDirs
	defer dirs.close()
	for _, c := range changes {
		if err := dirs.add(root, path.Dir(c.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	return true, carryOut(root, note, changes, &dirs)
}

func readNote(root *os.Root, note string) ([]change, error) {
	info, err := root.Lstat(note)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxNote {
		return nil, fmt.Errorf("%s: %w", note, ErrBadNote)
	}
	data, err := root.ReadFile(note)
	if err != nil {
		return nil, err
	}
	var changes []change
	if err := json.Unmarshal(data, &changes); err != nil {
		return nil, fmt.Errorf("%s: %w", note, ErrBadNote)
	}
	for _, c := range changes {
		ours := c.Temp == "" || isTemp(path.Base(c.Temp)) && path.Dir(c.Temp) == path.Dir(c.Name) && checkName("redo", c.Temp) == nil
		if checkName("redo", c.Name) != nil || !ours {
			return nil, fmt.Errorf("%s: %w", note, ErrBadNote)
		}
	}
	return changes, nil
}

// carryOut makes the changes that have not been made yet, in order. While a
// note is there its temporary files have been renamed or are there as well.
func carryOut(root *os.Root, note string, changes []change, dirs *openedDirs) error {
	for _, c := range changes {
		if err := c.apply(root); err != nil {
			return errors.Join(err, dirs.sync())
		}
	}
	if err := dirs.sync(); err != nil {
		return err
	}
	return Remove(root, note)
}

func (c change) apply(root *os.Root) error {
	if c.Temp == "" {
		return remove(root, c.Name)
	}
	if err := step("rename", c.Name); err != nil {
		return err
	}
	if _, err := root.Lstat(c.Temp); errors.Is(err, fs.ErrNotExist) {
		return nil // renamed before the crash
	}
	return root.Rename(c.Temp, c.Name)
}
