// Package measure answers the fifth of the five questions: how much? Every number anybody counts is a measure.
//
// The words: a measure has a name, a unit, a meaning, and the rows behind it. A flow is counted as it happens: Count
// writes a tally (the row: what, where, when, about which matter) and adds to the rollup of the owning unit and month,
// in the transaction of the act. A stock is what stands on a day: a query over dated rows. A fraction keeps numerator
// and denominator; small ones are shown as 2/3.
//
// A split is a number whose parts are known when they are written: of the clues disposed of, those that a case was filed
// from; of the duties that ended, those that ended in time. Its cells stand beside the rollups, by day and by month of a
// unit, with the day from which they count, so that a report reads months however many clues there are. Whoever writes a
// cause of one does so through Recast (package flow), which brings the cells up to the rows.
//
// By says whose the number is: the place where the thing arose, or the hand that did it. NeverScored measures may be
// used by no scheme, award or ranking (mission: no quotas); the flag is part of the definition and can't be unset.
//
// Invariants: statistics are the same for everyone; rollups of higher units are sums at read, never stored; the sum of
// a measure's rows is its value (T65); nothing is stored as an answer: cells are sums of rows, and Check and CheckSplits hold
// them against these.
//
// Start at Registry and Def; Count in tally.go; Split in split.go.
package measure
