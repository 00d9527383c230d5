// Package callup calls people of a county up for a task and gives them back (统一调配): asked for by whoever needs them, chosen by
// the county, released by the unit they come from, served, returned.
//
// The words: a call-up is a matter: one person for one task, wanted with a reason, skills, days and hours; the releasing unit is
// where the person holds a post, the using unit where the task is; the load of a person is how many days they were called up
// within the span that the rulebook sets; candidates are those who could go, those with every skill asked for
// first, those whose unit would be left empty behind the others, then the least loaded, each with why they stand there.
//
// Invariants: nobody goes without the releasing unit's head having said yes, or the county's leader in charge having ordered it
// with a reason, once the head said no or let the day pass; where nobody heads the unit its county office answers, and else the
// leader in charge, and the record says so; whoever is kept from what the task serves, or called up already, is
// not among the candidates, and of what else somebody is named in nothing shows (D22); what is not given back by its day stays late on the
// desk of the county. Call-ups are among no numbers of reports, clues and cases, and no score counts them.
//
// Start at the table in flow.go, then Candidates.
package callup
