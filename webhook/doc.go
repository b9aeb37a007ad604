// Package webhook receives the webhooks of Jira Cloud: it authenticates a
// delivery, bounds it, finds out which issues it concerns and hands it on.
//
//	Jira ── POST ──▶ Handler: method, secret, size, signature, JSON
//	                    │
//	                    └─ Receive(ctx, Delivery) ──▶ make it durable ──▶ 200
//
// The parts can be used alone. [Sign] and [Verify] are the signature,
// [ParseEvent] reads a body, [Handler] is all of it behind net/http.
//
// A webhook is a hint that something changed, never the record of it: the body
// is in the old representation, lacks comments, arrives late, twice or in the
// wrong order, and was in part written by the users of the site. So [Event]
// says which issues to fetch again and nothing about their content, and there
// is no protection against replay beyond making it harmless: Jira signs
// neither a time nor an identifier.
//
// Jira sends an event again only after 408, 409, 425, 429, 5xx or a broken
// connection, at most five times. Any other refusal loses the event, and
// therefore a storage that fails is answered 503, a body that stalls 408, and
// 400 or 401 only what is surely not from Jira.
//
// The package uses the standard library alone. It does not fetch, store or
// order anything. The exported names follow the module's version; the answers
// of Handler are meant to stay as they are.
//
// Source: developer.atlassian.com, Jira platform, Webhooks, checked 2026-11.
package webhook
