// Package webhook authenticates, bounds and decodes the webhooks of Jira Cloud.
package webhook
