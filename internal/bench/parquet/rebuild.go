package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/minio/simdjson-go"
	"github.com/valyala/fastjson"

	"github.com/jirasync/jirasync/transform"
)

func init() {
	tasks["rebuild"] = rebuildTask
	tasks["read"] = readTask
}

// rebuildTask makes the tables of all records anew. The variants are "all
// tables", "reference tables", which are the six that DuckDB makes, and
// "generated" and "generated month": all tables of records that are made as
// they are read, of two years or of one month.
func rebuildTask(ctx context.Context, j job) (outcome, error) {
	debug.SetMemoryLimit(200 << 20) // as the command sets it, for memory that is free and not given back
	options := transform.Options{ReferenceOnly: j.Variant == "reference tables"}
	var records transform.Records
	switch j.Variant {
	case "generated":
		records = twoYears(j.Issues)
	case "generated month":
		records = oneMonth(j.Issues)
	default:
		dir, err := os.OpenRoot(j.Records)
		if err != nil {
			return outcome{}, err
		}
		defer dir.Close()
		records = transform.RecordsDir(dir)
	}
	return timed(j.Times, func(int) (err error) {
		tables, err := transform.Open(j.Dir, options)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, tables.Close()) }()
		result, err := transform.Rebuild(ctx, tables, records, transform.RebuildOptions{})
		if err == nil && len(result.Applied) != j.Issues {
			err = errors.New("not every record was applied")
		}
		return err
	})
}

// readTask reads every record, and with a variant parses it: the floors of a
// rebuild. Nothing is made of what is read.
func readTask(_ context.Context, j job) (outcome, error) {
	paths, err := filepath.Glob(filepath.Join(j.Records, "*.json"))
	if err != nil {
		return outcome{}, err
	}
	return timed(j.Times, func(int) error {
		errs := make([]error, runtime.GOMAXPROCS(0))
		var next atomic.Int64
		var group sync.WaitGroup
		for w := range errs {
			group.Go(func() { errs[w] = readRecords(paths, &next, parser(j.Variant)) })
		}
		group.Wait()
		return errors.Join(errs...)
	})
}

// readRecords reads files until none is left.
func readRecords(paths []string, next *atomic.Int64, parse func([]byte) error) error {
	var buf bytes.Buffer
	for n := int(next.Add(1)) - 1; n < len(paths); n = int(next.Add(1)) - 1 {
		f, err := os.Open(paths[n])
		if err != nil {
			return err
		}
		buf.Reset()
		_, err = io.Copy(&buf, f)
		if err := errors.Join(err, f.Close(), parse(buf.Bytes())); err != nil {
			return err
		}
	}
	return nil
}

// parser returns a parser that reuses its memory.
func parser(name string) func([]byte) error {
	switch name {
	case "simdjson-go":
		var tape *simdjson.ParsedJson
		return func(b []byte) (err error) {
			tape, err = simdjson.Parse(b, tape, simdjson.WithCopyStrings(false))
			return err
		}
	case "fastjson":
		var p fastjson.Parser
		return func(b []byte) error {
			_, err := p.ParseBytes(b)
			return err
		}
	}
	return func([]byte) error { return nil }
}
