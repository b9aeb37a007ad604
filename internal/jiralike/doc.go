// Package jiralike makes documents like Jira's, and says what is left of one
// after a converter: tests and benchmarks of package adf, and of its peers.
//
// Document makes a dense one, Comment a usual one. Shown says what a reader sees
// of it; ReadHTML says what a reader sees of the Markdown that a converter made,
// once a Markdown library turned that into HTML. The two are equal if nothing was
// lost. Kept asks less, and can be asked of any converter.
package jiralike
