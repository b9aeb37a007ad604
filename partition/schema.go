package partition

import (
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// group is a parquet.Group whose fields keep the order of the table's
// columns; parquet.Group sorts them by name.
type group struct {
	parquet.Group
	fields []parquet.Field
}

func (g group) Fields() []parquet.Field { return g.fields }

// node returns the column as Parquet describes it. A dictionary is asked for
// by encoding; text without one is written as lengths followed by bytes, and
// integers as their differences: the times of neighbours are close.
func (c Column) node() parquet.Node {
	var n parquet.Node
	switch c.Kind {
	case Text:
		n = parquet.String()
		if c.Repeats {
			n = parquet.Encoded(n, &parquet.RLEDictionary)
		}
	case Int64:
		n = parquet.Encoded(parquet.Int(64), &parquet.DeltaBinaryPacked)
	case Timestamp:
		n = parquet.Encoded(parquet.Timestamp(parquet.Microsecond), &parquet.DeltaBinaryPacked)
	case Bool:
		n = parquet.Leaf(parquet.BooleanType)
	case Float64:
		n = parquet.Leaf(parquet.DoubleType)
	}
	return parquet.Optional(n)
}

func (t Table) schema() *parquet.Schema {
	nodes := make(parquet.Group, len(t.Columns))
	for _, c := range t.Columns {
		nodes[c.Name] = c.node()
	}
	sorted := nodes.Fields()
	fields := make([]parquet.Field, len(t.Columns))
	for _, f := range sorted {
		fields[t.Index(f.Name())] = f
	}
	return parquet.NewSchema(t.Name, group{nodes, fields})
}

// kindOf returns the kind of a column of a file, if it is one that we write.
func kindOf(f *parquet.Column) (Kind, bool) {
	if !f.Leaf() || !f.Optional() {
		return 0, false
	}
	logical := f.Type().LogicalType()
	switch f.Type().Kind() {
	case parquet.ByteArray:
		if logical != nil {
			_, isText := logical.Value.(*format.StringType)
			return Text, isText
		}
	case parquet.Boolean:
		return Bool, logical == nil || logical.Value == nil
	case parquet.Double:
		return Float64, logical == nil || logical.Value == nil
	case parquet.Int64:
		if logical == nil {
			return Int64, true
		}
		switch l := logical.Value.(type) {
		case *format.IntType:
			return Int64, l.BitWidth == 64 && l.IsSigned
		case *format.TimestampType:
			_, micros := l.Unit.Value.(*format.MicroSeconds)
			return Timestamp, micros && l.IsAdjustedToUTC
		}
	}
	return 0, false
}

// match returns for each column of the table its place in the file, or -1
// when the file lacks it: its values are null there. A column of the file
// that the table does not have, or has with another kind, is an error: its
// values would be lost.
func (t Table) match(file []*parquet.Column) ([]int, error) {
	places := make([]int, len(t.Columns))
	for i := range places {
		places[i] = -1
	}
	var faults []string
	for _, f := range file {
		i := t.Index(f.Name())
		kind, ok := kindOf(f)
		switch {
		case i < 0:
			faults = append(faults, fmt.Sprintf("column %q is unknown", f.Name()))
		case !ok:
			faults = append(faults, fmt.Sprintf("column %s has a type that is never written here", f.Name()))
		case kind != t.Columns[i].Kind:
			faults = append(faults, fmt.Sprintf("column %s is %s, want %s", f.Name(), kind, t.Columns[i].Kind))
		case places[i] >= 0:
			faults = append(faults, fmt.Sprintf("column %s is there twice", f.Name()))
		default:
			places[i] = f.Index()
		}
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrSchema, strings.Join(faults, ", "))
	}
	return places, nil
}
