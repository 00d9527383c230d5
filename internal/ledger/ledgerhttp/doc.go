// Package ledgerhttp shows the logs to those who watch them: which there are, their newest checkpoints, and the proof
// that one grew in order. It takes countersignatures from the witnesses that are known.
//
// The words are the ledger's. What always holds: nothing here tells what an act says, or proves a single one; whoever
// asks needs no sign-in, because whoever watches must not depend on who is watched; the forms are those of C2SP.
//
// Start at Routes.
package ledgerhttp
