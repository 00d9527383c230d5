// Package measure answers the fifth of the five questions: how much? Every number anybody counts is a measure.
//
// The words: a measure has a name, a unit, a meaning, and the rows behind it. A flow is counted as it happens: Count
// writes a tally (the row: what, where, when, about which matter) and adds to the rollup of the owning unit and month,
// in the transaction of the act. A stock is what stands on a day: a query over dated rows. A fraction keeps numerator
// and denominator; small ones are shown as 2/3.
//
// A split is a number whose parts are known when they are written: of the clues disposed of, those that a case was filed
// from; of the duties that ended, those that ended in time. Its cells stand beside the rollups, by day, month and year of a
// unit, with the day from which they count, so that a report reads years however many clues there are. What stands now (open
// matters, duties that run) has cells as well, which beginning and ending add to and take from; only what stood on a day of
// the past is counted from rows. Whoever writes a cause of a share does so through Recast (package flow), which brings the
// cells up to the rows.
//
// By says whose the number is: the place where the thing arose, or the hand that did it. NeverScored measures may be
// used by no scheme, award or ranking (mission: no quotas); the flag is part of the definition and can't be unset.
//
// Who is given a number stands in the query. Whoever may open every row that it could count sees it as it is, the same for
// all of them; for anybody else, and for a query that names nobody, something of it is withheld (veil.go).
//
// Invariants: rollups of higher units are sums at read, never stored; the sum of
// a measure's rows is its value (T65); nothing is stored as an answer: cells are sums of rows, and Check and CheckSplits hold
// them against these.
//
// Sums are written at the end of a transaction (ledger.Tx.Add), each once and all in one order: many add to the same.
//
// Start at Registry and Def; Count in tally.go; Split in split.go; how both are added up, for all measures of an answer in one
// statement, in sums.go.
package measure
