// Package ledger answers the second of the five questions: what was done? It is the only door to a business write.
//
// The words: an act is one thing that one actor did, with its day, its matter and what was said; an organ (a county's,
// city's or province's commission) has one log of acts. Write runs a function in a transaction and asks it for the
// act; no act, no commit. A covered row is a business row whose digest the act carries, so that whoever changes,
// deletes or back-dates the row in the database afterwards is found out by Verify, with the entry it contradicts.
//
// How a log is made (D9–D11): the leaf of an act is the version, then SHA-256 of salt and body; the stored bytes are
// the hashed bytes (JSON with sorted keys). Leaves form the Merkle tree of golang.org/x/mod/sumdb/tlog; its hashes
// are rows of log_hashes, written in the same transaction, and the log's head keeps the right edge of the tree, so
// that an append reads nothing but the head. Checkpoints are signed notes issued on a schedule.
//
// Invariants: no entry is ever removed or emptied, and Verify names one that was; the instant of an act is never before
// its predecessor's; nothing about a reporter stands in an act, not even sealed; a bulk write is an act whose parts hold
// the digest of every row.
//
// Start at Ledger.Write; a covered table is declared with Table; Verify is in verify.go.
package ledger
