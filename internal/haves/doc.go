// Package haves is the six haves (六有, M8): force, rules, premises, equipment, funds, delivering. What a township commission
// should have stands on a list, is asked of it no more often than a round, checked by its county, and what is lacking becomes a
// gap owed by the level that can mend it.
//
// The words: a list is issued by a province or a city from the rulebook's default (rulebook/haves.yaml) or from one above, and
// by a county, which adopts one as it is or adapts it: each line remembers what became of it, and the issuer sees who adopted
// its list and which lines they changed. A line asks for yes or no, a number at least, or a day; what the system knows itself (a
// measure) or will know later is asked of nobody. A round is a county's, on its own list. A township's part in it is a matter
// (rating): due on the round's day it says how it stands, then the county's check agrees, differs for a reason, or is not done
// yet; it ends unchecked with the round or with the township. A gap is a matter too, and closes when the re-check says that it is
// made good.
//
// Invariants: posts and money are never owed by a township (rulebook.NeverTownship), nothing weighs anything and nobody is
// scored; evidence is a text, and a photograph beside it is asked for by nobody; what measures say of confidential matters is
// given to each reader as that reader may know it, and is stored nowhere here; the minutes of a round stand on the burden account
// of every township, once.
//
// Start at list.go for lists, round.go for rounds, rating.go for a township's part, flow.go for both matters.
package haves
