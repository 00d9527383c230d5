// Package arch holds the architecture to its word. It is tests only: who may import whom, how large a file gets, what
// the schema looks like on a live database, that every statement in the code names its tenant, who may write past the
// ledger, what a log line may say, and that docs/map.md knows every room.
//
// When one of them fails it says which rule, in plain words; the rules stand in docs/map.md and docs/adr.
package arch
