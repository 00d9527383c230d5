// Package checkpoint knows the written forms in which a log speaks to others: checkpoints, countersignatures and proofs
// of growth, as C2SP describes them (tlog-checkpoint, tlog-cosignature, signed-note), and the proof of a single act.
//
// The words: a checkpoint is a signed note of three lines, the log's origin, how many entries it holds and the root of
// their tree; a countersignature is one more signature under the same note, of a witness, with the second it was made
// in; growth is the proof that a log's larger tree begins with its smaller one, one hash in base64 a line; a proof holds
// one act as it is stored, its place, the hashes from there to the root, and a checkpoint with that root.
//
// What always holds: nothing is taken for read that a key named by the caller did not sign; a countersignature says
// that the log grew in order since the last one of the same witness, and nothing about what its entries say; a proof is
// written in one way, in lines that mail does not break, and the keys that stand in it are a claim like any other.
//
// Start at Open and ParseProof; who signs is the ledger's Notary and package witness.
package checkpoint
