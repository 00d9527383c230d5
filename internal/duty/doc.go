// Package duty keeps the boundary of a township commission's work (三转): what the holders of its posts are made to do besides, how
// that is judged, which tasks it takes part in and how, what goes back to the department whose duty it is, and whether it stays there.
//
// The words: a filing (备案; not a unit's filing of an official, package roll) is what the county enters of a duty from the Party committee's own paper; the rulebook judges it
// allowed, to be left or to be looked at (terms-duty.yaml), and only what it leaves to be looked at a person decides. A confirmation
// is a township's yes to last month's filings, changed by exception. A task is work the commission takes a part in: lead, main, part
// or outside. A hand-back (交还) is a task on its way to the responsible department; one that comes back creeps back (回头转) and goes
// round again. An order asks the committee that assigned duties to end them by a date. An inspection (明察暗访) puts what was found
// beside what was filed; what differs is a deviation (与备案不一致·待核) until somebody has answered and somebody else has judged it.
//
// Invariants: duties and work groups are facts of package org, and this room's rows are about them; a holder who did not hide a duty
// is the subject of nothing here: no matter of this room names anybody, an order goes to the committee that assigned it; nobody is
// asked for their hours: those of a duty stand in its filing, and what is left of the working days is core work; a month that was
// not confirmed is unknown; what ceases to be so ends by itself whatever was asked because of it (settle).
//
// Start at Service.File and Judge; the lifecycles are in flow.go, what goes on by itself in tend.go.
package duty
