// Package e2e holds the tests that look at the project from outside: they build
// the command, run its demo, and read the Parquet files with DuckDB, as an
// analyst would. They need cgo and a large module, so they live in a module of
// their own and no user of the library ever downloads DuckDB for them.
//
// What is expected of the tables is written out here once more, from the
// contract and not from the code under test.
package e2e
