package transform

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/jirasync/jirasync/partition"
)

// Dir returns the directory of the tables. It belongs to t.
func (t *Tables) Dir() *partition.Dir { return t.dir }

// IDs returns the ids of the fields of one kind, in the order of the map.
func (m FieldMap) IDs(kind FieldKind) []string {
	var ids []string
	for _, f := range m {
		if f.Kind == kind {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// AttachmentIssue returns the key of the issue that carries the attachment,
// "" when no row of the attachments table has that id. It reads the whole
// table: the cost grows with all attachments.
func (t *Tables) AttachmentIssue(id string) (string, error) {
	found := ""
	err := t.eachAttachment(func(a attachmentRow) bool {
		if a.id == id {
			found = a.issue
		}
		return found == ""
	})
	return found, err
}

// MissingAttachments returns the keys of issues with an attachment of at most
// maxBytes whose file was not stored when its row was written, sorted. It
// reads the whole table.
func (t *Tables) MissingAttachments(maxBytes int64) ([]string, error) {
	var keys []string
	err := t.eachAttachment(func(a attachmentRow) bool {
		if !a.stored && a.size <= maxBytes {
			keys = append(keys, a.issue)
		}
		return true
	})
	slices.Sort(keys)
	return slices.Compact(keys), err
}

type attachmentRow struct {
	id, issue string
	size      int64 // zero when unknown
	stored    bool
}

// eachAttachment visits rows until visit returns false. A month that cannot
// be read does not hide the others; it is part of the error.
func (t *Tables) eachAttachment(visit func(attachmentRow) bool) error {
	i := slices.IndexFunc(t.mapper.schema, func(x partition.Table) bool { return x.Name == tableAttachments })
	table := t.mapper.schema[i]
	id, issue, size, path := table.Index("attachment_id"), table.Index(partition.KeyColumn), table.Index("size_bytes"), table.Index("local_path")
	months, err := t.dir.Months(tableAttachments)
	if err != nil {
		return fmt.Errorf("transform: %w", err)
	}
	var errs []error
	for _, month := range slices.Backward(months) {
		rows, err := t.dir.Read(table, month)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("transform: %w", err))
			continue
		}
		for _, row := range rows {
			if !visit(attachmentRow{row[id].Text(), row[issue].Text(), row[size].Int(), !row[path].IsNull()}) {
				return nil
			}
		}
	}
	return errors.Join(errs...)
}
