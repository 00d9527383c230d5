// Package burden keeps the account of what is asked of townships (基层负担账, B9): who asks, on which basis, what, how many
// minutes it takes one township, and by when.
//
// The words: an ask is one thing asked of some townships of one county; the cap is how many minutes a county lets be asked of
// a township in a month, its own dated setting or the rulebook's default; an ask that would pass it is refused with the sum
// shown, and may be put to the county's chief (held), who alone lets it through, for a reason. What the program asks by itself,
// and what an organ above costs a township by a check, an inspection or a call-up entered here, rests on rulebook/asks.yaml.
// Once it is due, whoever asked says what it was used for; what nobody used is listed for ending, and what is ended is not asked
// again. An unlisted ask is one that a township was asked and that is not on the account: a matter that the county answers by a day.
//
// Invariants: an ask that stands is in the sum of the month in which it came onto the account (asked, or let through later), for every township it names, and a held or
// refused one is in none; whoever put an ask to the chief does not let it through; no number here is ever scored, and nobody's
// hours are asked for: minutes are what an ask takes, not what somebody worked.
//
// Start at Service.Enter; the lists are in list.go, the unlisted asks in flow.go.
package burden
