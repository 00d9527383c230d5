// Package proof checks, away from the deployment and offline, what a reporter can be given: that the report stands in the
// organ's log, unchanged, received on this day and due on that.
//
// The words: a proof is the one of platform/checkpoint, of the act that took a letter in; the note is what was signed when
// the letter was handed in; the receipt is the reporter's own. A line is one thing that was looked at: it holds, it fails,
// or it is open, because only the reader can tell (whose key it is) or because nothing was given to hold it against.
//
// What always holds: whoever checks asks nobody; the keys that stand in a proof are said to be its own until the reader has
// named theirs; the receipt goes nowhere. The page does the same as Check in a browser alone, in its own code, without a
// request to anywhere; e2e holds the two against each other.
//
// Start at Check and Page.
package proof
