// Package flow answers the third of the five questions: what may happen next?
//
// The words: a matter is one piece of work (a tip-off, a clue, a case …) with a state; a Table is the lifecycle of one
// kind of matter: its states, each with the clocks that run in it, and its moves, each with where it leads, who may make
// it, what must be there first, whose approval it needs, which paper it makes and the article it rests on. A proposal is
// a move that waits for its approvals; a seat is where its next signature is owed.
//
// An area declares its table, and hooks for what a table can't say: facts for the rulebook, further conditions, further
// effects. Everything else (sight, version, fields, approvals, clocks, counts, the act) is done here, the same for
// every kind. Pages, the API and the desk read the same tables; docs/flows.md is drawn from them by a test.
//
// Invariants: no state but an end is without a way out, and every open state has a clock or a stated reason for none;
// whoever proposes does not approve, nor does anybody barred from the family; where a unit has no second lawful hand
// the signature is owed one rung up at once and says so (D23); a clock for a first action is stopped only by
// acceptance, refusal or forwarding (D24); a matter's clocks change only under the matter's lock; a person named in a
// matter is barred from its whole family and the family's register stands at the level above theirs (D22).
//
// Start at Table, then Engine.Do; approvals are in proposal.go, what is open to whom in offer.go.
package flow
