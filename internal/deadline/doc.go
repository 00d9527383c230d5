// Package deadline answers the fourth of the five questions: by when?
//
// The words: a clock is one obligation with a date: the rule it rests on (rulebook timer, version and hash), who owes
// it (a unit and a role there), the day it began and the day it ends. A clock is a ledger of entries: opened, paused,
// resumed, extended, retargeted, recomputed, reowed, fulfilled, dropped. Its due day is nothing but what Compute makes
// of them; the column is kept for lists and recomputed whenever an entry is added. Explain says the same day by day.
//
// Counting (D25): the first day is not counted; a month ends on the same-numbered day or the month's last; a period of
// days or months that ends on no working day ends on the next one where the rule rolls; a pause takes out the days
// from its day up to, not including, the day of resumption; an extension lengthens the one period counted from the
// start. A day that a holiday notice may still move is provisional, and is computed anew, as an entry, when the notice
// lands.
//
// Firing: Pass looks at the clocks whose fire day has come and lets each warning, lateness and rise happen once; the
// row in fires is written in the same transaction as the act, so neither a crash nor a jumping clock doubles or loses
// one. Only legal clocks rise to the level above; nobody below can stop that, and the clock below stays open and late.
//
// Invariants: nothing here knows a number of days; times come from the transaction; every function that writes takes a
// ledger.Tx, so no clock changes without an act.
//
// Start at Compute (pure) and Open.
package deadline
