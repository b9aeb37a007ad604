// Package jirasync keeps Jira Cloud tickets as Parquet files, in real time.
package jirasync
