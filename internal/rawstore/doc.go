// Package rawstore keeps what Jira said: one record per issue, the attachment
// files, and the pointers between ids and keys.
//
//	issues/KEY.json          the record: Jira's bytes for every field, and our own members, which start with "_"
//	issues/.locks/KEY.lock   held while a record is read, merged and written
//	issues/.ids/ID           the key under which the issue with that numeric id is stored
//	issues/.quarantine/      records that could not be read, kept for people
//	attachments/KEY/ID_NAME  NAME cleaned
//
// # Our own members
//
//	_synced_at     UTC instant at which the fetch that brought this content began
//	_sla_observed_at  UTC instant at which the read of these SLA values began; absent means never
//	_remote_links  array; absent means unknown
//	_incomplete    array of the parts that the last fetch could not read whole
//	_deleted_at    tombstone: the issue is gone from Jira; the record stays for audit
//	_deleted_cause why the tombstone was written
//	_moved_to      pointer: the issue now has this key
//
// # Merging
//
// [Store.Save] never replaces knowledge by ignorance. A part that the fetch
// could not read keeps what is stored, in the record, so that a rebuild from
// records gives the same tables as the incremental path. A fetch that began
// before the one that is stored changes nothing. A fetch that brings nothing
// new leaves the file untouched, with its _synced_at.
package rawstore
