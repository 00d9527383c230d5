// Package clue holds the pool of clues of a county, from whatever source, and what becomes of each: the disposal, an
// inquiry by talk or letter, a verification, shelving, closing.
//
// The words: a clue needs no tip-off behind it; its source is one of four. It is given to a township commission or an
// office, which proposes one of the four disposals. 转办 hands it on, 交办 hands it on to be reported back. An untrue
// closing answers the question of clearing the name; settling is doing what a closing owes to others.
//
// Invariants: exactly four disposals and five outcomes of a verification, all from the rulebook; a verification has at
// least two people and all of them sign; whoever is named in a clue handles nothing of it; what happens to the clue's
// tip-offs when it ends is package intake's, what a filing becomes is package casework's.
//
// Start at the table in flow.go; the effects of moves are in moves.go.
package clue
